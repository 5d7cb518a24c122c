"""Missions by country."""

from staff import missions
from storage.database import Database


async def test_the_first_mission_of_a_country_answers_for_it(database: Database) -> None:
    async with database.durable() as connection:
        first = await missions.add(connection, name="Embassy", country="IS", phone="+354 555 0100")
        await missions.add(connection, name="Consulate", country="IS", phone="+354 555 0101")
        await missions.add(connection, name="Embassy", country="TH", phone="+66 2 555 0100")
        found = await missions.for_country(connection, "IS")
        assert found == missions.Mission(first, "Embassy", "IS", "+354 555 0100")
        assert await missions.for_country(connection, "VN") is None
        assert len(await missions.list_all(connection)) == 3
        assert [one.country for one in await missions.list_all(connection, ["TH"])] == ["TH"]
        await missions.remove(connection, first)
        again = await missions.for_country(connection, "IS")
        assert again is not None
        assert again.name == "Consulate"
