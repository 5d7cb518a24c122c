"""Receipts as a web process takes them from the inbox, on a real PostgreSQL: between two statements of its
transaction others commit, and what they commit counts."""

import asyncio
from pathlib import Path

import asyncpg
from sqlalchemy import select

from alerts import outcomes
from alerts.delivery import DeliveryState
from alerts.outcomes import Outcome
from alerts.revisions import latest
from alerts.tables import delivery
from app.citizens import build_kit
from app.reception import Reception
from bot.inbox import lane_of
from bot.messages import Address, Channel, Receipt, ReceiptState
from bot.tables import inbox
from registry import people
from tests.alerts.office import deliver
from tests.journeys.audited import draft_of_test
from tests.postgres import fresh_database
from tests.service import Office, make_settings, open_office, until

TO = Address(Channel.VIBER, "main", "fictional-user-1")
TOKEN = "5741311803571721087"
ARRIVED = Receipt(
    "5741311803571721087:delivered", Channel.VIBER, "main", TOKEN, ReceiptState.DELIVERED, recipient=TO.value
)
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass"


async def one_delivery(office: Office) -> int:
    """A copy for one person on Viber, queued as far as SQL knows."""
    core = office.core
    revision = await _revision(office)
    async with core.database.durable() as connection:
        who, where = await people.create(
            connection,
            core.vault,
            TO,
            lane_of(core.vault, TO),
            language="en",
            drill=False,
            now=core.clock.now(),
        )
        await deliver(connection, revision, [(who.id, "queued")], channel="viber", address_id=where.id)
    return revision << 32


async def _revision(office: Office) -> int:
    alert = await office.send(draft_of_test(1, languages=("en",)))
    async with office.core.database.read() as connection:
        return (await latest(connection, alert)).id


async def test_a_receipt_that_overtakes_the_commit_of_its_outcome_counts(
    tmp_path: Path, postgres_server: str, redis_server: str, gazetteer: Path
) -> None:
    url = await fresh_database(postgres_server)
    settings = make_settings(
        tmp_path, database_url=url, redis_url=redis_server, gazetteer=gazetteer, simulator=None
    )
    gate = await asyncpg.connect(url)
    async with open_office(settings) as office:
        core = office.core
        number = await one_delivery(office)
        reception = Reception(core, build_kit(core, office.geography, telegram_name=""))
        closed = gate.transaction()
        await closed.start()
        # Whoever looks among the replies waits here: the receipt was compared with deliveries by then.
        await gate.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        async with core.database.bulk() as worker:
            await outcomes.write(
                worker, [Outcome(number, DeliveryState.ACCEPTED, core.clock.now(), 1, provider_id=TOKEN)]
            )
            await reception.inbox.store([ARRIVED])
            running = asyncio.create_task(reception.lanes.run())

            async def compared() -> bool:
                return bool(await gate.fetchval(WAITS))

            await until(compared, 20, "the receipt found no delivery of its own", every=0.01)
        await closed.rollback()

        async def done() -> bool:
            async with core.database.read() as connection:
                return (await connection.execute(select(inbox.c.state))).scalar_one() == "done"

        await until(done, 20, "the receipt is dealt with")
        reception.lanes.stop()
        await running
        async with core.database.read() as connection:
            assert (await connection.execute(select(delivery.c.state))).scalar_one() == "delivered"
    await gate.close()
