"""The register of WhatsApp templates: one row for each purpose, language and sender. Touches the table
`template`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import TemplateError, TransientError
from bot.gateways.twilio.whatsapp_templates import Category, Purpose, Template, TemplateState, choose
from bot.tables import template
from storage.clock import Clock
from storage.database import Database, upsert
from storage.errors import StorageUnavailableError

FRESH_S = 15.0  # how long a process relies on what it read

_KEY = ("account", "purpose", "language")
_REST = ("name", "sid", "category", "state", "slots", "checked_at", "changed_at")


async def read_all(connection: AsyncConnection, account: str | None = None) -> list[Template]:
    """Every template in the register, of one account or of all."""
    query = select(template).order_by(template.c.account, template.c.purpose, template.c.language)
    if account is not None:
        query = query.where(template.c.account == account)
    return [_row(row) for row in await connection.execute(query)]


async def write(connection: AsyncConnection, new: Template, now: datetime) -> None:
    """Put a template into the register, in the place of whatever served its purpose and language."""
    values = {name: getattr(new, name) for name in Template.__slots__}
    await upsert(connection, template, values | {"slots": list(new.slots), "changed_at": now}, _KEY, _REST)


async def refresh(connection: AsyncConnection, told: Template, now: datetime) -> bool:
    """Write what the provider says of a template; False when it is not the one in its place now."""
    columns = template.c
    same = (
        (columns.account == told.account)
        & (columns.purpose == told.purpose)
        & (columns.language == told.language)
        & (columns.sid == told.sid)
    )
    values = {name: getattr(told, name) for name in ("name", "category", "state", "checked_at")}
    changed = update(template).where(same).values(**values, changed_at=now)
    return (await connection.execute(changed)).rowcount == 1


async def remove(connection: AsyncConnection, account: str, purpose: Purpose, language: str) -> bool:
    """Take a template out of the register; False when it was not there."""
    columns = template.c
    one = (columns.account == account) & (columns.purpose == purpose) & (columns.language == language)
    return (await connection.execute(delete(template).where(one))).rowcount == 1


@dataclass(slots=True)
class TemplateBook:
    """One account's templates as a gateway asks for them: read from SQL, relied on for 15 seconds.

    With SQL away it goes on with what it read last.
    """

    account: str
    database: Database
    clock: Clock
    _known: list[Template] = field(default_factory=list)
    _read_at: float | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def choose(self, wanted: Sequence[Purpose], language: str) -> Template:
        """The template for a purpose, best first, in a language.

        Raises:
            TemplateError: there is none that may be used.
            TransientError: SQL is away, and nothing was ever read.
        """
        return choose(await self._all(), wanted, language)

    async def refusal(self, wanted: Sequence[Purpose], language: str) -> str:
        """Why no template could be used now, "" = one could; raises `TransientError`."""
        try:
            await self.choose(wanted, language)
        except TemplateError as error:
            return error.code
        return ""

    async def spoil(self, sid: str, state: TemplateState) -> None:
        """The provider refused this one: do not use it any more, here at once, elsewhere within 15 seconds.

        `checked_at` stays: the provider was not asked, it told us. Asking it (`muster template sync`) may
        lift this.
        """
        self._known = [replace(one, state=state) if one.sid == sid else one for one in self._known]
        mine = (template.c.account == self.account) & (template.c.sid == sid)
        try:
            async with self.database.bulk() as connection:
                await connection.execute(update(template).where(mine).values(state=state))
        except StorageUnavailableError:
            return  # this process knows, and each of the others is told by the provider itself

    async def _all(self) -> Sequence[Template]:
        async with self._turn:
            now = self.clock.monotonic()
            if self._read_at is None or now - self._read_at > FRESH_S:
                try:
                    async with self.database.read() as connection:
                        self._known = await read_all(connection, self.account)
                except StorageUnavailableError:
                    if self._read_at is None:
                        raise TransientError("storage_away") from None
                self._read_at = now
            return self._known


def _row(row: Any) -> Template:
    return Template(
        account=row.account,
        purpose=Purpose(row.purpose),
        language=row.language,
        name=row.name,
        sid=row.sid,
        category=Category(row.category),
        state=TemplateState(row.state),
        slots=tuple(row.slots),
        checked_at=row.checked_at,
    )
