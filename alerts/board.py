"""The board of an event: everybody counted once. Reads SQL.

Unit: people (registrations). Two partitions of the same people, so that the figures agree by construction:

- by the warning: reached + accepted + unknown + waiting + not_reached = people_targeted;
- by the person: safe + need_help + other answers + silent + unanswered = people_targeted.

A person counts by the best of their rows: each channel tried is one. Answers of people who were never in
the audience are told apart (`outside`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ColumnElement, Subquery, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.board_confidence import by_confidence
from alerts.board_rows import Warned, delivered_rows, person_classes
from alerts.checkin_status import CheckinStatus
from alerts.delivery import DeliveryState
from alerts.failures import in_words
from alerts.tables import checkin

_BAD = {DeliveryState.FAILED, DeliveryState.GONE, DeliveryState.SKIPPED, DeliveryState.UNKNOWN}


class Absence(StrEnum):
    """Why somebody is on the list of the missing, in its order."""

    NEED_HELP = "need_help"
    NOT_REACHED = "not_reached"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    SILENT = "silent"  # warned, no answer


@dataclass(frozen=True, slots=True)
class MissingPerson:
    """One person on the list of the missing."""

    person_id: int
    absence: Absence


@dataclass(frozen=True, slots=True)
class Tally:
    """How many people share a class of warning, a newest check-in (None = no answer) and a failure code."""

    warned: Warned
    status: CheckinStatus | None
    code: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of one event. See the module for what adds up to what.

    Attributes:
        silent: warned (reached or accepted), and nothing is known of the person.
        unanswered: not known to be warned, and nothing is known of the person.
        other: newest status -> people, for all but SAFE and NEED_HELP.
        not_reached_reasons: words -> people; adds up to `not_reached`.
        channels: channel -> delivery state -> messages; a person may have several.
        failures: words -> messages that failed, were kept back or have an unknown outcome.
        outside: answers of people who were not in the audience.
        confidence: how sure it was that they were there -> people and missing; adds up to `people_targeted`.
    """

    people_targeted: int = 0
    reached: int = 0
    accepted: int = 0
    unknown: int = 0
    waiting: int = 0
    not_reached: int = 0
    safe: int = 0
    need_help: int = 0
    other: Mapping[str, int] = field(default_factory=dict)
    silent: int = 0
    unanswered: int = 0
    not_reached_reasons: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0
    confidence: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unit: str = "people (registrations)"

    @property
    def warned(self) -> int:
        """Reached or accepted; `unknown` is not in it."""
        return self.reached + self.accepted

    @property
    def missing(self) -> int:
        """How long the list of `missing` is."""
        return self.need_help + self.silent + self.unanswered


async def read(connection: AsyncConnection, event_id: int) -> Board:
    """Count one event; all zeros for an event nothing was sent in."""
    people = person_classes(event_id).subquery()
    classes = (people.c.warned, people.c.status, people.c.code, people.c.place)
    rows = await connection.execute(select(*classes, func.count()).group_by(*classes))
    counted = [
        (place, Tally(Warned(warned), CheckinStatus(status) if status else None, reason, count))
        for warned, status, reason, place, count in rows
    ]
    tallies = [tally for _, tally in counted]
    answers = select(func.count()).select_from(checkin).where(checkin.c.event_id == event_id)
    answered = (await connection.execute(answers)).scalar_one()
    inside = sum(tally.people for tally in tallies if tally.status is not None)
    channels, failures = await _messages(connection, event_id)
    return add_up(
        tallies,
        channels=channels,
        failures=failures,
        outside=answered - inside,
        confidence=by_confidence((place, tally.status, tally.people) for place, tally in counted),
    )


def add_up(
    tallies: Iterable[Tally],
    *,
    channels: Mapping[str, Mapping[str, int]],
    failures: Mapping[str, int],
    outside: int,
    confidence: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> Board:
    """The board of some tallies. Pure."""
    by_class: Counter[Warned] = Counter()
    by_status: Counter[CheckinStatus] = Counter()
    reasons: Counter[str] = Counter()
    silent = unanswered = 0
    for tally in tallies:
        by_class[tally.warned] += tally.people
        if tally.warned is Warned.NOT_REACHED:
            reasons[in_words(tally.code)] += tally.people
        if tally.status is not None:
            by_status[tally.status] += tally.people
        elif tally.warned in {Warned.REACHED, Warned.ACCEPTED}:
            silent += tally.people
        else:
            unanswered += tally.people
    return Board(
        people_targeted=by_class.total(),
        reached=by_class[Warned.REACHED],
        accepted=by_class[Warned.ACCEPTED],
        unknown=by_class[Warned.UNKNOWN],
        waiting=by_class[Warned.WAITING],
        not_reached=by_class[Warned.NOT_REACHED],
        safe=by_status.pop(CheckinStatus.SAFE, 0),
        need_help=by_status.pop(CheckinStatus.NEED_HELP, 0),
        other={status.value: count for status, count in sorted(by_status.items())},
        silent=silent,
        unanswered=unanswered,
        not_reached_reasons=dict(reasons.most_common()),
        channels=channels,
        failures=failures,
        outside=outside,
        confidence=confidence,
    )


async def missing(
    connection: AsyncConnection, event_id: int, limit: int = 100, offset: int = 0
) -> list[MissingPerson]:
    """A page of those of whom nothing good is known: in need, not reached, unknown, waiting, silent.

    Ids only, each group in their order. Whoever shows names opens them with the person's own key.
    """
    people = person_classes(event_id).subquery()
    absence = _absence(people)
    order = case({one.value: place for place, one in enumerate(Absence)}, value=absence)
    query = (
        select(people.c.person_id, absence)
        .where(or_(people.c.status.is_(None), people.c.status == CheckinStatus.NEED_HELP))
        .order_by(order, people.c.person_id)
        .limit(limit)
        .offset(offset)
    )
    return [MissingPerson(person, Absence(why)) for person, why in await connection.execute(query)]


def _absence(people: Subquery) -> ColumnElement[str]:
    return case(
        (people.c.status == CheckinStatus.NEED_HELP, Absence.NEED_HELP.value),
        (people.c.warned == Warned.NOT_REACHED, Absence.NOT_REACHED.value),
        (people.c.warned == Warned.UNKNOWN, Absence.UNKNOWN.value),
        (people.c.warned == Warned.WAITING, Absence.WAITING.value),
        else_=Absence.SILENT.value,
    )


async def _messages(
    connection: AsyncConnection, event_id: int
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """`Board.channels` and `Board.failures`."""
    rows = delivered_rows(event_id).subquery()
    classes = (rows.c.channel, rows.c.state, rows.c.error)
    channels: dict[str, dict[str, int]] = {}
    words: Counter[str] = Counter()
    for channel, state, code, count in await connection.execute(
        select(*classes, func.count()).group_by(*classes)
    ):
        of = channels.setdefault(channel, dict.fromkeys((one.value for one in DeliveryState), 0))
        of[state] += count
        if state in _BAD:
            words[in_words(code)] += count
    return dict(sorted(channels.items())), dict(words.most_common())
