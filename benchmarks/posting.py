"""The yardstick and the job that every queue is given: one aiohttp session, one form, one answer parsed.
Touches loopback only.

As a process a loop that does nothing but send, a hundred at once: `bare` = that job; `telegram` =
python-telegram-bot over our transport, by itself; `httpx` = the library as it is shipped.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from telegram import Bot
from telegram.request import HTTPXRequest

from app.loops import new_event_loop
from app.settings import settle_libraries
from bot.gateways.telegram.request import AiohttpRequest

AT_ONCE = 100
TOKEN = "7000000001:benchmark-token"  # noqa: S105 - works nowhere
WORDS = "Severe storm near Reykjavik. Stay inside. Keep away from windows. " * 4
MARKUP = (
    '{"inline_keyboard":[[{"text":"I am safe","callback_data":"safe:ABCDEF"},'
    '{"text":"I need help","callback_data":"help:ABCDEF"}]]}'
)
PART = {"text": WORDS, "link_preview_options": '{"is_disabled":true}', "reply_markup": MARKUP}

Post = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def posting(base: str) -> AsyncIterator[Post]:
    """The job: post one message to `chat_id` and read the answer."""
    url = f"{base}/bot{TOKEN}/sendMessage"
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post(number: int) -> None:
            async with session.post(url, data={"chat_id": str(number), **PART}) as answer:
                await answer.json()

        yield post


async def all_of(post: Post, count: int) -> None:
    """Post to 1..`count`, a hundred at once."""
    numbers = iter(range(1, count + 1))

    async def one() -> None:
        for number in numbers:
            await post(number)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


@asynccontextmanager
async def by_library(base: str, *, shipped: bool) -> AsyncIterator[Post]:
    """python-telegram-bot: over its own transport (`shipped`) or over ours."""
    request = HTTPXRequest(connection_pool_size=256) if shipped else AiohttpRequest(connections=AT_ONCE)
    bot = Bot(
        TOKEN, base_url=f"{base}/bot", request=request, get_updates_request=AiohttpRequest(connections=1)
    )
    await bot.initialize()
    rest = {key: value for key, value in PART.items() if key != "text"}

    async def post(number: int) -> None:
        await bot.send_message(number, PART["text"], api_kwargs=rest)

    yield post
    await bot.shutdown()


async def _loop(kind: str, base: str, count: int) -> None:
    way = posting(base) if kind == "bare" else by_library(base, shipped=kind == "httpx")
    async with way as post:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await all_of(post, count)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    settle_libraries()
    given = json.loads(sys.argv[1])
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_loop(given["kind"], given["base"], given["count"]))
