"""An officer's answer that comes two days late: held, announced once, sent when the person writes. Real
databases, the real gateway, a small Twilio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import held
from bot.counters import count_nothing
from bot.errors import TemplateError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.whatsapp_book import TemplateBook, remove, write
from bot.gateways.twilio.whatsapp_gateway import Tier, WhatsAppGateway
from bot.gateways.twilio.whatsapp_templates import Purpose
from bot.inbox import Inbox, lane_of
from bot.leases import LaneLeases
from bot.messages import (
    Address,
    Channel,
    Failure,
    Inbound,
    InboundKind,
    Outbound,
    Receipt,
    ReceiptState,
)
from bot.outbox import claim_next, enqueue
from bot.outcomes import Outcomes
from bot.sender import OutboxSender
from bot.steps import StepEnd, StepRunner
from bot.tables import outbox
from bot.turn import Turn
from bot.waiting import read_waiting
from storage.database import Database
from storage.vault import Vault
from tests.bot.gateways.twilio.conftest import ANN, WHATSAPP_NUMBER
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, refusal
from tests.bot.gateways.twilio.test_whatsapp_gateway import template
from tests.bot.wiring import MovableClock, OpenPace, never_exact, to_origin

HERE = Address(Channel.WHATSAPP, "main", ANN)
MAIN = (Channel.WHATSAPP, "main")
TWO_DAYS = 2 * 86_400.0


@dataclass
class BusyPace(OpenPace):
    """Something happens while a message waits for its turn."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def reply(self, lane: bytes, weight: int = 1) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


@dataclass
class Post:
    """One web process's outbox and steps, with one person on WhatsApp."""

    database: Database
    vault: Vault
    clock: MovableClock
    twilio: SmallTwilio
    gateway: WhatsAppGateway
    last_heard: datetime | None = None
    unheard: list[tuple[str, str]] = field(default_factory=list)
    written: int = 0
    stopped: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lane = lane_of(self.vault, HERE)
        self.pace = pace = BusyPace()
        self.outcomes = Outcomes(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            paces={MAIN: pace},
            on_gone=self._ignore,
            on_moved=self._moved,
            on_closed=self._closed,
            on_unheard=self._unheard,
            on_stopped=self._stopped,
            heard=self.heard,
        )
        self.sender = OutboxSender(
            database=self.database,
            vault=self.vault,
            gateways={MAIN: self.gateway},
            paces={MAIN: pace},
            clock=self.clock,
            outcomes=self.outcomes,
            count=count_nothing,
        )
        self.steps = StepRunner(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            conversation=self._converse,
            apology=self._sorry,
            given_up=self._given_up,
            count=count_nothing,
        )
        self.inbox = Inbox(
            self.database,
            self.vault,
            self.clock,
            snap=to_origin,
            exact_wanted=never_exact,
            announce=lambda: None,
        )
        self.leases = LaneLeases(self.database, self.clock, "one", seconds=1e9)

    async def heard(self, _connection: AsyncConnection, lane: bytes) -> datetime | None:
        assert lane == self.lane
        return self.last_heard

    async def answer(self, *texts: str) -> None:
        """Officers answer, and what can leave leaves."""
        async with self.database.durable() as connection:
            for text in texts:
                assert await enqueue(
                    connection,
                    self.vault,
                    key=f"case:7:{text}",
                    address=HERE,
                    lane=self.lane,
                    outbound=Outbound(text, "en"),
                    drill=False,
                    now=self.clock.now(),
                )
        await self.send()

    async def send(self) -> None:
        self.sender.kick(self.lane)
        while self.sender._tasks:
            await asyncio.gather(*self.sender._tasks)

    async def wrote(self, text: str) -> None:
        """The person writes; their step runs to its end, and what can leave leaves."""
        await self.says(text)
        await self.send()

    async def says(self, text: str) -> None:
        """The person writes; their step runs to its end."""
        self.written += 1
        await self.inbox.store([Inbound(f"in-{self.written}", HERE, InboundKind.TEXT, text)])
        await self.leases.renew()
        async with self.database.read() as connection:
            rows = await read_waiting(
                connection, "inbound", self.leases.held(), but=(), now=self.clock.now(), limit=10
            )
        for row in rows:
            assert (await self.steps.run(row))[0] is StepEnd.DONE

    @property
    def sent(self) -> list[str]:
        """What reached Twilio: words, or the name of the template."""
        names = {template(Purpose.WAITING).sid: "<waiting>"}
        forms = [request.form for request in self.twilio.sent]
        return [form["Body"][0] if "Body" in form else names[form["ContentSid"][0]] for form in forms]

    async def states(self) -> dict[str, str]:
        query = select(outbox.c.key, outbox.c.state).order_by(outbox.c.id)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {"nudge" if held.is_nudge(key) else key.split(":")[-1]: state for key, state in rows}

    async def _converse(self, turn: Turn) -> None:
        self.last_heard = turn.now
        turn.reply(Outbound(f"You said {turn.inbound.text}.", "en"))

    async def _sorry(self, _connection: AsyncConnection, _inbound: Inbound) -> Outbound:
        raise AssertionError("nothing breaks here")

    async def _given_up(self, _connection: AsyncConnection, *, row: int, error: str, at: datetime) -> None:
        raise AssertionError(error)

    async def _unheard(self, _connection: AsyncConnection, key: str, why: str) -> None:
        self.unheard.append((key, why))

    async def _ignore(self, _connection: AsyncConnection, _lane: bytes) -> None:
        return

    async def _stopped(self, _connection: AsyncConnection, lane: bytes) -> None:
        self.stopped.append(lane)

    async def _moved(self, _connection: AsyncConnection, _lane: bytes, _value: str) -> None:
        return

    async def _closed(self, _channel: Channel, _account: str, _code: str) -> None:
        return


@pytest.fixture
async def post(
    database: Database, vault: Vault, twilio: SmallTwilio, account: Callable[..., TwilioSettings]
) -> AsyncIterator[Post]:
    clock = MovableClock()
    client = TwilioClient(account(sms_from="", whatsapp_from=WHATSAPP_NUMBER))
    gateway = WhatsAppGateway(client, TemplateBook("main", database, clock), clock, Tier(250, "2026-11-22"))
    async with database.durable() as connection:
        await write(connection, template(Purpose.WAITING), clock.now())
    yield Post(database, vault, clock, twilio, gateway)
    await client.close()


async def test_inside_the_window_answers_leave_at_once(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += 20 * 3600
    await post.answer("Go to the consulate.")
    assert post.sent == ["You said help.", "Go to the consulate."]
    assert await post.states() == {"0": "sent", "Go to the consulate.": "sent"}


async def test_answers_wait_are_announced_once_and_follow_in_order(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    await post.answer("first", "second")
    assert post.sent == ["You said help.", "<waiting>"]
    assert await post.states() == {"0": "sent", "first": "held", "second": "held", "nudge": "sent"}
    post.clock.ahead += 86_400
    await post.answer("third")
    assert post.sent[2:] == []  # said once
    await post.wrote("yes?")
    assert post.sent[2:] == ["first", "second", "third", "You said yes?."]
    assert set((await post.states()).values()) == {"sent"}
    assert post.unheard == []


async def test_who_falls_silent_again_is_told_again(post: Post) -> None:
    for answer in ("first", "second"):
        await post.wrote("hello")
        post.clock.ahead += TWO_DAYS
        await post.answer(answer)
    assert post.sent.count("<waiting>") == 2
    await post.wrote("hello")
    assert [words for words in post.sent if words in {"first", "second"}] == ["first", "second"]


async def test_somebody_we_never_heard_is_outside(post: Post) -> None:
    await post.answer("first")
    assert post.sent == ["<waiting>"]


async def test_without_a_template_to_announce_it_officers_are_told_at_once(post: Post) -> None:
    await post.wrote("help")
    async with post.database.durable() as connection:
        assert await remove(connection, "main", Purpose.WAITING, "en")
        await write(connection, template(Purpose.WAITING, "vi"), post.clock.now())
    post.clock.ahead += TWO_DAYS
    await post.answer("first", "second")
    assert post.sent == ["You said help."]
    assert post.unheard == [("case:7:first", "template_none"), ("case:7:second", "template_none")]
    await post.wrote("hello?")
    assert post.sent[1:] == ["first", "second", "You said hello?."]


async def test_after_seven_days_an_answer_is_given_up_and_officers_are_told(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    await post.answer("first")
    post.clock.ahead += held.GIVE_UP_AFTER.total_seconds() - 60
    assert await held.give_up(post.database, post.clock.now(), post._unheard) == 0
    post.clock.ahead += 120
    assert await held.give_up(post.database, post.clock.now(), post._unheard) == 1
    assert post.unheard == [("case:7:first", held.UNHEARD)]
    await post.wrote("hello?")
    assert "first" not in post.sent
    assert (await post.states())["first"] == "failed"
    assert await held.give_up(post.database, post.clock.now(), post._unheard) == 0


def refused_late(post: Post) -> Receipt:
    """Twilio's news that the message it took last needed a template."""
    sid = f"SM{1000 + len(post.twilio.sent):032x}"
    return Receipt(
        f"{sid}:failed",
        Channel.WHATSAPP,
        "main",
        sid,
        ReceiptState.FAILED,
        error="twilio_63016",
        failure=Failure.TEMPLATE,
    )


async def test_what_twilio_takes_and_refuses_late_is_held_after_all(post: Post) -> None:
    await post.wrote("help")
    await post.answer("first")
    late = refused_late(post)
    async with post.database.durable() as connection:
        assert await held.hold_refused(connection, post.vault, late, post.heard, post.clock.now())
        assert not await held.hold_refused(connection, post.vault, late, post.heard, post.clock.now())
    assert (await post.states())["first"] == "held"
    await post.send()
    assert post.sent[2:] == ["<waiting>"]
    await post.wrote("hello?")
    assert post.sent[3:] == ["first", "You said hello?."]


async def test_a_refusal_on_the_spot_counts_more_than_what_we_believe(post: Post) -> None:
    await post.wrote("help")
    post.twilio.planned.append(refusal(63016))
    await post.answer("first")
    assert post.sent == ["You said help.", "first", "<waiting>"]
    assert (await post.states())["first"] == "held"
    await post.wrote("hello?")
    assert post.sent[3:] == ["first", "You said hello?."]


async def test_who_writes_before_the_announcement_leaves_gets_the_answer_instead(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    post.twilio.planned.append(refusal(20429, 429, "Retry-After: 60\r\n"))  # the announcement has to wait
    await post.answer("first")
    assert await post.states() == {"0": "sent", "first": "held", "nudge": "waiting"}
    await post.wrote("hello?")
    assert "<waiting>" not in post.sent[2:]
    assert post.sent[2:] == ["first", "You said hello?."]
    assert (await post.states())["nudge"] == "failed"


async def test_who_writes_while_an_answer_waits_for_its_turn_gets_it_at_once(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    post.pace.meanwhile = lambda: post.says("hello?")
    await post.answer("first")
    await post.send()
    assert post.sent[1:] == ["first", "You said hello?."]
    assert (await post.states())["first"] == "sent"


async def test_who_writes_while_an_answer_is_refused_gets_it_at_once(post: Post) -> None:
    """The same between the look at the window and the note that it was closed."""
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    async with post.database.durable() as connection:
        await enqueue(
            connection,
            post.vault,
            key="case:7:first",
            address=HERE,
            lane=post.lane,
            outbound=Outbound("first", "en"),
            drill=False,
            now=post.clock.now(),
        )
        claimed = await claim_next(connection, post.lane, post.clock.now())
    assert claimed is not None
    claimed.heard_at = post.last_heard
    await post.says("hello?")
    assert await post.outcomes.failed(claimed, TemplateError("window_closed"))
    await post.send()
    assert post.sent[1:] == ["first", "You said hello?."]


async def test_who_wrote_after_an_answer_that_is_refused_late_gets_it_again(post: Post) -> None:
    await post.wrote("help")
    await post.answer("first")
    late = refused_late(post)
    post.clock.ahead += 5
    await post.wrote("hello?")
    async with post.database.durable() as connection:
        assert await held.hold_refused(connection, post.vault, late, post.heard, post.clock.now())
    assert (await post.states())["first"] == "waiting"
    await post.send()
    assert post.sent[1:] == ["first", "You said hello?.", "first"]


async def test_who_told_their_provider_to_stop_is_noted_as_that(post: Post) -> None:
    await post.wrote("help")
    post.twilio.planned.append(refusal(21610))
    await post.answer("first", "second")
    assert post.stopped == [post.lane]
    post.twilio.planned.append(refusal(63024))
    await post.answer("third")
    assert post.stopped == [post.lane]
    assert "sent" not in {state for key, state in (await post.states()).items() if key != "0"}


async def test_who_is_gone_is_sent_nothing_more(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    post.twilio.planned.append(refusal(63024))
    await post.answer("first", "second")
    assert set((await post.states()).values()) == {"sent", "failed"}


async def test_two_processes_announce_once(post: Post) -> None:
    await post.wrote("help")
    post.clock.ahead += TWO_DAYS
    await post.answer("first")
    again = Post(post.database, post.vault, post.clock, post.twilio, post.gateway, post.last_heard)
    await again.answer("second")
    assert post.sent.count("<waiting>") == 1
