"""The door for webhooks, whatever stands behind it; see gateway_contract.py for what every gateway keeps."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.gateway import Hook
from bot.intake import Intake
from bot.messages import Event
from tests.bot.served import Served
from tests.bot.wiring import Provider, said, until


@dataclass
class Listener(Provider):
    """Takes everything and remembers the request it was shown."""

    hooks: list[Hook] = field(default_factory=list)

    def parse(self, hook: Hook) -> Sequence[Event]:
        self.hooks.append(hook)
        return [said(len(self.hooks))]


@dataclass
class Shelf:
    """Where intake stores; a test can hold it up."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    stored: int = 0
    waiting: int = 0
    counted: list[str] = field(default_factory=list)

    async def store(self, events: Sequence[Event]) -> int:
        self.waiting += 1
        await self.gate.wait()
        self.stored += len(events)
        return len(events)

    def count(self, name: str, /, **labels: str) -> None:
        self.counted.append(f"{name}:{labels['channel']}:{labels['outcome']}")


@asynccontextmanager
async def door(
    *gateways: Listener,
    shelf: Shelf,
    deadline_s: float = 5,
    bodies: int = 10,
    in_line: int = 0,
    line_s: float = 5,
) -> AsyncIterator[Served]:
    app = web.Application()
    intake = Intake(
        gateways,
        shelf.store,
        public_url="https://muster.example/",
        count=shelf.count,
        deadline_s=deadline_s,
        bodies_at_once=bodies,
        in_line=in_line,
        line_s=line_s,
    )
    app.add_routes(intake.routes())
    async with Served(app) as server:
        yield server


def open_shelf() -> Shelf:
    shelf = Shelf()
    shelf.gate.set()
    return shelf


async def test_a_hook_is_shown_as_the_provider_sent_it() -> None:
    listener, shelf = Listener(), open_shelf()
    async with door(listener, shelf=shelf) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("/hooks/telegram/main?a=%20b&c"))
        async with session.post(url, data=b"\x00raw", headers={"X-Odd-Case": "Value"}) as answer:
            assert answer.status == 200
            assert await answer.read() == b""
    (hook,) = listener.hooks
    assert hook.body == b"\x00raw"
    assert hook.headers["x-odd-case"] == "Value"
    assert hook.url == "https://muster.example/hooks/telegram/main?a=%20b&c"
    assert shelf.counted == ["hooks:telegram:stored"]


async def test_accounts_have_their_own_doors_and_strangers_learn_nothing() -> None:
    main, second, shelf = Listener(), Listener(account="second"), open_shelf()
    async with door(main, second, shelf=shelf) as server, aiohttp.ClientSession() as session:
        statuses = []
        for path in ("telegram", "telegram/main", "telegram/second", "telegram/third", "viber", "viber/main"):
            async with session.post(server.make_url(f"/hooks/{path}"), data=b"x") as answer:
                statuses.append(answer.status)
                assert "third" not in await answer.text()
    assert statuses == [200, 200, 200, 404, 404, 404]
    assert (len(main.hooks), len(second.hooks)) == (2, 1)


async def test_a_body_that_never_ends_meets_its_deadline() -> None:
    shelf = open_shelf()
    async with door(Listener(), shelf=shelf, deadline_s=0.2) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /hooks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nslow")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
        assert head.split()[1] == b"408"
        writer.close()
    assert shelf.counted == ["hooks:telegram:slow"]
    assert shelf.stored == 0


async def test_who_hangs_up_in_the_middle_is_counted_and_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf = open_shelf()
    async with door(Listener(), shelf=shelf) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /hooks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        await asyncio.wait_for(reader.readuntil(b"100"), 5)  # it is about to read
        writer.write(b"cut")
        writer.close()

        async def counted() -> bool:
            return bool(shelf.counted)

        await until(counted)
    assert shelf.counted == ["hooks:telegram:hung_up"]
    assert shelf.stored == 0
    assert not caplog.records, "a traceback for each provider in a hurry hides those that matter"


async def test_too_many_at_once_are_turned_away_unread_and_others_served() -> None:
    shelf = Shelf()
    async with door(Listener(), shelf=shelf, bodies=3) as server, aiohttp.ClientSession() as session:
        url = server.make_url("/hooks/telegram")

        async def post() -> tuple[int, str]:
            async with session.post(url, data=b"x") as answer:
                return answer.status, answer.headers.get("Retry-After", "")

        waiting = [asyncio.create_task(post()) for _request in range(3)]

        async def all_inside() -> bool:
            return shelf.waiting == 3

        await until(all_inside)
        assert await post() == (503, "5")
        shelf.gate.set()
        assert await asyncio.gather(*waiting) == [(200, "")] * 3
        assert await post() == (200, "")
    assert shelf.stored == 4
    assert shelf.counted.count("hooks:telegram:busy") == 1


async def test_a_burst_waits_in_line_and_nobody_is_turned_away() -> None:
    shelf = Shelf()
    async with (
        door(Listener(), shelf=shelf, bodies=2, in_line=30) as server,
        aiohttp.ClientSession() as session,
    ):

        async def post() -> int:
            async with session.post(server.make_url("/hooks/telegram"), data=b"x") as answer:
                return answer.status

        burst = [asyncio.create_task(post()) for _request in range(32)]

        async def both_places_taken() -> bool:
            return shelf.waiting == 2

        await until(both_places_taken)
        shelf.gate.set()
        assert await asyncio.gather(*burst) == [200] * 32
    assert shelf.stored == 32


async def test_who_waits_in_line_for_too_long_is_asked_to_come_again() -> None:
    shelf = Shelf()
    async with (
        door(Listener(), shelf=shelf, bodies=1, in_line=5, line_s=0.1) as server,
        aiohttp.ClientSession() as session,
    ):
        url = server.make_url("/hooks/telegram")
        first = asyncio.create_task(session.post(url, data=b"x"))

        async def place_taken() -> bool:
            return shelf.waiting == 1

        await until(place_taken)
        async with session.post(url, data=b"x") as answer:
            assert answer.status == 503
        shelf.gate.set()
        async with await first as answer:
            assert answer.status == 200
        async with session.post(url, data=b"x") as answer:
            assert answer.status == 200
    assert shelf.stored == 2


async def test_storing_that_takes_too_long_asks_the_provider_to_come_again() -> None:
    shelf = Shelf()
    async with (
        door(Listener(), shelf=shelf, deadline_s=0.2) as server,
        aiohttp.ClientSession() as session,
        session.post(server.make_url("/hooks/telegram"), data=b"x") as answer,
    ):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
    assert shelf.counted == ["hooks:telegram:no_storage"]


async def test_a_stated_length_above_the_limit_is_refused_before_any_byte() -> None:
    shelf = open_shelf()
    async with door(Listener(), shelf=shelf) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /hooks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
        assert head.split()[1] == b"413"
        writer.close()
    assert shelf.counted == ["hooks:telegram:oversize"]
