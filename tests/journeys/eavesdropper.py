"""Hears what a service says where anybody might listen: its log, the commands it gives Redis, the addresses
it asks for and answers with, its refusals, its figures."""

import asyncio
import contextlib
import io
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from redis.asyncio import Redis

from app.logs import QUIET, set_up_logs
from simulator.server import Simulator

LINKS = re.compile(r'(?:href|src|action|hx-get|hx-post)="([^"]*)"')


class Raw(logging.Handler):
    """Every record that passes the levels, with all it carries: more than any formatter would write."""

    def __init__(self, lines: io.StringIO) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        told = {name: value for name, value in vars(record).items() if name != "exc_info"}
        self._lines.write(f"{record.getMessage()} {told!r}\n")


@dataclass
class Heard:
    """What was heard, by where."""

    log: io.StringIO = field(default_factory=io.StringIO)
    raw: io.StringIO = field(default_factory=io.StringIO)
    redis: bytearray = field(default_factory=bytearray)
    urls: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)

    def places(self) -> dict[str, bytes]:
        """Everything to be searched, by name."""
        found = {
            "the log": self.log.getvalue(),
            "what loggers were given": self.raw.getvalue(),
            "URLs": "\n".join(self.urls),
            "refusals": "\n".join(self.refusals),
            **self.pages,
        }
        return {"Redis": bytes(self.redis), **{name: text.encode() for name, text in found.items()}}

    async def answered(self, answer: aiohttp.ClientResponse) -> str:
        """Note what an answer of the service tells; returns its text."""
        text = await answer.text()
        if "html" in answer.content_type:
            # `tel:` and `geo:` are for the officer's own telephone and map; no address is asked for.
            self.urls += [link for link in LINKS.findall(text) if not link.startswith(("tel:", "geo:"))]
        self.urls += [answer.headers.get("Location", ""), answer.headers.get("HX-Redirect", "")]
        # The console shows the page again, its alert or the form as typed: that is no error's text.
        shown_again = answer.status in {409, 422} and "html" in answer.content_type
        if answer.status >= 400 and not shown_again:
            self.refusals.append(f"{answer.headers}\n{text}")
        return text


@contextlib.contextmanager
def logs_at_debug(heard: Heard) -> Iterator[None]:
    """The log as an operator has it who set it to debug, written to `heard`."""
    root = logging.getLogger()
    names = [*QUIET, "sqlalchemy.engine"]
    before = (root.handlers, root.level, {name: logging.getLogger(name).level for name in names})
    stderr, sys.stderr = sys.stderr, heard.log
    hook = sys.excepthook
    try:
        set_up_logs("all", "debug")
    finally:
        sys.stderr = stderr
    structlog.configure(cache_logger_on_first_use=False)  # loggers must not remember this test
    root.addHandler(Raw(heard.raw))
    try:
        yield
    finally:
        sys.excepthook = hook
        root.handlers, level, levels = before
        root.setLevel(level)
        for name, was in levels.items():
            logging.getLogger(name).setLevel(was)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


@contextlib.asynccontextmanager
async def redis_commands(url: str, heard: Heard) -> AsyncIterator[None]:
    """Every command Redis carries out, those in scripts included: keys, values, names of pub/sub channels."""
    client = Redis.from_url(url, socket_timeout=None)
    async with client.monitor() as monitor:

        async def listen() -> None:
            while True:  # the raw line: the client's own parser would drop what it does not expect
                heard.redis.extend(await monitor.connection.read_response() + b"\n")

        listening = asyncio.create_task(listen())
        try:
            yield
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
    await client.aclose()


async def dump(redis: Redis, heard: Heard) -> int:
    """Every key and value that lies in Redis now; returns how many keys."""
    read: dict[bytes, Callable[[bytes], Awaitable[object]]] = {
        b"string": redis.get,
        b"stream": redis.xrange,
        b"set": redis.smembers,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
    }
    keys = [key async for key in redis.scan_iter()]
    for key in keys:
        heard.redis.extend(key + repr(await read[await redis.type(key)](key)).encode() + b"\n")
    return len(keys)


def overhear_requests(simulator: Simulator, heard: Heard) -> None:
    """Every address the service asks the simulated provider for; before the simulator starts."""
    answer = simulator.telegram.handle

    async def noted(request: Any) -> Any:
        heard.urls.append(f"{request.method} {request.path_qs} {dict(request.headers)}")
        return await answer(request)

    simulator.telegram.handle = noted  # type: ignore[method-assign]  # its own way in stays behind it
