"""A Bot API on loopback, as raw as TCP: records the bytes of each request and answers what a test planned."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

GET_ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Muster","username":"muster_bot"}}'
SENT = b'{"ok":true,"result":{"message_id":77,"date":1,"chat":{"id":42,"type":"private"},"text":"x"}}'
TRUE = b'{"ok":true,"result":true}'
NO_UPDATES = b'{"ok":true,"result":[]}'
NORMAL = {
    "getMe": GET_ME,
    "sendMessage": SENT,
    "answerCallbackQuery": TRUE,
    "setWebhook": TRUE,
    "deleteWebhook": TRUE,
    "getUpdates": NO_UPDATES,
}


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def method(self) -> str:
        return self.path.partition("?")[0].rpartition("/")[2]

    @property
    def form(self) -> dict[str, str]:
        return {
            name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }


def answer(status: int, body: bytes, *, headers: str = "") -> bytes:
    """The bytes of a whole HTTP answer."""
    head = f"HTTP/1.1 {status} Words\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{headers}\r\n".encode() + body


class Cut(bytes):
    """An answer after which the connection is cut."""


@dataclass
class SimulatedApi:
    """`planned` answers go first: bytes are written as they are and, when empty, the connection is cut."""

    requests: list[Request] = field(default_factory=list)
    planned: list[bytes] = field(default_factory=list)
    reply: Callable[[Request], bytes | None] | None = None
    hang: bool = False
    port: int = 0
    connections: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def called(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                request = Request(head, await reader.readexactly(length))
                self.requests.append(request)
                if self.hang:
                    await asyncio.sleep(60)
                planned = self.planned.pop(0) if self.planned else self._usual(request)
                if not planned:
                    return
                writer.write(planned)
                await writer.drain()
                if isinstance(planned, Cut):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _usual(self, request: Request) -> bytes:
        own = self.reply(request) if self.reply is not None else None
        return own if own is not None else answer(200, NORMAL[request.method])


@asynccontextmanager
async def simulated_api() -> AsyncIterator[SimulatedApi]:
    """A running API on a free port."""
    api = SimulatedApi()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await api.serve(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
