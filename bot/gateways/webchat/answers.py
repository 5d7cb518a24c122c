"""How the web chat answers over HTTP: refusals in words a program can count, headers that keep a page safe.

Touches aiohttp only.

| answer | when |
|---|---|
| 400 | the page is broken or not ours; trying again is no use |
| 403 | not our page, or no such chat (any more): open /chat again |
| 408 | the body came too slowly; the same id may come again |
| 413 | larger than 16 KiB |
| 429 | too many; `Retry-After` says when |
| 503 | SQL is away or the process is full; `Retry-After` says when, the same id may come again |
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil

from aiohttp import web

from bot.errors import GoneError, HookError, MalformedHookError, OversizeHookError
from bot.gateways.webchat.guard import TooManyError
from storage.errors import StorageUnavailableError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_DEADLINE_S = 20.0
STORAGE_RETRY_S = 2
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HINTS = {
    "no_chat_header": "send the header X-Muster-Chat: 1",
    "other_site": "only the chat's own page may do this",
    "unknown_chat": "open /chat to get a cookie",
    "oversize": "at most 16 KiB",
    "slow": "send the same id again on a better line",
    "not_json": "send JSON with Content-Type: application/json",
    "bad_fields": "send an id and one of text, button, location, contact, start",
    "one_thing": "say one thing in one message",
    "empty": "the text has no words",
    "unknown_kind": "send one of text, button, location, contact, start",
    "too_many": "wait as long as Retry-After says, then send the same id again",
    "storage_away": "send the same id again in a moment",
}


def refusal(status: int, code: str, retry_after_s: float | None = None) -> web.Response:
    """An error as JSON with a stable code and a hint."""
    response = web.json_response({"error": code, "hint": HINTS[code]}, status=status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, ceil(retry_after_s)))
    return response


def guarded(handler: Handler) -> Handler:
    """Give every answer of `handler` the safety headers, and its errors a form."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except HookError as error:
            response = refusal(error.status, str(error))
            response.force_close()  # part of its body may still be on the way
        except GoneError:
            response = refusal(403, "unknown_chat")
        except TooManyError as error:
            response = refusal(429, "too_many", error.seconds)
        except StorageUnavailableError:
            response = refusal(503, "storage_away", STORAGE_RETRY_S)
        except TimeoutError:
            response = refusal(408, "slow")
        if not response.prepared:
            response.headers.update(SECURITY)
        return response

    return answer


async def read_body(request: web.Request, limit: int) -> bytes:
    """The raw body.

    Raises:
        OversizeHookError: it is larger than `limit` bytes, whatever its header said.
        MalformedHookError: it is compressed, which no page of ours does.
        TimeoutError: it did not come within 20 s, or its sender hung up.
    """
    if "Content-Encoding" in request.headers:
        raise MalformedHookError("not_json")
    if (request.content_length or 0) > limit:
        raise OversizeHookError("oversize")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise OversizeHookError("oversize")
    except ConnectionResetError as error:
        raise TimeoutError("hung up") from error
    return bytes(body)
