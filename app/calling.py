"""Whom people call who cannot answer a warning: the mission where they are, else the ministry. Reads SQL."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.recipients import nearest
from alerts.rendering import PhoneOf
from registry import audience
from staff import missions

ASKED = 500  # people nearest to the danger: where they are is where the warning is about


def number_to_call(ministry_phone: str) -> PhoneOf:
    """Finds the number of a revision's people."""

    async def phone_of(connection: AsyncConnection, revision_id: int) -> str:
        where = await audience.countries(connection, await nearest(connection, revision_id, ASKED))
        phones = {
            mission.country: mission.phone for mission in await missions.list_all(connection, list(where))
        }
        return choose(where, phones, ministry_phone)

    return phone_of


def choose(people: Mapping[str, int], phones: Mapping[str, str], ministry_phone: str) -> str:
    """The number for people in these countries (most first), "" when there is none.

    One country: its mission. Several: the ministry's, because one message goes to all of them; without that
    the mission of most of them, which is better than nobody.
    """
    if len(people) == 1 or not ministry_phone:
        known = (phones[country] for country in people if country in phones)
        return next(known, ministry_phone)
    return ministry_phone
