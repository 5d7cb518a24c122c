"""The words of a broadcast, rendered once for all who get the same. Touches SQL to read a frozen revision.

What is rendered is exactly what two officers approved: the digest is checked each time a revision is read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from alerts import revisions, store
from alerts.digest import verify_digest
from alerts.events import read_event
from alerts.store import AlertRow, RevisionRow
from bot.gateway import Gateway, Prepared
from bot.messages import Outbound
from storage.database import Database

REMEMBERED = 500

Compose = Callable[[AlertRow, RevisionRow, str, str, bool], Outbound]
"""Alert, revision, event code, language, second notice? -> the message."""


class Renderer:
    """Renders revisions for one gateway; remembers what it rendered."""

    def __init__(self, database: Database, compose: Compose, gateway: Gateway) -> None:
        self._database = database
        self._compose = compose
        self._gateway = gateway
        self._done: OrderedDict[tuple[int, str, bool], Prepared] = OrderedDict()
        self._turn = asyncio.Lock()

    async def render(self, revision_id: int, language: str, second_notice: bool) -> Prepared:
        """Return the message in `language`.

        Raises:
            AlertRefusedError: nobody approved exactly this revision.
            StorageUnavailableError: SQL is away.
        """
        key = (revision_id, language, second_notice)
        ready = self._done.get(key)
        if ready is not None:
            return ready
        async with self._turn:
            if key not in self._done:
                self._done[key] = await self._render(revision_id, language, second_notice)
                while len(self._done) > REMEMBERED:
                    self._done.popitem(last=False)
            return self._done[key]

    async def _render(self, revision_id: int, language: str, second_notice: bool) -> Prepared:
        async with self._database.read() as connection:
            revision = await revisions.read_revision(connection, revision_id)
            alert = await store.read_alert(connection, revision.alert_id)
            event = await read_event(connection, alert.event_id)
        verify_digest(revision)
        return self._gateway.prepare(self._compose(alert, revision, event.code, language, second_notice))
