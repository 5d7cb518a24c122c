"""How many are registered where, each once, and how ready we are."""

from datetime import timedelta

from bot.messages import Address, Channel
from registry import addresses, headcounts, people, phones, tables, trips, watches, whereabouts
from registry.headcounts import CountryCount
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, JAPAN, NOW, REYKJAVIK, join, lane_of, telegram, webchat

DAY = timedelta(days=1)
ORDER = ["telegram", "whatsapp", "viber", "webchat", "sms"]


async def counted(database: Database, after: timedelta = timedelta(0)) -> dict[str, CountryCount]:
    async with database.read() as connection:
        found = await headcounts.by_country(connection, NOW + after, drill=False, channel_order=ORDER)
    return {one.country: one for one in found}


async def test_each_counts_once_where_they_are_now(database: Database, vault: Vault) -> None:
    trip = Whereabouts(WhereaboutsKind.TRIP, None, 0.0, "TH")
    async with database.durable() as connection:
        traveller = await join(connection, vault, telegram("1"))
        await trips.add(connection, traveller.vault, traveller.id, trip, NOW + DAY, NOW + 3 * DAY, NOW)
        await trips.add(connection, traveller.vault, traveller.id, trip, NOW + DAY, NOW + 4 * DAY, NOW)
        await join(connection, vault, telegram("2"), place=BANGKOK, language="th")
        await join(connection, vault, telegram("3"), place=JAPAN)
        await join(connection, vault, telegram("4"), drill=True)
        await join(connection, vault, telegram("5"), consent=None)
        stopped = await join(connection, vault, telegram("6"))
        await people.stop(connection, stopped.id, NOW)
        watcher = await join(connection, vault, telegram("7"), place=None)
        await watches.add(connection, watcher.id, "TH", NOW)
    before, during, after = [await counted(database, days * DAY) for days in (0, 2, 5)]
    assert {code: one.people for code, one in before.items()} == {"IS": 1, "TH": 1, "JP": 1}
    assert {code: one.people for code, one in during.items()} == {"TH": 2, "JP": 1}
    assert during["TH"].by_language == {"th": 1, "vi": 1}
    assert during["TH"].by_confidence == {"area": 1, "country": 1}
    assert {code: one.people for code, one in after.items()} == {"IS": 1, "TH": 1, "JP": 1}
    assert before["IS"].by_confidence == {"city": 1}
    assert before["JP"].by_confidence == {"country": 1}


async def test_ready_means_woken_twice_called_and_lately_heard(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        ready = await join(connection, vault, telegram("1"))
        sms = Address(Channel.SMS, "main", "+66812345678")
        second = await addresses.add(
            connection, ready.vault, ready.id, sms, lane_of(vault, sms), drill=False, now=NOW
        )
        await phones.save(connection, vault, ready.vault, ready.id, phones.read("+66812345678"), NOW)
        web = await join(connection, vault, telegram("2"))
        chat = webchat("2")
        await addresses.add(connection, web.vault, web.id, chat, lane_of(vault, chat), drill=False, now=NOW)
    one = (await counted(database))["IS"]
    assert (one.people, one.two_channels, one.phone, one.fresh) == (2, 1, 1, 2)  # a web page wakes nobody
    assert one.by_channel == {"telegram": 2}
    async with database.durable() as connection:
        await addresses.mark_gone(connection, [second.id, ready.address.id], NOW)
        await addresses.mark_gone(connection, [web.address.id], NOW)
    one = (await counted(database, 181 * DAY))["IS"]
    assert (one.two_channels, one.fresh) == (0, 0)
    assert one.by_channel == {"none": 1, "webchat": 1}


async def test_somebody_without_a_place_left_is_not_dropped(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        who = await join(connection, vault, telegram("1"), place=REYKJAVIK)
        await whereabouts.close_bases(connection, who.id, NOW)
    assert {code: one.people for code, one in (await counted(database, DAY)).items()} == {"": 1}


async def test_whose_places_overlap_is_where_they_said_last(database: Database, vault: Vault) -> None:
    """A trip before any base; of several the one confirmed last, and of equals the first."""
    async with database.durable() as connection:
        for number, kind in ((1, "trip"), (2, "pin")):
            who = await join(connection, vault, telegram(f"{number}"), place=BANGKOK)
            mine = tables.whereabouts.select().where(tables.whereabouts.c.person_id == who.id)
            row = (await connection.execute(mine)).one()._asdict()
            del row["id"]
            for country, said in (("IS", NOW - DAY), ("JP", NOW + DAY), ("VN", NOW + DAY), ("TH", NOW)):
                values = row | {"country": country, "confirmed_at": said, "kind": kind}
                await connection.execute(tables.whereabouts.insert().values(values))
    found = await counted(database)
    assert {code: one.people for code, one in found.items()} == {"JP": 2}
    assert found["JP"].fresh == 2


async def test_an_installation_without_anybody_counts_nobody(database: Database) -> None:
    assert await counted(database) == {}
