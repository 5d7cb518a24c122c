"""The transport under twilio's own client: real bytes on a real socket, and which failures leave doubt."""

import asyncio
import base64
import socket
from datetime import UTC, datetime

import pytest

from bot.errors import (
    ClosedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.http import MAX_BYTES, AiohttpClient, RefusedError
from tests.bot.gateways.twilio.conftest import ACCOUNT_SID, ANN, SMS_NUMBER, TOKEN, settings_for
from tests.bot.gateways.twilio.small_twilio import Cut, SmallTwilio, answer, refusal
from tests.bot.wiring import until

PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


async def send(client: TwilioClient, body: str = "hi") -> str:
    return await client.create(ANN, from_=SMS_NUMBER, body=body)


@pytest.fixture
async def client(twilio: SmallTwilio) -> TwilioClient:
    return TwilioClient(settings_for(twilio.base))


async def test_the_very_bytes_of_a_message(twilio: SmallTwilio, client: TwilioClient) -> None:
    sid = await client.create(
        ANN,
        from_=SMS_NUMBER,
        body="Nước <dâng> & 5%\n1 An toàn",
        validity_period=14_400,
        status_callback="https://muster.example/hooks/twilio/status/77",
    )
    assert sid == f"SM{1001:032x}"
    (request,) = twilio.requests
    lines = request.head.decode().split("\r\n")
    assert lines[0] == f"POST {PATH} HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert headers["Authorization"] == f"Basic {base64.b64encode(f'{ACCOUNT_SID}:{TOKEN}'.encode()).decode()}"
    assert headers["User-Agent"].startswith("twilio-python/9.")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Content-Length"] == str(len(request.body))
    assert request.body == (
        b"To=%2B84912345678"
        b"&StatusCallback=https%3A%2F%2Fmuster.example%2Fhooks%2Ftwilio%2Fstatus%2F77"
        b"&ValidityPeriod=14400"
        b"&From=%2B12025550100"
        b"&Body=N%C6%B0%E1%BB%9Bc+%3Cd%C3%A2ng%3E+%26+5%25%0A1+An+to%C3%A0n"
    )
    await client.close()


async def test_connections_are_kept_and_bounded(twilio: SmallTwilio, client: TwilioClient) -> None:
    for _message in range(5):
        await send(client)
    assert twilio.connections == 1
    await asyncio.gather(*(send(client) for _message in range(200)))
    assert len(twilio.requests) == 205
    assert twilio.most_at_once <= 50
    await client.close()


async def test_a_refused_connection_was_certainly_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = TwilioClient(settings_for(f"http://127.0.0.1:{port}"))
    with pytest.raises(TransientError, match="not_sent"):
        await send(client)
    with pytest.raises(ClosedError, match="unreachable"):
        await client.introduce()
    await client.close()


async def test_a_full_pool_was_certainly_not_sent(
    twilio: SmallTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gateways.twilio.http.POOL_S", 0.1)
    monkeypatch.setattr("bot.gateways.twilio.http.CONNECT_S", 0.1)
    twilio.hang = True
    transport = AiohttpClient(twilio.base, connections=1, read_s=5)
    first = asyncio.create_task(transport.request("POST", "https://api.twilio.com/x", data={"a": "b"}))

    async def arrived() -> bool:
        return bool(twilio.requests)

    await until(arrived)
    with pytest.raises(TransientError, match="not_sent"):
        await transport.request("POST", "https://api.twilio.com/x", data={"a": "b"})
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await transport.close()


@pytest.mark.parametrize(
    "fault",
    [
        b"",  # cut after the request was read
        Cut(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"),
        b"NOT HTTP AT ALL\r\n\r\n",
        answer(201, b"<html>not Twilio</html>"),
        answer(200, b"[]"),
        answer(201, b'{"status":"queued"}'),
        answer(201, b'{"sid":"%s"}' % (b"S" * 1_000)),
        answer(201, b" " * (MAX_BYTES + 1)),
        answer(504, b"<html>Gateway Timeout</html>"),
    ],
)
async def test_when_bytes_have_left_the_outcome_is_unknown(
    twilio: SmallTwilio, client: TwilioClient, fault: bytes
) -> None:
    twilio.planned = [fault, b"", b""]
    with pytest.raises(UnknownOutcomeError):
        await send(client)
    assert len(twilio.sent) == 1  # the transport itself never sends a second time
    await client.close()


async def test_silence_after_sending_is_unknown(twilio: SmallTwilio) -> None:
    twilio.hang = True
    transport = AiohttpClient(twilio.base, connections=1, read_s=0.1)
    with pytest.raises(UnknownOutcomeError, match="no_answer"):
        await transport.request("POST", f"https://api.twilio.com{PATH}", data={"To": ANN})
    assert len(twilio.requests) == 1
    await transport.close()


async def test_a_wait_that_twilio_asks_for_is_kept(twilio: SmallTwilio, client: TwilioClient) -> None:
    twilio.planned = [refusal(20429, 429, "Retry-After: 7\r\n"), refusal(20429, 429), answer(429, b"busy")]
    for seconds in (7.0, 1.0, 1.0):
        with pytest.raises(RetryAfterError) as caught:
            await send(client)
        assert caught.value.seconds == seconds
        assert not caught.value.recipient_only
    await client.close()


async def test_a_redirect_is_not_followed(twilio: SmallTwilio, client: TwilioClient) -> None:
    twilio.planned = [answer(307, b"{}", f"Location: {twilio.base}/elsewhere\r\n")]
    with pytest.raises(TransientError):  # a page of somebody between us: it was not taken, and may be later
        await send(client)
    assert len(twilio.requests) == 1
    await client.close()


@pytest.mark.parametrize(
    ("base", "asked", "went"),
    [
        ("{}", "https://api.twilio.com/a?b=%2B1", "/a?b=%2B1"),
        ("{}", "https://content.twilio.com/v1/Content", "/v1/Content"),
        ("{}/under", "https://api.twilio.com/a", "/under/a"),
    ],
)
async def test_where_requests_go(twilio: SmallTwilio, base: str, asked: str, went: str) -> None:
    transport = AiohttpClient(base.format(twilio.base), connections=1)
    await transport.request("GET", asked)
    assert twilio.requests[-1].target == went
    await transport.close()


@pytest.mark.parametrize(
    ("asked", "went"),
    [
        ("https://api.twilio.com/a", "https://api.dublin.ie1.twilio.com/a"),
        ("https://content.twilio.com/v1/Content", "https://content.twilio.com/v1/Content"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
    ],
)
def test_a_region_stands_for_one_host_of_twilios(asked: str, went: str) -> None:
    transport = AiohttpClient("https://api.dublin.ie1.twilio.com", connections=1)
    assert str(transport._rewritten(asked, None)) == went


async def test_json_goes_as_json(twilio: SmallTwilio) -> None:
    transport = AiohttpClient(twilio.base, connections=1)
    kind = {"Content-Type": "application/json"}
    await transport.request("POST", "https://content.twilio.com/v1/Content", data={"a": "ß"}, headers=kind)
    assert twilio.requests[-1].body == b'{"a": "\\u00df"}'
    await transport.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{}", None),
        (b"[1]", None),
        (b'{"code":"21610"}', None),
        (b'{"code":true}', None),
        (b"[" * 50_000, None),
    ],
)
async def test_a_refusal_without_a_code_is_told_by_its_status(
    twilio: SmallTwilio, text: bytes, code: int | None
) -> None:
    twilio.planned = [answer(400, text)]
    transport = AiohttpClient(twilio.base, connections=1)
    with pytest.raises(RefusedError) as caught:
        await transport.request("GET", "https://api.twilio.com/a")
    assert (caught.value.status, caught.value.code) == (400, code)
    await transport.close()


async def test_the_process_environment_changes_nothing(
    twilio: SmallTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "9" * 32)
    client = TwilioClient(settings_for(twilio.base))
    await send(client)
    assert twilio.requests[0].target == PATH
    await client.close()


@pytest.mark.parametrize(
    ("planned", "code"),
    [
        ([refusal(20003, 401)], "twilio_20003"),
        ([answer(401, b"")], "unauthorized"),
        ([refusal(20404, 404)], "twilio_20404"),
        ([answer(503, b"")], "unreachable"),
        ([answer(200, b"<html>")], "unreachable"),
        ([answer(200, b"[]")], "unreachable"),
        ([answer(200, b"null")], "unreachable"),
        ([answer(200, b'{"messages":null}')], "unreachable"),
        ([answer(200, b'{"meta":{"key":"messages"}}')], "unreachable"),
        ([b"", b""], "unreachable"),
    ],
)
async def test_an_account_that_is_refused_is_closed(
    twilio: SmallTwilio, client: TwilioClient, planned: list[bytes], code: str
) -> None:
    twilio.planned = planned
    with pytest.raises(ClosedError) as caught:
        await client.introduce()
    assert caught.value.code == code
    await client.close()


async def test_errors_and_logs_tell_neither_token_nor_numbers_nor_words(
    twilio: SmallTwilio, client: TwilioClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    twilio.planned = [
        b"",
        answer(201, b"canary-answer"),
        answer(500, b"canary"),
        refusal(21610),
        refusal(99999),
    ]
    for _fault in range(5):
        with pytest.raises(SendError) as caught:
            await send(client, "canary words")
        shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__suppress_context__}"
        assert "canary" not in shown
        assert shown.endswith("None True")
    await send(client, "canary words")
    await client.listed(datetime(2026, 11, 22, tzinfo=UTC), to=ANN)
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert not [line for line in lines if "canary" in line or TOKEN in line or ANN[1:] in line]
    await client.close()
