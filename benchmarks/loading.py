"""How fast the provider of the measurements is by itself: a client that only writes and counts answers.
Touches loopback only. As a process: `python -m benchmarks.loading`.
"""

import asyncio
import json
import sys
from typing import cast
from urllib.parse import quote_plus, urlencode

from app.loops import new_event_loop
from benchmarks.posting import PART, TOKEN

CONNECTIONS = 20
AHEAD = 10  # requests written before their answers are here


class Loader(asyncio.Protocol):
    """Writes `count` requests, `AHEAD` of them unanswered at most."""

    def __init__(self, first: int, count: int, done: "asyncio.Future[None]") -> None:
        self._next, self._left, self._unanswered = first, count, count
        self._done = done
        self._rest = urlencode(PART, quote_via=quote_plus).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._write(AHEAD)

    def data_received(self, data: bytes) -> None:
        answers = data.count(b"HTTP/1.1 200")  # whole ones: an answer is one write
        self._unanswered -= answers
        if self._unanswered <= 0 and not self._done.done():
            self._done.set_result(None)
        self._write(answers)

    def _write(self, count: int) -> None:
        requests = []
        for _ in range(min(count, self._left)):
            body = b"chat_id=%d&%b" % (self._next, self._rest)
            requests.append(
                b"POST /bot%b/sendMessage HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\n%b"
                % (TOKEN.encode(), len(body), body)
            )
            self._next += 1
        self._left -= len(requests)
        if requests:
            self._transport.write(b"".join(requests))


async def _load(port: int, count: int) -> None:
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    each, ends = count // CONNECTIONS, []
    for number in range(CONNECTIONS):
        done: asyncio.Future[None] = loop.create_future()
        ends.append(done)
        first = number * each + 1
        await loop.create_connection(lambda f=first, d=done: Loader(f, each, d), "127.0.0.1", port)  # type: ignore[misc]  # mypy cannot see defaults of a lambda
    await asyncio.gather(*ends)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_load(given["port"], given["count"]))
