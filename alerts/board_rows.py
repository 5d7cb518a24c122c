"""The queries behind the board: one row per person with class and newest check-in. SQL expressions only."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Select, and_, case, func, literal, null, select, union_all

from alerts.checkin_status import CheckinSource
from alerts.delivery import NOT_REACHED, RANK, DeliveryState
from alerts.lifecycle import MAY_SEND
from alerts.tables import alert, checkin, checkin_history, delivery, revision, unreachable
from places.audience import CONFIDENCES

_S = DeliveryState
NOBODY = -1  # listed unreachable: below every state
NOT_OPENED = "not_opened"


class Warned(StrEnum):
    """What is known of the warning of one person, best first."""

    REACHED = "reached"  # it arrived, or the person answered
    ACCEPTED = "accepted"  # a provider took it
    UNKNOWN = "unknown"  # it may have left
    WAITING = "waiting"  # it has not left yet, or the next channel is still to come
    NOT_REACHED = "not_reached"  # nothing more will be tried


def delivered_rows(event_id: int) -> Select[Any]:
    """Every delivery of an event's alerts."""
    return (
        select(delivery.c.channel, delivery.c.state, delivery.c.error)
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )


def targeted(event_id: int) -> Select[Any]:
    """person_id of everybody the event's alerts are for, those included who cannot be tried at all."""
    nobody = (
        select(unreachable.c.person_id)
        .join(revision, revision.c.id == unreachable.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    sent = (
        select(delivery.c.person_id)
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    return select(sent.union(nobody).subquery().c.person_id)


def person_ranks(event_id: int) -> Select[Any]:
    """person_id, rank (`alerts.delivery.RANK`; `NOBODY` = unreachable) and code of the best of their rows,
    and place: of the surest of them among `places.audience.CONFIDENCES`, NULL where nothing was tried.

    A row that ended badly while the person's next channel is still due counts as queued: it is not over. One
    that a provider keeps for a browser which never came counts as failed once the alert is over.
    The code is told only of those who are not reached at all. One pass that groups: a window over a million
    rows takes twice as long.
    """
    kept = and_(
        delivery.c.state == _S.ATTEMPTING,
        delivery.c.attempts > 0,  # else it is about to leave, and was named before (`never-resend`)
        alert.c.state.not_in(MAY_SEND),
    )
    rank = case(
        (kept, RANK[_S.FAILED]),
        (
            and_(delivery.c.state.in_([_S.FAILED, _S.GONE]), delivery.c.next_at.is_not(None)),
            RANK[_S.QUEUED],
        ),
        *((delivery.c.state == state, value) for state, value in RANK.items()),
        else_=NOBODY,
    )
    code = case((kept, NOT_OPENED), else_=delivery.c.error)
    place = case({level.value: place for place, level in enumerate(CONFIDENCES)}, value=delivery.c.confidence)
    sent = (
        select(delivery.c.person_id, rank.label("rank"), code.label("code"), place.label("place"))
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    nobody = (
        select(
            unreachable.c.person_id,
            literal(NOBODY, Integer).label("rank"),
            unreachable.c.reason.label("code"),
            null().label("place"),
        )
        .join(revision, revision.c.id == unreachable.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    rows = union_all(sent, nobody).subquery()
    best = func.max(rows.c.rank)
    bad = [NOBODY, *sorted(RANK[state] for state in NOT_REACHED)]
    codes = [(best == value, func.min(case((rows.c.rank == value, rows.c.code)))) for value in bad]
    return select(
        rows.c.person_id,
        best.label("rank"),
        case(*codes).label("code"),
        func.min(rows.c.place).label("place"),
    ).group_by(rows.c.person_id)


def person_classes(event_id: int) -> Select[Any]:
    """person_id, warned (`Warned`), status (newest check-in or NULL), code and place as in
    `person_ranks`; once per person.

    An answer of the person's own is proof that the warning arrived, whatever the channel knows.
    """
    ranks = person_ranks(event_id).subquery()
    answered = (
        select(checkin_history.c.person_id)
        .where(checkin_history.c.event_id == event_id, checkin_history.c.source == CheckinSource.SELF)
        .distinct()
        .subquery()
    )
    warned = case(
        (answered.c.person_id.is_not(None), Warned.REACHED.value),
        (ranks.c.rank >= RANK[_S.DELIVERED], Warned.REACHED.value),
        (ranks.c.rank == RANK[_S.ACCEPTED], Warned.ACCEPTED.value),
        (ranks.c.rank == RANK[_S.UNKNOWN], Warned.UNKNOWN.value),
        (ranks.c.rank >= RANK[_S.QUEUED], Warned.WAITING.value),
        else_=Warned.NOT_REACHED.value,
    )
    return (
        select(ranks.c.person_id, warned.label("warned"), checkin.c.status, ranks.c.code, ranks.c.place)
        .select_from(ranks)
        .outerjoin(answered, answered.c.person_id == ranks.c.person_id)
        .outerjoin(checkin, and_(checkin.c.event_id == event_id, checkin.c.person_id == ranks.c.person_id))
    )
