"""A desk with real parts under it: the real audit chain, the real outbox, a clock that stands still."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import cases
from assistance.desk import CaseDesk
from assistance.store import CaseRow
from bot.messages import Frame, Outbound
from bot.outbox import enqueue
from bot.tables import outbox
from staff.audit import append, newest
from staff.officers import Grant, Officer, Role
from storage.vault import Place, Vault
from tests.registry.newcomers import NOW, Newcomer

ICELAND = Officer(1, "asta", "Asta Example", (Grant(Role.CASE, frozenset({"IS"})),))
THAILAND = Officer(2, "somsak", "Somsak Example", (Grant(Role.CASE, frozenset({"TH", "LA"})),))
EVERYWHERE = Officer(3, "chief", "Chief Example", (Grant(Role.CASE, None),))
AUTHOR = Officer(4, "author", "Author Example", (Grant(Role.AUTHOR, None), Grant(Role.ADMIN, None)))


@dataclass
class StandingClock:
    """A clock that moves only when it is told to."""

    at: datetime = field(default=NOW)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


def compose(case: CaseRow, text: str, language: str) -> Outbound:
    return Outbound(f"{case.code}: {text}", language, frame=Frame.DRILL if case.drill else Frame.REPLY)


def desk_of(vault: Vault, clock: StandingClock) -> CaseDesk:
    return CaseDesk(vault, clock, send=enqueue, audit=append, compose=compose)


async def ask(
    connection: AsyncConnection,
    somebody: Newcomer,
    key: str,
    *,
    event_id: int | None = None,
    country: str = "IS",
    now: datetime = NOW,
) -> CaseRow:
    """Somebody presses "Need help"."""
    return await cases.open_case(
        connection,
        person_id=somebody.id,
        event_id=event_id,
        country=country,
        drill=somebody.person.drill,
        key=key,
        now=now,
        audit=append,
    )


async def sent(connection: AsyncConnection, vault: Vault) -> list[tuple[bytes, str, bool]]:
    """Lane, opened body and drill flag of every message in the outbox."""
    rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    return [
        (row.lane, vault.open_text(row.body, Place("outbox", "body", row.key)), row.drill) for row in rows
    ]


async def acts(connection: AsyncConnection) -> list[tuple[str, str, str]]:
    """Actor, action and subject of the audit chain, oldest first."""
    return [(entry.actor, entry.action, entry.subject) for entry in reversed(await newest(connection))]
