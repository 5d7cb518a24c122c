"""A provider that answers at once and counts exactly: Telegram's and, for any other address, the same answer.
Touches loopback only; imports nothing of ours.

Speed is judged against it. It looks for the recipient in the body (form or JSON), notes who and when, and
sends a prepared answer; every figure is reckoned afterwards from those notes. Run as a process of its own
(`python -m benchmarks.gateway`); it prints its port and stops when its standard input ends.

    GET /__reset?rate=0&delay_ms=0   forget everything; `rate` = most messages in any second, more get a 429
    GET /__count                     messages taken so far, as text
    GET /__notes                     CPU seconds as a double, 429s as an int64, and the notes: doubles, int64s
"""

import asyncio
import re
import sys
import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qsl

import httptools

from app.loops import new_event_loop

# An answer to getMe and to sendMessage at once: clients keep what they do not know of either.
BODY = (
    b'{"ok":true,"result":{"id":7000000001,"is_bot":true,"first_name":"Muster","username":"m_bot",'
    b'"message_id":7,"date":1795000000,"chat":{"id":1,"type":"private","first_name":"A"},"text":"ok"}}'
)
TOO_MANY = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":1}}'
RECIPIENT = re.compile(rb'chat_id["=: ]+(-?[0-9]+)')


def answer(body: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json") -> bytes:
    """The bytes of one response."""
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body


TAKEN = answer(BODY)
REFUSED = answer(TOO_MANY, b"429 Too Many Requests")


@dataclass(slots=True)
class Book:
    """Who was sent to and when (monotonic seconds, the same clock in every process of this machine)."""

    times: "array[float]" = field(default_factory=lambda: array("d"))
    who: "array[int]" = field(default_factory=lambda: array("q"))
    refused: int = 0
    rate: int = 0
    delay_s: float = 0.0
    _window: deque[float] = field(default_factory=deque)

    def reset(self, rate: int, delay_s: float) -> None:
        """Begin anew."""
        self.times, self.who, self.refused = array("d"), array("q"), 0
        self.rate, self.delay_s = rate, delay_s
        self._window.clear()

    def note(self, body: bytes) -> bool:
        """Take one message, or refuse it because the last second is full."""
        now = time.monotonic()
        if self.rate:
            window = self._window
            while window and window[0] <= now - 1.0:
                window.popleft()
            if len(window) >= self.rate:
                self.refused += 1
                return False
            window.append(now)
        found = RECIPIENT.search(body)
        self.times.append(now)
        self.who.append(int(found[1]) if found else 0)
        return True

    def notes(self) -> bytes:
        """Everything, for whoever measures."""
        head = array("d", [time.process_time()]).tobytes() + array("q", [self.refused]).tobytes()
        return head + self.times.tobytes() + self.who.tobytes()


class Answers(asyncio.Protocol):
    """One connection."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._url = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are, without saying so
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """httptools: part of the address."""
        self._url += url

    def on_body(self, body: bytes) -> None:
        """httptools: part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """httptools: the request is whole."""
        url, body, self._url, self._body = self._url, self._body, b"", b""
        if not body:
            self._write(self._asked(url))
            return
        reply = TAKEN if self._book.note(body) else REFUSED
        if self._book.delay_s:
            asyncio.get_running_loop().call_later(self._book.delay_s, self._write, reply)
        else:
            self._transport.write(reply)

    def _write(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)

    def _asked(self, url: bytes) -> bytes:
        path, _, query = url.decode().partition("?")
        if path == "/__reset":
            given = dict(parse_qsl(query))
            self._book.reset(int(given.get("rate", "0")), float(given.get("delay_ms", "0")) / 1000)
            return answer(b"")
        if path == "/__count":
            return answer(b"%d" % len(self._book.who), kind=b"text/plain")
        if path == "/__notes":
            return answer(self._book.notes(), kind=b"application/octet-stream")
        return TAKEN


async def serve() -> None:
    """Listen on a free port of loopback until standard input ends."""
    loop, book = asyncio.get_running_loop(), Book()
    server = await loop.create_server(lambda: Answers(book), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve())
