"""The HTTP answer of a refused Telegram call. Touches nothing."""

from aiohttp import web

from simulator.telegram_errors import ApiError
from simulator.telegram_methods import error_bytes


def retry_header(error: ApiError) -> dict[str, str] | None:
    """`Retry-After` of a 429."""
    wait = (error.parameters or {}).get("retry_after")
    return {"Retry-After": str(wait)} if wait is not None else None


def refusal(error: ApiError) -> web.Response:
    """The HTTP answer of a refused call."""
    return web.Response(
        body=error_bytes(error),
        status=error.status,
        headers=retry_header(error),
        content_type="application/json",
    )
