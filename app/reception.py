"""From a stored message to a sent reply: the inbox, the lanes and the outbox of one web process. Plugs, no
rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import receipts
from alerts.receipts import AddressBook
from app.core import Core, page_account_closed
from app.unheard import build_on_unheard
from app.worker import process_name
from bot import held, reply_receipts
from bot.inbox import Inbox, lane_of
from bot.lanes import LaneRunner
from bot.leases import LaneLeases
from bot.messages import Address, Channel, Failure, Inbound, Pin, Receipt
from bot.outcomes import Outcomes
from bot.receiving import ReceiptRunner
from bot.sender import OutboxSender
from bot.steps import StepRunner
from handlers.apology import build_apology
from handlers.exact import build_exact_wanted
from handlers.kit import Kit
from handlers.menu import build
from places import cells
from registry import addresses, optouts, people
from staff import notices
from staff.notices import NoticeKind


class Reception:
    """The parts of one web process that talk with citizens."""

    def __init__(self, core: Core, kit: Kit) -> None:
        self._core = core
        self._gateways = core.gateways.all
        self._book = AddressBook(
            find=self._find,
            gone=_gone_addresses,
            stopped=_opted_out,
            works=addresses.mark_working,
            closed=page_account_closed,
        )
        self.name = process_name()
        self.sender = self._sender()
        self.lanes = self._lanes(kit)
        self.inbox = Inbox(
            core.database,
            core.vault,
            core.clock,
            snap=_snap,
            exact_wanted=build_exact_wanted(core.vault),
            announce=self.lanes.ring,
        )

    def _sender(self) -> OutboxSender:
        core = self._core
        outcomes = Outcomes(
            database=core.database,
            vault=core.vault,
            clock=core.clock,
            paces=core.limiters,
            on_gone=self._gone,
            on_moved=self._moved,
            on_closed=core.account_closed,
            on_unheard=build_on_unheard(core.clock),
            on_stopped=self._stopped,
            heard=_heard,
        )
        return OutboxSender(
            database=core.database,
            vault=core.vault,
            gateways=self._gateways,
            paces=core.limiters,
            clock=core.clock,
            outcomes=outcomes,
            count=core.metrics,
        )

    def _lanes(self, kit: Kit) -> LaneRunner:
        core = self._core
        steps = StepRunner(
            database=core.database,
            vault=core.vault,
            clock=core.clock,
            conversation=build(kit),
            apology=build_apology(kit),
            given_up=_given_up,
            count=core.metrics,
        )
        news = ReceiptRunner(
            database=core.database,
            vault=core.vault,
            clock=core.clock,
            take=self._take_receipts,
            given_up=_given_up,
            count=core.metrics,
        )
        return LaneRunner(
            database=core.database,
            clock=core.clock,
            leases=LaneLeases(core.database, core.clock, self.name),
            steps=steps,
            receipts=news,
            replied=self.sender.kick,
            acknowledge=self._acknowledge,
        )

    async def _take_receipts(
        self, connection: AsyncConnection, news: Sequence[Receipt], now: datetime
    ) -> set[str]:
        known = await receipts.apply(connection, news, self._book, now)
        for receipt in news:
            late = receipt.failure is Failure.TEMPLATE and receipt.key not in known
            # Of no delivery: a reply. It goes out once the person writes again.
            if late and await held.hold_refused(connection, self._core.vault, receipt, _heard, now):
                known.add(receipt.key)
        known |= await reply_receipts.of_replies(connection, [one for one in news if one.key not in known])
        left = [one for one in news if one.key not in known]
        strays = [one for one in left if await self._is_nobodys(connection, one)]
        # What was under way when we looked first may have been written down before we asked whether it was.
        await receipts.apply(connection, strays, self._book, now)
        return known | {one.key for one in strays}

    async def _is_nobodys(self, connection: AsyncConnection, receipt: Receipt) -> bool:
        """Whether a receipt that matches nothing never will: nothing of ours is on its way to its recipient.

        Viber tells of its welcome, and of the parts of a long message, by ids that we never keep.
        """
        if not receipt.recipient:
            return False
        lane = lane_of(self._core.vault, Address(receipt.channel, receipt.account, receipt.recipient))
        if await reply_receipts.is_under_way(connection, lane):
            return False
        found = await people.find(connection, lane)
        return found is None or not await receipts.is_under_way(connection, found[0].id, found[1].id)

    async def _find(
        self, connection: AsyncConnection, channel: str, account: str, values: Collection[str]
    ) -> Mapping[str, int]:
        lanes = {lane_of(self._core.vault, Address(Channel(channel), account, one)): one for one in values}
        found = await addresses.by_lanes(connection, lanes.keys())
        return {lanes[lane]: address_id for lane, address_id in found.items()}

    async def _acknowledge(self, inbound: Inbound) -> None:
        gateway = self._gateways.get((inbound.address.channel.value, inbound.address.account))
        if gateway:
            await gateway.acknowledge(inbound)

    async def _gone(self, connection: AsyncConnection, lane: bytes) -> None:
        await addresses.mark_lanes_gone(connection, [lane], self._core.clock.now())

    async def _stopped(self, connection: AsyncConnection, lane: bytes) -> None:
        address_id = await addresses.by_lane(connection, lane)
        if address_id is not None:
            await optouts.record(connection, {address_id: None}, self._core.clock.now())

    async def _moved(self, connection: AsyncConnection, lane: bytes, value: str) -> None:
        known = await people.find(connection, lane)
        if known is None or known[0].data_key is None:
            return
        owner, row = known
        new_lane = lane_of(self._core.vault, Address(row.channel, row.account, value))
        await addresses.rename(connection, owner.unlocked(self._core.vault), row.id, value, new_lane)


async def _opted_out(
    connection: AsyncConnection, sent_at: Mapping[int, datetime | None], now: datetime
) -> None:
    await optouts.record(connection, sent_at, now)


async def _gone_addresses(connection: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    await addresses.mark_gone(connection, ids, now)


async def _heard(connection: AsyncConnection, lane: bytes) -> datetime | None:
    known = await people.find(connection, lane)
    return known[1].last_inbound_at if known else None


def _snap(pin: Pin) -> Pin:
    return Pin(*cells.snap(pin.lat, pin.lon))


async def _given_up(connection: AsyncConnection, *, row: int, error: str, at: datetime) -> None:
    await notices.post(
        connection,
        kind=NoticeKind.INBOX_FAILED,
        subject=f"inbox:{row}",
        text=f"A message of a citizen could not be handled five times ({error}). It is kept: see the log.",
        urgent=True,
        at=at,
    )
