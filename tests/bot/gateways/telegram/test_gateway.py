"""The account: introducing itself, spinners, webhooks, updates."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import ClosedError, ForgedHookError, RetryAfterError, SendError, TransientError
from bot.gateway import Hook
from bot.gateways.telegram.gateway import SECRET_HEADER, TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.messages import Address, Ask, Button, Channel, Inbound, InboundKind, Outbound
from tests.bot.gateway_contract import send_all
from tests.bot.gateways.telegram.conftest import SECRET, TOKEN
from tests.bot.gateways.telegram.simulated_api import TRUE, SimulatedApi, answer

ANN = Address(Channel.TELEGRAM, "main", "42")
PRESS = Inbound("1", ANN, InboundKind.BUTTON, button="safe:ABC123", callback="4382")
FLOOD = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":1}}'
TOO_LATE = b'{"ok":false,"error_code":400,"description":"Bad Request: query is too old and so on"}'


async def test_a_refused_token_closes_the_channel_and_is_not_told(api: SimulatedApi) -> None:
    api.planned = [answer(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}')] * 2
    gateway = TelegramGateway(TelegramSettings(TOKEN, SECRET, api_base=api.base))
    with pytest.raises(ClosedError) as caught:
        await gateway.open()
    assert caught.value.code == "unauthorized"
    assert TOKEN not in repr(caught.value)
    await gateway.close()


async def test_a_channel_that_was_closed_can_be_opened_later(api: SimulatedApi) -> None:
    api.planned = [answer(502, b"<html>")]
    gateway = TelegramGateway(TelegramSettings(TOKEN, SECRET, api_base=api.base))
    with pytest.raises(ClosedError, match="unreachable"):
        await gateway.open()
    await gateway.open()
    await gateway.close()


@pytest.mark.parametrize("given", ["", "x", "None"])
def test_without_a_secret_of_our_own_no_webhook_is_authentic(given: str) -> None:
    gateway = TelegramGateway(TelegramSettings(TOKEN))
    with pytest.raises(ForgedHookError):
        gateway.verify(Hook(b"{}", {SECRET_HEADER: given}, ""))


def test_settings_show_no_secret() -> None:
    shown = repr(TelegramSettings(TOKEN, SECRET))
    assert TOKEN not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("base", ["http://127.0.0.1:8081", "http://[::1]:8081", "https://bots.example/api"])
def test_safe_api_bases_are_taken(base: str) -> None:
    assert TelegramSettings(TOKEN, SECRET, api_base=base).api_base == base


async def test_a_press_is_acknowledged_and_a_late_one_forgiven(
    api: SimulatedApi, gateway: TelegramGateway
) -> None:
    await gateway.acknowledge(PRESS)
    assert api.requests[0].method == "answerCallbackQuery"
    assert api.requests[0].form == {"callback_query_id": "4382"}
    api.planned = [answer(400, TOO_LATE), answer(502, b"")]
    await gateway.acknowledge(PRESS)
    with pytest.raises(TransientError):
        await gateway.acknowledge(PRESS)
    await gateway.acknowledge(Inbound("2", ANN, InboundKind.TEXT, "nothing to acknowledge"))
    assert len(api.requests) == 3


async def test_parts_are_sent_in_order(api: SimulatedApi, gateway: TelegramGateway) -> None:
    skip = Button("Skip", "phone:skip")
    outbound = Outbound("word " * 1_500, "en", (skip,), Ask.CONTACT, "Share my number")
    message = gateway.prepare(outbound)
    assert message.weight == 3
    answers = await send_all(gateway, ANN, message)
    assert [one.more for one in answers] == [True, True, False]
    forms = [request.form for request in api.called("sendMessage")]
    assert ["reply_markup" in form for form in forms] == [False, True, True]
    assert forms[2]["text"] == "Share my number"
    assert {form["chat_id"] for form in forms} == {"42"}


async def test_after_an_error_it_goes_on_with_the_part_it_is_told(
    api: SimulatedApi, gateway: TelegramGateway
) -> None:
    message = gateway.prepare(Outbound("word " * 1_500, "en"))
    assert (await gateway.send(ANN, message)).more
    api.planned = [answer(429, FLOOD), answer(503, b"")]
    for error in (RetryAfterError, TransientError):
        with pytest.raises(error):
            await gateway.send(ANN, message, part=1)
    assert not (await gateway.send(ANN, message, part=1)).more
    texts = [request.form["text"] for request in api.called("sendMessage")]
    assert texts == [message.parts[number]["text"] for number in (0, 1, 1, 1)]


@pytest.mark.parametrize(("account", "path"), [("main", "/hooks/telegram"), ("two", "/hooks/telegram/two")])
async def test_the_webhook_is_registered_with_our_secret(api: SimulatedApi, account: str, path: str) -> None:
    gateway = TelegramGateway(
        TelegramSettings(TOKEN, SECRET, "https://muster.example", api.base, account=account)
    )
    await gateway.open()
    await gateway.register_hook("https://muster.example/")
    form = api.called("setWebhook")[0].form
    assert form["url"] == f"https://muster.example{path}"
    assert form["secret_token"] == SECRET
    assert json.loads(form["allowed_updates"]) == ["message", "callback_query", "my_chat_member"]
    assert form["drop_pending_updates"] == "false"
    assert 1 <= int(form["max_connections"]) <= 100
    api.planned = [answer(400, b'{"ok":false,"error_code":400,"description":"Bad Request: bad webhook"}')]
    with pytest.raises(SendError):
        await gateway.register_hook("https://muster.example")
    await gateway.close()


async def test_updates_are_fetched_raw(api: SimulatedApi, gateway: TelegramGateway) -> None:
    odd = {"ok": True, "result": [{"update_id": 9, "message": {"text": 5}}, 7]}
    api.planned = [answer(200, json.dumps(odd).encode()), answer(200, TRUE)]
    assert await gateway.fetch(5, 0) == [{"update_id": 9, "message": {"text": 5}}]
    assert await gateway.fetch(10, 0) == []
    assert parse_qs(urlsplit(api.requests[0].path).query) == {
        "offset": ["5"],
        "timeout": ["0"],
        "allowed_updates": ['["message","callback_query","my_chat_member"]'],
    }


def test_limits_are_telegrams() -> None:
    limits = TelegramGateway(TelegramSettings(TOKEN, SECRET)).limits
    assert (limits.per_second, limits.per_recipient_s, limits.batch) == (30, 1, 15)
    assert limits.in_flight <= 100
