"""Missions abroad: who is responsible for a country and which number citizens may call. Touches SQL only."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.tables import mission

_COLUMNS = (mission.c.id, mission.c.name, mission.c.country, mission.c.phone)


@dataclass(frozen=True, slots=True)
class Mission:
    """An embassy or consulate with its public duty number."""

    id: int
    name: str
    country: str
    phone: str


async def for_country(connection: AsyncConnection, country: str) -> Mission | None:
    """The mission responsible for `country` (ISO 3166-1 alpha-2), the first one entered; None = none."""
    query = select(*_COLUMNS).where(mission.c.country == country).order_by(mission.c.id).limit(1)
    row = (await connection.execute(query)).first()
    return Mission(*row) if row else None


async def list_all(connection: AsyncConnection, countries: Collection[str] | None = None) -> list[Mission]:
    """Every mission, or those in some countries, by country and name."""
    query = select(*_COLUMNS).order_by(mission.c.country, mission.c.name)
    if countries is not None:
        query = query.where(mission.c.country.in_(list(countries)))
    return [Mission(*row) for row in await connection.execute(query)]


async def add(connection: AsyncConnection, *, name: str, country: str, phone: str) -> int:
    """Enter a mission; return its id."""
    statement = insert(mission).values(name=name, country=country, phone=phone).returning(mission.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def remove(connection: AsyncConnection, mission_id: int) -> None:
    """Take a mission out."""
    await connection.execute(delete(mission).where(mission.c.id == mission_id))
