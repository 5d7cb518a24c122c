"""`muster mission`, `muster emergency`: missions, confirmed emergency numbers. Touches SQL via `staff`."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import opened
from console.countries import usual
from staff import emergency, mission_file, missions
from storage.clock import SystemClock


def build_mission() -> typer.Typer:
    """The commands of `muster mission`."""
    commands = typer.Typer(help="Embassies and consulates.", no_args_is_help=True)
    commands.command("import")(import_command)
    commands.command("list")(list_command)
    commands.command("near")(near_command)
    return commands


def build_emergency() -> typer.Typer:
    """The commands of `muster emergency`."""
    commands = typer.Typer(help="Emergency numbers confirmed by an officer.", no_args_is_help=True)
    commands.command("confirm")(confirm_command)
    commands.command("forget")(forget_command)
    commands.command("list")(numbers_command)
    return commands


def import_command(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(mission_file.COLUMNS)}")],
) -> None:
    """Take in a file of missions: all of it, or nothing and every mistake with its line."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file} cannot be read") from error

    async def work() -> int:
        found = mission_file.read(data, usual().code, SystemClock().now().date())
        async with opened(settings_now()) as database, database.durable() as connection:
            await missions.save(connection, found)
        return len(found)

    say(f"{run(work())} missions taken in")


def list_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List all missions with source and date."""

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            return [_row(one) for one in await missions.list_all(connection)]

    show(run(work()), as_json=as_json)


def near_command(
    position: Annotated[str, typer.Argument(help="LAT,LON in degrees")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the missions nearest to a position, with kilometres."""
    lat, lon = position_of(position)

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            return [
                {**_row(one), "km": round(km)} for one, km in await missions.nearest(connection, lat, lon)
            ]

    show(run(work()), as_json=as_json)


def confirm_command(
    country: Annotated[str, typer.Argument(help="ISO code or English name")],
    numbers: Annotated[
        str, typer.Argument(help="comma-separated, most important first; empty = the mission's phone")
    ],
    source: Annotated[str, typer.Option(help="who says so")],
    checked: Annotated[
        str, typer.Option(help="when it was seen, such as 2026-11-22; today when left out")
    ] = "",
) -> None:
    """Show these numbers in a country from now on."""
    code = _country(country)
    try:
        seen = date.fromisoformat(checked) if checked else SystemClock().now().date()
    except ValueError:
        raise RefusedError(f"{checked!r} is no date such as 2026-11-22") from None
    listed = tuple(number.strip() for number in numbers.split(",") if number.strip())

    async def work() -> None:
        async with opened(settings_now()) as database, database.durable() as connection:
            await emergency.confirm(connection, emergency.Confirmed(code, listed, source, seen))

    run(work())
    say(f"{code}: {', '.join(listed) or 'the phone of the mission'}")


def forget_command(country: Annotated[str, typer.Argument(help="ISO code or English name")]) -> None:
    """Go back to the numbers that sources agree on."""
    code = _country(country)

    async def work() -> None:
        async with opened(settings_now()) as database, database.durable() as connection:
            await emergency.forget(connection, code)

    run(work())
    say(f"{code}: what sources agree on")


def numbers_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the confirmed numbers with source and date."""

    async def work() -> list[dict[str, Any]]:
        async with opened(settings_now()) as database, database.read() as connection:
            found = await emergency.confirmed(connection)
        return [
            {
                "country": one.country,
                "numbers": ", ".join(one.numbers),
                "source": one.source,
                "checked": str(one.checked_on),
            }
            for one in found.values()
        ]

    show(run(work()), as_json=as_json)


def position_of(text: str) -> tuple[float, float]:
    """ "64.15,-21.94" as degrees; raises `RefusedError`."""
    lat, _, lon = text.partition(",")
    try:
        return float(lat), float(lon)
    except ValueError:
        raise RefusedError(f"{text!r} is not LAT,LON in degrees, such as 64.15,-21.94") from None


def _country(text: str) -> str:
    code = usual().code(text.strip())
    if code is None:
        raise RefusedError(f"{text!r} is no country we know")
    return code


def _row(one: missions.Mission) -> dict[str, Any]:
    return {**asdict(one), "checked_on": str(one.checked_on) if one.checked_on else None}
