"""A province is warned. In a real Chromium: somebody names only the province they are in, an officer warns
it with the keyboard alone and counts them. And by the whole service: who is in it, and who moves there."""

from playwright.async_api import Browser, expect
from sqlalchemy import select

from alerts.lifecycle import AlertState
from alerts.tables import delivery
from places.area import Area
from places.cells import cell_of
from registry import whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from tests.barriers import scan
from tests.journeys.browsing import registers
from tests.journeys.console_officer import ConsoleOfficer
from tests.registry.newcomers import join, webchat
from tests.service import Service, make_draft, until

PROVINCE, CODE = "tỉnh Quảng Ninh", "VN-13"


async def test_a_province_is_warned_with_the_keyboard_alone(service: Service, browser: Browser) -> None:
    await registers(browser, service.url, "vi", PROVINCE, locale="vi-VN")
    officer = await ConsoleOfficer.open(browser, service.console)
    await officer.sign_in(service.credentials["author"])
    await officer.go("/alerts/new")
    page = officer.page
    await page.get_by_role("radio", name="Live alert").check()
    await page.locator("[name=event_name]").fill("Typhoon")
    await page.get_by_label("Find a region").focus()
    await page.keyboard.type("quang ninh")
    await page.keyboard.press("Enter")
    offered = page.get_by_role("button", name=f"Quảng Ninh, Vietnam ({CODE})", exact=True)
    await expect(offered).to_be_focused()
    await scan(page)
    async with page.expect_response(f"**/map/regions/{CODE}.json") as drawn:
        await page.keyboard.press("Enter")
    assert (await drawn.value).status == 200
    await expect(page.get_by_label("Regions", exact=False).first).to_have_value(CODE)
    await expect(page.locator(".leaflet-overlay-pane path[fill-opacity='0.15']")).not_to_have_count(0)
    await expect(officer.look).to_contain_text("all of Quảng Ninh (Vietnam)")
    await expect(officer.look.locator(".headcount .figure strong")).to_have_text("1")
    await expect(officer.look.locator(".headcount")).to_contain_text("in the area")
    await scan(page)
    # The neighbours' province: whoever says to be in the other one is only perhaps there.
    await page.locator("[name=include_maybe]").select_option("no")
    await page.locator("[name=regions]").fill("VN-06")
    await expect(officer.look.locator(".headcount .figure strong")).to_have_text("0")
    assert officer.faults == []


async def test_the_service_warns_whoever_is_in_the_province_or_moves_there(service: Service) -> None:
    core = service.core
    places = {
        "ha long": home(20.95, 107.07),
        "says so": Whereabouts(WhereaboutsKind.HOME, None, 0.0, "VN", admin1=CODE),
        "ha noi": home(21.03, 105.85),
        "da nang": home(16.05, 108.2),
    }
    async with core.database.durable() as connection:
        people = {
            name: await join(connection, core.vault, webchat(name), place=place, now=core.clock.now())
            for name, place in places.items()
        }
    draft = make_draft(Area(regions=(CODE,)), {"en": "Storm"}, include_maybe=False)
    alert = await service.send(draft)
    inside = {people["ha long"].id, people["says so"].id}
    await until(lambda: warned(service, inside), 60.0, "those in the province are warned")
    assert await service.state(alert) in {AlertState.SENDING, AlertState.SENT}
    async with core.database.durable() as connection:
        mover = people["ha noi"]
        await whereabouts.set_home(connection, mover.vault, mover.id, home(21.53, 107.97), core.clock.now())
    await until(lambda: warned(service, {*inside, mover.id}), 90.0, "who moved there is warned too")


def home(lat: float, lon: float) -> Whereabouts:
    return Whereabouts(WhereaboutsKind.HOME, cell_of(lat, lon), 0.0, "VN")


async def warned(service: Service, expected: set[int]) -> bool:
    """Whether these people have a delivery; nobody else ever may."""
    async with service.core.database.read() as connection:
        found = set((await connection.execute(select(delivery.c.person_id))).scalars())
    assert found <= expected
    return found == expected
