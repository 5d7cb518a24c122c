"""What an entry says and where it holds: values, and the rules for a text that may be sent. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from assistance.faq.errors import ContentRefusedError

FACTS = "facts"  # the part that holds where, until when, and whence
MAX_QUESTIONS = 60
MAX_QUESTION = 200
MAX_ANSWER = 3_000
FIELDS = frozenset({"mission_phone", "emergency_number", "mission_name", "link"})
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")
_SUBJECT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}(@[A-Za-z0-9-]{1,16})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Wording:
    """One language of an entry: ways to ask, the first of which heads the answer, and the answer."""

    questions: tuple[str, ...]
    answer: str

    @classmethod
    def of(cls, questions: Sequence[str], answer: str) -> Self:
        """The same words NFC, without doubles and empty lines.

        Raises:
            ContentRefusedError: no question, no answer, one is too long, or a field is not one we fill.
        """
        asked = tuple(dict.fromkeys(filter(None, (_tidy(question) for question in questions))))
        said = unicodedata.normalize("NFC", answer.replace("\r\n", "\n")).strip()
        if not 1 <= len(asked) <= MAX_QUESTIONS or any(len(one) > MAX_QUESTION for one in asked):
            raise ContentRefusedError(
                "faq_questions",
                f"Give 1 to {MAX_QUESTIONS} ways to ask, each of at most {MAX_QUESTION} signs.",
            )
        if not 1 <= len(said) <= MAX_ANSWER:
            raise ContentRefusedError("faq_answer", f"The answer must have 1 to {MAX_ANSWER} signs.")
        fields_of(said)
        return cls(asked, said)

    def to_json(self) -> dict[str, Any]:
        return {"questions": list(self.questions), "answer": self.answer}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        return cls(tuple(content["questions"]), str(content["answer"]))


@dataclass(frozen=True, slots=True)
class Facts:
    """Where and until when an entry holds, and who says so.

    Attributes:
        countries: of the asker (ISO 3166-1 alpha-2); empty = everywhere.
        valid_from, valid_to: first and last day, UTC; None = open.
        source: https address of the official page; fills {link}.
        review_on: the day somebody must look at it again.
        careful: a wrong answer could cost a life: answered directly only when there is hardly a doubt.
    """

    topic: str = ""
    countries: tuple[str, ...] = field(default=())
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""
    review_on: date | None = None
    careful: bool = False

    def __post_init__(self) -> None:
        if not all(_COUNTRY.fullmatch(code) for code in self.countries):
            raise ContentRefusedError("faq_countries", "Countries are two capital letters each: TH, VN.")
        if self.source and (not self.source.startswith("https://") or len(self.source) > 300):
            raise ContentRefusedError("faq_source", "The source is an https address of at most 300 signs.")
        if len(self.topic) > 60:
            raise ContentRefusedError("faq_topic", "A topic has at most 60 signs.")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ContentRefusedError("faq_validity", "The last day lies before the first one.")

    def holds(self, country: str, today: date) -> bool:
        """Whether somebody in `country` ("" = unknown) may be answered with it today."""
        if self.countries and country not in self.countries:
            return False
        begun = self.valid_from is None or self.valid_from <= today
        return begun and (self.valid_to is None or today <= self.valid_to)

    def is_stale(self, today: date) -> bool:
        """Whether somebody should have looked at it again by now."""
        due = self.review_on is not None and self.review_on <= today
        return due or (self.valid_to is not None and self.valid_to < today)

    def to_json(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "countries": list(self.countries),
            "valid_from": _text(self.valid_from),
            "valid_to": _text(self.valid_to),
            "source": self.source,
            "review_on": _text(self.review_on),
            "careful": self.careful,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Facts from JSON or a file; what is absent is open.

        Raises:
            ContentRefusedError: a date is none, or a value is not what its field holds.
        """
        return cls(
            topic=str(content.get("topic") or ""),
            countries=tuple(sorted({str(code).strip().upper() for code in content.get("countries") or ()})),
            valid_from=_day(content.get("valid_from")),
            valid_to=_day(content.get("valid_to")),
            source=str(content.get("source") or ""),
            review_on=_day(content.get("review_on")),
            careful=bool(content.get("careful")),
        )


def fields_of(answer: str) -> frozenset[str]:
    """The declared fields an answer needs.

    Raises:
        ContentRefusedError: a brace stands alone or names something that is not declared.
    """
    named = set()
    for found in _BRACES.finditer(answer):
        if found[1] not in FIELDS:
            raise ContentRefusedError(
                "faq_field", f"{found[0]} is not a field. There are: {', '.join(sorted(FIELDS))}."
            )
        named.add(found[1])
    return frozenset(named)


def fill(answer: str, values: Mapping[str, str]) -> str | None:
    """The answer with its fields filled and every other sign untouched; None when a value is missing."""
    if any(not values.get(name) for name in fields_of(answer)):
        return None
    return _BRACES.sub(lambda found: values[found[1]], answer)


def subject_of(slug: str) -> str:
    """The question a slug is a variant of: `passport-lost@JP` and `passport-lost` are one question.

    Raises:
        ContentRefusedError: it is no slug.
    """
    if not _SUBJECT.fullmatch(slug):
        raise ContentRefusedError(
            "faq_id", f"{slug[:80]!r} is no id: small letters, digits, - _ . and perhaps @ and a country."
        )
    return slug.partition("@")[0]


def language_of(tag: str) -> str:
    """`tag` when it can name a language (`vi`, `pt-BR`); raises `ContentRefusedError`."""
    if not _LANGUAGE.fullmatch(tag):
        raise ContentRefusedError("faq_language", f"{tag[:20]!r} is no language tag such as vi or pt-BR.")
    return tag


def _tidy(question: str) -> str:
    return " ".join(unicodedata.normalize("NFC", question).split())


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(value: object) -> date | None:
    if value in (None, ""):
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError:
        raise ContentRefusedError("faq_date", f"{str(value)[:20]!r} is no day such as 2026-11-22.") from None
