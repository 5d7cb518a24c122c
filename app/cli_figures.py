"""`muster estimate`, `muster headcount`: how many citizens are thought to live where, and how many are
registered there. Touches SQL through `registry`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import opened
from bot.channels import CHANNEL_ORDER
from console.countries import usual
from registry import estimates, headcounts, watches
from storage.clock import SystemClock


def build_estimate() -> typer.Typer:
    """The commands of `muster estimate`."""
    commands = typer.Typer(help="Citizens thought to live in each country.", no_args_is_help=True)
    commands.command("import")(import_command)
    commands.command("list")(list_command)
    return commands


def add(top: typer.Typer) -> None:
    """`muster headcount`."""
    top.command("headcount")(headcount_command)


def import_command(
    file: Annotated[Path, typer.Argument(help="CSV with the columns country, people, source, year")],
) -> None:
    """Take in a file of estimates: all of it, or nothing and every mistake with its line."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file} cannot be read") from error

    async def work() -> int:
        now = SystemClock().now()
        found = estimates.read(data, usual().code, now.year)
        async with opened(settings_now()) as database, database.durable() as connection:
            await estimates.save(connection, found, now)
        return len(found)

    say(f"{run(work())} countries taken in")


def list_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the estimates with their sources."""

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            return [asdict(one) for one in (await estimates.known(connection)).values()]

    show(run(work()), as_json=as_json)


def headcount_command(
    country: Annotated[str, typer.Option(help="ISO codes, comma-separated; all when empty")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="people of drills instead of real ones")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Count people (registrations) by country against the estimates; watchers apart. Nothing known about a
    country's citizens is null (unknown), never a share.
    """
    wanted = {code.strip().upper() for code in country.split(",") if code.strip()}

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            counts = await headcounts.by_country(
                connection,
                SystemClock().now(),
                drill=drill,
                channel_order=[channel.value for channel in CHANNEL_ORDER],
            )
            thought = await estimates.known(connection)
            watchers = await watches.counts(connection, drill=drill)
        registered = {one.country: one for one in counts}
        codes = [*registered, *(code for code in thought if code not in registered)]
        rows = []
        for code in codes if not wanted else [code for code in codes if code in wanted]:
            one = registered.get(code) or headcounts.CountryCount(code, 0)
            estimate = thought.get(code)
            rows.append(
                {
                    **asdict(one),
                    "estimate": estimate.people if estimate else None,
                    "source": estimate.source if estimate else None,
                    "year": estimate.year if estimate else None,
                    "watchers": watchers.get(code, 0),
                }
            )
        return rows

    found = run(work())
    if not as_json:
        for row in found:
            row["estimate"] = "unknown" if row["estimate"] is None else row["estimate"]
    show(found, as_json=as_json)
