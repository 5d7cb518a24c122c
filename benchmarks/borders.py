"""Shapes of the size that alerts and borders have, for the benchmark of audiences.

Countries come from the npm package `world-atlas` that the console's map is taken from, at 1:10,000,000, else
from the map itself (1:50,000,000). A shape of 7,000 corners is drawn as ragged as a border.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from console.vendor import FOLDER, PACKAGES, VendorError, fetch, is_complete
from places.repair import polygons
from places.shapes import Polygon

NUMBERS = {"JP": 392, "KR": 410, "TW": 158, "MY": 458, "SG": 702, "TH": 764, "AU": 36, "DE": 276, "FR": 250,
           "CZ": 203, "US": 840}  # fmt: skip
"""ISO 3166-1 numeric codes, as the map names countries."""
WITHIN = {"FR": ("GP", "MQ", "GF", "RE", "YT")}
"""Parts that the map draws with a country, though ISO 3166-1, and so Muster, has them as countries."""
ENOUGH = 4
"""Fewer points enclose nothing: on this map the smallest states do not."""
SAME = next(package for package in PACKAGES if package.name == "world-atlas")
FINE = replace(SAME, files={"countries-10m.json": "world.json"})


def atlas(folder: Path) -> Path:
    """The finest map that can be had; kept in `folder`."""
    fine = folder / "world.json"
    try:
        if not is_complete(folder, [FINE]):
            fetch(folder, [FINE])
    except VendorError:
        return FOLDER / "world.json"
    return fine


@cache
def _world(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def country(iso: str, path: Path) -> BaseGeometry:
    """The outline of a country, made valid; x is the longitude."""
    listed = _world(path)["objects"]["countries"]["geometries"]
    return _outline(path, next(one for one in listed if one.get("id") == f"{NUMBERS[iso]:03}"))


def codes(isos: Iterable[str]) -> tuple[str, ...]:
    """Everything that the outlines of these countries hold, by the codes that an area names."""
    return tuple(code for iso in isos for code in (iso, *WITHIN.get(iso, ())))


def countries(path: Path) -> list[BaseGeometry]:
    """The outlines of every country."""
    listed = _world(path)["objects"]["countries"]["geometries"]
    return [_outline(path, one) for one in listed if one["type"] in {"Polygon", "MultiPolygon"}]


def _outline(path: Path, geometry: dict[str, Any]) -> BaseGeometry:
    world = _world(path)
    scale, move = world["transform"]["scale"], world["transform"]["translate"]
    listed = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]

    def arc(number: int) -> list[tuple[float, float]]:
        at = np.cumsum(np.array(world["arcs"][number if number >= 0 else ~number]), axis=0)
        points = [(x * scale[0] + move[0], y * scale[1] + move[1]) for x, y in at.tolist()]
        return points if number >= 0 else points[::-1]

    def ring(arcs: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for number in arcs:
            points += arc(number)[bool(points) :]
        return points

    drawn = [[outline for arcs in rings if len(outline := ring(arcs)) >= ENOUGH] for rings in listed]
    parts = [shapely.Polygon(outlines[0], outlines[1:]) for outlines in drawn if outlines]
    return _planes(shapely.union_all([shapely.make_valid(part) for part in parts]))


def _planes(shape: BaseGeometry) -> BaseGeometry:
    return shapely.union_all(polygons(shapely.make_valid(shape)))


def ragged(corners: int = 7_000) -> Polygon:
    """One ring round most of Japan with a coast as ragged as a border's; seen from its middle it never turns
    back, so it does not cross itself."""
    random = np.random.default_rng(7)
    turn = np.linspace(0.0, math.tau, corners, endpoint=False)
    reach = 1.0 + 0.12 * np.sin(5 * turn) + 0.05 * np.sin(37 * turn) + random.uniform(-0.004, 0.004, corners)
    lats, lons = 36.3 + 3.4 * reach * np.sin(turn), 137.3 + 4.6 * reach * np.cos(turn)
    return Polygon(tuple(zip(lats.tolist(), lons.tolist(), strict=True)))


def plane_of(polygon: Polygon) -> BaseGeometry:
    """A drawn ring as the other side reads it: straight edges on longitude and latitude, made valid."""
    return _planes(shapely.Polygon([(lon, lat) for lat, lon in polygon.exterior]))


def corners_of(shape: BaseGeometry) -> int:
    """How many points an outline has."""
    return int(shapely.get_num_coordinates(shape))


def octagon(lat: float, lon: float, kilometres: float) -> Polygon:
    """What an officer draws round a region with eight clicks, none of them even."""
    reach = [1.0, 0.86, 1.1, 0.93, 1.05, 0.8, 1.12, 0.9]
    turns = [math.tau * number / 8 for number in range(8)]
    wide = 1.0 / math.cos(math.radians(lat))
    return Polygon(
        tuple(
            (lat + kilometres / 111.2 * r * math.sin(t), lon + kilometres / 111.2 * wide * r * math.cos(t))
            for r, t in zip(reach, turns, strict=True)
        )
    )
