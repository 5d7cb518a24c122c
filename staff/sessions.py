"""Sign-ins: the console's cookie, the API's bearer credential, the demo's one-time link. Touches SQL only.

A token is 256 random bits and is known here only as its SHA-256. The console's lives 12 h from the last
request, at most three days; a bearer credential has a fixed end; a one-time token is exchanged once for
a session.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.tables import officer_session

CONSOLE_IDLE = timedelta(hours=12)
CONSOLE_LONGEST = timedelta(days=3)
RENEW_AFTER = timedelta(minutes=5)  # a session is written at most this often
BEARER_SHORTEST = timedelta(minutes=15)
BEARER_LONGEST = timedelta(minutes=60)
ONCE_LIFE = timedelta(hours=12)


class SessionKind(StrEnum):
    """How somebody is signed in."""

    CONSOLE = "console"
    BEARER = "bearer"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made: the only moment its token is known."""

    token: str
    csrf: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "NewSession(...)"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is found again."""

    officer_id: int
    kind: SessionKind
    csrf: str
    created_at: datetime
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Session(officer {self.officer_id}, {self.kind})"


async def start_console(connection: AsyncConnection, officer_id: int, now: datetime) -> NewSession:
    """Begin a console session."""
    return await _start(connection, officer_id, SessionKind.CONSOLE, now, now + CONSOLE_IDLE)


async def start_bearer(
    connection: AsyncConnection, officer_id: int, now: datetime, life: timedelta = BEARER_LONGEST
) -> NewSession:
    """Issue a credential for API and command line; `life` is held between 15 and 60 minutes."""
    held = min(max(life, BEARER_SHORTEST), BEARER_LONGEST)
    return await _start(connection, officer_id, SessionKind.BEARER, now, now + held)


async def start_once(connection: AsyncConnection, officer_id: int, now: datetime) -> NewSession:
    """Make a one-time sign-in token (demo only); whoever holds it becomes the officer, once."""
    return await _start(connection, officer_id, SessionKind.ONCE, now, now + ONCE_LIFE)


async def find(connection: AsyncConnection, token: str, kind: SessionKind, now: datetime) -> Session | None:
    """Return the living session of `kind` behind `token`, or None."""
    table = officer_session.c
    query = select(table.officer_id, table.kind, table.csrf, table.created_at, table.expires_at).where(
        table.token_hash == hash_of(token), table.kind == kind.value, table.expires_at > now
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return Session(row.officer_id, SessionKind(row.kind), row.csrf, row.created_at, row.expires_at)


def renewal_of(session: Session, now: datetime) -> datetime | None:
    """The later end a console session deserves for being used, or None when writing is not worth it."""
    if session.kind is not SessionKind.CONSOLE:
        return None
    end = min(now + CONSOLE_IDLE, session.created_at + CONSOLE_LONGEST)
    return end if end - session.expires_at >= RENEW_AFTER else None


async def renew(connection: AsyncConnection, token: str, until: datetime) -> None:
    """Move the end of a session."""
    await connection.execute(
        update(officer_session).where(officer_session.c.token_hash == hash_of(token)).values(expires_at=until)
    )


async def exchange_once(
    connection: AsyncConnection, token: str, now: datetime
) -> tuple[int, NewSession] | None:
    """Turn a one-time token into a console session; None when it was used, is too old or never was."""
    found = await find(connection, token, SessionKind.ONCE, now)
    if found is None:
        return None
    used = await connection.execute(
        delete(officer_session).where(officer_session.c.token_hash == hash_of(token))
    )
    if used.rowcount != 1:
        return None
    return found.officer_id, await start_console(connection, found.officer_id, now)


async def end(connection: AsyncConnection, token: str) -> None:
    """Sign out."""
    await connection.execute(delete(officer_session).where(officer_session.c.token_hash == hash_of(token)))


async def end_all(connection: AsyncConnection, officer_id: int) -> None:
    """Sign an officer out everywhere (password reset, removal)."""
    await connection.execute(delete(officer_session).where(officer_session.c.officer_id == officer_id))


async def sweep(connection: AsyncConnection, now: datetime) -> int:
    """Delete sessions past their end; return how many."""
    gone = await connection.execute(delete(officer_session).where(officer_session.c.expires_at <= now))
    return gone.rowcount


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


async def _start(
    connection: AsyncConnection, officer_id: int, kind: SessionKind, now: datetime, until: datetime
) -> NewSession:
    made = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(32), until)
    await connection.execute(
        insert(officer_session).values(
            token_hash=hash_of(made.token),
            officer_id=officer_id,
            kind=kind.value,
            csrf=made.csrf,
            created_at=now,
            expires_at=until,
        )
    )
    return made
