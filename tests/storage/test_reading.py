"""What several statements read together is one picture, whatever is committed between them."""

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from staff.tables import mission
from storage.database import Database

MISSION = {"name": "Embassy", "country": "IS", "phone": "+354 555 0100"}
COUNT = select(func.count()).select_from(mission)


async def test_a_reader_sees_one_moment(database: Database) -> None:
    async with database.read() as reader:
        assert (await reader.execute(COUNT)).scalar_one() == 0
        async with database.durable() as writer:
            await writer.execute(insert(mission).values(MISSION))
        assert (await reader.execute(COUNT)).scalar_one() == 0
    async with database.read() as reader:
        assert (await reader.execute(COUNT)).scalar_one() == 1


async def test_whoever_glances_sees_what_is_there_now(database: Database) -> None:
    async with database.glance() as reader:
        assert (await reader.execute(COUNT)).scalar_one() == 0
    async with database.durable() as writer:
        await writer.execute(insert(mission).values(MISSION))
    async with database.glance() as reader:
        assert (await reader.execute(COUNT)).scalar_one() == 1


async def test_a_connection_that_read_writes_again(database: Database) -> None:
    if database.dialect == "postgresql":
        with pytest.raises(DBAPIError, match="read-only"):
            async with database.read() as reader:
                await reader.execute(insert(mission).values(MISSION))
    for _ in range(20):  # more than there are connections
        async with database.read() as reader:
            await reader.execute(COUNT)
        async with database.durable() as writer:
            await writer.execute(insert(mission).values(MISSION))
