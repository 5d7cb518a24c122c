"""`muster alert`: what officers do with alerts, from a shell. Acts through the desk, under the same rules as
the console.

Acting needs the officer's own short-lived credential (`muster login`); `--as LOGIN` exists in a demo only.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from alerts import board, revisions, store
from alerts.desk import Desk
from alerts.dossier import Gap, Rules
from alerts.draft import Draft
from alerts.revisions import latest
from alerts.store import RevisionRow
from alerts.targeting import Targeting
from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import acting_officer, opened
from app.core import Core, open_core
from app.embedded import url_of
from app.geography import Geography, open_geography
from app.officers import build_services
from app.settings import Settings
from bot.channels import CHANNEL_ORDER
from console.names import span
from console.reckoning import Reckoning, reckon
from staff.officers import Officer
from storage.clock import SystemClock
from storage.database import Database

As = Annotated[str, typer.Option("--as", help="login of the acting officer, in a demo only")]
AlertId = Annotated[int, typer.Argument(help="id of the alert")]


def build() -> typer.Typer:
    """The commands of `muster alert`."""
    commands = typer.Typer(help="Draft, submit, approve and stop alerts.", no_args_is_help=True)
    commands.command("list")(list_command)
    commands.command("new")(new_command)
    commands.command("submit")(submit_command)
    commands.command("approve")(approve_command)
    commands.command("reject")(reject_command)
    commands.command("cancel")(cancel_command)
    commands.command("status")(status_command)
    return commands


@dataclass(frozen=True, slots=True)
class Shell:
    """What a command works with."""

    settings: Settings
    database: Database
    desk: Desk


@asynccontextmanager
async def desk_of(settings: Settings) -> AsyncIterator[Shell]:
    """A desk for the length of a command.

    It needs no channel: an alert can be stopped while a channel's settings are being changed.
    """
    geography = open_geography(settings)
    clock = SystemClock()
    async with opened(settings) as database:
        channels, ask = [channel.value for channel in CHANNEL_ORDER], geography.region
        targeting = Targeting(database, clock, geography.touch, channels, regions=ask)
        rules = Rules(ministry_language=settings.ministry_language)
        desk = Desk(
            database, clock, targeting, touch=geography.touch, known=geography.known, rules=rules, regions=ask
        )
        yield Shell(settings, database, desk)


@asynccontextmanager
async def counting(settings: Settings) -> AsyncIterator[tuple[Core, Geography]]:
    """What counts people and time as the console does: with the channels that are on and where they work.

    Raises:
        SettingsError, ConfigurationError, HalfConfiguredError: the service could not start like this either.
    """
    # A Redis of our own need not run for this; nothing is asked of it.
    own = settings.model_copy(update={"redis_url": settings.redis_url or url_of(settings.data_dir / "redis")})
    async with open_core(own) as core:
        yield core, await asyncio.to_thread(open_geography, settings)


async def reckoned(settings: Settings, written: RevisionRow) -> Reckoning:
    """People, time and money of a revision, as the console shows them."""
    async with counting(settings) as (core, geography):
        return await reckon(build_services(core, geography), written)


def act(as_login: str, work: Callable[[Shell, Officer], Awaitable[str]]) -> None:
    """Carry out one act as the officer who is signed in, and say what it did."""

    async def acted() -> str:
        async with desk_of(settings_now()) as shell:
            return await work(shell, await acting_officer(shell.settings, shell.database, as_login))

    say(run(acted()))


def new_command(
    file: Annotated[str, typer.Argument(help="draft as JSON (see /api/v1/openapi.json); - = standard input")],
    as_login: As = "",
) -> None:
    """Begin an alert from a draft."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        draft = Draft.model_validate_json(text)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read") from error
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise RefusedError(
            "\n".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        ) from error

    async def work(shell: Shell, officer: Officer) -> str:
        return f"alert {await shell.desk.draft(officer, draft)} is a draft"

    act(as_login, work)


def submit_command(alert: AlertId, as_login: As = "") -> None:
    """Hand an alert to the second officer."""

    async def work(shell: Shell, officer: Officer) -> str:
        await shell.desk.submit(officer, alert)
        return f"alert {alert} waits for a second officer"

    act(as_login, work)


def approve_command(
    alert: AlertId,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; for scripts")] = False,
    as_login: As = "",
) -> None:
    """Approve an alert: from then on it is sent."""

    async def work(shell: Shell, officer: Officer) -> str:
        async with shell.database.read() as connection:
            row = await store.read_alert(connection, alert)
            written = await revisions.latest(connection, alert)
        gaps = await shell.desk.gaps(alert)
        consequence = await _consequence(shell, written, gaps, drill=row.drill)
        if not yes and not typer.confirm(consequence):
            raise RefusedError("nothing was approved")
        accepted = {gap.language: gap.people for gap in gaps}
        await shell.desk.approve(officer, alert, accepted, seen=written.number)
        return f"alert {alert} is approved and on its way"

    act(as_login, work)


async def _consequence(shell: Shell, written: RevisionRow, gaps: list[Gap], *, drill: bool) -> str:
    kind = "DRILL" if drill else "REAL ALERT"
    count = "those who got the first alert"
    if written.corrects is None:
        found = await reckoned(shell.settings, written)
        count = f"{found.headcount.people:,} people in {len(found.countries)} countries"
        if found.seconds:
            count += f", {span(found.seconds)} for the first round"
    lines = [
        f"{gap.people:,} people who read {gap.language} get it in {gap.fallback_language}." for gap in gaps
    ]
    return "\n".join([*lines, f"{kind}: send to {count}?"])


def reject_command(alert: AlertId, reason: str, as_login: As = "") -> None:
    """Send a submitted alert back to its authors."""

    async def work(shell: Shell, officer: Officer) -> str:
        await shell.desk.reject(officer, alert, reason)
        return f"alert {alert} goes back to its authors"

    act(as_login, work)


def cancel_command(alert: AlertId, reason: str, as_login: As = "") -> None:
    """Stop an alert; copies that have not left stay here."""

    async def work(shell: Shell, officer: Officer) -> str:
        await shell.desk.cancel(officer, alert, reason)
        return f"alert {alert} is cancelled; unsent copies stop within 5 seconds"

    act(as_login, work)


def list_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the newest alerts."""

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            return [
                {
                    "id": alert.id,
                    "status": alert.status,
                    "state": alert.state.value,
                    "severity": revision.severity.value,
                    "event": event.title,
                    "expires": revision.expires_at.isoformat(timespec="minutes"),
                }
                for alert, revision, event in await store.newest_alerts(connection)
            ]

    show(run(work()), as_json=as_json)


async def estimate(settings: Settings, alert: int) -> list[dict[str, Any]]:
    """Time and cost of an alert by channel, as the console shows them; from live limits and prices.

    Raises:
        UnknownAlertError: there is no such alert.
    """
    async with opened(settings) as database, database.read() as connection:
        written = await latest(connection, alert)
    return [asdict(one) for one in (await reckoned(settings, written)).forecasts]


def status_command(alert: AlertId, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show how far an alert is and the board of its event."""

    async def work() -> dict[str, Any]:
        async with opened(settings_now()) as database, database.read() as connection:
            row = await store.read_alert(connection, alert)
            figures = await board.read(connection, row.event_id)
        return {"alert": alert, "state": row.state.value, "status": row.status, **asdict(figures)}

    found = run(work())
    if as_json:
        found["forecast"] = run(estimate(settings_now(), alert))
        say(json.dumps(found, ensure_ascii=False, default=str))
        return
    show([{"figure": name, "value": value} for name, value in found.items()], as_json=False)
