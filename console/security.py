"""What every answer of the console carries, and the cookies it sets. Touches HTTP headers only."""

import secrets
from hmac import compare_digest

from aiohttp import web

from storage.clock import Clock

# The two style sheets that terra-draw's Leaflet adapter (a pinned version) writes for its panes, by hash.
PEN_STYLES = (
    "'sha256-IjnZ4d+lzicCMSB/otGrrL/sJt0cki5vc+NzEOAV1as='",
    "'sha256-YkOHxHAMMQGKmkuKqu8zQTmfB2QDitz/ePRVcWBgJ6o='",
)
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {' '.join(PEN_STYLES)}",
        "img-src 'self' data:",  # Leaflet's own empty tiles
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SESSION_COOKIE = "muster_console"
ENTRY_COOKIE = "muster_entry"
CSRF_FIELD = "csrf"
SIGN_INS_AT_ONCE = 10
SIGN_INS_PER_MINUTE = 12
PLACES_KEPT = 10_000


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers; nothing but our own static files may be kept by a browser."""
    response.headers.update(HEADERS)
    if "Cache-Control" not in response.headers:
        fixed = request.path.startswith("/static/")
        response.headers["Cache-Control"] = "private, max-age=300" if fixed else "no-store"


def set_session(response: web.StreamResponse, token: str, *, secure: bool) -> None:
    """Sign the browser in; the cookie ends with the browser, the session itself in SQL."""
    response.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/")


def drop_session(response: web.StreamResponse) -> None:
    """Sign the browser out."""
    response.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Strict")


def entry_token(request: web.Request) -> str:
    """The token that ties a sign-in form to this browser: the one it has, or a fresh one."""
    return request.cookies.get(ENTRY_COOKIE) or secrets.token_urlsafe(24)


def set_entry(response: web.StreamResponse, token: str, *, secure: bool) -> None:
    """Give the browser the token of its sign-in form."""
    response.set_cookie(ENTRY_COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/sign-in")


def same_entry(request: web.Request, sent: str) -> bool:
    """Whether a sign-in form was sent by the browser it was given to."""
    known = request.cookies.get(ENTRY_COOKIE, "")
    return bool(known) and compare_digest(known.encode(), sent.encode())


def comes_from_elsewhere(request: web.Request) -> bool:
    """Whether the browser itself says that another site caused this request."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}


class Throttle:
    """Sign-in attempts per network address: ten at once, twelve a minute. Keeps argon2 from being the way in.

    Per process and forgotten at a restart; what holds across processes is the wait of each login.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._allowances: dict[str, tuple[float, float]] = {}

    def admits(self, place: str) -> bool:
        """Count one attempt; False when there were too many."""
        now = self._clock.monotonic()
        left, at = self._allowances.get(place, (float(SIGN_INS_AT_ONCE), now))
        left = min(float(SIGN_INS_AT_ONCE), left + (now - at) * SIGN_INS_PER_MINUTE / 60)
        if left < 1:
            return False
        if len(self._allowances) >= PLACES_KEPT:
            self._allowances.clear()
        self._allowances[place] = (left - 1, now)
        return True


THROTTLE = web.AppKey("throttle", Throttle)
