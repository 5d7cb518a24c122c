"""Signing in: password, time code, lock with growing delay. Touches SQL, argon2 and the vault.

A stranger learns nothing from an answer or from its time: an unknown login costs the same hash as a
known one, every refusal is the same sentence and takes at least the same time. From the fifth failure in
a row a login waits 1 minute, then 2, 4, 8, at most 15; attempts while it waits are refused without being
counted, so that a stranger's patience keeps nobody out for longer.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from staff import audit, sessions, totp
from staff.errors import SignInRefusedError
from staff.officers import OfficerState
from staff.passwords import Passwords
from staff.sessions import NewSession, SessionKind
from staff.tables import officer
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault

FREE_FAILURES = 4
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    password: str
    secret: str
    totp_step: int | None
    locked_until: datetime | None


class SignIn:
    """Signs officers in and out; one per process."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        passwords: Passwords,
        *,
        refusal_s: float = 0.3,
    ) -> None:
        """Prepare; `refusal_s` is the least time a refusal takes, well above what the checks need."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._passwords = passwords
        self._refusal_s = refusal_s

    async def sign_in(
        self,
        login: str,
        password: str,
        code: str,
        *,
        kind: SessionKind = SessionKind.CONSOLE,
        life: timedelta = sessions.BEARER_LONGEST,
    ) -> tuple[int, NewSession]:
        """Check everything and return the officer's id and a fresh session of `kind`.

        Raises:
            SignInRefusedError: anything at all is wrong.
        """
        began = self._clock.monotonic()
        try:
            return await self._sign_in(login, password, code, kind, life)
        except SignInRefusedError:
            await asyncio.sleep(max(0.0, began + self._refusal_s - self._clock.monotonic()))
            raise

    async def _sign_in(
        self, login: str, password: str, code: str, kind: SessionKind, life: timedelta
    ) -> tuple[int, NewSession]:
        known = await self._read(login)
        right = await self._passwords.check(known.password if known else None, password)
        now = self._clock.now()
        if known is None or (known.locked_until is not None and known.locked_until > now):
            raise SignInRefusedError
        step = totp.matching_step(known.secret, code, now, known.totp_step)
        if not right or step is None or not await self._take_step(known.id, step):
            await self._count_failure(known.id)
            raise SignInRefusedError
        async with self._database.durable() as connection:
            await connection.execute(
                update(officer).where(officer.c.id == known.id).values(failures=0, locked_until=None)
            )
            if kind is SessionKind.BEARER:
                made = await sessions.start_bearer(connection, known.id, now, life)
            else:
                made = await sessions.start_console(connection, known.id, now)
            await audit.append(
                connection,
                at=now,
                actor=f"officer:{known.id}",
                action="officer.sign_in",
                subject=f"officer:{known.id}",
                detail={"kind": kind.value},
            )
        return known.id, made

    async def sign_in_once(self, token: str) -> tuple[int, NewSession]:
        """Exchange a one-time token for a console session.

        Raises:
            SignInRefusedError: used, too old, or never was.
        """
        now = self._clock.now()
        async with self._database.durable() as connection:
            made = await sessions.exchange_once(connection, token, now)
            if made is None:
                raise SignInRefusedError
            await audit.append(
                connection,
                at=now,
                actor=f"officer:{made[0]}",
                action="officer.sign_in",
                subject=f"officer:{made[0]}",
                detail={"kind": SessionKind.ONCE.value},
            )
        return made

    async def sign_out(self, token: str) -> None:
        """End the session behind `token`."""
        async with self._database.durable() as connection:
            await sessions.end(connection, token)

    async def _read(self, login: str) -> _Known | None:
        query = select(
            officer.c.id, officer.c.password, officer.c.totp, officer.c.totp_step, officer.c.locked_until
        ).where(officer.c.login == login.strip().lower(), officer.c.state == OfficerState.ACTIVE)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        secret = totp.unseal(self._vault, row.id, row.totp)
        return _Known(row.id, row.password, secret, row.totp_step, row.locked_until)

    async def _take_step(self, officer_id: int, step: int) -> bool:
        """Use up the code; False when another sign-in used it in the meantime."""
        async with self._database.durable() as connection:
            taken = await connection.execute(
                update(officer)
                .where(
                    officer.c.id == officer_id,
                    or_(officer.c.totp_step.is_(None), officer.c.totp_step < step),
                )
                .values(totp_step=step)
            )
        return taken.rowcount == 1

    async def _count_failure(self, officer_id: int) -> None:
        now = self._clock.now()
        async with self._database.durable() as connection:
            failures = await connection.scalar(
                update(officer)
                .where(officer.c.id == officer_id)
                .values(failures=officer.c.failures + 1)
                .returning(officer.c.failures)
            )
            wait = wait_after(failures or 0)
            if not wait:
                return
            await connection.execute(
                update(officer).where(officer.c.id == officer_id).values(locked_until=now + wait)
            )
            await audit.append(
                connection,
                at=now,
                actor="system:sign-in",
                action="officer.wait",
                subject=f"officer:{officer_id}",
                detail={"failures": failures or 0, "seconds": int(wait.total_seconds())},
            )


def wait_after(failures: int) -> timedelta:
    """How long a login waits after so many failures in a row."""
    if failures <= FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_FAILURES - 1, 10)), LONGEST_WAIT)
