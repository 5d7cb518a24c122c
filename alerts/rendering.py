"""The words of a broadcast, rendered once for all who get the same. Touches SQL to read a frozen revision.

What is rendered is exactly what two officers approved: the digest is checked each time a revision is read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import revisions, store
from alerts.copies import Copy
from alerts.digest import verify_digest
from alerts.events import read_event
from alerts.store import AlertRow, RevisionRow
from bot.gateway import Gateway, Prepared
from bot.messages import Outbound
from storage.database import Database

REMEMBERED = 500


class Compose(Protocol):
    """Words a revision for one language (`alerts.wording`)."""

    def __call__(
        self,
        alert: AlertRow,
        revision: RevisionRow,
        event_code: str,
        language: str,
        copy: Copy = Copy.FIRST,
        *,
        phone: str = "",
    ) -> Outbound: ...


PhoneOf = Callable[[AsyncConnection, int], Awaitable[str]]
"""Revision -> the number that its people may call, "" = none is known."""


async def no_phone(_connection: AsyncConnection, _revision_id: int) -> str:
    """Nobody to call."""
    return ""


class Renderer:
    """Renders revisions for one gateway; remembers what it rendered."""

    def __init__(
        self, database: Database, compose: Compose, gateway: Gateway, phone_of: PhoneOf = no_phone
    ) -> None:
        self._database = database
        self._compose = compose
        self._gateway = gateway
        self._phone_of = phone_of
        self._done: OrderedDict[tuple[int, str, Copy], Prepared] = OrderedDict()
        self._turn = asyncio.Lock()

    async def render(self, revision_id: int, language: str, copy: Copy) -> Prepared:
        """Return the message in `language`.

        Raises:
            AlertRefusedError: nobody approved exactly this revision.
            StorageUnavailableError: SQL is away.
        """
        key = (revision_id, language, copy)
        ready = self._done.get(key)
        if ready is not None:
            return ready
        async with self._turn:
            if key not in self._done:
                self._done[key] = await self._render(revision_id, language, copy)
                while len(self._done) > REMEMBERED:
                    self._done.popitem(last=False)
            return self._done[key]

    async def _render(self, revision_id: int, language: str, copy: Copy) -> Prepared:
        async with self._database.read() as connection:
            revision = await revisions.read_revision(connection, revision_id)
            alert = await store.read_alert(connection, revision.alert_id)
            event = await read_event(connection, alert.event_id)
            phone = await self._phone_of(connection, revision_id)
        verify_digest(revision)
        words = self._compose(alert, revision, event.code, language, copy, phone=phone)
        return self._gateway.prepare(words)
