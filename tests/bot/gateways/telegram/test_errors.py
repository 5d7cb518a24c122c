"""Every documented error of Telegram, as bytes over the wire, becomes the right member of our family."""

import json

import pytest

from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    MovedError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateways.telegram.gateway import TelegramGateway
from bot.messages import Address, Channel, Outbound
from tests.bot.gateways.telegram.simulated_api import SimulatedApi, answer

ANN = Address(Channel.TELEGRAM, "main", "42")


def refusal(status: int, description: str, **parameters: int) -> bytes:
    fields = {"ok": False, "error_code": status, "description": description}
    if parameters:
        fields["parameters"] = parameters
    return answer(status, json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(403, "Forbidden: bot was blocked by the user"), GoneError, "blocked"),
        (refusal(403, "Forbidden: user is deactivated"), GoneError, "deactivated"),
        (
            refusal(403, "Forbidden: bot can't initiate conversation with a user"),
            GoneError,
            "never_started",
        ),
        (refusal(403, "Forbidden: bot was kicked from the group chat"), GoneError, "kicked"),
        (refusal(403, "Forbidden: something nobody has seen"), RejectedError, "forbidden"),
        (refusal(400, "Bad Request: chat not found"), GoneError, "chat_not_found"),
        (refusal(400, "Bad Request: private chat not found"), GoneError, "chat_not_found"),
        (refusal(400, "Bad Request: message text is empty"), RejectedError, "empty_text"),
        (refusal(400, "Bad Request: can't parse entities: x"), RejectedError, "cannot_parse"),
        (refusal(400, "Bad Request: message is too long"), RejectedError, "too_long"),
        (refusal(400, "Bad Request: BUTTON_DATA_INVALID"), RejectedError, "button_data"),
        (refusal(400, "Bad Request: something nobody has seen"), RejectedError, "bad_request"),
        (refusal(401, "Unauthorized"), ClosedError, "unauthorized"),
        (refusal(404, "Not Found"), ClosedError, "unauthorized"),
        (refusal(409, "Conflict: terminated by other getUpdates request"), ClosedError, "conflict"),
        (refusal(413, "Request Entity Too Large"), RejectedError, "http_413"),
        (refusal(421, "Misdirected Request"), TransientError, "http_421"),
        (refusal(500, "Internal Server Error: restart"), BrokenServerError, "http_500"),
        (answer(500, b""), BrokenServerError, "http_500"),
        (answer(502, b"<html>Bad Gateway</html>"), BrokenServerError, "http_502"),
        (answer(503, b"<html></html>"), TransientError, "http_503"),
        (answer(504, b"<html></html>"), UnknownOutcomeError, "http_504"),
        (answer(520, b"<html></html>"), TransientError, "http_other"),
    ],
)
async def test_an_error_is_translated(
    api: SimulatedApi, gateway: TelegramGateway, reply: bytes, kind: type[SendError], code: str
) -> None:
    api.planned = [reply]
    with pytest.raises(SendError) as caught:
        await gateway.send(ANN, gateway.prepare(Outbound("hi", "en")))
    assert type(caught.value) is kind
    assert caught.value.code == code


@pytest.mark.parametrize("as_timedelta", ["true", "false"])
@pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
async def test_told_to_wait(
    api: SimulatedApi, gateway: TelegramGateway, monkeypatch: pytest.MonkeyPatch, as_timedelta: str
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", as_timedelta)
    api.planned = [refusal(429, "Too Many Requests: retry after 35", retry_after=35)]
    with pytest.raises(RetryAfterError) as caught:
        await gateway.send(ANN, gateway.prepare(Outbound("hi", "en")))
    assert caught.value.seconds == 35.0
    assert not caught.value.recipient_only


async def test_a_moved_chat(api: SimulatedApi, gateway: TelegramGateway) -> None:
    text = "Bad Request: group chat was upgraded to a supergroup chat"
    api.planned = [refusal(400, text, migrate_to_chat_id=-1001)]
    with pytest.raises(MovedError) as caught:
        await gateway.send(ANN, gateway.prepare(Outbound("hi", "en")))
    assert caught.value.new_value == "-1001"
