"""The transport of twilio's own client, over aiohttp. Touches the network only.

Its async transport has no timeout, no bound on connections, writes numbers to the log and loses
`Retry-After`. This one keeps three outcomes apart: certainly not sent (another try is free), refused with a
code, and "the bytes left and no answer came" (another try may repeat the message).
"""

import json
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.http.response import Response
from yarl import URL

from bot.errors import TransientError, UnknownOutcomeError

CONNECT_S = 5.0
READ_S = 15.0
POOL_S = 10.0
_TWILIO = "api.twilio.com"
_LONGEST_WAIT_S = 3600.0
MAX_BYTES = 16 * 1024 * 1024  # of an answer: 1,000 listed messages are a fifth


@dataclass(slots=True)
class RefusedError(Exception):
    """Twilio answered and did not do it.

    Attributes:
        status: of HTTP. code: Twilio's own, None when the answer has none (a proxy's page).
        retry_after_s: seconds Twilio asks to wait, None when it does not say.
    """

    status: int
    code: int | None
    retry_after_s: float | None

    def __str__(self) -> str:
        return f"http {self.status}, code {self.code}"


class AiohttpClient:
    """One pool of connections in the shape of `twilio.http.AsyncHttpClient`; opens itself when first used.

    Args:
        api_base: where requests for Twilio's hosts go; paths and queries stay.
        connections: most of them at once; further requests wait up to 10 s for a free one.
        read_s: seconds without a byte of the answer after which it counts as lost.
    """

    is_async = True

    def __init__(self, api_base: str, *, connections: int, read_s: float = READ_S) -> None:
        self._base = urlsplit(api_base.rstrip("/"))
        self._connections = connections
        self._timeout = _timeout(read_s)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the shape twilio calls; ours are fixed
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request; redirects are never followed, whatever is asked.

        Raises:
            TransientError: nothing left (`not_sent`).
            UnknownOutcomeError: something left and no answer came, or an endless one (`no_answer`).
            RefusedError: any status but 2xx.
        """
        body, kind = _body(data, headers or {})
        proof = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
        # `from None` throughout: aiohttp's texts and chains hold the URL, and the URL holds numbers.
        try:
            async with self._opened().request(
                method.upper(),
                self._rewritten(url, params),
                data=body,
                headers={**(headers or {}), **kind, **proof},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                text = (await _read(response)).decode("utf-8", "replace")
                if not 200 <= response.status < 300:
                    wait = _seconds(response.headers.get("Retry-After"))
                    raise RefusedError(response.status, _code(text), wait)
                return Response(response.status, text, response.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise TransientError("not_sent") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise UnknownOutcomeError("no_answer") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _rewritten(self, url: str, params: dict[str, object] | None) -> URL:
        """`url` with its parameters at our API base. A regional host of Twilio's stands for `api` alone;
        anything else (a proxy, a simulator) for all of Twilio's hosts.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        regional = (self._base.hostname or "").endswith(".twilio.com")
        query = "&".join(part for part in (parts.query, urlencode(params or {}, doseq=True)) if part)
        if host != _TWILIO and (regional or not host.endswith(".twilio.com")):
            return URL(urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), encoded=True)
        path = f"{self._base.path}{parts.path}"
        return URL(urlunsplit((self._base.scheme, self._base.netloc, path, query, "")), encoded=True)


def _body(data: dict[str, object] | None, headers: dict[str, str]) -> tuple[bytes | None, dict[str, str]]:
    """The body as its content type asks; twilio's own async transport sends forms as JSON."""
    if not data:
        return None, {}
    if "json" in headers.get("Content-Type", ""):
        return json.dumps(data).encode(), {}
    return urlencode(data, doseq=True).encode(), {}


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, unpacked; one that is larger than any of Twilio's is none of Twilio's.

    Raises:
        ClientPayloadError: it is too large, or ended early.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise aiohttp.ClientPayloadError("too large")
    return bytes(body)


def _code(text: str) -> int | None:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if type(code) is int and 0 < code < 1_000_000_000 else None


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is not used by Twilio."""
    if text is None or not text.strip().isdecimal():
        return None
    return min(float(text), _LONGEST_WAIT_S)


def _timeout(read_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=POOL_S + CONNECT_S + 2 * read_s,
        connect=POOL_S + CONNECT_S,
        sock_connect=CONNECT_S,
        sock_read=read_s,
    )
