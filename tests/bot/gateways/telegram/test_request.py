"""The transport: real bytes on a real socket, and which failures leave the outcome open."""

import asyncio
import socket

import pytest

from bot.errors import ClosedError, SendError, TransientError, UnknownOutcomeError
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.request import AiohttpRequest, AnswerLostError, NotSentError
from bot.gateways.telegram.settings import TelegramSettings
from bot.messages import Address, Button, Channel, Outbound
from tests.bot.gateways.telegram.conftest import SECRET, TOKEN
from tests.bot.gateways.telegram.simulated_api import SENT, Cut, SimulatedApi, answer

ANN = Address(Channel.TELEGRAM, "main", "42")


async def send(gateway: TelegramGateway, text: str = "hi") -> str:
    return (await gateway.send(ANN, gateway.prepare(Outbound(text, "en")))).provider_id


async def test_the_very_bytes_of_a_message(api: SimulatedApi, gateway: TelegramGateway) -> None:
    buttons = (Button("An toàn", "safe:ABC123"), Button("Cần giúp", "help:ABC123"))
    accepted = await gateway.send(ANN, gateway.prepare(Outbound("Nước <dâng> & 5%", "vi", buttons)))
    assert accepted.provider_id == "77"
    assert accepted.confirmed
    (request,) = api.requests
    lines = request.head.decode().split("\r\n")
    assert lines[0] == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    assert headers["user-agent"].startswith("python-telegram-bot v22")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["content-length"] == str(len(request.body))
    assert request.body == (
        b"chat_id=42&text=N%C6%B0%E1%BB%9Bc+%3Cd%C3%A2ng%3E+%26+5%25"
        b"&link_preview_options=%7B%22is_disabled%22%3Atrue%7D"
        b"&reply_markup=%7B%22inline_keyboard%22%3A%5B%5B"
        b"%7B%22text%22%3A%22An+to%C3%A0n%22%2C%22callback_data%22%3A%22safe%3AABC123%22%7D%2C"
        b"%7B%22text%22%3A%22C%E1%BA%A7n+gi%C3%BAp%22%2C%22callback_data%22%3A%22help%3AABC123%22%7D"
        b"%5D%5D%7D"
    )


async def test_connections_are_kept_and_bounded(api: SimulatedApi, gateway: TelegramGateway) -> None:
    for _message in range(5):
        await send(gateway)
    before = api.connections
    assert before == 1
    await asyncio.gather(*(send(gateway) for _message in range(300)))
    assert len(api.requests) == 305
    assert api.connections <= 100


async def test_a_refused_connection_was_certainly_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    gateway = TelegramGateway(TelegramSettings(TOKEN, SECRET, api_base=f"http://127.0.0.1:{port}"))
    with pytest.raises(ClosedError, match="unreachable"):
        await gateway.open()
    with pytest.raises(TransientError, match="not_sent"):
        await send(gateway)
    await gateway.close()


async def test_a_full_pool_was_certainly_not_sent(api: SimulatedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateways.telegram.request.POOL_S", 0.1)
    monkeypatch.setattr("bot.gateways.telegram.request.CONNECT_S", 0.1)
    api.hang = True
    request = AiohttpRequest(connections=1, read_s=5)
    await request.initialize()
    first = asyncio.create_task(request.do_request(api.base, "POST"))
    await asyncio.sleep(0.05)
    with pytest.raises(NotSentError):
        await request.do_request(api.base, "POST")
    first.cancel()
    await request.shutdown()


async def test_a_closed_transport_sends_nothing(api: SimulatedApi) -> None:
    request = AiohttpRequest(connections=1)
    with pytest.raises(NotSentError):
        await request.do_request(api.base, "POST")
    assert api.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        b"",  # cut after the request was read
        Cut(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":tr'),
        b"NOT HTTP AT ALL\r\n\r\n",
        answer(200, b"<html>not Telegram</html>"),
        answer(200, b"[]"),
        answer(504, b"<html>Gateway Timeout</html>"),
    ],
)
async def test_when_bytes_have_left_the_outcome_is_unknown(
    api: SimulatedApi, gateway: TelegramGateway, fault: bytes
) -> None:
    api.planned = [fault, b""]
    with pytest.raises(UnknownOutcomeError):
        await send(gateway)
    assert len(api.requests) == 1  # the transport itself never sends a second time


async def test_silence_after_sending_is_unknown(api: SimulatedApi) -> None:
    api.hang = True
    request = AiohttpRequest(connections=1, read_s=0.1)
    await request.initialize()
    with pytest.raises(AnswerLostError):
        await request.do_request(f"{api.base}/bot{TOKEN}/sendMessage", "POST")
    await request.shutdown()
    assert len(api.requests) == 1


async def test_a_redirect_is_not_followed(api: SimulatedApi, gateway: TelegramGateway) -> None:
    api.planned = [answer(302, b"{}", headers=f"Location: {api.base}/elsewhere\r\n")]
    with pytest.raises(SendError):
        await send(gateway)
    assert len(api.requests) == 1


async def test_errors_tell_neither_token_nor_words(
    api: SimulatedApi, gateway: TelegramGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    faults = [b"", answer(200, b"canary-answer"), answer(500, b"canary-answer"), answer(401, b'{"ok":false}')]
    for fault in faults:
        api.planned = [fault]
        with pytest.raises(SendError) as caught:
            await send(gateway, "canary words")
        shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__suppress_context__}"
        assert "canary" not in shown
        assert shown.endswith("None True")
    api.planned = [answer(200, SENT)]
    await send(gateway, "canary words")
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert not [line for line in lines if "canary" in line or TOKEN in line]
