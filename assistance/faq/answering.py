"""The words a citizen reads: approved text, sign for sign, with its declared fields filled. Reads missions
from SQL.

Nothing here writes a sentence. The heading is an approved question, the body the approved answer, in the
asker's language or the nearest there is. An answer whose field nobody can fill is no answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.faq.content import Wording, fill
from assistance.faq.publishing import Variant
from staff import missions


@dataclass(frozen=True, slots=True)
class Answer:
    """An approved answer for one person. `language` is that of its words; `reviewed`: two officers stand for
    them, which only in a demonstration may be otherwise.
    """

    entry_id: int
    heading: str
    body: str
    language: str
    reviewed: bool = True

    @property
    def text(self) -> str:
        """What is sent."""
        return f"{self.heading}\n\n{self.body}"


class Fields:
    """What fills the declared fields of answers, for a country."""

    def __init__(
        self, emergency_numbers: Callable[[str], Sequence[str]], *, ministry: str, ministry_phone: str
    ) -> None:
        self._emergency_numbers = emergency_numbers
        self._ministry = ministry
        self._ministry_phone = ministry_phone

    async def values(self, connection: AsyncConnection, country: str, link: str) -> Mapping[str, str]:
        """Values for somebody in `country` (ISO-2, "" = unknown); "" for what is not known."""
        mission = await missions.for_country(connection, country) if country else None
        numbers = self._emergency_numbers(country) if country else ()
        return {
            "mission_phone": mission.phone if mission else self._ministry_phone,
            "mission_name": mission.name if mission else self._ministry,
            "emergency_number": ", ".join(numbers),
            "link": link,
        }


def wording_for(wordings: Mapping[str, Wording], language: str) -> tuple[str, Wording] | None:
    """The words in `language`, else without its region, else in English, else in the first language."""
    for tag in (language, language.partition("-")[0], "en", *sorted(wordings)):
        if tag in wordings:
            return tag, wordings[tag]
    return None


def answer_of(variant: Variant, language: str, values: Mapping[str, str]) -> Answer | None:
    """The answer of an entry; None when a field of it has no value."""
    found = wording_for(variant.wordings, language)
    if found is None:
        return None
    tag, wording = found
    body = fill(wording.answer, values)
    if body is None:
        return None
    return Answer(variant.entry_id, wording.questions[0], body, tag, tag not in variant.unreviewed)
