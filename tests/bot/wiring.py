"""The bot core wired from its real parts for tests, with a provider whose answers a test decides."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.counters import count_nothing
from bot.errors import RejectedError
from bot.gateway import Hook, HookAnswer, Limits, Prepared
from bot.inbox import Inbox, lane_of
from bot.lanes import LaneRunner
from bot.leases import LaneLeases
from bot.messages import Accepted, Address, Channel, Event, Inbound, InboundKind, Outbound, Pin, Receipt
from bot.outcomes import Outcomes
from bot.receiving import ReceiptRunner
from bot.sender import OutboxSender
from bot.sessions import load_session
from bot.steps import StepRunner
from bot.turn import Conversation, Session, Turn
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault

MAIN = (Channel.TELEGRAM, "main")
LIMITS = Limits(30, 1, 3, 100, 4096, 15, "2026-11-22")


class MovableClock:
    """The machine's clock, moved forward by a test."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


def everything_on_disk(folder: Path) -> bytes:
    """All bytes of the SQLite files in `folder`."""
    return b"".join(path.read_bytes() for path in folder.glob("muster.db*"))


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Ask `check` until it says yes."""
    deadline = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)


def address(name: str, account: str = "main") -> Address:
    return Address(Channel.TELEGRAM, account, name)


def said(number: int, who: str = "ann", text: str = "") -> Inbound:
    return Inbound(f"{who}-{number}", address(who), InboundKind.TEXT, text or str(number))


async def rows(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def column(database: Database, table: Table, name: str) -> list[object]:
    async with database.read() as connection:
        return list((await connection.execute(select(table.c[name]).order_by(table.c.id))).scalars())


async def session_of(database: Database, vault: Vault, who: str) -> Session:
    async with database.read() as connection:
        return await load_session(connection, vault, lane_of(vault, address(who)))


async def note_in_session(turn: Turn) -> None:
    """A conversation whose session tells what came, in which order, how often."""
    seen = turn.session.data.get("seen", "")
    turn.session.data["seen"] = f"{seen},{turn.inbound.text}" if seen else turn.inbound.text


async def echo(turn: Turn) -> None:
    await note_in_session(turn)
    turn.reply(Outbound(f"you said {turn.inbound.text}", "en"))


async def never_exact(_connection: AsyncConnection, _lane: bytes) -> bool:
    return False


def to_origin(_pin: Pin) -> Pin:
    return Pin(0.0, 0.0)


@dataclass
class Provider:
    """A provider behind the gateway contract: accepts everything, unless a test plans an error."""

    account: str = "main"
    sent: list[tuple[str, str]] = field(default_factory=list)
    plan: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    seen: list[str] = field(default_factory=list)
    channel: Channel = Channel.TELEGRAM
    limits: Limits = LIMITS
    confirms: bool = False
    max_hook_bytes: int = 10_000
    hook_paths: Sequence[str] = ("/telegram",)
    gate: asyncio.Event | None = None
    weight: int = 1

    async def open(self) -> None:
        return

    async def close(self) -> None:
        return

    def verify(self, hook: Hook) -> None:
        return

    def parse(self, hook: Hook) -> Sequence[Event]:
        return ()

    def answer(self, hook: Hook) -> HookAnswer:
        return HookAnswer()

    def prepare(self, outbound: Outbound) -> Prepared:
        if not outbound.text:
            raise RejectedError("empty_text")
        parts = tuple({"text": text} for text in outbound.text.split("|"))
        return Prepared(parts, outbound, self.weight)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        if self.gate is not None:
            await self.gate.wait()
        text = message.parts[part]["text"]
        if self.plan[text]:
            raise self.plan[text].pop(0)
        self.sent.append((to.value, text))
        return Accepted(str(len(self.sent)), more=message.more(part))

    async def acknowledge(self, event: Event) -> None:
        if isinstance(event, Inbound):
            self.seen.append(event.callback)


@dataclass
class OpenPace:
    """Lets everybody through and remembers what it was told."""

    frozen: list[float] = field(default_factory=list)
    replies: int = 0
    slots: int = 0

    async def reply(self, lane: bytes, weight: int = 1) -> None:
        self.replies += 1
        self.slots += weight

    async def freeze(self, seconds: float, lane: bytes = b"") -> bool:
        self.frozen.append(seconds)
        return True


@dataclass
class Wiring:
    """One web process without its web."""

    database: Database
    vault: Vault
    clock: Clock
    conversation: Conversation = note_in_session
    owner: str = "one"
    lease_s: float = 10.0
    provider: Provider = field(default_factory=Provider)
    pace: OpenPace = field(default_factory=OpenPace)
    gone: list[bytes] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    known: set[str] | None = None
    parallel: int = 32

    def __post_init__(self) -> None:
        self.leases = LaneLeases(self.database, self.clock, self.owner, seconds=self.lease_s)
        self.steps = StepRunner(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            conversation=self.conversation,
            apology=self.apology,
            given_up=self.on_given_up,
            count=count_nothing,
        )
        self.receiving = ReceiptRunner(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            take=self.take,
            given_up=self.on_given_up,
            count=count_nothing,
        )
        paces: Mapping[tuple[Channel, str], OpenPace] = {MAIN: self.pace}
        self.sender = OutboxSender(
            database=self.database,
            vault=self.vault,
            gateways={MAIN: self.provider},
            paces=paces,
            clock=self.clock,
            outcomes=Outcomes(
                database=self.database,
                vault=self.vault,
                clock=self.clock,
                paces=paces,
                on_gone=self.on_gone,
                on_moved=self.on_moved,
                on_closed=self.on_closed,
            ),
            count=count_nothing,
        )
        self.lanes = LaneRunner(
            database=self.database,
            clock=self.clock,
            leases=self.leases,
            steps=self.steps,
            receipts=self.receiving,
            replied=self.sender.kick,
            acknowledge=self.provider.acknowledge,
            parallel=self.parallel,
        )
        self.inbox = Inbox(
            self.database,
            self.vault,
            self.clock,
            snap=to_origin,
            exact_wanted=never_exact,
            announce=self.lanes.ring,
        )

    async def apology(self, _connection: AsyncConnection, inbound: Inbound) -> Outbound:
        return Outbound("Sorry. In danger call 112.", "en")

    async def on_given_up(self, _connection: AsyncConnection, *, row: int, error: str, at: datetime) -> None:
        self.given_up.append(error)

    async def take(
        self, _connection: AsyncConnection, receipts: Sequence[Receipt], now: datetime
    ) -> Collection[str]:
        self.receipts += receipts
        return [receipt.key for receipt in receipts if self.known is None or receipt.key in self.known]

    async def on_gone(self, _connection: AsyncConnection, lane: bytes) -> None:
        self.gone.append(lane)

    async def on_moved(self, _connection: AsyncConnection, lane: bytes, value: str) -> None:
        self.moved.append(value)

    async def on_closed(self, channel: Channel, account: str, code: str) -> None:
        self.closed.append(code)
