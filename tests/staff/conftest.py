"""Passwords and enrolment on both kinds of database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from staff import totp
from staff.enrolment import Credentials, Enrolment
from staff.officers import Grant, Role
from staff.passwords import Passwords
from staff.signin import SignIn
from storage.database import Database
from storage.vault import Vault

START = datetime(2026, 11, 22, 9, 30, 3, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands until a test moves it."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Door:
    """Sign-in and enrolment over one database."""

    database: Database
    vault: Vault
    clock: HandClock
    sign_in: SignIn
    enrolment: Enrolment

    async def add(self, login: str, *grants: Grant, by: int | None = None) -> Credentials:
        return await self.enrolment.add(
            login=login, name=login.title(), grants=grants or [Grant(Role.AUTHOR, None)], by=by
        )

    def code(self, who: Credentials) -> str:
        """What the officer's app shows now."""
        return totp.code_at(who.totp_secret, self.clock.at)


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def door(database: Database, vault: Vault, hand_clock: HandClock) -> Door:
    passwords = Passwords()
    return Door(
        database,
        vault,
        hand_clock,
        SignIn(database, vault, hand_clock, passwords, refusal_s=0.0),
        Enrolment(database, vault, hand_clock, passwords),
    )
