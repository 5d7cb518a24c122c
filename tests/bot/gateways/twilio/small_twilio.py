"""A small Twilio on loopback: keeps the very bytes of every request, answers what a test plans.

It knows two things, sending a message and listing messages, and nothing of limits or citizens.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

FIRST = 1000


class Cut(bytes):
    """An answer after which the connection is cut."""


@dataclass(slots=True)
class Request:
    """One request as it arrived."""

    head: bytes
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


def answer(status: int, body: bytes, headers: str = "") -> bytes:
    lines = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}"
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def refusal(code: int, status: int = 400, headers: str = "") -> bytes:
    """A refusal as Twilio words it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": "canary-message", "more_info": more, "status": status}
    return answer(status, json.dumps(body).encode(), headers)


def record(number: int, **fields: object) -> dict[str, Any]:
    """A message as Twilio describes it (the fields of its schema's `api.v2010.account.message`)."""
    sid = f"SM{number:032x}"
    return {
        "account_sid": "AC" + "0123456789abcdef" * 2,
        "api_version": "2010-04-01",
        "body": "",
        "date_created": "Sun, 22 Nov 2026 10:00:00 +0000",
        "date_sent": "Sun, 22 Nov 2026 10:00:00 +0000",
        "date_updated": "Sun, 22 Nov 2026 10:00:00 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+12025550100",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {},
        "to": "+84912345678",
        "uri": f"/2010-04-01/Accounts/AC/Messages/{sid}.json",
        **fields,
    }


@dataclass
class SmallTwilio:
    """What came, and what is answered next.

    Attributes:
        planned: answers of the next requests, first first; b"" = the connection is cut.
        messages: what a listing shows, newest first.
        page_size: most messages on one page, whatever was asked for.
        hang: requests are read and never answered.
    """

    base: str = ""
    requests: list[Request] = field(default_factory=list)
    planned: list[bytes] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 1000
    hang: bool = False
    connections: int = 0
    most_at_once: int = 0
    open_now: int = 0

    @property
    def sent(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.most_at_once = max(self.most_at_once, self.open_now)
        try:
            while head := await self._head(reader):
                length = next(
                    (
                        int(line[15:])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                request = Request(head, await reader.readexactly(length))
                self.requests.append(request)
                if self.hang:
                    await asyncio.Event().wait()
                reply = self.planned.pop(0) if self.planned else self._reply(request)
                if not reply:
                    return
                writer.write(reply)
                await writer.drain()
                if isinstance(reply, Cut):
                    return
        finally:
            self.open_now -= 1
            writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    def _reply(self, request: Request) -> bytes:
        if request.method == "GET":
            return answer(200, json.dumps(self._page(request)).encode())
        made = record(FIRST + len(self.sent), body=request.form.get("Body", [""])[0])
        return answer(201, json.dumps(made).encode())

    def _page(self, request: Request) -> dict[str, Any]:
        query = {name: values[0] for name, values in request.query.items()}
        wanted = [
            message
            for message in self.messages
            if query.get("To", message["to"]) == message["to"]
            and query.get("From", message["from"]) == message["from"]
        ]
        size = min(self.page_size, int(query.get("PageSize", 50)))
        number = int(query.get("Page", 0))
        path = urlsplit(request.target).path
        more = len(wanted) > (number + 1) * size
        following = urlencode({**query, "Page": number + 1, "PageToken": "PASM"})
        return {
            "messages": wanted[number * size : (number + 1) * size],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": min(len(wanted), (number + 1) * size) - 1,
            "uri": request.target,
            "first_page_uri": f"{path}?Page=0",
            "next_page_uri": f"{path}?{following}" if more else None,
            "previous_page_uri": None,
        }


@asynccontextmanager
async def small_twilio() -> AsyncIterator[SmallTwilio]:
    twilio = SmallTwilio()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await twilio.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    twilio.base = f"http://{host}:{port}"
    try:
        yield twilio
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
