"""Viber's REST API on loopback: records the bytes of each call and answers what a test planned."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Raw:
    """An answer of HTTP, not of Viber."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Mapping[str, Any] | Raw | None
TOKEN_OF_A_MESSAGE = 4987381194038857789  # beyond 2^53, as Viber's are


@dataclass(frozen=True)
class Call:
    """One call as it came over the wire."""

    method: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class ViberApi:
    """`planned` answers go first; None = the connection is cut.

    Attributes:
        judge: status for one recipient, 0 = taken; asked by sends and for each of many.
    """

    calls: list[Call] = field(default_factory=list)
    planned: deque[Answer] = field(default_factory=deque)
    judge: Callable[[str], int] = lambda _receiver: 0
    base: str = ""

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.match_info["method"], dict(request.headers), await request.read())
        self.calls.append(call)
        answer = self.planned.popleft() if self.planned else self._usual(call)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, Raw):
            return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))
        return web.json_response(answer)

    def _usual(self, call: Call) -> Mapping[str, Any]:
        ok = {"status": 0, "status_message": "ok"}
        if call.method == "get_account_info":
            return {**ok, "name": "Muster", "uri": "muster"}
        if call.method == "send_message":
            status = self.judge(call.fields["receiver"])
            return {**ok, "message_token": TOKEN_OF_A_MESSAGE} if status == 0 else {"status": status}
        if call.method == "broadcast_message":
            failed = [
                {"receiver": receiver, "status": status, "status_message": "words"}
                for receiver in call.fields["broadcast_list"]
                if (status := self.judge(receiver))
            ]
            return {**ok, "message_token": TOKEN_OF_A_MESSAGE, "failed_list": failed}
        return ok


@asynccontextmanager
async def viber_api() -> AsyncIterator[ViberApi]:
    """A running API on a free port."""
    api = ViberApi()
    app = web.Application()
    app.add_routes([web.post("/pa/{method}", api.serve)])
    async with TestServer(app) as server:
        api.base = str(server.make_url("/pa"))
        yield api
