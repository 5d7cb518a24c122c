"""A ministry's reading of the world: borders, which countries there are, what they are called.

Reads one JSON file; used when the gazetteer is compiled, only then. The file has these keys:

- `name`, `source`: for people.
- `borders`: list of {"countries": ["TH"], "polygons": [[ring, hole...]...]}; a ring is a flat list lon, lat,
  lon, lat, in degrees. Borders that lie upon each other mean land that belongs to all of them.
- `disputed`: the same with a `name`; it adds countries to what the borders say, for warnings.
- `part_of`: {"XK": "RS"} takes one country out of the list and makes it part of another, cities included.
- `names`: {"TW": {"vi": "..."}} replaces the name shown in a language, and is found.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from places.errors import GazetteerError

_CODE = re.compile("[A-Z]{2}")
OURS = Path(__file__).with_name("worldview.json")


@dataclass(frozen=True, slots=True)
class Land:
    """A piece of the earth and the countries (ISO 3166-1 alpha-2) it belongs to, most likely first."""

    countries: tuple[str, ...]
    area: BaseGeometry


@dataclass(frozen=True, slots=True)
class Worldview:
    """One file, read and checked."""

    borders: tuple[Land, ...]
    disputed: tuple[Land, ...]
    part_of: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]

    def country(self, code: str) -> str:
        """The country that `code` counts as here."""
        return self.part_of.get(code, code)


def fingerprint(path: Path) -> str:
    """Changes when the file does. Raises GazetteerError when it cannot be read."""
    try:
        return sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as fault:
        raise GazetteerError("worldview", f"worldview {path.name} cannot be read") from fault


def read_worldview(path: Path) -> Worldview:
    """Raises GazetteerError with the place in the file that cannot be understood."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        part_of = {str(code): str(whole) for code, whole in fields["part_of"].items()}
        return Worldview(
            borders=_lands(fields["borders"], part_of, "borders"),
            disputed=_lands(fields["disputed"], part_of, "disputed"),
            part_of=part_of,
            names={str(code): dict(names) for code, names in fields["names"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise GazetteerError("worldview", f"worldview {path.name} cannot be read: {fault}") from fault


def _lands(rows: Sequence[Mapping[str, Any]], part_of: Mapping[str, str], where: str) -> tuple[Land, ...]:
    found = []
    for number, row in enumerate(rows):
        countries = tuple(dict.fromkeys(part_of.get(code, code) for code in row["countries"]))
        if not countries or not all(_CODE.fullmatch(code) for code in countries):
            raise GazetteerError("worldview", "countries must be two capital letters", f"{where}[{number}]")
        try:
            parts = [_polygon(rings) for rings in row["polygons"]]
        except (ValueError, shapely.errors.ShapelyError) as fault:
            raise GazetteerError("worldview", f"not a polygon: {fault}", f"{where}[{number}]") from fault
        found.append(Land(countries, shapely.union_all(parts)))
    return tuple(found)


def _polygon(rings: Sequence[Sequence[float]]) -> BaseGeometry:
    paths = [list(zip(ring[::2], ring[1::2], strict=True)) for ring in rings]
    return shapely.make_valid(shapely.Polygon(paths[0], paths[1:]))
