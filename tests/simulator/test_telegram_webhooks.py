"""Updates on their way to the service: secret, order, retries, duplicates, getUpdates."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from simulator.config import WebhookRules
from simulator.incoming import Action, ActionKind
from simulator.server import Simulator
from simulator.telegram_errors import ChatState

WHO = 10_000_000_001
SECRET = "a-secret_1"


class Target:
    """A webhook that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.answer: Callable[[int], web.Response] = lambda _count: web.Response()
        self.open = 0
        self.most_open = 0
        self.pause = 0.0
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self.updates.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        await asyncio.sleep(self.pause)
        self.open -= 1
        return self.answer(len(self.updates))

    def texts(self) -> list[str]:
        return [one["message"]["text"] for one in self.updates]


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    one = Target()
    app = web.Application()
    app.router.add_post("/hook", one.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()


def say(sim: Simulator, words: str, who: int = WHO) -> None:
    sim.telegram.act(sim.telegram.bot(), who, Action(ActionKind.TEXT, words))


async def test_updates_carry_the_secret_and_grow(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    status, answer = await api("setWebhook", url=target.url, secret_token=SECRET)
    assert (status, answer["description"]) == (200, "Webhook was set")
    for words in ("/start", "a", "b"):
        say(sim, words)
    await eventually(lambda: len(target.updates) == 3)
    assert target.secrets == [SECRET] * 3
    assert target.texts() == ["/start", "a", "b"]
    numbers = [one["update_id"] for one in target.updates]
    assert numbers == sorted(set(numbers))
    assert target.updates[0]["message"]["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]
    assert [(one.tries, one.status) for one in sim.ledger.webhooks()] == [(1, 200)] * 3


async def test_what_came_before_the_webhook_is_delivered(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    say(sim, "early")
    assert (await api("getWebhookInfo"))[1]["result"]["pending_update_count"] == 1
    await api("setWebhook", url=target.url)
    await eventually(lambda: target.texts() == ["early"])
    info = (await api("getWebhookInfo"))[1]["result"]
    assert (info["url"], info["max_connections"]) == (target.url, 40)
    assert target.secrets == [None]


async def test_a_failing_update_is_retried_and_blocks_its_chat_only(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    sim.telegram.set_webhooks(WebhookRules(retry_scale=0.05))
    target.answer = lambda count: web.Response(status=500 if count <= 3 else 200)
    await api("setWebhook", url=target.url)
    say(sim, "one")
    say(sim, "two")
    await eventually(lambda: target.texts() == ["one"] * 4 + ["two"])
    await sim.drain(5)
    tries = [(one.tries, one.status) for one in sim.ledger.webhooks()]
    assert tries == [(1, 500), (2, 500), (3, 500), (4, 200), (1, 200)]
    gaps = [b.mono - a.mono for a, b in zip(sim.ledger.webhooks(), sim.ledger.webhooks()[1:], strict=False)]
    assert gaps[0] < 0.05 <= gaps[1] < gaps[2]  # at once, then 1 s and 2 s (scaled)
    info = (await api("getWebhookInfo"))[1]["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500"


async def test_retry_after_of_the_service_is_honoured(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    target.answer = lambda count: (
        web.Response(status=503, headers={"Retry-After": "0.3"}) if count == 1 else web.Response()
    )
    await api("setWebhook", url=target.url)
    say(sim, "x")
    await eventually(lambda: len(sim.ledger.webhooks()) == 2)
    first, second = sim.ledger.webhooks()
    assert 0.3 <= second.mono - first.mono < 1.0


async def test_max_connections_bounds_open_posts(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    target.pause = 0.03
    await api("setWebhook", url=target.url, max_connections=3)
    for number in range(12):
        say(sim, "x", WHO + number)
    await eventually(lambda: len(target.updates) == 12)
    assert target.most_open == 3


async def test_duplicates_and_reordering_on_command(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    sim.telegram.set_webhooks(WebhookRules(duplicate=1.0, hold_s=0.05))
    await api("setWebhook", url=target.url)
    say(sim, "x")
    await eventually(lambda: len(target.updates) == 2)
    assert target.updates[0] == target.updates[1]
    await sim.drain(5)
    assert [one.duplicate for one in sim.ledger.webhooks()] == [False, True]
    sim.telegram.set_webhooks(WebhookRules(reorder=1.0, hold_s=0.2))
    say(sim, "held")
    sim.telegram.set_webhooks(WebhookRules())
    say(sim, "overtakes")
    await eventually(lambda: len(target.updates) == 4)
    assert target.texts()[2:] == ["overtakes", "held"]
    assert target.updates[2]["update_id"] > target.updates[3]["update_id"]
    await sim.drain(5)


async def test_blocking_and_unblocking_are_told(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    await api("setWebhook", url=target.url)
    say(sim, "/start")
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.BLOCKED)
    say(sim, "back")
    await eventually(lambda: len(target.updates) == 4)
    changes = [one["my_chat_member"] for one in target.updates if "my_chat_member" in one]
    assert [one["new_chat_member"]["status"] for one in changes] == ["kicked", "member"]
    assert changes[0]["old_chat_member"]["user"]["id"] == 7000000001
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.DEACTIVATED)
    await sim.drain(5)
    assert len(target.updates) == 4  # a deleted account says nothing


async def test_allowed_updates_are_all_that_comes(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    await api("setWebhook", url=target.url, allowed_updates=["my_chat_member"])
    say(sim, "/start")
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.BLOCKED)
    await eventually(lambda: len(target.updates) == 1)
    assert "my_chat_member" in target.updates[0]


async def test_a_method_in_the_answer_is_run(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    body = {"method": "sendMessage", "chat_id": WHO, "text": "hello"}
    target.answer = lambda _count: web.json_response(body)
    await api("setWebhook", url=target.url)
    say(sim, "/start")
    await eventually(lambda: [one.text for one in sim.ledger.accepted()] == ["hello"])


async def test_a_button_comes_with_its_message_and_can_be_answered(
    sim: Simulator, api: Any, target: Target, eventually: Any
) -> None:
    await api("setWebhook", url=target.url)
    say(sim, "/start")
    markup = {"inline_keyboard": [[{"text": "Safe", "callback_data": "safe:ABCDEF"}]]}
    _, sent = await api("sendMessage", chat_id=WHO, text="?", reply_markup=markup)
    number = sent["result"]["message_id"]
    sim.telegram.act(
        sim.telegram.bot(), WHO, Action(ActionKind.BUTTON, "safe:ABCDEF", message_id=str(number))
    )
    await eventually(lambda: len(target.updates) == 2)
    query = target.updates[1]["callback_query"]
    assert (query["data"], query["message"]["message_id"], query["message"]["reply_markup"]) == (
        "safe:ABCDEF",
        number,
        markup,
    )
    assert (await api("answerCallbackQuery", callback_query_id=query["id"]))[1] == {
        "ok": True,
        "result": True,
    }
    status, late = await api("answerCallbackQuery", callback_query_id="1")
    assert status == 400
    assert late["description"].startswith("Bad Request: query is too old")


async def test_get_updates_and_its_conflicts(sim: Simulator, api: Any, target: Target) -> None:
    say(sim, "a")
    say(sim, "b")
    _, answer = await api("getUpdates")
    first, second = answer["result"]
    assert [one["message"]["text"] for one in (first, second)] == ["a", "b"]
    _, answer = await api("getUpdates", offset=second["update_id"])
    assert [one["update_id"] for one in answer["result"]] == [second["update_id"]]
    assert (await api("getUpdates", offset=second["update_id"] + 1))[1]["result"] == []
    waiting = asyncio.create_task(api("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    second_poller = asyncio.create_task(api("getUpdates", timeout=10))
    status, conflict = await waiting
    assert status == 409
    assert conflict["description"].startswith("Conflict: terminated by other getUpdates request")
    say(sim, "c")
    assert (await second_poller)[1]["result"][0]["message"]["text"] == "c"
    await api("setWebhook", url=target.url)
    status, conflict = await api("getUpdates")
    assert status == 409
    assert conflict["description"].startswith("Conflict: can't use getUpdates method while webhook is active")
    assert (await api("deleteWebhook"))[1]["description"] == "Webhook was deleted"
    assert (await api("deleteWebhook"))[1]["description"] == "Webhook is already deleted"
    assert (await api("getUpdates"))[0] == 200


async def test_dropping_pending_updates(sim: Simulator, api: Any, target: Target) -> None:
    say(sim, "old")
    await api("setWebhook", url=target.url, drop_pending_updates=True)
    await sim.drain(5)
    assert target.updates == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "https://hooks.example.org/x"}, "loopback"),
        ({"url": "http://127.0.0.1:1/x", "secret_token": "no spaces"}, "unallowed characters"),
        ({"url": "http://127.0.0.1:1/x", "max_connections": 101}, "invalid max_connections"),
    ],
)
async def test_webhooks_that_cannot_be_set(api: Any, params: dict[str, Any], words: str) -> None:
    status, answer = await api("setWebhook", **params)
    assert status == 400
    assert words in answer["description"]
