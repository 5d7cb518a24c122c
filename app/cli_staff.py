"""`muster officer`, `muster login`, `muster audit`: who may act and what was done. Touches SQL through
`staff`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.cli_output import RefusedError, run, say, settings_now, show
from app.keys import open_vault
from app.settings import Settings
from staff import audit, officers
from staff import sessions as credentials
from staff.enrolment import Credentials, Enrolment
from staff.officers import Grant, Officer, Role
from staff.passwords import Passwords
from staff.sessions import SessionKind
from staff.signin import SignIn
from storage.clock import SystemClock
from storage.database import Database, open_database

EVERYWHERE = "*"


def add(top: typer.Typer) -> None:
    """`muster login`."""
    top.command("login")(login_command)


def build_officer() -> typer.Typer:
    """The commands of `muster officer`."""
    commands = typer.Typer(help="Add officers, reset their sign-in.", no_args_is_help=True)
    commands.command("add")(add_command)
    commands.command("reset")(reset_command)
    commands.command("list")(list_command)
    return commands


def build_audit() -> typer.Typer:
    """The commands of `muster audit`."""
    commands = typer.Typer(help="Check the chain of everything that was done.", no_args_is_help=True)
    commands.callback()(lambda: None)
    commands.command("verify")(verify_command)
    return commands


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database for the length of a command."""
    database = open_database(settings.sql_url)
    try:
        yield database
    finally:
        await database.close()


def parse_grants(roles: list[str]) -> list[Grant]:
    """Read `author:IS,NO` or `approver:*`; raises `RefusedError`."""
    grants = []
    for words in roles:
        name, _, countries = words.partition(":")
        try:
            role = Role(name)
        except ValueError:
            known = ", ".join(role.value for role in Role)
            raise RefusedError(f"{name!r} is not a role; there are: {known}") from None
        everywhere = countries in {"", EVERYWHERE}
        grants.append(Grant(role, None if everywhere else frozenset(countries.upper().split(","))))
    return grants


def add_command(
    login: str,
    name: Annotated[str, typer.Option(help="as others see them")],
    role: Annotated[list[str], typer.Option(help="author:IS,NO or approver:* (may be repeated)")],
) -> None:
    """Add an officer; prints their password and time-code secret once."""

    async def work() -> Credentials:
        settings = settings_now()
        async with opened(settings) as database:
            return await _enrolment(settings, database).add(login=login, name=name, grants=parse_grants(role))

    _tell(run(work()))


def reset_command(login: str) -> None:
    """Give an officer a new password and time-code secret; ends their sign-ins."""

    async def work() -> Credentials:
        settings = settings_now()
        async with opened(settings) as database:
            async with database.read() as connection:
                officer = await officers.by_login(connection, login)
            if officer is None:
                raise RefusedError(f"there is no officer {login}")
            return await _enrolment(settings, database).reset(officer.id)

    _tell(run(work()))


def list_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List officers and what they may do."""

    async def work() -> list[Officer]:
        async with opened(settings_now()) as database, database.read() as connection:
            return await officers.list_all(connection)

    rows = []
    for officer in run(work()):
        roles = " ".join(map(_grant, officer.roles))
        rows.append({"id": officer.id, "login": officer.login, "name": officer.name, "roles": roles})
    show(rows, as_json=as_json)


def login_command(
    login: str,
    code: Annotated[str, typer.Option(prompt=True, help="6 digits of the time-code app")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
) -> None:
    """Sign in for the next minutes: acting commands then know who you are."""

    async def work() -> str:
        settings = settings_now()
        async with opened(settings) as database:
            clock = SystemClock()
            passwords = Passwords()
            sign_in = SignIn(database, open_vault(settings), clock, passwords)
            _, session = await sign_in.sign_in(login, password, code, kind=SessionKind.BEARER)
        path = credential_path(settings)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(session.token)
        return f"signed in until {session.expires_at:%H:%M} UTC"

    say(run(work()))


def credential_path(settings: Settings) -> Path:
    """Where the signed-in officer's short-lived credential lies, readable by its owner only."""
    return settings.data_dir / f"credential-{os.getuid()}"


async def acting_officer(settings: Settings, database: Database, as_login: str) -> Officer:
    """Who acts: the officer signed in by `muster login`; in a demo, `--as` names one.

    Raises:
        RefusedError: nobody is signed in, the credential has run out, or `--as` outside a demo.
    """
    if as_login and not settings.demo:
        raise RefusedError("--as exists in a demo only; sign in with: muster login LOGIN")
    token = await asyncio.to_thread(_kept_token, credential_path(settings))
    async with database.read() as connection:
        if as_login:
            officer = await officers.by_login(connection, as_login)
        else:
            officer = await _signed_in(connection, token)
    if officer is None:
        raise RefusedError("nobody is signed in; use: muster login LOGIN")
    return officer


async def _signed_in(connection: AsyncConnection, token: str) -> Officer | None:
    session = await credentials.find(connection, token, SessionKind.BEARER, SystemClock().now())
    return await officers.load(connection, session.officer_id) if session else None


def _kept_token(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def verify_command() -> None:
    """Check the audit chain from its first act on."""

    async def work() -> audit.AuditReport:
        async with opened(settings_now()) as database, database.read() as connection:
            return await audit.verify(connection)

    report = run(work())
    if not report.intact:
        raise RefusedError(f"act {report.broken_at} does not fit: {report.problem}")
    say(f"{report.entries} acts, unbroken. Last: {report.head}")


def _enrolment(settings: Settings, database: Database) -> Enrolment:
    return Enrolment(database, open_vault(settings), SystemClock(), Passwords())


def _grant(grant: Grant) -> str:
    return f"{grant.role}:{','.join(sorted(grant.countries)) if grant.countries else EVERYWHERE}"


def _tell(made: Credentials) -> None:
    say(f"login     {made.login}")
    say(f"password  {made.password}")
    say(f"time code {made.totp_secret}")
    say(f"          {made.totp_link}")
    say("Shown once. Hand them over in person.")
