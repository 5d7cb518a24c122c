"""Digits of every script as 0-9. Pure."""

import unicodedata


def ascii_digits(text: str) -> str:
    """Return `text` with every decimal digit of any script (Thai, Arabic, Khmer, full width ...) as 0-9."""
    return "".join(_ascii(sign) for sign in text)


def whole_number(text: str) -> int | None:
    """The number that `text` is as a whole, digits of any script and spaces round it; None for anything else.

    At most nine digits, no sign, no fraction: it is for choosing from a list.
    """
    plain = ascii_digits(text.strip()).removesuffix(".").removesuffix(")")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 9 else None


def _ascii(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)
