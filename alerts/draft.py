"""What an officer (or the API, or a CAP file) hands in: shape and limits here, rules in `alerts.gate`.

Pure pydantic. A draft may be unfinished: no text and no area yet are fine until it is submitted.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from alerts.errors import AlertRefusedError, Reason
from alerts.languages import normal_tag
from alerts.terms import GRAVE, Audience, Category, Certainty, Policy, Severity, Status, Urgency, is_drill
from places.area import Area
from places.errors import PlaceError

MAX_HEADLINE = 250
MAX_BODY = 6_000
MAX_NOTE = 1_500  # correction and all-clear: short enough for one message everywhere


def _clean(value: object) -> object:
    """NFC, no control characters but line breaks, no blanks around: what every channel and XML can carry."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (
        mark if mark in "\n\t" or unicodedata.category(mark) not in {"Cc", "Cs", "Cn"} else " "
        for mark in text
    )
    return "".join(kept).strip()


def _line(value: object) -> object:
    cleaned = _clean(value)
    return " ".join(cleaned.split()) if isinstance(cleaned, str) else cleaned


def _tag(value: str) -> str:
    tag = normal_tag(value)
    if tag is None:
        raise ValueError("not a language tag such as vi or pt-BR")
    return tag


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not the name of a time zone such as Asia/Bangkok") from None
    return value


def _area(value: object) -> object:
    if value in (None, {}):
        return {}
    try:
        return Area.from_json(value).to_json()
    except PlaceError as fault:
        raise ValueError(str(fault)) from None


def _distinct(value: object) -> object:
    """`EN` and `en` are one language: neither text may silently take the other's place."""
    if isinstance(value, dict):
        tags = [tag for key in value if isinstance(key, str) and (tag := normal_tag(key))]
        if len(set(tags)) < len(tags):
            raise ValueError("two entries for the same language")
    return value


Language = Annotated[str, AfterValidator(_tag)]
Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


Words = TypeVar("Words")
ByLanguage = Annotated[dict[Language, Words], BeforeValidator(_distinct)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Model):
    """The words of a warning in one language."""

    headline: Annotated[str, BeforeValidator(_line), Field(max_length=MAX_HEADLINE)]
    description: Annotated[str, BeforeValidator(_clean), Field(max_length=MAX_BODY)] = ""
    instruction: Annotated[str, BeforeValidator(_clean), Field(max_length=MAX_BODY)] = ""


Note = Annotated[str, BeforeValidator(_clean), Field(max_length=MAX_NOTE)]


class Source(_Model):
    """The CAP file a draft was made from, as far as the rules ask for it. See `alerts.cap.source`."""

    identifier: str = Field(max_length=500)
    sender: str = Field(max_length=500)
    sent: str = Field(max_length=60)
    status: str = Field(max_length=40)
    msg_type: str = Field(max_length=40)
    scope: str = Field(max_length=40)
    complete: bool = True  # False: shapes of its area could not be read


class Draft(_Model):
    """One revision of one alert. Times are aware; the area is `places.area.Area`'s JSON, `{}` = none yet.

    Attributes:
        event_id: the event it belongs to; None opens a new one called `event_title`.
        useful_until: until when somebody new should still get it; None = until it expires.
        include_maybe: also people known only by a country the area may touch; None = for severe and extreme.
        corrects: the alert it corrects or follows: its audience instead of the area's.
    """

    event_id: int | None = None
    event_title: Annotated[str, BeforeValidator(_line), Field(max_length=160)] = ""
    status: Status
    audience: Audience = Audience.PUBLIC
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    event_name: Annotated[str, BeforeValidator(_line), Field(min_length=1, max_length=160)]
    texts: ByLanguage[Text] = Field(default_factory=dict, max_length=40)
    correction: ByLanguage[Note] = Field(default_factory=dict, max_length=40)
    all_clear: ByLanguage[Note] = Field(default_factory=dict, max_length=40)
    area: Annotated[dict[str, Any], BeforeValidator(_area)] = Field(
        default_factory=dict,
        description="circles [{lat, lon, radius_km}], polygons [{exterior, holes}] with corners [lat, lon], "
        "countries (ISO 3166-1 alpha-2), regions (ISO 3166-2), exclusions {circles, polygons}",
    )
    area_name: Annotated[str, BeforeValidator(_line), Field(max_length=200)] = ""
    time_zone: Annotated[str, AfterValidator(_zone), Field(max_length=40)]
    onset: Moment | None = None
    expires_at: Moment
    useful_until: Moment | None = None
    include_maybe: bool | None = None
    policy: Policy = Policy.AT_LEAST_ONCE
    corrects: int | None = None
    source: Source | None = None

    @property
    def drill(self) -> bool:
        """Whether it may reach simulated people only."""
        return is_drill(self.status)

    @property
    def shape(self) -> Area | None:
        """The area, None when there is none yet."""
        return Area.from_json(self.area) if self.area else None

    @property
    def with_maybe(self) -> bool:
        """`include_maybe`, decided."""
        return self.severity in GRAVE if self.include_maybe is None else self.include_maybe


def read_draft(values: Mapping[str, Any]) -> Draft:
    """Check what a form, a file or the API brought.

    Raises:
        AlertRefusedError: each fault with its path, e.g. `draft.texts.vi.headline`; never the value itself.
    """
    try:
        return Draft.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise AlertRefusedError([_reason(fault["loc"], fault["msg"]) for fault in faults]) from None


def _reason(where: tuple[int | str, ...], message: str) -> Reason:
    path = ".".join(str(step) for step in where if step != "[key]")
    return Reason(f"draft.{path}", f"{path}: {message.removeprefix('Value error, ')}")
