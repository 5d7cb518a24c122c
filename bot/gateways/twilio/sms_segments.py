"""How many parts a text message needs, exactly as phones and Twilio count. Pure; touches nothing.

| alphabet | one part alone | each of several | a sign costs |
|---|---|---|---|
| GSM-7 (GSM 03.38) | 160 septets | 153 | 1, or 2 of the extension table |
| UCS-2 | 70 units | 67 | 1, or 2 outside the basic plane (emoji) |

One sign outside GSM-7 turns the whole message into UCS-2. A sign of two is never torn apart, so a part may
end one short. (Twilio: "What the heck is a segment?", glossary of the SMS character limit.)
"""

from collections.abc import Iterable

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM_ALONE, GSM_JOINED = 160, 153
WIDE_ALONE, WIDE_JOINED = 70, 67

# Typographic signs and the plain ones that say the same; otherwise one quotation mark halves the room.
_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "-", "\u00b7": "-", "\u2192": "->",
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ", "\t": " ",
        "\u200b": None, "\u2060": None, "\ufeff": None, "\u00ad": None,
    }
)  # fmt: skip


def plain(text: str) -> str:
    """`text` with typographic signs replaced by plain ones; no word changes."""
    return text.translate(_PLAIN)


def is_gsm(text: str) -> bool:
    """Whether every sign is in the alphabet that packs most densely."""
    return all(sign in GSM_BASIC or sign in GSM_EXTENSION for sign in text)


def segments(text: str) -> int:
    """Parts in which `text` is sent; an empty text is one."""
    if is_gsm(text):
        return _parts((2 if sign in GSM_EXTENSION else 1 for sign in text), GSM_ALONE, GSM_JOINED)
    return _parts((2 if ord(sign) > 0xFFFF else 1 for sign in text), WIDE_ALONE, WIDE_JOINED)


def budget(text: str, *, gsm: int, wide: int) -> int:
    """The parts `text` may have: `gsm` or `wide`, by its alphabet."""
    return gsm if is_gsm(text) else wide


def _parts(widths: Iterable[int], alone: int, joined: int) -> int:
    every = list(widths)
    if sum(every) <= alone:
        return 1
    count, room = 1, joined
    for width in every:
        if width > room:
            count, room = count + 1, joined
        room -= width
    return count
