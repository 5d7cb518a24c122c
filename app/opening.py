"""Getting in at a provider, again and again while it refuses us. Touches one gateway through `Core`.

Meanwhile nobody may wait for ever: who is refused at once lets people go on to their next channel at once;
who merely cannot be reached has `PATIENCE_S`, since an interruption of a minute should cost nobody a channel.
"""

import asyncio

import structlog

from app.core import Core
from bot.gateway import Gateway
from storage.errors import StorageUnavailableError

REOPEN_S = 30.0
PATIENCE_S = 60.0
BROKEN = "broken"
UNREACHABLE = "unreachable"  # the code of `ClosedError` with which a gateway says that nobody could be asked

log = structlog.get_logger(__name__)


class Opening:
    """Whether one gateway is open; `access` fulfils `alerts.line.Access`."""

    def __init__(self, core: Core, gateway: Gateway) -> None:
        self._core = core
        self._gateway = gateway
        self._code: str | None = None  # of the last answer; None = not asked yet
        self._since = 0.0  # monotonic, of the first failure

    def access(self) -> str | None:
        """How it stands now."""
        waited = self._core.clock.monotonic() - self._since
        if self._code == UNREACHABLE and waited < PATIENCE_S:
            return None
        return self._code

    async def run(self, stopping: asyncio.Event) -> None:
        """Try until we are in or `stopping` is set."""
        self._since = self._core.clock.monotonic()
        while not stopping.is_set():
            try:
                self._code = await self._core.open_gateway(self._gateway)
            except StorageUnavailableError:
                log.warning("the database is away; asking the provider again later", action="opening.away")
            except Exception as error:
                # A bug of ours: nobody waits for an account that never opens; their next channel is tried.
                log.error("the account could not be opened", action="opening.broken", exc_info=error)
                self._code = BROKEN
            if self._code == "":
                return
            try:
                async with asyncio.timeout(REOPEN_S):
                    await stopping.wait()
            except TimeoutError:
                continue
