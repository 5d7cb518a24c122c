"""The fake Bot API over HTTP: answers, refusals, faults, and what the ledger says of them."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from simulator.config import (
    DEMO_TOKEN,
    NO_LATENCY,
    UNLIMITED,
    BotRules,
    LatencyRules,
    LimitRules,
    SimulatorConfig,
)
from simulator.faults import Fault, FaultKind
from simulator.server import Simulator
from simulator.telegram_errors import ChatState

WHO = 10_000_000_001
TEXT = "Flood in the valley"


@pytest.fixture(autouse=True)
def somebody(sim: Simulator) -> None:
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.ACTIVE)


async def test_get_me(api: Any) -> None:
    status, answer = await api("getMe")
    assert status == 200
    assert answer["result"]["id"] == 7000000001
    assert answer["result"]["is_bot"] is True


async def test_a_message_is_accepted_and_written_down(sim: Simulator, api: Any) -> None:
    buttons = {"inline_keyboard": [[{"text": "Safe", "callback_data": "safe:ABCDEF"}]]}
    status, answer = await api(
        "sendMessage", chat_id=WHO, text=f"<b>{TEXT}</b>", parse_mode="HTML", reply_markup=buttons
    )
    assert status == 200
    message = answer["result"]
    assert message["text"] == TEXT
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": len(TEXT)}]
    assert message["chat"] == {"id": WHO, "first_name": "Citizen", "type": "private"}
    assert message["reply_markup"] == buttons
    (one,) = sim.ledger.accepted("telegram")
    assert (one.recipient, one.text, one.buttons) == (str(WHO), TEXT, ("safe:ABCDEF",))
    assert one.message_id == str(message["message_id"])


async def test_form_multipart_and_query_are_read_alike(sim: Simulator) -> None:
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    parts = aiohttp.FormData(default_to_multipart=True)
    parts.add_field("chat_id", str(WHO))
    parts.add_field("text", TEXT)
    async with aiohttp.ClientSession() as session:
        for sent in (
            session.post(url, data={"chat_id": str(WHO), "text": TEXT}),
            session.post(url, data=parts),
            session.get(url, params={"chat_id": str(WHO), "text": TEXT}),
            session.post(url.replace("sendMessage", "SENDMESSAGE"), json={"chat_id": WHO, "text": TEXT}),
        ):
            async with sent as answer:
                assert answer.status == 200, await answer.text()
    assert [(one.text, one.method) for one in sim.ledger.accepted()] == [(TEXT, "sendMessage")] * 4


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        (ChatState.NEVER_STARTED, 403, "Forbidden: bot can't initiate conversation with a user"),
        (ChatState.BLOCKED, 403, "Forbidden: bot was blocked by the user"),
        (ChatState.DEACTIVATED, 403, "Forbidden: user is deactivated"),
        (ChatState.KICKED, 403, "Forbidden: bot was kicked from the group chat"),
        (ChatState.NOT_MEMBER, 403, "Forbidden: bot is not a member of the supergroup chat"),
        (ChatState.DELETED, 403, "Forbidden: the group chat was deleted"),
    ],
)
async def test_chats_that_take_nothing(
    sim: Simulator, api: Any, state: ChatState, status: int, words: str
) -> None:
    sim.telegram.set_state(sim.telegram.bot(), WHO, state)
    assert await api("sendMessage", chat_id=WHO, text=TEXT) == (
        status,
        {"ok": False, "error_code": status, "description": words},
    )
    (one,) = sim.ledger.attempts()
    assert (one.accepted, one.status, one.error, one.text) == (False, status, words, TEXT)


async def test_a_migrated_group_names_its_new_id(sim: Simulator, api: Any) -> None:
    sim.telegram.set_state(sim.telegram.bot(), -5, ChatState.MIGRATED, migrated_to=-1005)
    status, answer = await api("sendMessage", chat_id=-5, text=TEXT)
    assert status == 400
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": -1005}


@pytest.mark.parametrize(
    ("token", "method", "status", "words"),
    [
        ("nonsense", "getMe", 404, "Not Found"),
        ("7000000001:wrong", "getMe", 401, "Unauthorized"),
        (DEMO_TOKEN, "inventMessage", 404, "Not Found: method not found"),
    ],
)
async def test_wrong_addresses(api: Any, token: str, method: str, status: int, words: str) -> None:
    got, answer = await api(method, token=token)
    assert (got, answer["description"]) == (status, words)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": TEXT}, "chat_id is empty"),
        ({"chat_id": 99, "text": TEXT}, "chat not found"),
        (
            {"chat_id": WHO, "text": "<p>", "parse_mode": "HTML"},
            "can't parse entities: Unsupported start tag",
        ),
        ({"chat_id": WHO, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": WHO}, "message text is empty"),
    ],
)
async def test_bad_messages(sim: Simulator, api: Any, params: dict[str, Any], words: str) -> None:
    status, answer = await api("sendMessage", **params)
    assert status == 400
    assert answer["description"].startswith(f"Bad Request: {words}")
    assert [one.accepted for one in sim.ledger.attempts()] == [False]


async def test_bodies_that_are_no_parameters(sim: Simulator) -> None:
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for body, status in ((b"{", 400), (b"[1]", 400), (b"x" * 1_030_000, 413)):
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == status
                assert (await answer.json())["ok"] is False


async def test_location_and_edit(sim: Simulator, api: Any) -> None:
    status, answer = await api("sendLocation", chat_id=WHO, latitude=64.1, longitude="-21.9")
    assert (status, answer["result"]["location"]) == (200, {"latitude": 64.1, "longitude": -21.9})
    assert (await api("sendLocation", chat_id=WHO, latitude=91, longitude=0))[0] == 400
    _, sent = await api("sendMessage", chat_id=WHO, text="a")
    number = sent["result"]["message_id"]
    status, answer = await api("editMessageText", chat_id=WHO, message_id=number, text="b")
    assert (status, answer["result"]["text"]) == (200, "b")
    _, same = await api("editMessageText", chat_id=WHO, message_id=number, text="b")
    assert same["description"].startswith("Bad Request: message is not modified")
    _, gone = await api("editMessageText", chat_id=WHO, message_id=999, text="b")
    assert gone["description"] == "Bad Request: message to edit not found"


async def test_commands(sim: Simulator, api: Any) -> None:
    assert (await api("setMyCommands", commands=[{"command": "stop", "description": "d"}]))[0] == 200
    assert sim.telegram.bot().commands[0]["command"] == "stop"
    assert (await api("setMyCommands", commands=[{"command": "Stop!"}]))[0] == 400


async def test_the_thirty_first_gets_429_with_header_and_parameters(sim: Simulator) -> None:
    sim.set_limits(bot_per_second=30)
    bot = sim.telegram.bot()
    for number in range(31):
        sim.telegram.set_state(bot, WHO + number, ChatState.ACTIVE)
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:

        async def send(number: int) -> tuple[int, str | None, dict[str, Any]]:
            async with session.post(url, json={"chat_id": WHO + number, "text": TEXT}) as answer:
                return answer.status, answer.headers.get("Retry-After"), await answer.json()

        answers = await asyncio.gather(*(send(number) for number in range(31)))
    refused = [one for one in answers if one[0] == 429]
    assert len(refused) == 1
    assert refused[0][1] == "3"
    assert refused[0][2] == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 3",
        "parameters": {"retry_after": 3},
    }
    assert [(one.rule, one.tolerated) for one in sim.ledger.violations()] == [("bot", False)]
    assert sim.ledger.most_within(1.0) == 30


async def test_paid_broadcast_spends_stars(sim: Simulator, api: Any) -> None:
    sim.set_limits(bot_per_second=1, paid_per_second=1000)
    for _ in range(3):
        assert (await api("sendMessage", chat_id=WHO, text=TEXT, allow_paid_broadcast=True))[0] == 200
    assert sim.telegram.bot().stars == pytest.approx(0.2)
    assert all(one.paid for one in sim.ledger.accepted())


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_resets(sim: Simulator, api: Any, kind: FaultKind) -> None:
    sim.inject(Fault(kind, count=1))
    with pytest.raises(aiohttp.ClientError):
        await api("sendMessage", chat_id=WHO, text=TEXT)
    (one,) = sim.ledger.attempts()
    assert one.accepted is (kind is FaultKind.RESET_AFTER)
    assert one.fault == kind.value
    assert (await api("sendMessage", chat_id=WHO, text=TEXT))[0] == 200


@pytest.mark.parametrize("kind", [FaultKind.ERROR_BEFORE, FaultKind.ERROR_AFTER])
async def test_a_proxys_error_page(sim: Simulator, kind: FaultKind) -> None:
    sim.inject(Fault(kind, count=1, status=503))
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"chat_id": WHO, "text": TEXT}) as answer,
    ):
        assert (answer.status, answer.content_type) == (503, "text/html")
    assert [one.accepted for one in sim.ledger.attempts()] == [kind is FaultKind.ERROR_AFTER]


async def test_an_answer_too_late_is_the_duplicate_trap(sim: Simulator) -> None:
    sim.inject(Fault(FaultKind.DELAY_AFTER, count=1, seconds=30))
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    timeout = aiohttp.ClientTimeout(total=0.2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        with pytest.raises(TimeoutError):
            await session.post(url, json={"chat_id": WHO, "text": TEXT})
    assert [one.accepted for one in sim.ledger.attempts()] == [True]


async def test_truncated_and_dripping_answers(sim: Simulator) -> None:
    url = f"{sim.telegram_base}{DEMO_TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        sim.inject(Fault(FaultKind.TRUNCATED, count=1))
        async with session.post(url, json={"chat_id": WHO, "text": TEXT}) as answer:
            with pytest.raises(ValueError, match=r".+"):
                json.loads(await answer.read())
        sim.inject(Fault(FaultKind.SLOW_DRIP, count=1, seconds=0.3))
        start = asyncio.get_running_loop().time()
        async with session.post(url, json={"chat_id": WHO, "text": TEXT}) as answer:
            assert (await answer.json())["ok"] is True
        assert asyncio.get_running_loop().time() - start >= 0.25
    assert len(sim.ledger.accepted()) == 2


async def test_a_storm_stops_the_whole_bot_and_ignoring_it_is_noted(sim: Simulator, api: Any) -> None:
    sim.telegram.set_limits(LimitRules(in_flight_s=0.0))
    sim.inject(Fault(FaultKind.STORM, count=1, seconds=2))
    status, answer = await api("sendMessage", chat_id=WHO, text=TEXT)
    assert (status, answer["parameters"]) == (429, {"retry_after": 2})
    assert (await api("sendMessage", chat_id=WHO, text=TEXT))[0] == 429
    assert [one.rule for one in sim.ledger.violations()] == ["retry_after"]


async def test_a_revoked_token_stays_revoked(sim: Simulator, api: Any) -> None:
    sim.inject(Fault(FaultKind.REVOKED, count=1))
    for _ in range(2):
        assert (await api("sendMessage", chat_id=WHO, text=TEXT))[0] == 401


async def test_far_too_many_open_requests_are_refused(sim: Simulator, api: Any) -> None:
    sim.set_limits(max_active=2)
    sim.inject(Fault(FaultKind.DELAY_AFTER, seconds=0.3))
    answers = await asyncio.gather(*(api("sendMessage", chat_id=WHO, text=TEXT) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [200, 200, 429, 429]
    assert {one.rule for one in sim.ledger.violations()} == {"active"}


async def test_latency_is_waited_and_two_bots_live_apart() -> None:
    config = SimulatorConfig(
        bots=(BotRules("1:a"), BotRules("2:b")), limits=UNLIMITED, latency=LatencyRules(0.1, 0.1)
    )
    async with Simulator(config) as sim, aiohttp.ClientSession() as session:
        sim.telegram.set_state(sim.telegram.bot("2"), WHO, ChatState.ACTIVE)
        start = asyncio.get_running_loop().time()
        for token, status in (("1:a", 400), ("2:b", 200)):
            url = f"{sim.telegram_base}{token}/sendMessage"
            async with session.post(url, json={"chat_id": WHO, "text": TEXT}) as answer:
                assert answer.status == status
        assert asyncio.get_running_loop().time() - start >= 0.2


def test_only_loopback_and_whole_tokens() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        SimulatorConfig(host="0.0.0.0")  # noqa: S104 - is refused
    with pytest.raises(ValueError, match="token"):
        BotRules("no-token")
    with pytest.raises(ValueError, match="speed"):
        SimulatorConfig(latency=NO_LATENCY, speed=0)
    assert "secret" not in repr(BotRules("1:secret"))
