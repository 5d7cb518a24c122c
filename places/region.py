"""Region: what an installation knows of one admin-1 region (ISO 3166-2), and the contract of whoever knows.

Values only; `places.regions` is the real one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from places.shapes import Position

FORM = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}", re.ASCII)
"""An ISO 3166-2 code: the country's two letters, a hyphen, one to three letters or digits."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region that positions are named after.

    Attributes:
        country: whose region it is (ISO 3166-1 alpha-2).
        countries: the same and whoever else holds or claims land in it.
        members: codes of which somebody "in" them is in this region: its own, and those of its parts.
        centre: (lat, lon) in the middle of its people.
        outline: prepared polygons, together the centres of all cells that may hold somebody in it; looked for
            when it is first asked for, which takes a moment.
    """

    code: str
    country: str
    countries: frozenset[str]
    members: frozenset[str]
    centre: Position
    outline: Callable[[], tuple[BaseGeometry, ...]]


Regions = Callable[[str], Region | None]
"""What is known of the region with a code; None when it is not one of this installation's."""


def nowhere(_code: str) -> Region | None:
    """The `Regions` of whoever knows none: of an area's regions all of their countries count."""
    return None


def country_in(code: str) -> str:
    """The country (ISO 3166-1 alpha-2) that a region's code begins with."""
    return code[:2]
