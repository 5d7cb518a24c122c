"""Where webhooks arrive: each door's paths below `/hooks`, with or without an account. Touches the inbox.

A door knows its provider and not this server; the server knows the shape of a door and no provider.

| what came | answer |
|---|---|
| an event, new or repeated, on the disk now | 200, with what this provider wants to hear |
| authentic, of a kind we do not know | 200, nothing is stored |
| larger than the door's limit | 413, the rest unread |
| the body took longer than the deadline | 408 |
| secret or signature missing or wrong | 403 |
| not what the provider documents | 400 |
| channel or account not ours | 404, no detail |
| another method than POST | 405 |
| no place within 4 s, the line for one is full, or the deadline passed while storing | 503 and Retry-After |
| SQL is away | 503 and Retry-After |

Only a 503 asks the provider to come again, and not all do: a burst waits in line, unread, before anybody is
turned away. Redis has no part in it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from bot.counters import Count
from bot.errors import ForgedHookError, HookError, MalformedHookError, OversizeHookError
from bot.gateway import Door, Hook, HookAnswer
from bot.messages import Event
from storage.errors import StorageUnavailableError

DEADLINE_S = 10.0
BODIES_AT_ONCE = 128
LINE_S = 4.0  # with a second for storing well below what providers wait (Twilio: 15 s, Telegram: some 60)
IN_LINE = 2_000
CHUNK = 64 * 1024
COME_AGAIN_S = 5
MAIN_ACCOUNT = "main"

Store = Callable[[Sequence[Event]], Awaitable[int]]
"""`Inbox.store`."""


class _TooSlowError(HookError):
    status = 408


class _HungUpError(HookError):
    """Nobody is there any more who could read the answer."""


class _BusyError(HookError):
    status = 503


class Intake:
    """Receives for the doors it is given.

    Args:
        public_url: what providers call us, without a trailing slash; signatures may be made over it.
        bodies_at_once: requests read and stored at the same moment, in this process.
        in_line: further requests that wait for one of these places, unread. line_s: how many seconds each.
        deadline_s: seconds for reading a body, and again for storing it.
    """

    def __init__(
        self,
        doors: Sequence[Door],
        store: Store,
        *,
        public_url: str,
        count: Count,
        bodies_at_once: int = BODIES_AT_ONCE,
        in_line: int = IN_LINE,
        line_s: float = LINE_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._doors = {(path, door.account): door for door in doors for path in door.hook_paths}
        self._store = store
        self._public_url = public_url.rstrip("/")
        self._count = count
        self._places = asyncio.Semaphore(bodies_at_once)
        self._free_in_line = in_line
        self._line_s = line_s
        self._deadline_s = deadline_s

    def routes(self) -> Sequence[web.RouteDef]:
        """The routes to mount on the public listener."""
        found = []
        for path in dict.fromkeys(path for path, _ in self._doors):
            receive = partial(self._receive, path)
            found += [web.post(f"/hooks{path}", receive), web.post(f"/hooks{path}/{{account}}", receive)]
        return [*found, web.post("/hooks/{rest:.*}", self._nobody)]

    async def _nobody(self, request: web.Request) -> web.Response:
        self._count("hooks", channel="none", outcome="no_account")
        raise web.HTTPNotFound

    async def _receive(self, path: str, request: web.Request) -> web.Response:
        door = self._doors.get((path, request.match_info.get("account", MAIN_ACCOUNT)))
        if door is None:
            return await self._nobody(request)
        channel = path.split("/")[1]
        try:
            async with self._place():
                new, answer = await self._take(request, door)
        except HookError as error:
            self._count("hooks", channel=channel, outcome=_OUTCOMES[type(error)])
            return _refusal(error.status)
        except (StorageUnavailableError, TimeoutError):
            self._count("hooks", channel=channel, outcome="no_storage")
            return _refusal(503)
        self._count("hooks", channel=channel, outcome="stored" if new else "nothing_new")
        return web.Response(text=answer.body, content_type=answer.content_type)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._places.locked() and not self._free_in_line:
            raise _BusyError
        self._free_in_line -= 1
        try:
            async with asyncio.timeout(self._line_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise _BusyError from error
        finally:
            self._free_in_line += 1
        try:
            yield
        finally:
            self._places.release()

    async def _take(self, request: web.Request, door: Door) -> tuple[int, HookAnswer]:
        body = await self._read(request, door.max_hook_bytes)
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = Hook(body, headers, self._public_url + request.rel_url.raw_path_qs)
        door.verify(hook)
        events = door.parse(hook)
        if not events:
            return 0, door.answer(hook)
        async with asyncio.timeout(self._deadline_s):
            return await self._store(events), door.answer(hook)

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
        except ConnectionResetError as error:
            raise _HungUpError from error
        return bytes(body)


_OUTCOMES: dict[type[HookError], str] = {
    OversizeHookError: "oversize",
    ForgedHookError: "forged",
    MalformedHookError: "malformed",
    _TooSlowError: "slow",
    _HungUpError: "hung_up",
    _BusyError: "busy",
}


def _refusal(status: int) -> web.Response:
    headers = {"Retry-After": str(COME_AGAIN_S)} if status == 503 else {}
    response = web.Response(status=status, headers=headers)
    if status in {408, 413, 503}:
        response.force_close()  # what is left of the body shall not be read
    return response
