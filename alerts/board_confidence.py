"""How sure we were that each person of an event was there, and how many of them are missing. Reads SQL.

Unit: people (registrations), each once, under the surest of their rows. Those who could not be tried at all
have no row and count as `untried`, so that the classes add up to everybody the event's alerts are for.
"""

from collections.abc import Mapping

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.board_rows import person_classes
from alerts.checkin_status import CheckinStatus
from alerts.tables import alert, delivery, revision
from places.audience import CONFIDENCES

UNTRIED = "untried"


async def by_confidence(connection: AsyncConnection, event_id: int) -> Mapping[str, Mapping[str, int]]:
    """Class (area, city, country, maybe, untried) to `people` and `missing`; empty classes left out.

    Missing: nothing is known of them, or they need help, as on the list of the missing.
    """
    order = case({level.value: place for place, level in enumerate(CONFIDENCES)}, value=delivery.c.confidence)
    surest = (
        select(delivery.c.person_id, func.min(order).label("place"))
        .join(revision, revision.c.id == delivery.c.revision_id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
        .group_by(delivery.c.person_id)
        .subquery()
    )
    people = person_classes(event_id).subquery()
    missing = case((people.c.status.is_(None), 1), (people.c.status == CheckinStatus.NEED_HELP, 1), else_=0)
    query = (
        select(surest.c.place, func.count().label("people"), func.sum(missing).label("missing"))
        .select_from(people.outerjoin(surest, surest.c.person_id == people.c.person_id))
        .group_by(surest.c.place)
    )
    counted = {row.place: row for row in await connection.execute(query)}
    names = {place: level.value for place, level in enumerate(CONFIDENCES)} | {None: UNTRIED}
    return {
        name: {"people": counted[place].people, "missing": int(counted[place].missing or 0)}
        for place, name in names.items()
        if place in counted
    }
