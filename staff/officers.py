"""Officers and what each may do where. Touches SQL through the caller's connection; never a password."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from staff.tables import officer, officer_role

EVERYWHERE = "*"
PROBATION = timedelta(hours=24)


class Role(StrEnum):
    """What an officer may do."""

    AUTHOR = "author"  # write and submit alerts
    APPROVER = "approver"  # approve what somebody else wrote
    CASE = "case"  # read and answer people who asked for help
    ADMIN = "admin"  # add officers and reset their sign-in
    AUDITOR = "auditor"  # read the audit chain


class OfficerState(StrEnum):
    """Whether an officer may sign in and act; whoever was locked stays so."""

    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in some countries (ISO 3166-1 alpha-2); None = everywhere."""

    role: Role
    countries: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who could know this officer's password, directly or through officers they made, and since when."""

    officer_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who may act; a value, read fresh for every act.

    Attributes:
        makers: officers who made or reset this one (or those who did); see `made_by_any`.
    """

    id: int
    login: str
    name: str
    roles: tuple[Grant, ...]
    makers: tuple[Maker, ...] = ()

    @property
    def actor(self) -> str:
        """The name of this officer in the audit chain: the id, never the person's name."""
        return f"officer:{self.id}"

    def has(self, role: Role) -> bool:
        """Whether the officer has `role` anywhere at all."""
        return any(grant.role is role for grant in self.roles)

    def may(self, role: Role, countries: Collection[str]) -> bool:
        """Whether the officer has `role` in every one of `countries`.

        An empty collection means "we do not know where": only a grant for everywhere covers it.
        """
        covered = self.countries(role)
        if covered is None:
            return True
        return bool(countries) and set(countries) <= covered

    def countries(self, role: Role) -> frozenset[str] | None:
        """The countries in which the officer has `role`; None = everywhere, empty = nowhere."""
        covered: frozenset[str] = frozenset()
        for grant in self.roles:
            if grant.role is role:
                if grant.countries is None:
                    return None
                covered |= grant.countries
        return covered

    def made_by_any(self, authors: Collection[int], now: datetime) -> bool:
        """Whether one of `authors` made or reset this officer less than 24 h ago.

        Somebody who just made a second officer may know their password: not a second pair of eyes yet.
        """
        return any(maker.officer_id in authors and now - maker.at < PROBATION for maker in self.makers)


async def load(connection: AsyncConnection, officer_id: int) -> Officer | None:
    """Read one active officer; None when there is no such officer or an admin locked them out."""
    found = await _read(connection, only=officer_id)
    return found[0] if found else None


async def by_login(connection: AsyncConnection, login: str) -> Officer | None:
    """Read one active officer by login; None as in `load`."""
    row = (await connection.execute(select(officer.c.id).where(officer.c.login == login))).first()
    return await load(connection, row.id) if row else None


async def list_all(connection: AsyncConnection) -> list[Officer]:
    """Every active officer, by login."""
    return await _read(connection)


async def names(connection: AsyncConnection) -> dict[int, str]:
    """Names by id, of active and former officers alike: what they signed stays signed."""
    rows = await connection.execute(select(officer.c.id, officer.c.name))
    return {row.id: row.name for row in rows}


async def set_grants(connection: AsyncConnection, officer_id: int, grants: Iterable[Grant]) -> None:
    """Replace what an officer may do."""
    await connection.execute(delete(officer_role).where(officer_role.c.officer_id == officer_id))
    rows = [
        {
            "officer_id": officer_id,
            "role": grant.role.value,
            "countries": EVERYWHERE if grant.countries is None else ",".join(sorted(grant.countries)),
        }
        for grant in grants
    ]
    if rows:
        await connection.execute(insert(officer_role), rows)


async def _read(connection: AsyncConnection, only: int | None = None) -> list[Officer]:
    links = await connection.execute(
        select(
            officer.c.id, officer.c.created_by, officer.c.created_at, officer.c.reset_by, officer.c.reset_at
        )
    )
    makers: dict[int, list[Maker]] = {}
    for row in links:
        pairs = ((row.created_by, row.created_at), (row.reset_by, row.reset_at))
        makers[row.id] = [Maker(who, at) for who, at in pairs if who is not None and at is not None]
    query = (
        select(officer.c.id, officer.c.login, officer.c.name, officer_role.c.role, officer_role.c.countries)
        .outerjoin(officer_role, officer_role.c.officer_id == officer.c.id)
        .where(officer.c.state == OfficerState.ACTIVE)
        .order_by(officer.c.login, officer_role.c.id)
    )
    if only is not None:
        query = query.where(officer.c.id == only)
    people: dict[int, tuple[str, str, list[Grant]]] = {}
    for row in await connection.execute(query):
        grants = people.setdefault(row.id, (row.login, row.name, []))[2]
        if row.role is not None:
            everywhere = row.countries == EVERYWHERE
            countries = None if everywhere else frozenset(filter(None, row.countries.split(",")))
            grants.append(Grant(Role(row.role), countries))
    return [
        Officer(key, login, name, tuple(grants), _all_makers(key, makers))
        for key, (login, name, grants) in people.items()
    ]


def _all_makers(officer_id: int, makers: dict[int, list[Maker]]) -> tuple[Maker, ...]:
    """Follow makers of makers; a chain is as old as its oldest link, a person's newest chain counts."""
    newest: dict[int, datetime] = {}
    waiting = list(makers.get(officer_id, ()))
    while waiting:
        maker = waiting.pop()
        known = newest.get(maker.officer_id)
        if known is not None and known >= maker.at:
            continue
        newest[maker.officer_id] = maker.at
        waiting += [
            Maker(further.officer_id, min(further.at, maker.at))
            for further in makers.get(maker.officer_id, ())
        ]
    return tuple(Maker(who, at) for who, at in sorted(newest.items()))
