"""The queries behind the board: one row per person with class and newest check-in. SQL expressions only."""

from typing import Any

from sqlalchemy import Integer, Select, and_, case, func, literal, select, union_all

from alerts.checkin_status import CheckinSource
from alerts.delivery import RANK, DeliveryState
from alerts.tables import alert, checkin, checkin_history, delivery, revision, unreachable

_S = DeliveryState
NOBODY = -1  # listed unreachable: below every state


def delivered_rows(event_id: int) -> Select[Any]:
    """Every delivery of an event's alerts."""
    return (
        select(
            delivery.c.person_id, delivery.c.channel, delivery.c.state, delivery.c.error, delivery.c.next_at
        )
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
    """person_id, rank (`alerts.delivery.RANK`; `NOBODY` = unreachable) and code of the best of their rows.

    A row that ended badly while the person's next channel is still due counts as queued: it is not over.
    """
    rank = case(
        (
            and_(delivery.c.state.in_([_S.FAILED, _S.GONE]), delivery.c.next_at.is_not(None)),
            RANK[_S.QUEUED],
        ),
        *((delivery.c.state == state, value) for state, value in RANK.items()),
        else_=NOBODY,
    )
    sent = (
        select(delivery.c.person_id, rank.label("rank"), delivery.c.error.label("code"))
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    nobody = (
        select(
            unreachable.c.person_id,
            literal(NOBODY, Integer).label("rank"),
            unreachable.c.reason.label("code"),
        )
        .join(revision, revision.c.id == unreachable.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
    )
    rows = union_all(sent, nobody).subquery()
    best = func.row_number().over(partition_by=rows.c.person_id, order_by=(rows.c.rank.desc(), rows.c.code))
    ranked = select(rows, best.label("place")).subquery()
    return select(ranked.c.person_id, ranked.c.rank, ranked.c.code).where(ranked.c.place == 1)


def person_classes(event_id: int) -> Select[Any]:
    """person_id, warned (`alerts.board.Warned`), status (newest check-in or NULL), code; once per person.

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
        (answered.c.person_id.is_not(None), "reached"),
        (ranks.c.rank >= RANK[_S.DELIVERED], "reached"),
        (ranks.c.rank == RANK[_S.ACCEPTED], "accepted"),
        (ranks.c.rank == RANK[_S.UNKNOWN], "unknown"),
        (ranks.c.rank >= RANK[_S.QUEUED], "waiting"),
        else_="not_reached",
    )
    return (
        select(ranks.c.person_id, warned.label("warned"), checkin.c.status, ranks.c.code)
        .select_from(ranks)
        .outerjoin(answered, answered.c.person_id == ranks.c.person_id)
        .outerjoin(checkin, and_(checkin.c.event_id == event_id, checkin.c.person_id == ranks.c.person_id))
    )
