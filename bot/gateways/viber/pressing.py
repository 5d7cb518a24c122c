"""How a pressed button is told from typed words. Pure; touches nothing.

Viber sends a press as an ordinary message whose text is the button's `ActionBody`. So that nobody's words are
taken for a press by accident, and no words that somebody was talked into typing, the body is a mark, our data
and a tag that only we can make (the first 12 hex digits of HMAC-SHA256 with the account's token):

    ;;safe:ABC123;1f0a9c55d2be

It is the same for everybody who gets the message, because a broadcast is one message: it proves that the
button was ours, never who pressed it; that is the signature's part. After the token changed, buttons of old
messages come as typed text, and whoever pressed them is asked again.
"""

import hmac

from bot.messages import MAX_BUTTON_DATA

MARK = ";;"
TAG_DIGITS = 12


def action_body(token: str, data: str) -> str:
    """The body of a button with `data`."""
    return f"{MARK}{data};{_tag(token, data)}"


def data_of(token: str, text: str) -> str:
    """The data of the button whose body `text` is, "" when it is none of ours."""
    if not text.startswith(MARK):
        return ""
    data, _, tag = text.removeprefix(MARK).rpartition(";")
    if not 0 < len(data.encode("utf-8", "surrogatepass")) <= MAX_BUTTON_DATA:
        return ""
    given = tag.encode("utf-8", "surrogatepass")
    return data if hmac.compare_digest(given, _tag(token, data).encode()) else ""


def _tag(token: str, data: str) -> str:
    message = b"button\x1f" + data.encode("utf-8", "surrogatepass")
    return hmac.digest(token.encode(), message, "sha256").hex()[:TAG_DIGITS]
