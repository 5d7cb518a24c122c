"""What an audit is told of an alert, as plain data: area, texts' markers, fallback, times. Values only.

Nothing here comes out of the service's database: it is what the officers approved, written down by whoever
audits.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from simulator.geometry import Area, area_from


class Rule(StrEnum):
    """What holds for people who told only their country, when the area is a part of it."""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must_not"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """One alert, as approved.

    Attributes:
        code: event code in its buttons.
        approved_at, cancelled_at, expires_at: seconds since 1970 UTC.
        area: what was warned. area_countries: countries the drawn area touches, for `country_only`.
        country_only: whether people who told only such a country must, may or must not be warned.
        markers: language -> words that stand in that language's text and in no other text.
        fallback: languages in the order they stand in for a missing one.
        texts: language -> exact strings that each copy must hold; hashes: language -> SHA-256 of the whole
            text.
        drill: whether it is a drill; drill_markers: words of the drill frame, one of which every copy must
            hold.
        other_markers: words of other messages of the same event (corrections, all-clear): not copies of this
            alert.
        second_notice_markers: words of the label "second notice of the same warning".
        labels: language -> words of the two answers, which stand as numbered lines where no buttons can.
        short: language -> exact strings that each text message must hold: what to do, where, who says so.
        reply_markers: words that ask for an answer by text message.
        knocks: language -> the whole of what WhatsApp shows to people outside the window of a day.
        deadline_s: an accepted copy that stays unconfirmed this long may be followed by a second notice.
        allowed_duplicates: copies more than one per person that are forgiven in total (faults, kills).
        margin_km: people this close outside the border may be warned or not.
        city_margin_km: the same for people who typed a city, whose city may reach further than they know.
        cancel_grace_s: copies accepted this long after cancelling were on their way.
        stop_grace_s: copies accepted this long after unsubscribing were on their way.
    """

    code: str
    approved_at: float
    area: Area
    markers: Mapping[str, str]
    fallback: tuple[str, ...] = ("en",)
    area_countries: tuple[str, ...] = ()
    country_only: Rule = Rule.MAY
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    drill: bool = False
    drill_markers: tuple[str, ...] = ()
    other_markers: tuple[str, ...] = ()
    second_notice_markers: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    short: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reply_markers: tuple[str, ...] = ()
    knocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deadline_s: float = math.inf
    cancelled_at: float | None = None
    expires_at: float | None = None
    allowed_duplicates: int = 0
    margin_km: float = 4.0
    city_margin_km: float = 25.0
    cancel_grace_s: float = 5.0
    stop_grace_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.markers:
            raise ValueError("an alert has a text in at least one language, and each text a marker")
        if not any(name in self.markers for name in self.fallback):
            raise ValueError("the fallback names no language the alert has")
        if self.drill and not self.drill_markers:
            raise ValueError("a drill has the words of its frame")

    def language_for(self, language: str) -> str:
        """The language somebody's copy must be in: their own, else the first of the fallback there is."""
        if language in self.markers:
            return language
        return next(name for name in self.fallback if name in self.markers)

    def to_json(self) -> dict[str, Any]:
        """The facts as a JSON object."""
        data = {name: getattr(self, name) for name in self.__slots__}
        data["deadline_s"] = None if math.isinf(self.deadline_s) else self.deadline_s
        return {**data, "area": self.area.to_json(), "area_countries": list(self.area_countries)}


def facts_from(data: Mapping[str, Any]) -> AlertFacts:
    """Facts from JSON; times as seconds or ISO 8601 with a zone. Raises `ValueError` with the reason."""
    values = dict(data)
    try:
        values["area"] = area_from(values["area"])
        for name in ("approved_at", "cancelled_at", "expires_at"):
            values[name] = seconds(values.get(name))
        values["country_only"] = Rule(values.get("country_only", Rule.MAY))
        for name in MAPPINGS:
            values[name] = {tag: tuple(parts) for tag, parts in values.get(name, {}).items()}
        if values.get("deadline_s") is None:
            values["deadline_s"] = math.inf
        for name in TUPLES:
            values[name] = tuple(values.get(name, DEFAULTS[name]))
        return AlertFacts(**values)
    except (KeyError, TypeError) as error:
        raise ValueError("the facts of the alert lack a field or have one too many") from error


MAPPINGS = ("texts", "labels", "short", "knocks")
TUPLES = (
    *("fallback", "area_countries", "drill_markers", "other_markers", "second_notice_markers"),
    "reply_markers",
)
DEFAULTS: Mapping[str, tuple[str, ...]] = dict.fromkeys(TUPLES, ()) | {"fallback": ("en",)}


def seconds(value: Any) -> float | None:
    """A time as seconds since 1970 UTC; raises `ValueError`."""
    if value is None or isinstance(value, int | float):
        return value
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The figures of the service's board, counted in people.

    Attributes:
        people_targeted: people the alert is for. reached: has an accepted copy. not_reached: targeted, not
            reached.
        safe, need_help: latest answer of those who answered. silent: reached, no answer.
        accepted: channel -> people with an accepted copy there. delivered: with one that is known to have
            arrived; None = not given to the audit.
        not_reached_people: citizen ids listed as not reached (translated by whoever audits).
        answers: citizen id -> safe or help, as recorded; None = not given to the audit.
    """

    people_targeted: int
    reached: int
    not_reached: int
    safe: int
    need_help: int
    silent: int
    accepted: Mapping[str, int]
    delivered: Mapping[str, int] | None = None
    not_reached_people: tuple[str, ...] = ()
    answers: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The board as a JSON object."""
        return asdict(self)


def board_from(data: Mapping[str, Any]) -> Board:
    """A board from JSON; raises `ValueError` when a figure is missing."""
    values = dict(data)
    values["not_reached_people"] = tuple(values.get("not_reached_people", ()))
    try:
        return Board(**values)
    except TypeError as error:
        raise ValueError("the board lacks a figure or has one too many") from error
