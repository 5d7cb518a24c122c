"""Missions by country."""

from datetime import date

import pytest

from staff import emergency, mission_file, missions
from staff.emergency import Confirmed
from staff.mission_file import ListedMission, MissionsRefusedError
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


HEAD = "name,country,phone,city,lat,lon,source,checked\n"
ROW = "Embassy,IS,+354 555 0100,Reykjavik,64.15,-21.94,ministry's list,2026-11-01\n"
TABBED = (
    "phone\tname\tcountry\tcity\tlat\tlon\tchecked\tsource\n"
    "+354 555 0100\tEmbassy\tIS\tReykjavik\t64.15\t-21.94\t2026-11-01\tministry's list\n"
)
TODAY = date(2026, 11, 22)


def read(text: str) -> list[ListedMission]:
    return mission_file.read(text.encode(), {"IS": "IS", "Iceland": "IS", "TH": "TH", "NO": "NO"}.get, TODAY)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ROW,
        "\ufeff" + HEAD + ROW.replace("IS,", "Iceland,"),
        (HEAD + ROW).replace(",", ";"),
        TABBED,
    ],
)
def test_a_file_may_be_written_in_several_ways(text: str) -> None:
    assert read(text) == [
        ListedMission(
            "Embassy",
            "IS",
            "+354 555 0100",
            "Reykjavik",
            64.15,
            -21.94,
            "ministry's list",
            date(2026, 11, 1),
        )
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "columns must be"),
        ("name,country\n", "columns must be"),
        (HEAD + "Embassy,IS\n", "line 2: 2 cells instead of 8"),
        (HEAD + ROW.replace("IS", "XX"), "line 2, country"),
        (HEAD + ROW.replace("+354", "354"), "line 2, phone"),
        (HEAD + ROW.replace("64.15", ""), "line 2, lat"),
        (HEAD + ROW.replace("64.15", "94.15"), "line 2, lat"),
        (HEAD + ROW.replace("2026-11-01", "2027-01-01"), "line 2, checked"),
        (HEAD + ROW.replace("ministry's list", ""), "line 2, source"),
        (HEAD + ROW + ROW, "on line 2 already"),
        (HEAD + '"Embassy', "quotation mark"),
    ],
)
def test_every_mistake_is_told_and_nothing_is_taken_in(text: str, mistake: str) -> None:
    with pytest.raises(MissionsRefusedError) as refused:
        read(text)
    assert mistake in refused.value.text


async def test_a_file_replaces_what_it_names_and_the_nearest_may_be_abroad(
    database: Database,
) -> None:
    oslo = "Consulate,NO,+47 555 01 00,Oslo,59.91,10.75,list,2026-11-01\n"
    bangkok = "Office,TH,+66 2 555 0100,,,,list,2026-11-01\n"
    rows = ROW + oslo + bangkok
    async with database.durable() as connection:
        before = await missions.add(connection, name="Embassy", country="IS", phone="+354 555 9999")
        await missions.save(connection, read(HEAD + rows))
        await missions.save(connection, read(HEAD + rows))
        assert len(await missions.list_all(connection)) == 3
        (first, near), (second, far) = await missions.nearest(connection, 62.0, -7.0)  # the Faroes
        assert (first.id, first.phone, first.source) == (before, "+354 555 0100", "ministry's list")
        assert second.country == "NO"
        assert 700 < near < far < 1100


async def test_confirmed_numbers_replace_others_and_can_be_taken_back(database: Database) -> None:
    async with database.durable() as connection:
        await emergency.confirm(connection, Confirmed("TH", ("1155", "191"), "embassy", TODAY))
        await emergency.confirm(connection, Confirmed("TH", (), "embassy", TODAY))
        assert await emergency.confirmed(connection, "TH") == {"TH": Confirmed("TH", (), "embassy", TODAY)}
        await emergency.confirm(connection, Confirmed("TH", ("191",), "embassy", TODAY))
        assert (await emergency.confirmed(connection))["TH"].numbers == ("191",)
        await emergency.forget(connection, "TH")
        assert await emergency.confirmed(connection) == {}
        for numbers, source in ((("one",), "embassy"), (("1",) * 5, "embassy"), (("191",), "")):
            with pytest.raises(emergency.NumbersRefusedError):
                await emergency.confirm(connection, Confirmed("TH", numbers, source, TODAY))
