"""An application served on loopback for tests, as the service serves it."""

from typing import Any

from aiohttp.test_utils import TestServer
from aiohttp.web import BaseRunner


class Served(TestServer):
    """A handler goes on when its client hangs up; aiohttp's own server for tests would cancel it."""

    __test__ = False

    async def _make_runner(self, **options: Any) -> BaseRunner:
        return await super()._make_runner(**{**options, "handler_cancellation": False})
