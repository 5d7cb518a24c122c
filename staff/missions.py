"""Missions abroad: who is responsible for a country and which number citizens may call. Touches SQL only."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from places.distance import between_km
from staff.mission_file import ListedMission
from staff.tables import mission

_COLUMNS = (
    mission.c.id,
    mission.c.name,
    mission.c.country,
    mission.c.phone,
    mission.c.city,
    mission.c.lat,
    mission.c.lon,
    mission.c.source,
    mission.c.checked_on,
)
MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class Mission:
    """An embassy or consulate with its public duty number; `lat` and `lon` in degrees, both or none."""

    id: int
    name: str
    country: str
    phone: str
    city: str = ""
    lat: float | None = None
    lon: float | None = None
    source: str = ""
    checked_on: date | None = None


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


async def nearest(
    connection: AsyncConnection, lat: float, lon: float, limit: int = MOST_NEAR
) -> list[tuple[Mission, float]]:
    """The missions nearest to a position (degrees), whichever country they are in, with kilometres."""
    placed = [
        (one, between_km(lat, lon, one.lat, one.lon))
        for one in await list_all(connection)
        if one.lat is not None and one.lon is not None
    ]
    return sorted(placed, key=lambda pair: (pair[1], pair[0].id))[:limit]


async def save(connection: AsyncConnection, listed: Sequence[ListedMission]) -> None:
    """Keep these, each in place of one of the same country and name; others stay as they are."""
    for one in listed:
        same = (mission.c.country == one.country) & (mission.c.name == one.name)
        changed = await connection.execute(update(mission).where(same).values(asdict(one)))
        if not changed.rowcount:
            await connection.execute(insert(mission).values(asdict(one)))


async def add(connection: AsyncConnection, *, name: str, country: str, phone: str) -> int:
    """Enter a mission; return its id."""
    statement = insert(mission).values(name=name, country=country, phone=phone).returning(mission.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def remove(connection: AsyncConnection, mission_id: int) -> None:
    """Take a mission out."""
    await connection.execute(delete(mission).where(mission.c.id == mission_id))
