"""Adding officers, resetting their sign-in, changing what they may do. Touches SQL, argon2 and the vault.

An officer who was made or reset by somebody may not approve what that somebody wrote for 24 h; see
`Officer.made_by_any`. Nobody can hand themselves the second signature by inventing a colleague.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from staff import audit, officers, sessions, totp
from staff.errors import OfficerRefusedError
from staff.officers import Grant, OfficerState
from staff.passwords import Passwords
from staff.tables import officer
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault

LOGIN = re.compile(r"[a-z][a-z0-9.-]{1,39}")
COUNTRY = re.compile(r"[A-Z]{2}")
GROUPS = 4
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without l, i, o, 0, 1


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new or reset officer is told, once."""

    officer_id: int
    login: str
    password: str
    totp_secret: str
    totp_link: str

    def __repr__(self) -> str:
        return f"Credentials(officer {self.officer_id})"


class Enrolment:
    """Writes officers; who may call it is the caller's to check (the admin role, or the operator's shell)."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._passwords = passwords

    async def add(
        self, *, login: str, name: str, grants: Sequence[Grant], by: int | None = None
    ) -> Credentials:
        """Add an officer; `by` is the admin who does it, None the operator at the machine.

        Raises:
            OfficerRefusedError: login malformed or taken, name empty, a country is not two letters.
        """
        key = login.strip().lower()
        _check(key, name, grants)
        password, secret = new_password(), totp.new_secret()
        hashed = await self._passwords.make(password)
        now = self._clock.now()
        async with self._database.durable() as connection:
            taken = await connection.scalar(select(officer.c.id).where(officer.c.login == key))
            if taken is not None:
                raise OfficerRefusedError("login_taken", "This login is taken.")
            made = await connection.execute(
                insert(officer)
                .values(
                    login=key,
                    name=name.strip(),
                    password=hashed,
                    totp=b"",
                    state=OfficerState.ACTIVE,
                    failures=0,
                    created_by=by,
                    created_at=now,
                )
                .returning(officer.c.id)
            )
            officer_id = int(made.scalar_one())
            await connection.execute(
                update(officer)
                .where(officer.c.id == officer_id)
                .values(totp=totp.seal(self._vault, officer_id, secret))
            )
            await officers.set_grants(connection, officer_id, grants)
            await audit.append(
                connection,
                at=now,
                actor=_actor(by),
                action="officer.add",
                subject=f"officer:{officer_id}",
                detail={"grants": _spelled(grants)},
            )
        return Credentials(officer_id, key, password, secret, totp.link(secret, key))

    async def reset(self, officer_id: int, *, by: int | None = None) -> Credentials:
        """Give an officer a new password and code, and sign them out everywhere.

        Raises:
            OfficerRefusedError: no such active officer.
        """
        password, secret = new_password(), totp.new_secret()
        hashed = await self._passwords.make(password)
        now = self._clock.now()
        async with self._database.durable() as connection:
            login = await connection.scalar(
                update(officer)
                .where(officer.c.id == officer_id, officer.c.state == OfficerState.ACTIVE)
                .values(
                    password=hashed,
                    totp=totp.seal(self._vault, officer_id, secret),
                    totp_step=None,
                    failures=0,
                    locked_until=None,
                    reset_by=by,
                    reset_at=now,
                )
                .returning(officer.c.login)
            )
            if login is None:
                raise OfficerRefusedError("officer_unknown", "There is no such officer.")
            await sessions.end_all(connection, officer_id)
            await audit.append(
                connection,
                at=now,
                actor=_actor(by),
                action="officer.reset",
                subject=f"officer:{officer_id}",
                detail={},
            )
        return Credentials(officer_id, login, password, secret, totp.link(secret, login))

    async def change_grants(self, officer_id: int, grants: Sequence[Grant], *, by: int | None = None) -> None:
        """Replace what an officer may do.

        Raises:
            OfficerRefusedError: a country is not two letters.
        """
        _check_countries(grants)
        async with self._database.durable() as connection:
            await officers.set_grants(connection, officer_id, grants)
            await audit.append(
                connection,
                at=self._clock.now(),
                actor=_actor(by),
                action="officer.grants",
                subject=f"officer:{officer_id}",
                detail={"grants": _spelled(grants)},
            )

    async def lock(self, officer_id: int, *, by: int | None = None) -> None:
        """Take an officer's access away; what they signed stays signed. A reset does not undo it."""
        async with self._database.durable() as connection:
            await connection.execute(
                update(officer).where(officer.c.id == officer_id).values(state=OfficerState.LOCKED)
            )
            await sessions.end_all(connection, officer_id)
            await audit.append(
                connection,
                at=self._clock.now(),
                actor=_actor(by),
                action="officer.lock",
                subject=f"officer:{officer_id}",
                detail={},
            )


def new_password() -> str:
    """A random password of 20 letters and digits (99 bits) that can be read out over the phone."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(GROUPS))


def _actor(by: int | None) -> str:
    return "system:operator" if by is None else f"officer:{by}"


def _spelled(grants: Sequence[Grant]) -> list[str]:
    return [
        f"{grant.role}:{'*' if grant.countries is None else ','.join(sorted(grant.countries))}"
        for grant in grants
    ]


def _check(login: str, name: str, grants: Sequence[Grant]) -> None:
    if not LOGIN.fullmatch(login):
        raise OfficerRefusedError("login_malformed", "A login is 2 to 40 letters, digits, dots or dashes.")
    if not 1 <= len(name.strip()) <= 120:
        raise OfficerRefusedError("name_length", "A name has 1 to 120 characters.")
    _check_countries(grants)


def _check_countries(grants: Sequence[Grant]) -> None:
    for grant in grants:
        if grant.countries is None:
            continue
        if not grant.countries or not all(COUNTRY.fullmatch(code) for code in grant.countries):
            raise OfficerRefusedError(
                "country_malformed",
                "Countries are two capital letters each, such as IS or TH; * is everywhere.",
            )
        if len(",".join(grant.countries)) > 400:
            raise OfficerRefusedError("too_many_countries", "More than 130 countries: use * for everywhere.")
