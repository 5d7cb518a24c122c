"""What the fake Viber limits and charges: calls, clock hours, sessions, broadcasts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind
from simulator.server import Simulator
from simulator.viber_people import UserState
from simulator.viber_rules import DEMO_VIBER, ViberLimits, ViberRules
from tests.simulator.targets import Line, Target, quick

WHO = "xy5/5y6O81+/kbWHpLhBoA=="
TEXT = {"type": "text", "text": "Are you safe?", "sender": {"name": "Consulate"}}


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator, target: Target) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        one = Line(sim, session)
        await one.listen_to(target)
        sim.viber.set_state(WHO, UserState.ACTIVE)
        yield one


async def test_calls_are_limited_in_a_sliding_window(line: Line, sim: Simulator) -> None:
    sim.viber.set_limits(ViberLimits(calls=3, calls_s=0.5, jitter_s=0.0))
    people = [WHO]
    for method, ends in (
        ("broadcast_message", {"broadcast_list": people}),
        ("send_message", {"receiver": WHO}),
    ):
        sim.viber.set_limits(ViberLimits(calls=3, calls_s=0.5, jitter_s=0.0))
        told = [(await line.viber(method, **ends, **TEXT))["status"] for _ in range(4)]
        assert told == [0, 0, 0, 12]
        await asyncio.sleep(0.55)
        assert (await line.viber(method, **ends, **TEXT))["status"] == 0
    assert [(one.rule, one.tolerated) for one in sim.ledger.violations()] == [("calls", False)] * 2


async def test_100_in_a_clock_hour_without_an_answer(line: Line, sim: Simulator) -> None:
    sim.viber.set_limits(ViberLimits(per_hour=3))

    async def statuses(count: int) -> list[int]:
        return [(await line.viber("send_message", receiver=WHO, **TEXT))["status"] for _ in range(count)]

    sim.viber.advance(3600 - sim.viber.now() % 3600 + 1)  # a fresh clock hour
    assert await statuses(4) == [0, 0, 0, 12]
    sim.viber.act(WHO, Action(ActionKind.TEXT, "I am here"))
    assert await statuses(4) == [0, 0, 0, 12]
    sim.viber.advance(3600)
    assert await statuses(1) == [0]
    assert [one.rule for one in sim.ledger.violations()] == ["hour"] * 2


class TestBill:
    @pytest.fixture
    def config(self) -> SimulatorConfig:
        account = replace(DEMO_VIBER, free=2, balance=60)
        return quick(viber=ViberRules(accounts=(account,), low_s=0.0, high_s=0.0, prices={"IS": 40}))

    async def test_sessions_are_free_others_cost(self, line: Line, sim: Simulator) -> None:
        async def send() -> tuple[int, int]:
            told = await line.viber("send_message", receiver=WHO, **TEXT)
            return told["status"], told.get("billing_status", 0)

        bot = sim.viber.account()
        assert [await send() for _ in range(3)] == [(0, 1), (0, 1), (0, 2)]
        await sim.drain()
        assert (sim.ledger.cost("viber"), bot.charged, bot.balance) == (25, 1, 35)
        sim.viber.set_heard(WHO, 23 * 3600)
        assert await send() == (0, 1)
        sim.viber.advance(2 * 3600)
        sim.viber.meet(WHO).country = "IS"
        assert await send() == (24, 0)  # 40 is more than 35
        bot.rules = replace(bot.rules, billed=False)
        assert await send() == (23, 0)
        assert bot.charged == 1

    async def test_what_is_not_delivered_costs_nothing(self, line: Line, sim: Simulator) -> None:
        sim.viber.account().free_used = 2
        sim.viber.set_state(WHO, UserState.FAILING)
        assert (await line.viber("send_message", receiver=WHO, **TEXT))["billing_status"] == 2
        await sim.drain()
        bot = sim.viber.account()
        assert (sim.ledger.cost(), bot.charged, bot.balance) == (0, 0, 60)


class TestNoBroadcasts:
    @pytest.fixture
    def config(self) -> SimulatorConfig:
        return quick(viber=ViberRules(accounts=(replace(DEMO_VIBER, broadcasts=False),)))

    async def test_broadcasts_need_permission(self, line: Line) -> None:
        assert (await line.viber("broadcast_message", broadcast_list=[WHO], **TEXT))["status"] == 20
