"""What a message to Telegram costs on this side: python-telegram-bot over our transport, over its own, and a
bare aiohttp loop that only posts.

All three speak to one server on loopback, in a process of its own, that answers every request the same.
Rounds are interleaved and compared within the run, so that a neighbour on the machine meets all three alike.
"""

import asyncio
import multiprocessing
import statistics
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection

import aiohttp
from telegram import Bot
from telegram.request import HTTPXRequest

from benchmarks.measure import Spent, head, middle, once_async, say
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.messages import Address, Button, Channel, Outbound

TOKEN = "7000000001:benchmark-token"  # noqa: S105 - works nowhere
AT_ONCE = 100
ROUNDS = 5
MESSAGES = 2_000
MESSAGES_SLOW = 200  # the library's own transport is slow enough to be measured with fewer
WORDS = "Severe storm near Reykjavik. Stay inside. Keep away from windows. " * 4
# An answer to getMe and to sendMessage at once: the library keeps what it does not know of either.
BODY = (
    b'{"ok":true,"result":{"id":7000000001,"is_bot":true,"first_name":"Muster","username":"m_bot",'
    b'"message_id":7,"date":1795000000,"chat":{"id":1,"type":"private","first_name":"A"},"text":"ok"}}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)

Send = Callable[[int], Awaitable[object]]


class Answers(asyncio.Protocol):
    """Answers each request once its body is there; understands no more of HTTP than that."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while b"\r\n\r\n" in self._rest:
            lines, _, rest = self._rest.partition(b"\r\n\r\n")
            length = 0
            for line in lines.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if len(rest) < length:
                return
            self._rest = rest[length:]
            if isinstance(self._transport, asyncio.WriteTransport):
                self._transport.write(ANSWER)


def serve(told: Connection) -> None:
    """Listen on a free port of loopback and say which, until stopped."""

    async def listening() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answers, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listening())


def run() -> None:
    """Start the server, measure, stop it."""
    head(f"Transport, messages of {len(WORDS)} characters with two buttons, {AT_ONCE} at once")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(_measure(ours.recv()))
    finally:
        server.terminate()
        server.join()


async def _measure(port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    gateway = TelegramGateway(TelegramSettings(token=TOKEN, secret="s", api_base=base))  # noqa: S106
    slow = Bot(TOKEN, base_url=f"{base}/bot", request=HTTPXRequest(connection_pool_size=256))
    await gateway.open()
    await slow.initialize()
    outbound = Outbound(
        WORDS, "en", (Button("I am safe", "safe:ABCDEF"), Button("I need help", "help:ABCDEF"))
    )
    message = gateway.prepare(outbound)
    part = dict(message.parts[0])
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def bare(number: int) -> None:
            form = {"chat_id": str(number), **part}
            async with session.post(f"{base}/bot{TOKEN}/sendMessage", data=form) as answer:
                await answer.json()

        async def over_ours(number: int) -> None:
            await gateway.send(Address(Channel.TELEGRAM, "main", str(number)), message)

        async def over_theirs(number: int) -> None:
            rest = {key: value for key, value in part.items() if key != "text"}
            await slow.send_message(number, part["text"], api_kwargs=rest)

        ways: dict[str, tuple[Send, int]] = {
            "bare aiohttp loop": (bare, MESSAGES),
            "our gateway: python-telegram-bot over our transport": (over_ours, MESSAGES),
            "python-telegram-bot over its own transport": (over_theirs, MESSAGES_SLOW),
        }
        _report(await _rounds(ways), ways)
    await gateway.close()
    await slow.shutdown()


async def _rounds(ways: dict[str, tuple[Send, int]]) -> dict[str, list[Spent]]:
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, (send, count) in ways.items():
            took = await once_async(partial(_all, send, count))
            if number:  # the first round warms up
                spent[name].append(Spent(took.cpu_s / count, took.wall_s / count))
    return spent


async def _all(send: Send, count: int) -> None:
    numbers = iter(range(1, count + 1))

    async def one() -> None:
        for number in numbers:
            await send(number)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


def _report(spent: dict[str, list[Spent]], ways: dict[str, tuple[Send, int]]) -> None:
    names = list(ways)
    for name in names:
        took = middle(spent[name])
        say(name, f"{took.cpu_s * 1e6:.0f} us CPU", f"{1 / took.wall_s:,.0f} a second on the clock")
    bare, ours, theirs = (spent[name] for name in names)
    pairs = list(zip(bare, ours, theirs, strict=True))
    say(
        "our rate / bare loop, round by round",
        f"{statistics.median(b.wall_s / o.wall_s for b, o, _ in pairs):.2f}",
    )
    say("our CPU / bare loop", f"{statistics.median(o.cpu_s / b.cpu_s for b, o, _ in pairs):.1f} x")
    say(
        "our rate / its own transport", f"{statistics.median(t.wall_s / o.wall_s for _, o, t in pairs):.1f} x"
    )
    say(
        "its own transport's CPU / ours", f"{statistics.median(t.cpu_s / o.cpu_s for _, o, t in pairs):.1f} x"
    )
