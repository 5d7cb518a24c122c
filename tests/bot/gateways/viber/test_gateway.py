"""The account over real sockets: the very bytes of each call, many at once, what is billed, the welcome."""

import asyncio
import hmac
import json
import socket

import pytest

from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateway import BulkGateway, Hook
from bot.gateways.viber.gateway import SIGNATURE_HEADER, ViberGateway
from bot.gateways.viber.http import MAX_BYTES, ViberHttp
from bot.gateways.viber.pressing import action_body
from bot.messages import Ask, Button, Inbound, InboundKind, Outbound
from tests.bot.gateway_contract import send_all
from tests.bot.gateways.viber.conftest import ANN, PUBLIC_URL, TOKEN, Account
from tests.bot.gateways.viber.viber_api import TOKEN_OF_A_MESSAGE, Answer, Raw, ViberApi

HELLO = Outbound("Xin chào", "vi")
ALERT = Outbound("Leave now", "en", (Button("Safe", "safe:A"),), urgent=True)


async def test_the_very_bytes_of_a_message(api: ViberApi, ours: Account, gateway: ViberGateway) -> None:
    message = gateway.prepare(Outbound("Nước <dâng>", "vi", (Button("An toàn", "safe:ABC123"),)))
    accepted = await gateway.send(ours.heard(), message)
    assert (accepted.provider_id, accepted.confirmed) == (str(TOKEN_OF_A_MESSAGE), True)
    (call,) = api.calls
    assert call.method == "send_message"
    assert call.headers["X-Viber-Auth-Token"] == TOKEN
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Content-Length"] == str(len(call.body))
    body = action_body(TOKEN, "safe:ABC123")
    assert call.body.decode() == (
        '{"receiver":"xy5/5y6O81+/kbWHpLhBoA==","type":"text","text":"Nước <dâng>",'
        '"sender":{"name":"Ministry"},"keyboard":{"Type":"keyboard","DefaultHeight":false,"Buttons":['
        f'{{"ActionType":"reply","ActionBody":"{body}","Text":"An toàn","TextSize":"regular",'
        '"Columns":6,"Rows":1,"Silent":true}]}}'
    )
    assert TOKEN not in call.body.decode(), "the token travels as a header only"


async def test_the_very_bytes_of_a_call_for_many(api: ViberApi, ours: Account, gateway: ViberGateway) -> None:
    found = await gateway.send_many([ours.heard(ANN), ours.heard("bob==")], gateway.prepare(HELLO))
    assert (found.provider_id, dict(found.failed)) == (str(TOKEN_OF_A_MESSAGE), {})
    (call,) = api.calls
    assert call.method == "broadcast_message"
    assert call.body.decode() == (
        '{"broadcast_list":["xy5/5y6O81+/kbWHpLhBoA==","bob=="],"type":"text","text":"Xin chào",'
        '"sender":{"name":"Ministry"}}'
    )
    assert isinstance(gateway, BulkGateway)


async def test_300_go_together_and_301_never(api: ViberApi, ours: Account, gateway: ViberGateway) -> None:
    people = [ours.heard(f"{number:022d}==") for number in range(300)]
    await gateway.send_many(people, gateway.prepare(Outbound("ก" * 7_000, "th")))
    assert all(len(call.body) <= 30_000 for call in api.calls)
    assert all(len(call.fields["broadcast_list"]) == 300 for call in api.calls)
    with pytest.raises(ValueError, match="more than 300"):
        await gateway.send_many([*people, ours.heard()], gateway.prepare(HELLO))
    assert gateway.limits.batch == 300


async def test_each_of_many_has_an_outcome_of_their_own(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    people = ["gone", "fine", "old app", "too often", "odd"]
    api.judge = lambda receiver: {"gone": 6, "old app": 11, "too often": 12, "odd": 777}.get(receiver, 0)
    found = await gateway.send_many([ours.heard(name) for name in people], gateway.prepare(ALERT))
    errors = {people[place]: error for place, error in found.failed.items()}
    assert {name: type(error) for name, error in errors.items()} == {
        "gone": GoneError,
        "old app": RejectedError,
        "too often": RetryAfterError,
        "odd": TransientError,
    }
    assert len(api.calls) == 1


async def test_each_part_is_a_call_of_its_own(api: ViberApi, ours: Account, gateway: ViberGateway) -> None:
    message = gateway.prepare(Outbound("word " * 3_000, "en"))
    assert len(message.parts) == message.weight == 3
    people = [ours.heard("gone"), ours.heard("fine")]
    api.judge = lambda receiver: 6 if receiver == "gone" and len(api.calls) == 2 else 0
    found = [await gateway.send_many(people, message, part=part) for part in range(3)]
    assert [list(one.failed) for one in found] == [[], [0], []]
    assert [one.more for one in found] == [True, True, False]
    answers = await send_all(gateway, people[1], message)
    assert [one.more for one in answers] == [True, True, False]
    texts = [call.fields["text"] for call in api.calls]
    assert texts == 2 * [json.loads(part["rich"])["text"] for part in message.parts]


@pytest.mark.parametrize("many", [False, True])
async def test_after_an_error_it_goes_on_with_the_part_it_is_told(
    api: ViberApi, ours: Account, gateway: ViberGateway, many: bool
) -> None:
    message, ann = gateway.prepare(Outbound("word " * 3_000, "en")), ours.heard("ann")

    async def send(part: int) -> bool:
        if many:
            return (await gateway.send_many([ann], message, part=part)).more
        return (await gateway.send(ann, message, part=part)).more

    assert await send(0)
    api.planned += [{"status": 12}, Raw(503)]
    for error in (RetryAfterError, TransientError):
        with pytest.raises(error):
            await send(1)
    assert await send(1)
    assert not await send(2)
    texts = [call.fields["text"] for call in api.calls]
    assert texts == [json.loads(message.parts[part]["rich"])["text"] for part in (0, 1, 1, 1, 2)]


async def test_a_list_of_failures_nobody_can_read_is_counted_and_breaks_nothing(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    listed = [None, {"receiver": 5, "status": 6}, {"receiver": "stranger", "status": 6}, {"receiver": ANN}]
    api.planned.append({"status": 0, "message_token": 1, "failed_list": listed})
    api.planned.append({"status": 0, "message_token": "77", "failed_list": "none"})
    found = await gateway.send_many([ours.heard()], gateway.prepare(HELLO))
    assert not found.failed
    assert ours.counted["viber_status:unreadable"] == 4
    assert (await gateway.send_many([ours.heard()], gateway.prepare(HELLO))).provider_id == "77"


@pytest.mark.parametrize("status", [3, 11, 13, 14])
@pytest.mark.parametrize("many", [False, True])
async def test_an_old_app_gets_it_plainly_once(
    api: ViberApi, ours: Account, gateway: ViberGateway, status: int, many: bool
) -> None:
    asks = gateway.prepare(Outbound("Where?", "en", (Button("Skip", "s"),), Ask.LOCATION, "Share"))
    api.planned.append({"status": status})
    if many:
        await gateway.send_many([ours.heard()], asks)
    else:
        await gateway.send(ours.heard(), asks)
    first, second = api.calls
    assert first.fields["min_api_version"] == 3
    assert second.fields["text"] == "Where?\n\n1. Skip"
    assert not {"keyboard", "min_api_version"} & second.fields.keys()
    api.calls.clear()
    api.planned.append({"status": status})
    with pytest.raises(RejectedError):
        await gateway.send(ours.heard(), gateway.prepare(HELLO))
    assert len(api.calls) == 1, "what is plain already is not sent twice"


@pytest.mark.parametrize("status", [19, 20])
async def test_where_broadcasts_are_not_allowed_it_goes_one_by_one_for_an_hour(
    api: ViberApi, ours: Account, gateway: ViberGateway, status: int
) -> None:
    api.planned.append({"status": status})
    assert gateway.takes_many
    with pytest.raises(RetryAfterError) as caught:
        await gateway.send_many([ours.heard()], gateway.prepare(HELLO))
    assert (caught.value.code, caught.value.seconds, caught.value.recipient_only) == (
        "no_broadcast",
        0,
        False,
    )
    assert not gateway.takes_many
    assert len(ours.alarms) == 1
    await gateway.send(ours.heard(), gateway.prepare(HELLO))
    ours.clock.seconds += 3_601
    assert gateway.takes_many


# --- what is billed


@pytest.mark.parametrize(("hours", "billed"), [(0.0, 0), (23.99, 0), (24.0, 1), (900.0, 1), (None, 1)])
async def test_a_session_lasts_a_day(
    ours: Account, gateway: ViberGateway, hours: float | None, billed: int
) -> None:
    ours.purse.left = 10
    await gateway.send(ours.heard(hours=hours), gateway.prepare(HELLO))
    assert ours.purse.left == 10 - billed


async def test_at_the_cap_only_those_in_a_session_are_sent_to(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    ours.purse.left = 2
    people = [ours.heard(f"p{number}", hours=1 if number % 2 else 30) for number in range(8)]
    found = await gateway.send_many(people, gateway.prepare(ALERT))
    assert {place: error.code for place, error in found.failed.items()} == dict.fromkeys(
        (4, 6), "monthly_cap"
    )
    assert all(isinstance(error, QuotaError) for error in found.failed.values())
    assert api.calls[0].fields["broadcast_list"] == ["p0", "p1", "p2", "p3", "p5", "p7"]
    assert ours.purse.left == 0
    with pytest.raises(QuotaError):
        await gateway.send_many([ours.heard(hours=None)], gateway.prepare(ALERT))
    with pytest.raises(QuotaError):
        await gateway.send(ours.heard(hours=None), gateway.prepare(ALERT))
    assert len(api.calls) == 1, "what the cap forbids never leaves"


async def test_an_urgent_warning_goes_beyond_the_cap_where_that_was_set(
    ours: Account, gateway: ViberGateway
) -> None:
    ours.purse.left, ours.purse.beyond = 0, True
    await gateway.send(ours.heard(hours=None), gateway.prepare(ALERT))
    with pytest.raises(QuotaError):
        await gateway.send(ours.heard(hours=None), gateway.prepare(HELLO))
    assert ours.purse.left == -1


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"status": 6}, 0),
        ({"status": 12}, 0),
        (Raw(503), 0),
        (None, 1),  # cut off: it may have been taken, and may be billed
        (Raw(504), 1),
        (Raw(body=b"<html>"), 1),
    ],
    ids=["gone", "too many", "503", "cut", "504", "html"],
)
@pytest.mark.parametrize("many", [False, True])
async def test_only_what_may_have_left_stays_counted(
    api: ViberApi, ours: Account, gateway: ViberGateway, answer: Answer, kept: int, many: bool
) -> None:
    ours.purse.left = 10
    api.planned.append(answer)
    to, message = ours.heard(hours=None), gateway.prepare(HELLO)
    with pytest.raises(SendError):
        await (gateway.send_many([to], message) if many else gateway.send(to, message))
    assert ours.purse.left == 10 - kept


async def test_parts_are_billed_each_and_never_half_a_message(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    message = gateway.prepare(Outbound("word " * 3_000, "en"))
    people = [ours.heard(f"p{number}", hours=None) for number in range(4)]
    ours.purse.left = 8  # three parts: two people, and two left over
    found = await gateway.send_many(people, message)
    assert sorted(found.failed) == [2, 3]
    assert ours.purse.left == 6, "counted when it leaves"
    for part, left in ((1, 4), (2, 2)):
        assert not (await gateway.send_many(people[:2], message, part=part)).failed
        assert ours.purse.left == left
    with pytest.raises(QuotaError):
        await gateway.send(people[0], message)
    assert (await gateway.send(people[0], message, part=1)).more
    assert ours.purse.left == 1, "whoever has the first part gets the others as long as there is any left"
    api.judge = lambda receiver: 6 if receiver == "p1" else 0
    ours.purse.left = 100
    await gateway.send_many(people, message, part=1)
    assert ours.purse.left == 100 - 3
    ours.purse.left = 100
    api.planned.append(None)
    with pytest.raises(UnknownOutcomeError):
        await gateway.send(people[0], message, part=1)
    assert ours.purse.left == 99


async def test_while_nobody_can_count_nothing_billed_leaves(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    ours.purse.away = True
    with pytest.raises(TransientError, match="no_storage"):
        await gateway.send(ours.heard(hours=None), gateway.prepare(HELLO))
    assert not api.calls
    await gateway.send(ours.heard(), gateway.prepare(HELLO))


async def test_giving_back_to_a_lost_database_hides_no_outcome(
    api: ViberApi, ours: Account, gateway: ViberGateway, caplog: pytest.LogCaptureFixture
) -> None:
    def lose(_receiver: str) -> int:
        ours.purse.away = True
        return 6

    api.judge = lose
    with pytest.raises(GoneError):
        await gateway.send(ours.heard(hours=None), gateway.prepare(HELLO))
    assert "stay counted" in caplog.text
    assert ANN not in caplog.text


# --- the account


async def test_a_refused_token_closes_the_channel_and_is_not_told(api: ViberApi, ours: Account) -> None:
    api.planned.append({"status": 2, "status_message": "invalidAuthToken"})
    gateway = ours.gateway(api.base)
    with pytest.raises(ClosedError) as caught:
        await gateway.open()
    assert caught.value.code == "invalid_auth_token"
    assert TOKEN not in repr(caught.value)
    await gateway.open()
    assert gateway.name == "Muster"
    await gateway.close()


async def test_an_account_nobody_can_be_asked_about_is_closed_for_now(ours: Account) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    gateway = ours.gateway(f"http://127.0.0.1:{port}/pa")
    with pytest.raises(ClosedError, match="unreachable"):
        await gateway.open()
    with pytest.raises(TransientError, match="not_sent"):
        await gateway.send(ours.heard(), gateway.prepare(HELLO))
    await gateway.close()
    with pytest.raises(TransientError, match="not_open"):
        await gateway.send(ours.heard(), gateway.prepare(HELLO))


@pytest.mark.parametrize(("name", "path"), [("main", "/hooks/viber"), ("asia", "/hooks/viber/asia")])
async def test_registering_the_webhook(api: ViberApi, ours: Account, name: str, path: str) -> None:
    gateway = ours.gateway(api.base, name)
    await gateway.register_hook(PUBLIC_URL + "/")
    (call,) = api.called("set_webhook")
    assert call.fields == {
        "url": PUBLIC_URL + path,
        "event_types": ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"],
        "send_name": False,
        "send_photo": False,
    }
    api.planned.append({"status": 1, "status_message": "invalidUrl"})
    with pytest.raises(ClosedError, match="invalid_url"):
        await gateway.register_hook(PUBLIC_URL)
    await gateway.close()


@pytest.mark.parametrize(
    ("status", "family", "code"),
    [
        (500, BrokenServerError, "http_500"),
        (502, BrokenServerError, "http_502"),
        (302, TransientError, "http_302"),
        (504, UnknownOutcomeError, "http_504"),
        (408, UnknownOutcomeError, "http_408"),
        (401, ClosedError, "http_401"),
        (404, ClosedError, "http_404"),
        (400, RejectedError, "http_400"),
        (413, RejectedError, "http_413"),
        (429, RetryAfterError, "http_429"),
    ],
)
async def test_http_of_somebody_between_us(
    api: ViberApi, ours: Account, gateway: ViberGateway, status: int, family: type[SendError], code: str
) -> None:
    api.planned.append(Raw(status, b"<html>", {"Location": "/"}))
    with pytest.raises(family) as caught:
        await gateway.send(ours.heard(), gateway.prepare(HELLO))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("soon", 10.0), ("", 10.0), ("999999999", 3600.0), ("٣", 10.0)]
)
async def test_how_long_a_429_lasts(
    api: ViberApi, ours: Account, gateway: ViberGateway, header: str, seconds: float
) -> None:
    api.planned.append(Raw(429, headers={"Retry-After": header}))
    with pytest.raises(RetryAfterError) as caught:
        await gateway.send(ours.heard(), gateway.prepare(HELLO))
    assert (caught.value.seconds, caught.value.recipient_only) == (seconds, False)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"status":"0"}', b'{"status":true}', b"\xff\xfe", b"[" * 50_000]
)
async def test_an_answer_nobody_can_read_may_mean_anything(
    api: ViberApi, ours: Account, gateway: ViberGateway, body: bytes
) -> None:
    api.planned.append(Raw(body=body))
    with pytest.raises(UnknownOutcomeError, match="unreadable_answer"):
        await gateway.send(ours.heard(), gateway.prepare(HELLO))


async def test_an_endless_answer_is_not_read_to_its_end(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    api.planned.append(Raw(body=b'{"status":0}' + b" " * MAX_BYTES))
    with pytest.raises(UnknownOutcomeError, match="no_answer"):
        await gateway.send(ours.heard(), gateway.prepare(HELLO))


@pytest.mark.parametrize("token", ["x" * 1_000, 10**40, True, 1.5, None])
async def test_an_id_that_no_receipt_can_name_is_none(
    api: ViberApi, ours: Account, gateway: ViberGateway, token: object
) -> None:
    api.planned.append({"status": 0, "message_token": token})
    assert (await gateway.send(ours.heard(), gateway.prepare(HELLO))).provider_id == ""


async def test_a_silent_server_may_have_taken_it() -> None:
    taken, ended = asyncio.Event(), asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        taken.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    http = ViberHttp(f"http://127.0.0.1:{port}/pa", TOKEN, read_s=0.2)
    await http.open()
    with pytest.raises(UnknownOutcomeError, match="no_answer"):
        await http.call("send_message", b"{}")
    assert taken.is_set()
    await http.close()
    await asyncio.wait_for(ended.wait(), 5)
    server.close()
    await server.wait_closed()


# --- the welcome


def hook(**fields: object) -> Hook:
    body = json.dumps({"timestamp": 1, "message_token": 5, **fields}).encode()
    return Hook(body, {SIGNATURE_HEADER: hmac.new(TOKEN.encode(), body, "sha256").hexdigest()}, "")


def opened(**fields: object) -> Hook:
    return hook(event="conversation_started", user={"id": ANN, "language": "vi"}, **fields)


def test_who_opens_the_chat_is_welcomed_in_their_language_and_not_subscribed() -> None:
    gateway = Account().gateway("https://chatapi.viber.com/pa")
    gateway.verify(opened())
    assert not gateway.parse(opened())
    answer = gateway.answer(opened(subscribed=False, context="drill-token"))
    assert answer.content_type == "application/json"
    shape = json.loads(answer.body)
    assert (shape["type"], shape["text"], shape["sender"]) == ("text", "Xin chào", {"name": "Ministry"})
    assert shape["tracking_data"] == "start:drill-token"
    assert "receiver" not in shape
    agree = shape["keyboard"]["Buttons"][0]["ActionBody"]
    pressed = hook(
        event="message",
        sender={"id": ANN},
        message={"type": "text", "text": agree, "tracking_data": "start:"},
    )
    (event,) = gateway.parse(pressed)
    assert isinstance(event, Inbound)
    assert (event.kind, event.button) == (InboundKind.BUTTON, "consent:yes"), "agreeing subscribes"


@pytest.mark.parametrize(
    "other",
    [
        opened(subscribed=True),
        hook(event="message", sender={"id": ANN}, message={"type": "text", "text": "hi"}),
        hook(event="webhook"),
        Hook(b"{", {}, ""),
    ],
)
def test_everything_else_is_answered_with_nothing(other: Hook) -> None:
    assert Account().gateway("https://chatapi.viber.com/pa").answer(other).body == ""


def test_a_receipt_for_what_somebody_wrote_to_us_is_dropped() -> None:
    gateway = Account().gateway("https://chatapi.viber.com/pa")
    incoming = hook(event="message", sender={"id": ANN}, message={"type": "text", "text": "hi"})
    receipt = hook(event="delivered", user_id=ANN)
    assert len(gateway.parse(receipt)) == 1, "ours, as far as we know"
    assert len(gateway.parse(incoming)) == 1
    assert not gateway.parse(receipt)
    other = Hook(receipt.body.replace(b'"message_token": 5', b'"message_token": 6'), {}, "")
    assert len(gateway.parse(other)) == 1
