"""Watchers are told that people there were warned: once, without a question, and they stay in no figure."""

from datetime import timedelta

from sqlalchemy import func, select

from alerts import store
from alerts.lifecycle import AlertAct
from alerts.tables import checkin, delivery
from bot.codec import load_outbound
from bot.messages import Frame, Outbound
from bot.tables import outbox
from handlers.telling import Telling
from locales.catalog import Catalog
from registry import people, watches
from storage.database import Database
from storage.vault import Place, Vault
from tests.alerts.office import NOW, Office, open_office, touch
from tests.registry.newcomers import join, telegram

CATALOG = Catalog.load()


def teller(database: Database, vault: Vault) -> Telling:
    names = {"IS": "Iceland", "TH": "Thailand"}
    return Telling(
        database=database,
        vault=vault,
        catalog=CATALOG,
        touch=touch,
        country_name=lambda country, _language: names.get(country, country),
        ministry_language="en",
        site_url="https://alerts.example",
    )


async def told(office: Office, vault: Vault) -> list[Outbound]:
    query = select(outbox.c.key, outbox.c.body).order_by(outbox.c.id)
    async with office.database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [load_outbound(vault.open(row.body, Place("outbox", "body", row.key))) for row in rows]


async def sent(office: Office, **changes: str) -> None:
    """An alert that the planner has begun to send."""
    alert_id = await office.approved(**changes)
    async with office.database.durable() as connection:
        assert await store.move_any(connection, alert_id, AlertAct.START)


async def watcher(office: Office, vault: Vault, name: str, country: str, *, drill: bool = False) -> int:
    async with office.database.durable() as connection:
        who = await join(connection, vault, telegram(name), place=None, drill=drill, language="en", now=NOW)
        await watches.add(connection, who.id, country, NOW)
    return who.id


async def test_told_once_and_asked_nothing(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    await watcher(office, vault, "1", "IS")
    await watcher(office, vault, "2", "TH")
    await watcher(office, vault, "3", "IS", drill=True)
    stopped = await watcher(office, vault, "4", "IS")
    async with sqlite.durable() as connection:
        await people.stop(connection, stopped, NOW)
    telling = teller(sqlite, vault)
    assert await telling.step(NOW) == 0  # nothing is approved
    await sent(office)
    for process in (telling, teller(sqlite, vault), telling):
        await process.step(office.clock.now())
    [news] = await told(office, vault)
    assert news.text.startswith("News of Iceland, because you wanted it. People there have been warned:")
    assert "https://alerts.example/a/" in news.text
    assert "You need not answer." in news.text
    assert (news.buttons, news.frame) == ((), Frame.REPLY)
    async with sqlite.read() as connection:
        for table in (delivery, checkin):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0


async def test_whoever_comes_later_is_told_and_old_news_is_none(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    await sent(office)
    telling = teller(sqlite, vault)
    for number in range(1, 4):
        await watcher(office, vault, str(number), "IS")
        assert await telling.step(office.clock.now()) == 1
    assert await teller(sqlite, vault).step(office.clock.now() + timedelta(hours=25)) == 0


async def test_alerts_for_registered_people_only_are_nobodys_news(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    await watcher(office, vault, "1", "IS")
    await sent(office, audience="Registered")
    assert await teller(sqlite, vault).step(office.clock.now()) == 0


async def test_a_drill_is_told_to_watchers_of_drills_in_its_frame(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    await watcher(office, vault, "1", "IS")
    await watcher(office, vault, "2", "IS", drill=True)
    await sent(office, status="Exercise")
    assert await teller(sqlite, vault).step(office.clock.now()) == 1
    [news] = await told(office, vault)
    assert news.frame is Frame.DRILL
    assert news.text.startswith(CATALOG.say("en", "alert.drill.first"))
    assert news.text.endswith(CATALOG.say("en", "alert.drill.last"))


async def test_one_who_cannot_be_opened_keeps_nobody_from_being_told(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    await watcher(office, Vault([b"x" * 32], b"y" * 32), "1", "IS")  # sealed with keys that are gone
    await watcher(office, vault, "2", "IS")
    await sent(office)
    assert await teller(sqlite, vault).step(office.clock.now()) == 1


async def test_a_hundred_watchers_are_told_in_small_transactions(sqlite: Database, vault: Vault) -> None:
    office = await open_office(sqlite)
    for number in range(101):
        await watcher(office, vault, str(number), "IS")
    await sent(office)
    assert await teller(sqlite, vault).step(office.clock.now()) == 101
    assert len(await told(office, vault)) == 101
