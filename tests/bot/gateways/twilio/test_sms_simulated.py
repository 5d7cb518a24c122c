"""SMS against the simulator's Twilio, an independent judge: both ways, stopped, and away for a while."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.reconciling import Reconciling
from bot.codec import load_event
from bot.counters import count_nothing
from bot.errors import GoneError, StoppedError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.sms_countries import Countries, Country, Sender
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_segments import segments
from bot.gateways.twilio.sms_wire import read_sms
from bot.inbox import Inbox, body_place
from bot.intake import Intake
from bot.leases import SoloLease
from bot.messages import (
    Address,
    Channel,
    Failure,
    Frame,
    Inbound,
    InboundKind,
    Outbound,
    Receipt,
    ReceiptState,
)
from bot.tables import inbox
from simulator.config import NO_LATENCY, UNLIMITED, SimulatorConfig
from simulator.incoming import Action, ActionKind, Incoming
from simulator.server import Simulator
from simulator.twilio_people import PhoneState
from simulator.twilio_rules import DEMO_ACCOUNT, DeliveryRules, SenderRules, TwilioRules
from storage.database import Database
from storage.vault import Vault
from tests.bot.gateways.twilio.notices import ENGLISH, THAI, VIETNAMESE
from tests.bot.wiring import MovableClock, never_exact, to_origin

NUMBER = next(one.sender for one in DEMO_ACCOUNT.senders if one.channel == "sms")
NAME = "UtopiaMFA"
ICELAND, GERMANY, THAILAND, VIETNAM = "+3546100001", "+4915112345678", "+66812345678", "+84912345678"
COUNTRIES = Countries(
    [
        Country("IS", two_way=True, url=True),
        Country("DE", two_way=True, url=True),
        Country("TH", sender=Sender.ALNUM),
        Country("VN", sender=Sender.ALNUM),
    ]
)
RULES = TwilioRules(
    accounts=(
        # A fictional account that bought throughput and registered its name.
        type(DEMO_ACCOUNT)(
            DEMO_ACCOUNT.sid,
            DEMO_ACCOUNT.token,
            (
                SenderRules(NUMBER, per_second=1000.0, registered=frozenset({"TH", "VN"})),
                SenderRules(NAME, per_second=1000.0, registered=frozenset({"TH", "VN"})),
            ),
        ),
    ),
    delivery=DeliveryRules(low_s=0.0, high_s=0.0),
)


async def all_of_them(_connection: AsyncConnection, _account: object, ids: Sequence[str]) -> set[str]:
    """Everything sent here is a warning."""
    return set(ids)


@dataclass
class Muster:
    """As much of a web process as text messages need; it can go away and come back."""

    sim: Simulator
    database: Database
    vault: Vault
    clock: MovableClock
    heard: list[Incoming] = field(default_factory=list)
    runner: web.AppRunner | None = None
    port: int = 0

    async def start(self) -> None:
        app = web.Application()
        self.store = Inbox(
            self.database,
            self.vault,
            self.clock,
            snap=to_origin,
            exact_wanted=never_exact,
            announce=lambda: None,
        )
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        if not self.port:  # the address must be known before the door is
            await self._probe()
        settings = TwilioSettings(
            DEMO_ACCOUNT.sid,
            DEMO_ACCOUNT.token,
            sms_from=f"{NUMBER},{NAME}",
            api_base=self.sim.twilio_base,
            public_url=f"http://127.0.0.1:{self.port}",
        )
        self.gateway = SmsGateway(TwilioClient(settings), COUNTRIES, self.clock)
        door = TwilioDoor(settings, {Channel.SMS: read_sms})
        intake = Intake([door], self.store.store, public_url=settings.public_url, count=count_nothing)
        app.add_routes(intake.routes())
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()
        self.sim.twilio.point(settings.hook_url("/twilio/message"))

    async def stop(self) -> None:
        assert self.runner is not None
        await self.runner.cleanup()
        await self.gateway.close()

    async def _probe(self) -> None:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        await runner.cleanup()

    async def warn(self, number: str, delivery: int, notice: object = ENGLISH) -> str:
        warning = Outbound("the long text", "en", frame=Frame.ALERT, notice=notice)  # type: ignore[arg-type]
        to = Address(Channel.SMS, "main", number)
        sent = await self.gateway.send(to, self.gateway.prepare(warning), delivery=delivery)
        return sent.provider_id

    async def events(self) -> list[Inbound | Receipt]:
        async with self.database.read() as connection:
            rows = (await connection.execute(select(inbox.c.key, inbox.c.body).order_by(inbox.c.id))).all()
        return [load_event(self.vault.open(row.body, body_place(row.key))) for row in rows]

    async def reconcile(self) -> int:
        lease = SoloLease(self.database, self.clock, "one", "reconciling")
        gateways = {("sms", "main"): self.gateway}
        looking = Reconciling(
            gateways, self.store.store, all_of_them, lease, self.database, self.clock, count_nothing
        )
        return await looking.look()


@pytest.fixture
async def muster(sqlite: Database, vault: Vault) -> AsyncIterator[Muster]:
    config = SimulatorConfig(limits=UNLIMITED, latency=NO_LATENCY, twilio=RULES)
    async with Simulator(config) as sim:
        made = Muster(sim, sqlite, vault, MovableClock())
        sim.twilio.listen(lambda _sender, _number, message: made.heard.append(message))
        await made.start()
        yield made
        await made.stop()


def texts(sim: Simulator, number: str, words: str) -> bool:
    return sim.twilio.act("sms", number, Action(ActionKind.TEXT, words))


@asynccontextmanager
async def away(muster: Muster) -> AsyncIterator[None]:
    """Nobody listens meanwhile."""
    await muster.stop()
    yield
    await muster.start()


async def test_what_arrives_in_each_country(muster: Muster) -> None:
    for delivery, (number, notice) in enumerate(
        ((ICELAND, ENGLISH), (GERMANY, ENGLISH), (THAILAND, THAI), (VIETNAM, VIETNAMESE)), 1
    ):
        await muster.warn(number, delivery, notice)
    await muster.sim.drain()
    assert len(muster.heard) == 4
    iceland, germany, thailand, vietnam = (message.text for message in muster.heard)
    assert ENGLISH.reply in iceland
    assert germany == iceland
    assert THAI.call in thailand
    assert VIETNAMESE.call in vietnam
    assert "http" not in thailand + vietnam
    assert [segments(text) for text in (iceland, thailand, vietnam)] == [2, 3, 3]
    states = {event.delivery: event.state for event in await muster.events() if isinstance(event, Receipt)}
    assert states == dict.fromkeys((1, 2, 3, 4), ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    ("state", "code", "failure"),
    [
        (PhoneState.OFF, "twilio_30003", Failure.TRANSIENT),
        (PhoneState.BLOCKED, "twilio_30004", Failure.TRANSIENT),
        (PhoneState.LANDLINE, "twilio_30006", Failure.GONE),
        (PhoneState.DEACTIVATED, "twilio_30005", Failure.GONE),
        (PhoneState.FILTERED, "twilio_30007", Failure.REJECTED),
        (PhoneState.STOPPED, "twilio_21610", Failure.STOPPED),
    ],
)
async def test_what_comes_back_of_a_phone(
    muster: Muster, state: PhoneState, code: str, failure: Failure
) -> None:
    muster.sim.twilio.set_state("sms", ICELAND, state)
    await muster.warn(ICELAND, 9)
    await muster.sim.drain()
    failed = [event for event in await muster.events() if isinstance(event, Receipt) and event.failure]
    assert [(event.delivery, event.error, event.failure) for event in failed] == [(9, code, failure)]


async def test_a_number_that_is_none_is_gone_at_once(muster: Muster) -> None:
    muster.sim.twilio.set_state("sms", ICELAND, PhoneState.NOT_MOBILE)
    with pytest.raises(GoneError, match="twilio_21614"):
        await muster.warn(ICELAND, 1)


async def test_stop_and_start_agree_with_the_carrier(muster: Muster) -> None:
    await muster.warn(ICELAND, 1)
    texts(muster.sim, ICELAND, "STOP")
    await muster.sim.drain()
    with pytest.raises(StoppedError, match="twilio_21610"):
        await muster.warn(ICELAND, 2)
    texts(muster.sim, ICELAND, "START")
    await muster.sim.drain()
    await muster.warn(ICELAND, 3)
    await muster.sim.drain()
    kinds = [event.kind for event in await muster.events() if isinstance(event, Inbound)]
    assert kinds == [InboundKind.STOPPED, InboundKind.START]


async def test_ten_minutes_away_lose_nothing(muster: Muster) -> None:
    """The ledger tells what was posted in vain; afterwards everything of it is in the inbox, once."""
    await muster.warn(ICELAND, 1)
    texts(muster.sim, ICELAND, "before")
    await muster.sim.drain()
    assert await muster.reconcile() == 0
    gateway = muster.gateway
    async with away(muster):
        muster.gateway = gateway  # the worker, another process, goes on sending
        sids = {await muster.warn(number, 10 + at) for at, number in enumerate((ICELAND, GERMANY, THAILAND))}
        for words in ("HELP", "2", "I am on the roof"):
            texts(muster.sim, ICELAND, words)
        texts(muster.sim, GERMANY, "STOP")
        await muster.sim.drain()
        assert len(await muster.events()) < 8
        await gateway.close()
    muster.clock.ahead += 600
    assert await muster.reconcile() == 7
    assert await muster.reconcile() == 0
    events = await muster.events()
    said = [event.text for event in events if isinstance(event, Inbound)]
    assert sorted(said) == ["2", "HELP", "I am on the roof", "STOP", "before"]
    arrived = {
        event.provider_id
        for event in events
        if isinstance(event, Receipt) and event.state is ReceiptState.DELIVERED
    }
    assert sids <= arrived
