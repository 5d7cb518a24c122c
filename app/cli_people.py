"""`muster audience`, `muster erase`, `muster invite`: people abroad, from a shell. Touches SQL via
`registry`."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from alerts.cap.codes import countries_in, regions_in
from alerts.cap.read import read as read_cap
from app.cli_alerts import counting
from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import opened
from app.invitations import make_invitation
from app.keys import open_vault
from app.officers import build_targeting
from app.tidying import ERASED_LIST
from assistance import cases
from assistance.faq import questions
from places.area import Area, of_shapes
from places.geometry import parse_cap_circle, parse_geojson
from places.shapes import Shape
from registry import erasure
from registry.erasure import ErasedList
from storage.clock import SystemClock

INVITATION_DAYS = 30
FORGET = (cases.forget, questions.forget)
"""What other folders keep of a person who is erased."""


def add(top: typer.Typer) -> None:
    """`muster audience`, `muster erase`, `muster invite`."""
    top.command("audience")(audience_command)
    top.command("erase")(erase_command)
    top.command("invite")(invite_command)


def audience_command(
    cap: Annotated[Path | None, typer.Option(help="the areas of a CAP file")] = None,
    geojson: Annotated[Path | None, typer.Option(help="a GeoJSON file")] = None,
    circle: Annotated[str, typer.Option(help="LAT,LON,KM")] = "",
    country: Annotated[str, typer.Option(help="ISO codes, comma-separated")] = "",
    region: Annotated[str, typer.Option(help="ISO 3166-2 codes such as VN-13, comma-separated")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="people of drills instead of real ones")] = False,
    maybe: Annotated[bool, typer.Option(help="also people known by country only, near the area")] = True,
    ids: Annotated[bool, typer.Option("--ids", help="person ids, nearest first")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Count whom an area concerns, by country, channel, language and confidence."""

    async def work() -> dict[str, Any]:
        area = _area(cap, geojson, circle, country, region)
        async with counting(settings_now()) as (core, geography):
            unknown = [code for code in area.regions if geography.region(code) is None]
            if unknown:
                raise RefusedError(f"no region {', '.join(unknown)} is known here: see `muster place find`")
            targeting = build_targeting(core, geography)
            found = await targeting.count(area, drill=drill, include_maybe=maybe)
            counts: dict[str, Any] = asdict(found)
            del counts["ways"]  # for the estimate before sending
            if ids:
                audience = await targeting.resolve(
                    area, drill=drill, at=core.clock.now(), include_maybe=maybe
                )
                counts["ids"] = audience.person_ids.tolist()
        return counts

    counts = run(work())
    if as_json:
        say(json.dumps(counts, ensure_ascii=False))
    else:
        show([{"figure": name, "value": value} for name, value in counts.items()], as_json=False)


def erase_command(
    person: Annotated[int | None, typer.Argument(help="id of the person")] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="after a restore: everybody on the erased list")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Erase a person for ever; or, with --replay, erase again whom a restored backup brought back.

    What was kept of them is unreadable in the live database at once. A backup made before holds their sealed
    key until that backup is destroyed or the erased list is replayed after a restore.
    """
    if replay is (person is not None):
        raise RefusedError("name a person by id, or say --replay for everybody on the erased list")
    if person is not None and not yes and not typer.confirm(f"Erase person {person} for ever?"):
        raise RefusedError("nobody was erased")

    async def work() -> str:
        settings = settings_now()
        vault, now = open_vault(settings), SystemClock().now()
        listed = settings.data_dir / ERASED_LIST
        async with opened(settings) as database, database.durable() as connection:
            if person is not None:
                await erasure.erase(connection, vault, person, ErasedList(listed), now, FORGET)
                return f"person {person} is erased"
            done = await erasure.replay(connection, vault, ErasedList(listed), now, FORGET)
        if not done.again + done.gone:
            return f"{listed} names nobody: see that it is the list you kept"
        return f"{done.again} erased again, {done.gone} gone already"

    say(run(work()))


def invite_command(
    days: Annotated[int, typer.Option(min=1, max=365, help="how long it is good")] = INVITATION_DAYS,
) -> None:
    """Print an invitation to drills: who joins through it gets drills and never a real alert."""
    settings = settings_now()
    token = make_invitation(open_vault(settings), SystemClock().now().date() + timedelta(days=days))
    say(f"{settings.site_url}/chat?join=drill-{token}")
    say(f"as the first words on Telegram, WhatsApp, Viber or by text message: /start drill-{token}")


def _area(cap: Path | None, geojson: Path | None, circle: str, country: str, region: str) -> Area:
    """The one area that was named; raises `RefusedError`, `PlaceError`."""
    given = [value for value in (cap, geojson, circle, country or region) if value]
    if len(given) != 1:
        raise RefusedError("name exactly one of --cap, --geojson, --circle, or --country and --region")
    if cap:
        return _area_of_cap(cap)
    if country or region:
        return Area(countries=_codes(country), regions=_codes(region))
    shapes: tuple[Shape, ...]
    if geojson:
        try:
            shapes = parse_geojson(json.loads(_read(geojson)))
        except ValueError as error:
            raise RefusedError(f"{geojson} is not JSON") from error
    else:
        shapes = (parse_cap_circle(_cap_form(circle)),)
    return of_shapes(shapes)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def _area_of_cap(path: Path) -> Area:
    areas = [area for alert in read_cap(_read(path)) for info in alert.infos for area in info.areas]
    shapes = list[Shape]()
    for area in areas:
        shapes += [*area.polygons, *area.circles]
    return of_shapes(
        tuple(dict.fromkeys(shapes)),
        countries=tuple(dict.fromkeys(code for area in areas for code in countries_in(area))),
        regions=tuple(dict.fromkeys(code for area in areas for code in regions_in(area))),
    )


def _cap_form(circle: str) -> str:
    """`LAT,LON,KM` as CAP writes it: `LAT,LON KM`."""
    place, _, radius = circle.rpartition(",")
    return f"{place} {radius}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RefusedError(f"{path} cannot be read") from error
