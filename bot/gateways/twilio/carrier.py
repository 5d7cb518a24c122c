"""The words to which carriers and Twilio answer by themselves, on SMS. Pure; touches nothing.

Twilio's defaults, whole messages in any case (its tutorial on Advanced Opt-Out, checked 2026-11-22): after a
STOP word it confirms and blocks our sends with 21610 until a START word comes; HELP and INFO get its own help
text. What the person wrote is posted to us all the same, with `OptOutType` where Advanced Opt-Out is on (its
keywords may then be others). None of this exists for WhatsApp.
"""

from bot.messages import CarrierWord, InboundKind

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})
KEYWORDS = STOP_WORDS | START_WORDS | HELP_WORDS

_WORDS = {CarrierWord.STOP: STOP_WORDS, CarrierWord.START: START_WORDS, CarrierWord.HELP: HELP_WORDS}
_PLAIN_YES = "yes"  # also an answer to a question of ours: it must reach whoever asked


def carrier_word(opt_out_type: str, body: str) -> CarrierWord | None:
    """What Twilio made of a message: by what it says itself, else by its default keywords."""
    named = opt_out_type.strip().lower()
    if named in set(CarrierWord):
        return CarrierWord(named)
    said = body.strip().casefold()
    return next((word for word, keywords in _WORDS.items() if said in keywords), None)


def kind_of(word: CarrierWord | None, body: str) -> InboundKind:
    """What a message that has words is for our conversation."""
    if word is CarrierWord.STOP:
        return InboundKind.STOPPED
    if word is CarrierWord.START and body.strip().casefold() != _PLAIN_YES:
        return InboundKind.START
    return InboundKind.TEXT
