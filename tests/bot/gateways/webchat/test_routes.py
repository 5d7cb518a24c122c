"""The web chat over HTTP: cookies, refusals, acknowledgements, and what never leaves."""

import asyncio
import gzip
import json
import logging
from dataclasses import replace

import aiohttp
import pytest
from redis.asyncio import Redis
from sqlalchemy import select, text

from bot.gateways.webchat.guard import Allowance
from bot.gateways.webchat.routes import GENEROUS
from bot.messages import InboundKind, ReceiptState
from bot.tables import webchat, webchat_message
from storage.database import Database
from storage.vault import Vault
from tests.bot.gateways.webchat.site import Site, open_site, own_headers, two_buttons
from tests.bot.wiring import rows, until


async def get(site: Site, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
    async with site.http.get(site.url(path), headers=headers) as answer:
        return answer, await answer.text()


async def test_the_first_visit_brings_a_cookie_and_the_second_keeps_it(site: Site) -> None:
    answer, first_page = await get(site, "/chat")
    cookie = answer.cookies["muster_chat"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not cookie["secure"]
    assert "data-fresh" in first_page
    again, _ = await get(site, "/chat", Cookie=f"muster_chat={cookie.value}")
    assert again.cookies["muster_chat"].value == cookie.value
    assert await rows_of_chats(site) == 1
    assert answer.headers["Cache-Control"] == "no-store"
    forged, _ = await get(site, "/chat", Cookie="muster_chat=" + "x" * 43)
    assert forged.cookies["muster_chat"].value not in {"x" * 43, cookie.value}


async def rows_of_chats(site: Site) -> int:
    async with site.database.read() as connection:
        return len((await connection.execute(select(webchat.c.chat))).all())


async def test_over_https_the_cookie_is_secure(sqlite: Database, vault: Vault, redis: Redis) -> None:
    async with open_site(sqlite, vault, redis, public_url="https://muster.example") as site:
        answer, _ = await get(site, "/chat")
        assert answer.cookies["muster_chat"]["secure"]


@pytest.mark.parametrize("path", ["/chat", "/chat/app.js", "/chat/events", "/chat/messages"])
async def test_every_answer_keeps_the_page_safe(site: Site, path: str) -> None:
    visitor = await site.visitor()
    method = "POST" if path == "/chat/messages" else "GET"
    headers = {"Cookie": f"muster_chat={visitor.cookie}"}
    async with site.http.request(method, site.url(path), headers=headers) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Permissions-Policy"] == "geolocation=(self)"


async def test_a_message_is_stored_for_its_chat_with_a_language_hint(site: Site) -> None:
    visitor = await site.visitor()
    hint = {"Accept-Language": "vi-VN,vi;q=0.9"}
    assert await visitor.post("/chat/messages", {"id": "s", "start": "drill-abc"}, hint) == 202
    assert await visitor.post("/chat/messages", {"id": "t", "text": "xin chào"}, hint) == 202
    start, words = await site.said()
    assert (start.kind, start.text, start.language) == (InboundKind.START, "drill-abc", "vi-VN")
    assert (words.kind, words.text, words.address) == (InboundKind.TEXT, "xin chào", visitor.address)


async def test_the_same_id_from_two_browsers_is_two_messages(site: Site) -> None:
    for visitor in (await site.visitor(), await site.visitor()):
        assert await visitor.say("same", text="hello") == 202
        assert await visitor.say("same", text="hello") == 202
    assert len(await site.said()) == 2
    assert await rows(site.database, webchat_message) == 2


async def test_what_could_not_be_stored_is_not_shown_as_said(site: Site) -> None:
    """A browser lets go of its words when it sees them in the history."""
    visitor = await site.visitor()
    async with site.database.durable() as connection:
        await connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    assert await visitor.say("again", text="help") >= 500
    assert await rows(site.database, webchat_message) == 0
    async with site.database.durable() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox"))
    assert await visitor.say("again", text="help") == 202
    assert [one.text for one in await site.said()] == ["help"]
    assert await rows(site.database, webchat_message) == 1


async def test_acknowledging_twice_gives_one_receipt(site: Site) -> None:
    visitor = await site.visitor()
    alert = await visitor.hear("Flood", delivery=77)
    reply = await visitor.hear("Hello")
    for _ in range(2):
        assert await visitor.ack(alert, reply) == 204
    (receipt,) = await site.receipts()
    assert (receipt.delivery, receipt.state, receipt.provider_id) == (77, ReceiptState.DELIVERED, alert)
    async with visitor.listen() as stream:
        assert await stream.nothing()


async def test_nobody_acknowledges_for_somebody_else(site: Site) -> None:
    visitor, other = await site.visitor(), await site.visitor()
    alert = await visitor.hear("Flood", delivery=77)
    assert await other.ack(alert) == 204
    assert await site.receipts() == []
    async with visitor.listen() as stream:
        assert (await stream.next())["id"] == alert


async def test_a_message_comes_again_until_it_is_acknowledged(site: Site) -> None:
    visitor = await site.visitor()
    alert = await visitor.hear("Flood", delivery=1, **two_buttons())
    for _ in range(2):
        async with visitor.listen() as stream:
            message = await stream.next()
            assert message["id"] == alert
            assert [button["data"] for button in message["buttons"]] == ["safe:ABC123", "help:ABC123"]
            assert stream.ids == [alert]
    await visitor.ack(alert)
    async with visitor.listen() as stream:
        assert await stream.nothing()


async def test_the_backlog_comes_oldest_first_and_then_what_is_new(site: Site) -> None:
    visitor = await site.visitor()
    first = await visitor.hear("one")
    await visitor.say("m-1", text="two")
    await visitor.hear("three")
    await visitor.ack(first)
    async with visitor.listen() as stream:
        await visitor.hear("four")
        assert await stream.texts(2) == ["three", "four"]
    async with visitor.listen("?history=1") as stream:
        assert await stream.texts(4) == ["one", "two", "three", "four"]
        assert (await stream.raw())[0] == "ready"


@pytest.mark.parametrize("by", ["header", "query"])
async def test_a_browser_that_comes_back_gets_what_it_missed(site: Site, by: str) -> None:
    visitor = await site.visitor()
    ids = [await visitor.hear(str(number)) for number in range(3)]
    await visitor.ack(*ids)
    query, headers = (f"?after={ids[0]}", {}) if by == "query" else ("", {"Last-Event-ID": ids[0]})
    async with visitor.listen(query, **headers) as stream:
        assert await stream.texts(2) == ["1", "2"]
    async with visitor.listen("?after=-1%20or%201=1") as stream:
        assert await stream.nothing()


async def test_who_is_too_many_is_told_when_to_come_again(
    sqlite: Database, vault: Vault, redis: Redis
) -> None:
    tight = replace(GENEROUS, message=Allowance(0.5, 3), visit=Allowance(0.1, 2), new_chats=Allowance(0.1, 4))
    async with open_site(sqlite, vault, redis, allowances=tight) as site:
        visitor, other = await site.visitor(), await site.visitor()
        assert [await visitor.say(f"m-{n}", text="x") for n in range(5)] == [202, 202, 202, 429, 429]
        headers = own_headers(visitor.cookie)
        async with site.http.post(
            site.url("/chat/messages"), data=b'{"id":"z","text":"x"}', headers=headers
        ) as no:
            assert int(no.headers["Retry-After"]) >= 1
            assert (await no.json())["error"] == "too_many"
            assert "Retry-After" in (await no.json())["hint"]
        assert await other.say("m", text="x") == 202
        assert len(await site.said()) == 4
        pages = [(await get(site, "/chat"))[0].status for _ in range(6)]
        assert pages == [200] * 4 + [429] * 2


async def test_a_body_that_unfolds_is_not_unfolded(site: Site) -> None:
    visitor = await site.visitor()
    bomb = gzip.compress(b'{"id":"m","text":"' + b"x" * 5_000_000 + b'"}')
    assert len(bomb) < 16_384
    assert await visitor.post("/chat/messages", bomb, {"Content-Encoding": "gzip"}) == 400


async def test_too_many_acknowledgements_or_odd_ones_are_refused(site: Site) -> None:
    visitor = await site.visitor()
    assert await visitor.ack(*[str(number) for number in range(501)]) == 400
    for bad in ({"ids": [1]}, {"ids": ["x"]}, {"ids": "1"}, {}, {"ids": ["9" * 19]}):
        assert await visitor.post("/chat/acks", bad) == 400
    assert await visitor.ack() == 204
    assert await visitor.ack("999999999999") == 204


async def test_acknowledgements_need_our_page_too(site: Site) -> None:
    visitor = await site.visitor()
    alert = await visitor.hear("Flood", delivery=1)
    for wrong in ({"X-Muster-Chat": ""}, {"Origin": "https://evil.example"}, {"Cookie": "muster_chat=x"}):
        assert await visitor.post("/chat/acks", {"ids": [alert]}, wrong) == 403
    assert await site.receipts() == []


async def test_a_stream_needs_a_known_cookie_and_our_own_page(site: Site) -> None:
    visitor = await site.visitor()
    assert (await get(site, "/chat/events"))[0].status == 403
    assert (await get(site, "/chat/events", Cookie="muster_chat=" + "x" * 43))[0].status == 403
    evil = {"Cookie": f"muster_chat={visitor.cookie}", "Sec-Fetch-Site": "cross-site"}
    assert (await get(site, "/chat/events", **evil))[0].status == 403


async def test_what_somebody_says_reaches_no_log_no_url_and_no_redis(
    site: Site, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = await site.visitor()
    listener = redis.pubsub()
    await listener.psubscribe("*")
    with caplog.at_level(logging.INFO):
        async with visitor.listen("?history=1") as stream:
            await visitor.say("canary-id", text="canary-text")
            await visitor.say("b", button="canary-button", label="canary-label")
            await visitor.say("p", location={"lat": 64.123456, "lon": -21.654321})
            await visitor.say("c", contact="+354 555 0199")
            await visitor.say("bad", text="canary-text", button="canary-button")
            await visitor.ack(await visitor.hear("canary-answer", delivery=5))
            for _ in range(6):
                await stream.raw()
    heard = []
    while (one := await listener.get_message(timeout=0.2)) is not None:
        heard.append(str(one))
    await listener.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it without types
    assert len(heard) > 3
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "POST /chat/messages" in logged
    everything = logged + "".join(heard) + str(await redis.keys("*"))
    for word in ("canary", "64.12", "21.65", "555 0199", visitor.chat, visitor.cookie):
        assert word not in everything


async def test_refusals_are_json_with_a_code_and_a_hint(site: Site) -> None:
    visitor = await site.visitor()
    headers = own_headers(visitor.cookie)
    async with site.http.post(site.url("/chat/messages"), data=b"{", headers=headers) as answer:
        assert answer.status == 400
        assert set(json.loads(await answer.text())) == {"error", "hint"}
    del headers["X-Muster-Chat"]
    async with site.http.post(site.url("/chat/messages"), data=b"{}", headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == "no_chat_header"


async def test_a_page_that_is_closed_while_it_sends_is_no_fault_of_ours(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    visitor = await site.visitor()
    caplog.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    head = {**own_headers(visitor.cookie), "Host": "x", "Content-Length": "9", "Expect": "100-continue"}
    lines = ["POST /chat/messages HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await asyncio.wait_for(reader.readuntil(b"100"), 5)  # it is about to read
    writer.write(b"cut")
    writer.close()

    async def answered() -> bool:
        return any(record.name == "aiohttp.access" for record in caplog.records)

    await until(answered)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
