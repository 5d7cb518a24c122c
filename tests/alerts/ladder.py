"""People with two channels, a warning that was sent to all of them on the first, and the part that moves
them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import holds
from alerts.batches import BatchSizes, delivery_id
from alerts.delivery import DeliveryState
from alerts.holds import Hold
from alerts.routing import Account
from alerts.rungs import Rungs
from alerts.tables import delivery
from bot.messages import Address, Channel
from registry import addresses
from staff import notices
from staff.notices import Notice
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import NOW, HandClock, Office, open_office
from tests.alerts.post_room import revision_of
from tests.registry.newcomers import join, lane_of

FIRST: Account = ("whatsapp", "main")
SECOND: Account = ("sms", "main")
DEADLINE = timedelta(minutes=10)  # of a severe warning


@dataclass
class Ladder:
    """What `open_ladder` makes.

    Attributes:
        lag: seconds that our inbox is behind.
        people: ids in the order in which they were sent to.
    """

    database: Database
    vault: Vault
    office: Office
    revision: int
    lag: float = 0.0
    people: list[int] = field(default_factory=list)
    rungs: Rungs = field(init=False)

    @property
    def clock(self) -> HandClock:
        return self.office.clock

    async def send(self, count: int, state: str = "accepted", *, known: bool = False) -> list[int]:
        """`count` people whom the first channel accepted one second apart; due when it is due for them.

        Args:
            known: they are registered, so that they can be moved; registering takes its time.
        """
        made, rows = [], []
        async with self.database.durable() as connection:
            start = len(self.people)
            for number in range(start, start + count):
                at = NOW + timedelta(seconds=number)
                person, address = await self._join(connection, number) if known else (number + 1, number + 1)
                rows.append(
                    {
                        "id": delivery_id(self.revision, 1_000_000 + number), "revision_id": self.revision,
                        "person_id": person, "rung": 0, "address_id": address, "channel": "whatsapp",
                        "account": "main", "language": "en", "drill": False, "confidence": "area",
                        "state": state, "attempts": 1, "created_at": NOW, "accepted_at": at,
                        "next_at": at + DEADLINE if state in {"accepted", "failed"} else None,
                        "delivered_at": at if state == "delivered" else None,
                    }
                )  # fmt: skip
                made.append(person)
            await connection.execute(insert(delivery), rows)
        self.people += made
        return made

    async def _join(self, connection: AsyncConnection, number: int) -> tuple[int, int]:
        who = await join(connection, self.vault, Address(Channel.WHATSAPP, "main", f"w{number}"))
        text = Address(Channel.SMS, "main", f"s{number}")
        lane = lane_of(self.vault, text)
        await addresses.add(connection, who.vault, who.id, text, lane, drill=False, now=NOW)
        return who.id, who.address.id

    async def confirm(self, people: list[int]) -> None:
        """Receipts come in for these."""
        async with self.database.durable() as connection:
            await connection.execute(
                update(delivery)
                .where(delivery.c.person_id.in_(people), delivery.c.rung == 0)
                .values(state=DeliveryState.DELIVERED, delivered_at=self.clock.at, next_at=None)
            )

    async def after(self, seconds: float) -> int:
        """Let time pass by; return how many were moved in one step then."""
        self.clock.at += timedelta(seconds=seconds)
        return await self.rungs.step()

    async def moved(self) -> list[int]:
        """People with a second rung, in the order of its rows."""
        query = select(delivery.c.person_id).where(delivery.c.rung == 1).order_by(delivery.c.id)
        async with self.database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def notices(self) -> list[Notice]:
        async with self.database.read() as connection:
            return await notices.open_notices(connection)

    async def holds(self) -> list[Hold]:
        async with self.database.read() as connection:
            return await holds.standing(connection)

    async def release(self) -> bool:
        async with self.database.durable() as connection:
            return await holds.release(connection, "officer:1", self.revision, FIRST, 0, self.clock.at)

    async def _lag(self, _connection: AsyncConnection, _now: datetime) -> float:
        return self.lag


async def open_ladder(database: Database, vault: Vault) -> Ladder:
    """An approved severe warning, nobody sent to yet."""
    office = await open_office(database)
    ladder = Ladder(database, vault, office, await revision_of(office))
    ladder.rungs = Rungs(
        database=database, clock=office.clock, accounts=frozenset({FIRST, SECOND}),
        confirming=frozenset({"whatsapp"}), sizes=BatchSizes({}), channel_order=["whatsapp", "sms"],
        inbox_lag=ladder._lag, owner="rungs",
    )  # fmt: skip
    return ladder
