"""The area fields of the compose form: countries, regions, circles and polygons as typed text. Pure.

Positions are typed as `lat, lon` in degrees; a circle as `lat, lon, km`; a polygon as its corners,
separated by blanks or semicolons (CAP's own way works), one to a line.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from alerts.errors import Reason
from console.countries import Countries
from console.region_form import read_regions

_NUMBER = re.compile(r"[-+]?\d{1,9}(?:\.\d{1,20})?")


def read_area(said: Mapping[str, str], countries: Countries, reasons: list[Reason]) -> dict[str, Any]:
    """The JSON of `places.area.Area`, `{}` when nothing was typed; adds what cannot be read to `reasons`."""
    area: dict[str, Any] = {
        "circles": list(_circles(said["circles"], reasons)),
        "polygons": list(_polygons(said["polygons"], reasons)),
        "countries": _countries(said["countries"], countries, reasons),
        "regions": read_regions(said["regions"], reasons),
    }
    if said["rest"]:
        try:
            rest = json.loads(said["rest"])
            area["polygons"] += rest.get("polygons", [])
            area["exclusions"] = rest.get("exclusions", {})
        except (ValueError, AttributeError, TypeError):
            reasons.append(Reason("form.rest", "Further shapes: cannot be read."))
    return area if any(area.values()) else {}


def _countries(text: str, countries: Countries, reasons: list[Reason]) -> list[str]:
    found: list[str] = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;\n]", text))):
        code = countries.code(part)
        if code is None:
            reasons.append(Reason("form.countries", "Countries: one of them is not a country we know."))
        elif code not in found:
            found.append(code)
    return found


def _circles(text: str, reasons: list[Reason]) -> Iterable[dict[str, float]]:
    for line, row in enumerate(filter(str.strip, text.splitlines()), 1):
        numbers = _numbers(row)
        if numbers is None or len(numbers) != 3:
            reasons.append(Reason("form.circles", f"Circle {line}: write latitude, longitude, kilometres."))
        else:
            yield {"lat": numbers[0], "lon": numbers[1], "radius_km": numbers[2]}


def _polygons(text: str, reasons: list[Reason]) -> Iterable[dict[str, Any]]:
    for line, row in enumerate(filter(str.strip, text.splitlines()), 1):
        numbers = _numbers(row)
        if numbers is None or len(numbers) < 6 or len(numbers) % 2:
            reasons.append(
                Reason("form.polygons", f"Polygon {line}: write at least three corners, lat,lon each.")
            )
        else:
            corners = list(zip(numbers[::2], numbers[1::2], strict=True))
            yield {"exterior": [list(corner) for corner in corners], "holes": []}


def _numbers(row: str) -> list[float] | None:
    pieces = [piece for piece in re.split(r"[\s,;]+", row.strip()) if piece]
    if not all(_NUMBER.fullmatch(piece) for piece in pieces):
        return None
    return [float(piece) for piece in pieces]


def typed_area(area: Mapping[str, Any]) -> dict[str, str]:
    """An area as the form shows it; shapes with holes and exclusions are carried along unseen in `rest`."""
    plain = [polygon for polygon in area.get("polygons", ()) if not polygon["holes"]]
    rest = {
        "polygons": [polygon for polygon in area.get("polygons", ()) if polygon["holes"]],
        "exclusions": area.get("exclusions", {}),
    }
    circles = (
        f"{_plain(c['lat'])}, {_plain(c['lon'])}, {_plain(c['radius_km'])}" for c in area.get("circles", ())
    )
    corners = (
        " ".join(f"{_plain(lat)},{_plain(lon)}" for lat, lon in polygon["exterior"]) for polygon in plain
    )
    return {
        "countries": ", ".join(area.get("countries", ())),
        "regions": ", ".join(area.get("regions", ())),
        "circles": "\n".join(circles),
        "polygons": "\n".join(corners),
        "rest": json.dumps(rest) if rest["polygons"] or any(rest["exclusions"].values()) else "",
    }


def _plain(value: float) -> str:
    """A number as people type it, to a tenth of a millimetre; never with an exponent."""
    return f"{value:.9f}".rstrip("0").rstrip(".")
