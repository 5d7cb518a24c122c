"""Words as they come from outside, made harmless. Pure; touches nothing."""

import unicodedata

MAX_TEXT = 4_000  # characters kept of what somebody typed

# Line ends and tabs are words' own; other controls, and half a character, are not.
_CONTROLS = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Return `text` in NFC, without control characters and broken surrogates, at most `limit` characters."""
    whole = text[: limit * 2].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", whole.replace("\r\n", "\n").translate(_CONTROLS))[:limit].strip()


def utf16_units(text: str) -> int:
    """Length of `text` in UTF-16 code units, the way most messaging providers count."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)
