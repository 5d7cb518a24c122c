"""Calls of Viber's REST API over aiohttp. Touches the network only.

Viber answers HTTP 200 whatever became of a call; the answer's `status` says it. Two failures are kept apart:
the call was certainly not made (another try is free), and the bytes left but no answer came (another try may
repeat the message).
"""

import json
from typing import Any

import aiohttp

from bot.errors import (
    PERHAPS_ACCEPTED,
    BrokenServerError,
    ClosedError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)

CONNECT_S = 5.0
READ_S = 15.0
POOL_S = 10.0
CONNECTIONS = 100
WAIT_S = 10.0  # after HTTP 429 without Retry-After; Viber documents none (broadcasts: 500 calls in 10 s)
LONGEST_WAIT_S = 3600.0
MAX_BYTES = 1024 * 1024  # of an answer; one that lists 300 failures is a twentieth
_REFUSED = frozenset({401, 403, 404, 405, 407})  # a wrong address or token: nothing of ours passes there
_LATE = frozenset({408, 504})  # somebody between us gave up waiting; Viber may have it


class ViberHttp:
    """One pool of connections to one API.

    Args:
        base: without a slash at its end.
        token: sent as a header with every call.
        read_s: seconds without a byte of the answer after which it counts as lost.
    """

    def __init__(self, base: str, token: str, *, read_s: float = READ_S) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._read_s = read_s
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the pool; nothing connects yet."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300),
                headers={"X-Viber-Auth-Token": self._token, "Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(
                    total=POOL_S + CONNECT_S + 2 * self._read_s,
                    connect=POOL_S + CONNECT_S,
                    sock_connect=CONNECT_S,
                    sock_read=self._read_s,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def call(self, method: str, body: bytes) -> dict[str, Any]:
        """POST `body` (JSON) and return the fields of the answer, `status` among them as an int.

        Raises:
            TransientError: nothing left, or HTTP says that it was not taken.
            UnknownOutcomeError: something left; whether it was carried out is unknown.
            RetryAfterError: HTTP 429. ClosedError: HTTP says that we are nobody there. RejectedError: another
                4xx.
        """
        if self._session is None:
            raise TransientError("not_open")
        # `from None` throughout: what aiohttp says may hold the token's header or somebody's words.
        try:
            async with self._session.post(
                f"{self._base}/{method}", data=body, allow_redirects=False
            ) as response:
                status, wait, answer = (
                    response.status,
                    response.headers.get("Retry-After"),
                    await _read(response),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise TransientError("not_sent") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise UnknownOutcomeError("no_answer") from None
        if status != 200:
            raise _refusal(status, wait)
        return _fields(answer)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, unpacked; raises `ClientPayloadError` when it ended early or is larger than Viber's are."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise aiohttp.ClientPayloadError("too large")
    return bytes(body)


def _refusal(status: int, wait: str | None) -> SendError:
    code = f"http_{status}"
    if status == 429:
        seconds = float(wait) if wait is not None and wait.isascii() and wait.isdecimal() else WAIT_S
        return RetryAfterError(code, min(seconds, LONGEST_WAIT_S))
    if status in _REFUSED:
        return ClosedError(code)
    if status in _LATE:
        return UnknownOutcomeError(code)
    if 400 <= status < 500:
        return RejectedError(code)
    if code in PERHAPS_ACCEPTED:
        return BrokenServerError(code)
    # Other 5xx, and what is no HTTP API at all (a redirect to a page): it was not taken.
    return TransientError(code)


def _fields(answer: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(answer)
    except (ValueError, RecursionError):
        raise UnknownOutcomeError("unreadable_answer") from None
    if not isinstance(fields, dict) or type(fields.get("status")) is not int:
        raise UnknownOutcomeError("unreadable_answer")
    return fields
