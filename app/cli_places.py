"""`muster place`: the gazetteer from a shell and from scripts. Reads one compiled file, SQL never."""

import json
import sys
from typing import Annotated, Any

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.geography import Geography, open_geography


def build() -> typer.Typer:
    """The commands of `muster place`."""
    commands = typer.Typer(help="Find places by name or position.", no_args_is_help=True)
    commands.command("find")(find_command)
    commands.command("at")(at_command)
    commands.command("serve")(serve_command)
    return commands


def _world() -> Geography:
    async def opened() -> Geography:
        return open_geography(settings_now())

    return run(opened())


def find_command(
    text: str,
    lang: Annotated[str, typer.Option(help="language names are shown in")] = "en",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List places that TEXT may mean, best first."""
    show(_world().candidates(text, lang), as_json=as_json)


def at_command(
    position: Annotated[str, typer.Argument(help="LAT,LON in degrees")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say what lies at a position."""
    lat, _, lon = position.partition(",")
    try:
        place = float(lat), float(lon)
    except ValueError:
        raise RefusedError(f"{position!r} is not LAT,LON in degrees, such as 64.15,-21.94") from None

    async def asked() -> dict[str, Any]:
        return open_geography(settings_now()).spot(*place)

    found = run(asked())
    if as_json:
        say(json.dumps(found, ensure_ascii=False))
    else:
        show([{"what": name, "value": value} for name, value in found.items()], as_json=False)


def serve_command() -> None:
    """Answer JSON lines {text, lang} on standard input with {candidates}."""
    world = _world()
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            answer: dict[str, Any] = {
                "candidates": world.candidates(str(asked["text"]), str(asked.get("lang", "en")))
            }
        except (ValueError, KeyError, TypeError):
            answer = {"error": "expected a JSON object with a text"}
        say(json.dumps(answer, ensure_ascii=False))
