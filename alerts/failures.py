"""What a gateway's or the sender's error codes mean, in words for an officer. Pure.

Codes are those of `bot.errors` (each gateway's own table), of the sender (why a copy was not sent) and of the
planner (why nobody could be tried). An unknown code keeps its name and is still counted.
"""

WORDS: dict[str, str] = {
    # the person or their address
    "blocked": "The person has blocked us",
    "deactivated": "The account was deleted",
    "never_started": "The person never opened the chat with us",
    "kicked": "We were removed from the chat",
    "not_a_member": "We were removed from the chat",
    "chat_deleted": "The chat was deleted",
    "chat_not_found": "The chat does not exist",
    "unknown_chat": "The web chat was closed by the person",
    "forbidden": "The channel does not let us write to this person",
    # the message
    "too_long": "The message is too long for the channel",
    "empty": "The message is empty",
    "empty_text": "The message is empty",
    "cannot_parse": "The channel could not read the message",
    "button_data": "A button does not fit the channel",
    "button_url": "A button does not fit the channel",
    "buttons_too_long": "The buttons do not fit the channel",
    "bad_request": "The channel refused the message",
    # the channel
    "unauthorized": "The channel refuses our account",
    "conflict": "Another program uses our account on this channel",
    "flood": "The channel asked us to slow down",
    "not_sent": "The channel could not be reached",
    "unreachable": "The channel could not be reached",
    "storage_away": "Our own storage was away",
    "http_500": "The channel has a fault",
    "http_502": "The channel has a fault",
    "http_503": "The channel has a fault",
    "http_421": "The channel has a fault",
    "http_other": "The channel has a fault",
    "http_413": "The message is too large for the channel",
    "http_504": "No answer from the channel: it may have arrived",
    "no_answer": "No answer from the channel: it may have arrived",
    "unreadable_answer": "An unreadable answer from the channel: it may have arrived",
    "transport": "The connection broke: it may have arrived",
    "interrupted": "A sender was interrupted: it may have arrived",
    "resent_unknown": "Sent again after no answer: it may have arrived twice",
    "marked": "Taken over from an interrupted sender",
    # we
    "broken": "A fault of our own software stopped it",
    "cancelled": "The alert was cancelled",
    "updated": "A correction or all-clear took its place",
    "expired": "The alert had expired",
    "rejected": "The alert is not approved",
    "draft": "The alert is not approved",
    "submitted": "The alert is not approved",
    "not_approved": "Kept back: the words are not those that two officers approved",
    "drill_guard": "Kept back: a drill must not reach a real address, nor a real alert a simulated one",
    "stopped": "The person does not want messages any more",
    "gone": "The address was known to be gone",
    "erased": "The person was erased",
    # nobody to try
    "no_address": "No channel on which we could write to the person",
    "addresses_gone": "Every channel of the person was known to be gone",
}

UNNAMED = "No reason was given"


def in_words(code: str | None) -> str:
    """The words for a code; the code itself, readable, where there are none."""
    if not code:
        return UNNAMED
    return WORDS.get(code, f"Other: {code.replace('_', ' ')}")
