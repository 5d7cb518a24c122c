"""From person ids to sealed addresses, and on to deliveries: 10,000 people in one SQLite file. Touches a
temporary folder.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from alerts import plans, revisions
from alerts.assignments import Assignment, Assignments
from alerts.batches import BatchSizes
from alerts.draft import Draft
from alerts.events import open_event
from alerts.plans import Plan
from benchmarks.measure import Spent, head, middle, once_async, say
from bot.inbox import lane_of
from bot.messages import Address, Channel
from registry import addresses
from registry.destinations import destinations
from registry.tables import address, person
from registry.ways import ways
from storage.database import Database, open_database
from storage.migrate import migrate
from storage.vault import Vault

PEOPLE = 20_000
CHUNK = 5_000  # as the planner writes them
RUNS = 3
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ACCOUNT = ("telegram", "main")


def run() -> None:
    """Fill a database, then do what the planner and a worker do with it."""
    head(f"Reach, {PEOPLE:,} people on SQLite")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'muster.db'}"
        migrate(url)
        asyncio.run(_measure(url))


async def _measure(url: str) -> None:
    database, vault = open_database(url), Vault([bytes(range(32))], bytes(range(32, 64)))
    try:
        await _fill(database, vault)
        ids = list(range(1, PEOPLE + 1))

        async def find() -> None:
            async with database.read() as connection:
                for start in range(0, PEOPLE, CHUNK):
                    found = await ways(connection, ids[start : start + CHUNK], ("telegram", "webchat"))
                    if len(found) < CHUNK:
                        raise RuntimeError("everybody here has an address")

        spent = await _middle(lambda _: find())
        say("find the ways to a person, as the planner does", f"{spent.cpu_s / PEOPLE * 1e6:.0f} us CPU each")
        async with database.read() as connection:
            found = await ways(connection, ids)
            mine = [own[0] for own in found.values()]
            sealed = await destinations(connection, [way.address_id for way in mine])

        async def unseal() -> None:
            for one in sealed.values():
                addresses.open_value(vault, one)

        spent = await _middle(lambda _: unseal())
        say("open a sealed address", f"{spent.cpu_s / PEOPLE * 1e6:.0f} us CPU")
        made = [await new_plan(database) for _ in range(RUNS + 1)]
        chosen = [
            Assignment(way.person_id, way.address_id, *ACCOUNT, way.language, False, "area", 1.0)
            for way in mine
        ]
        spent = await _middle(lambda run: _write(database, made[run], chosen))
        say(
            "write deliveries and batches, committed",
            f"{spent.cpu_s / PEOPLE * 1e6:.0f} us CPU each",
            f"{PEOPLE / spent.wall_s:,.0f} a second on the clock",
        )
    finally:
        await database.close()


async def _middle(work: Callable[[int], Awaitable[object]]) -> Spent:
    runs = []
    for number in range(RUNS + 1):
        spent = await once_async(partial(work, number))
        if number:
            runs.append(spent)
    return middle(runs)


async def _fill(database: Database, vault: Vault) -> None:
    people, owned = [], []
    for number in range(1, PEOPLE + 1):
        key = vault.new_person_key(number)
        to = Address(Channel.TELEGRAM, "main", str(10_000_000_000 + number))
        sealed = vault.person(number, key).seal_text(to.value, addresses.place_of(number))
        people.append(
            {
                "id": number,
                "state": "active",
                "language": "vi",
                "language_chosen": True,
                "consent_version": "1",
                "consent_at": NOW,
                "data_key": key,
                "drill": False,
                "created_at": NOW,
                "changed_at": NOW,
            }
        )
        owned.append(
            {
                "id": number,
                "person_id": number,
                "channel": "telegram",
                "account": "main",
                "lane": lane_of(vault, to),
                "value": sealed,
                "state": "active",
                "rank": 0,
                "drill": False,
                "last_inbound_at": NOW,
                "created_at": NOW,
            }
        )
    async with database.bulk() as connection:
        await connection.execute(insert(person), people)
        await connection.execute(insert(address), owned)


async def new_plan(database: Database) -> Plan:
    """A new alert, claimed by a planner."""
    draft = Draft.model_validate(
        {
            "event_title": "Benchmark",
            "status": "Actual",
            "severity": "Severe",
            "urgency": "Immediate",
            "certainty": "Likely",
            "category": "Met",
            "event_name": "Storm",
            "texts": {"en": {"headline": "Storm", "description": "Storm."}},
            "area": {"countries": ["VN"]},
            "time_zone": "Asia/Bangkok",
            "expires_at": NOW + timedelta(hours=6),
        }
    )
    async with database.durable() as connection:
        event = await open_event(connection, title="Benchmark", drill=False, now=NOW)
        alert = await revisions.insert_alert(connection, draft, event_id=event.id, officer_id=1, now=NOW)
        number = await revisions.insert_revision(connection, alert, 1, draft, (1,))
        plan = await plans.claim(connection, number, "benchmark", NOW)
    if plan is None:
        raise RuntimeError("nobody else can hold this plan")
    return plan


async def _write(database: Database, plan: Plan, chosen: Sequence[Assignment]) -> None:
    sizes = BatchSizes({ACCOUNT: 15})
    for start in range(0, len(chosen), CHUNK):
        async with database.bulk() as connection:
            part = Assignments.listed(chosen[start : start + CHUNK])
            await plans.write_deliveries(
                connection, plan, part, rung=0, priority=1, sizes=sizes, now=NOW, first_run=True
            )
