"""The door for webhooks: `/hooks/{channel}` and `/hooks/{channel}/{account}`. Touches gateways and the inbox.

A gateway knows its provider and not this server; the server knows the shape of the door and no provider.

| what came | answer |
|---|---|
| an event, new or repeated, on the disk now | 200 |
| authentic, of a kind we do not know | 200, nothing is stored |
| larger than the gateway's limit | 413, the rest unread |
| the body took longer than the deadline | 408 |
| secret or signature missing or wrong | 403 |
| not what the provider documents | 400 |
| channel or account not ours | 404, no detail |
| another method than POST | 405 |
| too many bodies at once, or the deadline passed while storing | 503 and Retry-After |
| SQL is away | 503 and Retry-After |

Only a 503 asks the provider to come again. Redis has no part in it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.counters import Count
from bot.errors import ForgedHookError, HookError, MalformedHookError, OversizeHookError
from bot.gateway import Gateway, Hook
from bot.messages import Event
from storage.errors import StorageUnavailableError

DEADLINE_S = 10.0
BODIES_AT_ONCE = 128
CHUNK = 64 * 1024
COME_AGAIN_S = 5
MAIN_ACCOUNT = "main"

Store = Callable[[Sequence[Event]], Awaitable[int]]
"""`Inbox.store`."""


class _TooSlowError(HookError):
    status = 408


class _BusyError(HookError):
    status = 503


class Intake:
    """Receives for the gateways it is given.

    Args:
        public_url: what providers call us, without a trailing slash; signatures may be made over it.
        bodies_at_once: requests read and stored at the same moment, in this process.
        deadline_s: seconds for reading a body, and again for storing it.
    """

    def __init__(
        self,
        gateways: Sequence[Gateway],
        store: Store,
        *,
        public_url: str,
        count: Count,
        bodies_at_once: int = BODIES_AT_ONCE,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._gateways = {(gateway.channel.value, gateway.account): gateway for gateway in gateways}
        self._store = store
        self._public_url = public_url.rstrip("/")
        self._count = count
        self._bodies_at_once = bodies_at_once
        self._deadline_s = deadline_s
        self._under_way = 0

    def routes(self) -> Sequence[web.RouteDef]:
        """The routes to mount on the public listener."""
        return [
            web.post("/hooks/{channel}", self._receive),
            web.post("/hooks/{channel}/{account}", self._receive),
        ]

    async def _receive(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        gateway = self._gateways.get((channel, request.match_info.get("account", MAIN_ACCOUNT)))
        if gateway is None:
            self._count("hooks", channel="none", outcome="no_account")
            raise web.HTTPNotFound
        self._under_way += 1
        try:
            new = await self._take(request, gateway)
        except HookError as error:
            self._count("hooks", channel=channel, outcome=_OUTCOMES[type(error)])
            return _refusal(error.status)
        except (StorageUnavailableError, TimeoutError):
            self._count("hooks", channel=channel, outcome="no_storage")
            return _refusal(503)
        finally:
            self._under_way -= 1
        self._count("hooks", channel=channel, outcome="stored" if new else "nothing_new")
        return web.Response()

    async def _take(self, request: web.Request, gateway: Gateway) -> int:
        if self._under_way > self._bodies_at_once:
            raise _BusyError
        body = await self._read(request, gateway.max_hook_bytes)
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = Hook(body, headers, self._public_url + request.rel_url.raw_path_qs)
        gateway.verify(hook)
        events = gateway.parse(hook)
        if not events:
            return 0
        async with asyncio.timeout(self._deadline_s):
            return await self._store(events)

    async def _read(self, request: web.Request, limit: int) -> bytes:
        """Read the body, never more than one chunk beyond `limit` bytes."""
        if (request.content_length or 0) > limit:
            raise OversizeHookError
        body = bytearray()
        try:
            async with asyncio.timeout(self._deadline_s):
                while chunk := await request.content.read(CHUNK):
                    body += chunk
                    if len(body) > limit:
                        raise OversizeHookError
        except TimeoutError as error:
            raise _TooSlowError from error
        return bytes(body)


_OUTCOMES: dict[type[HookError], str] = {
    OversizeHookError: "oversize",
    ForgedHookError: "forged",
    MalformedHookError: "malformed",
    _TooSlowError: "slow",
    _BusyError: "busy",
}


def _refusal(status: int) -> web.Response:
    headers = {"Retry-After": str(COME_AGAIN_S)} if status == 503 else {}
    response = web.Response(status=status, headers=headers)
    if status in {408, 413, 503}:
        response.force_close()  # what is left of the body shall not be read
    return response
