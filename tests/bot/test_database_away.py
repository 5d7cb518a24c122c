"""The database goes away in the middle of everything and comes back: nothing is lost, nothing is said
twice.
"""

import asyncio

import asyncpg

from bot.gateway import Prepared
from bot.messages import Accepted, Address
from bot.tables import inbox, outbox
from storage.database import Database, open_database
from storage.errors import StorageUnavailableError
from storage.vault import Vault
from tests.bot.wiring import MovableClock, Provider, Wiring, column, echo, rows, said, session_of, until
from tests.postgres import fresh_database


async def close_door(admin: asyncpg.Connection, name: str) -> None:
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)


async def test_people_are_served_when_it_is_back(postgres_server: str, vault: Vault) -> None:
    url = await fresh_database(postgres_server)
    name = url.split("/")[3].split("?")[0]
    database: Database = open_database(url)
    admin = await asyncpg.connect(postgres_server)
    clock = MovableClock()
    wiring = Wiring(database, vault, clock, echo)
    runs = [asyncio.create_task(wiring.lanes.run()), asyncio.create_task(wiring.sender.run())]
    told = 0
    try:
        for number in range(12):
            if number == 4:
                await close_door(admin, name)
            if number == 8:
                await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
                clock.ahead = 61  # claims and leases whose commit was cut off run out
            try:
                await wiring.inbox.store([said(number, f"person {number % 3}")])
            except StorageUnavailableError:
                told += 1

        async def settled() -> bool:
            return (
                set(await column(database, inbox, "state")) == {"done"}
                and set(await column(database, outbox, "state")) == {"sent"}
                and await rows(database, outbox) == await rows(database, inbox)
            )

        await until(settled)
    finally:
        wiring.lanes.stop()
        wiring.sender.stop()
        await asyncio.wait_for(asyncio.gather(*runs), 10)
    assert told >= 4
    assert await rows(database, inbox) == 12 - told
    assert len(wiring.provider.sent) == len(set(wiring.provider.sent)) == 12 - told
    for person in range(3):
        seen = (await session_of(database, vault, f"person {person}")).data["seen"].split(",")
        assert seen == sorted(seen, key=int)
        assert len(seen) == len(set(seen))
    assert wiring.given_up == []
    assert not [text for _who, text in wiring.provider.sent if text.startswith("Sorry")]
    await admin.close()
    await database.close()


async def test_what_was_sent_is_recorded_when_it_is_back_and_not_sent_again(
    postgres_server: str, vault: Vault
) -> None:
    url = await fresh_database(postgres_server)
    name = url.split("/")[3].split("?")[0]
    admin = await asyncpg.connect(postgres_server)
    database = open_database(url)

    class AtTheWorstMoment(Provider):
        async def send(
            self,
            to: Address,
            message: Prepared,
            *,
            part: int = 0,
            delivery: int | None = None,
            key: str | None = None,
        ) -> Accepted:
            accepted = await super().send(to, message, part=part, delivery=delivery)
            await close_door(admin, name)
            return accepted

    wiring = Wiring(database, vault, MovableClock(), echo, provider=AtTheWorstMoment())
    await wiring.inbox.store([said(1)])
    runs = [asyncio.create_task(wiring.lanes.run()), asyncio.create_task(wiring.sender.run())]

    async def sent() -> bool:
        return bool(wiring.provider.sent)

    await until(sent)
    await asyncio.sleep(0.3)  # time in which the outcome cannot be written
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    async def recorded() -> bool:
        return await column(database, outbox, "state") == ["sent"]

    await until(recorded)
    wiring.lanes.stop()
    wiring.sender.stop()
    await asyncio.wait_for(asyncio.gather(*runs), 10)
    assert wiring.provider.sent == [("ann", "you said 1")]
    await admin.close()
    await database.close()
