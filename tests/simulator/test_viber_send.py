"""Sends at the fake Viber's door: token, checks, broadcasts, faults; always HTTP 200."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from simulator.config import LatencyRules, SimulatorConfig
from simulator.faults import Fault, FaultKind
from simulator.incoming import Incoming
from simulator.server import Simulator
from simulator.viber_people import REFUSED, UserState
from simulator.viber_rules import DEMO_VIBER
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


def button(action: str = "reply", **more: Any) -> dict[str, Any]:
    return {"ActionType": action, "ActionBody": "safe:AB12", "Text": "<b>I&#39;m safe</b>", **more}


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "keyboard", "DefaultHeight": False, "Buttons": list(buttons)}


async def test_a_message_reaches_the_phone(line: Line, sim: Simulator, target: Target) -> None:
    heard: list[tuple[str, str, Incoming]] = []
    sim.viber.listen(lambda account, user, message: heard.append((account, user, message)))
    board = keyboard(button(), button("location-picker"))
    told = await line.viber("send_message", receiver=WHO, **TEXT, keyboard=board, min_api_version=3)
    assert (told["status"], told["status_message"], told["billing_status"]) == (0, "ok", 2)
    assert told["message_token"] > 2**53
    await sim.drain()
    ((account, user, message),) = heard
    assert (account, user, message.text, message.ask) == ("muster", WHO, "Are you safe?", "location")
    assert (message.buttons, message.labels) == (("safe:AB12",), ("I'm safe",))
    assert message.message_id == str(told["message_token"])
    (attempt,) = sim.ledger.attempts("viber")
    assert (attempt.accepted, attempt.status, attempt.recipient) == (True, 200, WHO)
    (arrival,) = sim.ledger.arrivals("viber")
    assert (arrival.status, arrival.message_id, arrival.cost) == ("delivered", message.message_id, 25)
    (event,) = target.events("delivered")
    assert (event["message_token"], event["user_id"]) == (told["message_token"], WHO)


async def test_the_token_may_come_in_the_header(line: Line, sim: Simulator) -> None:
    body = {"receiver": WHO, **TEXT}
    for token, status in ((DEMO_VIBER.token, 0), ("wrong", 2), ("", 2)):
        headers = {"X-Viber-Auth-Token": token}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{sim.viber_base}/send_message", json=body, headers=headers) as answer,
        ):
            assert (answer.status, (await answer.json())["status"]) == (200, status)
    assert (await line.viber("send_message", auth_token="wrong", receiver=WHO, **TEXT))["status"] == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"receiver": ""}, 4),
        ({"type": None}, 4),
        ({"type": "telegram"}, 3),
        ({"text": ""}, 4),
        ({"text": 7}, 3),
        ({"text": "a" * 7001}, 3),
        ({"text": "a" * 7000}, 0),
        ({"sender": None}, 4),
        ({"sender": {"name": ""}}, 4),
        ({"sender": {"name": "n" * 29}}, 3),
        ({"tracking_data": "t" * 4001}, 3),
        ({"tracking_data": "t" * 4000}, 0),
        ({"keyboard": {"Type": "keyboard"}}, 3),
        ({"min_api_version": 11}, 13),
        ({"min_api_version": "3"}, 3),
        ({"type": "location", "location": {"lat": 1}}, 4),
        ({"type": "location", "location": {"lat": 1, "lon": 2}}, 0),
        ({"type": "url", "media": ""}, 4),
        ({"type": "url", "media": "https://e.org/" + "x" * 2000}, 3),
        ({"tracking_data": "t", "text": "ệ" * 7000, "alt": "x" * 15_000}, 3),  # beyond 30 KB
    ],
)
async def test_what_is_wrong_is_said_at_once(
    line: Line, sim: Simulator, changes: dict[str, Any], status: int
) -> None:
    told = await line.viber("send_message", **{"receiver": WHO, **TEXT, **changes})
    assert told["status"] == status
    assert len(sim.ledger.accepted("viber")) == (not status)


@pytest.mark.parametrize(("state", "status"), sorted(REFUSED.items()))
async def test_who_is_not_subscribed_is_refused(
    line: Line, sim: Simulator, state: UserState, status: int
) -> None:
    sim.viber.set_state(WHO, state)
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == status
    (attempt,) = sim.ledger.attempts()
    assert attempt.error.startswith(f"{status} ")


async def test_any_status_can_be_asked_for(line: Line, sim: Simulator) -> None:
    for status in (7, 14, 22, 99):
        sim.viber.fail(WHO, status)
        assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == status
    sim.viber.fail(WHO, 0)
    assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0


async def test_an_old_app_takes_plain_text_only(line: Line, sim: Simulator) -> None:
    sim.viber.set_state(WHO, UserState.OLD_DEVICE)
    assert (await line.viber("send_message", receiver=WHO, **TEXT, min_api_version=3))["status"] == 11
    assert (await line.viber("send_message", receiver=WHO, **TEXT, min_api_version=1))["status"] == 0


@pytest.mark.parametrize(
    "board",
    [
        keyboard(),
        {"Type": "board", "Buttons": [button()]},
        keyboard(button("jump")),
        keyboard(button(ActionBody="")),
        keyboard(button(Columns=7)),
        keyboard(button("location-picker")),
        keyboard(*(button(Rows=2) for _ in range(13))),
    ],
)
async def test_a_bad_keyboard_fails_on_the_phone(
    line: Line, sim: Simulator, target: Target, board: dict[str, Any]
) -> None:
    told = await line.viber("send_message", receiver=WHO, **TEXT, keyboard=board)
    assert told["status"] == 0
    await sim.drain()
    (event,) = target.events("failed")
    assert (event["message_token"], event["user_id"]) == (told["message_token"], WHO)
    assert event["desc"]
    (arrival,) = sim.ledger.arrivals()
    assert (arrival.status, arrival.cost) == ("failed", 0)


async def test_without_a_webhook_nothing_is_sent(sim: Simulator) -> None:
    async with aiohttp.ClientSession() as session:
        assert (await Line(sim, session).viber("send_message", receiver=WHO, **TEXT))["status"] == 10


async def test_a_broadcast_has_one_token_and_a_list_of_failures(
    line: Line, sim: Simulator, target: Target
) -> None:
    people = [f"user{number}==" for number in range(5)]
    for one, state in zip(
        people,
        (
            UserState.ACTIVE,
            UserState.UNSUBSCRIBED,
            UserState.ACTIVE,
            UserState.NOT_ON_CHANNEL,
            UserState.ACTIVE,
        ),
        strict=True,
    ):
        sim.viber.set_state(one, state)
    sim.viber.meet(people[0]).name = "Ada"
    told = await line.viber(
        "broadcast_message", broadcast_list=people, **{**TEXT, "text": "Hi replace_me_with_user_name"}
    )
    assert told["status"] == 0
    assert told["failed_list"] == [
        {"receiver": people[1], "status": 6, "status_message": "notSubscribed"},
        {"receiver": people[3], "status": 5, "status_message": "receiverNotRegistered"},
    ]
    await sim.drain()
    assert {(one["message_token"], one["user_id"]) for one in target.events("delivered")} == {
        (told["message_token"], people[number]) for number in (0, 2, 4)
    }
    attempts = list(sim.ledger.attempts("viber"))
    assert [one.accepted for one in attempts] == [True, False, True, False, True]
    assert attempts[0].text == "Hi Ada"
    assert len({one.attempt_id for one in attempts}) == 5


async def test_a_broadcast_takes_300(line: Line, sim: Simulator) -> None:
    people = [f"user{number}" for number in range(301)]
    assert (await line.viber("broadcast_message", broadcast_list=people, **TEXT))["status"] == 3
    assert [one.rule for one in sim.ledger.violations()] == ["receivers"]
    assert (await line.viber("broadcast_message", broadcast_list=people[:300], **TEXT))["status"] == 0
    assert (await line.viber("broadcast_message", broadcast_list=[], **TEXT))["status"] == 4


class TestFaults:
    async def test_accepted_but_the_answer_is_lost(self, line: Line, sim: Simulator) -> None:
        for kind in (
            FaultKind.DELAY_AFTER,
            FaultKind.RESET_AFTER,
            FaultKind.TRUNCATED,
            FaultKind.ERROR_AFTER,
        ):
            methods = frozenset({"send_message"})
            sim.inject(Fault(kind, methods=methods, recipients=frozenset({WHO}), seconds=5.0, count=1))
            with pytest.raises((TimeoutError, aiohttp.ClientError, ValueError, AssertionError)):
                await asyncio.wait_for(line.viber("send_message", receiver=WHO, **TEXT), 0.3)
        await sim.drain()
        assert len(sim.ledger.arrivals("viber", "delivered")) == 4

    async def test_nothing_is_accepted_before(self, line: Line, sim: Simulator) -> None:
        methods = frozenset({"broadcast_message"})
        for kind in (FaultKind.RESET_BEFORE, FaultKind.ERROR_BEFORE):
            sim.inject(Fault(kind, methods=methods, count=1))
            with pytest.raises((aiohttp.ClientError, AssertionError)):
                await line.viber("broadcast_message", broadcast_list=[WHO, "b"], **TEXT)
        assert [one.accepted for one in sim.ledger.attempts()] == [False] * 4

    async def test_a_storm_and_a_revoked_token(self, line: Line, sim: Simulator) -> None:
        sim.inject(Fault(FaultKind.STORM, methods=frozenset({"send_message"}), seconds=0.3, count=1))
        told = [(await line.viber("send_message", receiver=WHO, **TEXT))["status"] for _ in range(2)]
        assert told == [12, 12]
        await asyncio.sleep(0.35)
        assert (await line.viber("send_message", receiver=WHO, **TEXT))["status"] == 0
        sim.inject(Fault(FaultKind.REVOKED, methods=frozenset({"send_message"}), count=1))
        told = [(await line.viber("send_message", receiver=WHO, **TEXT))["status"] for _ in range(2)]
        assert told == [2, 2]


async def test_calls_are_under_way_until_answered(eventually: Any) -> None:
    config = replace(quick(), latency=LatencyRules(0.2, 0.2))
    async with Simulator(config) as sim, aiohttp.ClientSession() as session:
        task = asyncio.create_task(Line(sim, session).viber("get_account_info"))
        await eventually(sim.viber.under_way)
        assert sim.viber.under_way()[0].method == "get_account_info"
        await task
        assert not sim.viber.under_way()
