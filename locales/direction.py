"""Which way a language runs, and Latin runs kept whole inside one that runs right to left. Pure."""

import re
from typing import Literal

from babel.core import Locale, UnknownLocaleError

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
_ISOLATES = re.compile(r"[\u2066-\u2069]")
# A number, code, address or word in Latin letters with what belongs to it: "+354 545 9900", "112", "/stop".
_LATIN_RUN = re.compile(
    r"[+/@#]?[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f .,:/@+_#&?=%-]*[A-Za-z0-9\u00c0-\u024f])?"
)


def direction(language: str) -> Literal["ltr", "rtl"]:
    """The direction of the language's script, `ltr` when it is unknown."""
    try:
        parsed = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return "ltr"
    return "rtl" if parsed.text_direction == "rtl" else "ltr"


def isolate(text: str, language: str) -> str:
    """Return `text` with each Latin run isolated (U+2068 .. U+2069), so that neighbours do not turn it round.

    Unchanged for languages that run left to right; done twice it changes nothing more.
    """
    if direction(language) == "ltr":
        return text
    bare = _ISOLATES.sub("", text)
    return _LATIN_RUN.sub(lambda run: f"{FIRST_STRONG_ISOLATE}{run[0]}{POP_ISOLATE}", bare)
