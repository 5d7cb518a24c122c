"""Language tags: checking, ordering and choosing the text for a person. Pure.

Tags are BCP 47 as far as texts need it: language, script, region (`vi`, `is-IS`, `zh-Hant-TW`).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

LAST_LANGUAGE = "en"
_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?$")


@dataclass(frozen=True, slots=True)
class Choice:
    """The text somebody gets; a fallback is labelled as such to them and counted for the approver."""

    language: str
    is_fallback: bool


def normal_tag(tag: str) -> str | None:
    """`tag` in its usual letter case, or None when it is not a tag: `EN_us` gives `en-US`.

    Variants and extensions (`de-DE-1996`, `en-x-plain`) are cut off.
    """
    wanted = tag.strip().replace("_", "-")
    while wanted:
        found = _TAG.match(wanted)
        if found:
            language, script, region = found.groups()
            parts = [language.lower(), (script or "").title(), (region or "").upper()]
            return "-".join(part for part in parts if part)
        wanted = wanted.rpartition("-")[0]
    return None


def own_text(wanted: str, there: Collection[str]) -> str | None:
    """The text of `there` that somebody who reads `wanted` reads as their own, or None.

    The tag itself, then the plain language, then any region of it; never another script.
    """
    tag = normal_tag(wanted)
    if tag is None:
        return None
    if tag in there:
        return tag
    language, script = _split(tag)
    plain = f"{language}-{script}" if script else language
    if plain in there:
        return plain
    same = [other for other in sorted(there) if _split(other)[0] == language]
    return next((other for other in same if _split(other)[1] in {script, ""} or not script), None)


def choose(wanted: str, there: Collection[str], ministry: str = LAST_LANGUAGE) -> Choice:
    """Own language, else the ministry's, else English, else the first there is.

    Raises:
        ValueError: `there` is empty.
    """
    own = own_text(wanted, there)
    if own is not None:
        return Choice(own, is_fallback=False)
    for other in (ministry, LAST_LANGUAGE):
        found = own_text(other, there)
        if found is not None:
            return Choice(found, is_fallback=True)
    return Choice(min(there), is_fallback=True)


def _split(tag: str) -> tuple[str, str]:
    language, _, rest = tag.partition("-")
    script = rest.split("-")[0]
    return language, script if len(script) == 4 else ""
