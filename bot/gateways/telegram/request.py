"""python-telegram-bot's transport, over aiohttp. Touches the network only.

Two failures are kept apart which the library's own transport mixes: the request was certainly not sent
(another try is free), and the bytes left but no answer came (another try may repeat the message).
"""

import json
from typing import Any

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT_S = 5.0
READ_S = 15.0
POOL_S = 10.0
_FORM = "application/x-www-form-urlencoded"


class NotSentError(NetworkError):
    """No byte of the request left this machine."""


class AnswerLostError(TimedOut):
    """The request left, or part of it; whether it was carried out is unknown."""


class AiohttpRequest(BaseRequest):
    """One pool of connections.

    Args:
        connections: most of them at once; further requests wait up to 10 s for a free one.
        read_s: seconds without a byte of the answer after which it counts as lost.
    """

    def __init__(self, *, connections: int, read_s: float = READ_S) -> None:
        self._connections = connections
        self._read_s = read_s
        self._timeout = _timeout(read_s)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds, see `read_s`."""
        return self._read_s

    async def initialize(self) -> None:
        """Open the pool; nothing connects yet."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
                headers={"User-Agent": self.USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request; of the timeouts only `read_timeout` may be given for a single call.

        Raises:
            NotSentError: nothing left.
            AnswerLostError: something left.
        """
        if self._session is None:
            raise NotSentError("the transport is closed")
        body = request_data.url_encoded_parameters().encode() if request_data is not None else None
        timeout = _timeout(read_timeout) if isinstance(read_timeout, float | int) else self._timeout
        # `from None` throughout: aiohttp's texts and chains hold the URL, and the URL holds the token.
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers={"Content-Type": _FORM} if body is not None else None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise NotSentError("no connection") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise AnswerLostError("no answer") from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As the library's, without writing the answer to the log when it is not JSON."""
        try:
            answer = json.loads(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response")
        return answer


def _timeout(read_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=POOL_S + CONNECT_S + 2 * read_s,
        connect=POOL_S + CONNECT_S,
        sock_connect=CONNECT_S,
        sock_read=read_s,
    )
