"""In a real Chromium: somebody types where they are in Thai script, an officer draws round it on the map, and
counts them. Whoever cannot use the map types the same numbers."""

import math

from playwright.async_api import Browser, Page, expect

from registry import estimates
from registry.estimates import Estimate
from tests.barriers import scan
from tests.journeys.browsing import registers
from tests.journeys.console_officer import ConsoleOfficer
from tests.service import Service

OSAKA, WHERE = "โอซาก้า", (34.69, 135.50)  # the name as it is written in Thai
VIEW, ZOOM, TILE = (25.0, 20.0), 1, 256  # how the map opens


async def registers_in_thai(browser: Browser, url: str) -> Page:
    """On a small phone."""
    viewport = {"width": 360, "height": 740}
    page = await registers(browser, url, "th", OSAKA, locale="th-TH", viewport=viewport)
    await scan(page)
    return page


def on_screen(lat: float, lon: float, zoom: int = ZOOM) -> tuple[float, float]:
    """Pixels from the north-west corner of the world, as web maps count them."""
    size = TILE * 2**zoom
    north = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    return (lon + 180) / 360 * size, (1 - north / math.pi) / 2 * size


async def at(page: Page, lat: float, lon: float) -> tuple[float, float]:
    """Where a position is in the window, while the map stands as it opened."""
    box = await page.locator("#map").bounding_box()
    assert box is not None
    (x, y), (middle_x, middle_y) = on_screen(lat, lon), on_screen(*VIEW)
    return box["x"] + box["width"] / 2 + x - middle_x, box["y"] + box["height"] / 2 + y - middle_y


async def draws_a_circle(officer: ConsoleOfficer) -> tuple[float, float, float]:
    """Draw round Osaka with the mouse; returns what the form says then: latitude, longitude, kilometres."""
    page = officer.page
    await page.locator("#map").scroll_into_view_if_needed()
    await officer.press("Draw a circle")
    x, y = await at(page, *WHERE)
    await page.mouse.move(x, y)
    await page.mouse.click(x, y)
    await page.mouse.move(x + 4, y, steps=4)
    await page.mouse.click(x + 4, y)
    field = page.locator("[name=circles]")
    await expect(field).not_to_have_value("")
    lat, lon, km = (float(part) for part in (await field.input_value()).split(","))
    return lat, lon, km


async def test_a_place_typed_in_thai_is_inside_the_circle_drawn_round_it(
    service: Service, browser: Browser
) -> None:
    await registers_in_thai(browser, service.url)
    async with service.core.database.durable() as connection:
        await estimates.save(
            connection, [Estimate("JP", 63_000, "Test census", 2025)], service.core.clock.now()
        )
    officer = await ConsoleOfficer.open(browser, service.console)
    await officer.sign_in(service.credentials["author"])
    await officer.go("/alerts/new")
    page = officer.page
    await page.get_by_role("radio", name="Live alert").check()
    await page.locator("[name=event_name]").fill("Typhoon")
    await page.locator("[name=area_name]").fill("Osaka bay")
    lat, lon, km = await draws_a_circle(officer)
    assert abs(lat - WHERE[0]) < 1
    assert abs(lon - WHERE[1]) < 1
    assert 100 < km < 600
    await expect(officer.look.locator(".headcount .figure strong")).to_have_text("1")
    await expect(officer.look.locator(".headcount")).to_contain_text("in a city the area touches")
    await expect(officer.look.locator(".headcount")).to_contain_text("Japan")
    await expect(officer.look.locator(".headcount")).to_contain_text("of an estimated 63,000")
    await scan(page)

    # The same by keyboard alone: numbers in the field; then the other side of the world.
    field = page.locator("[name=circles]")
    await field.fill("34.7, 135.5, 30")
    await expect(officer.look.locator(".headcount .figure strong")).to_have_text("1")
    await field.fill("-34.7, -44.5, 30")
    await expect(officer.look.locator(".headcount .figure strong")).to_have_text("0")
    await officer.go("/people")
    await expect(page.locator("[data-country=JP]")).to_contain_text(
        "of an estimated 63,000 (Test census, 2025)"
    )
    await scan(page)
    await officer.go("/people/JP")
    await expect(page.locator(".lead")).to_contain_text("1 person registered of an estimated 63,000")
    await scan(page)
    assert officer.faults == []


async def test_long_edges_are_sent_as_they_look(service: Service, browser: Browser) -> None:
    officer = await ConsoleOfficer.open(browser, service.console)
    await officer.sign_in(service.credentials["author"])
    await officer.go("/alerts/new")
    page = officer.page
    await page.locator("#map").scroll_into_view_if_needed()
    await officer.press("Draw a polygon")
    corners = [await at(page, lat, lon) for lat, lon in ((60.0, -30.0), (60.0, 60.0), (0.0, 10.0))]
    for x, y in [*corners, corners[0]]:
        await page.mouse.move(x, y, steps=3)
        await page.mouse.click(x, y)
    field = page.locator("[name=polygons]")
    await expect(field).not_to_have_value("")
    ring = [tuple(map(float, pair.split(","))) for pair in (await field.input_value()).split()]
    assert len(ring) > 300
    seen = [on_screen(lat, lon) for lat, lon in ring]
    unit = 2 * math.pi * 6378.137 / (TILE * 2**ZOOM)  # kilometres a pixel at the equator
    steps = [math.dist(one, two) * unit for one, two in zip(seen, [*seen[1:], seen[0]], strict=True)]
    assert max(steps) < 51
    north = [lon for lat, lon in ring if lat > 59]
    assert max(north) - min(north) > 85
    assert max(lat for lat, _ in ring) < 61  # straight on the screen, not bent towards the pole
    assert officer.faults == []
