"""An officer warns provinces: found by name, chosen with buttons, counted, described, submitted, approved."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from alerts.revisions import latest
from alerts.tables import revision
from app.geography import Geography
from app.ground import ground_of
from console.region_form import Ground, choices, press
from places.area import Area
from places.cells import cell_of
from places.gazetteer import Gazetteer
from registry.whereabouts import Whereabouts, WhereaboutsKind
from staff.officers import Role
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import everywhere, only_in
from tests.console.duty import Duty, drafted, open_duty, submitted, typed
from tests.registry.newcomers import BANGKOK, join, telegram

BOTH = everywhere(Role.AUTHOR, Role.APPROVER)
PROVINCES = typed(
    circles="", regions="VN-13, VN-HP", area_name="Quang Ninh and Hai Phong", time_zone="Asia/Ho_Chi_Minh"
)


@pytest.fixture(scope="module")
def world(gazetteer: Path) -> Iterator[Geography]:
    opened = Gazetteer.open(gazetteer)
    yield Geography(opened)
    opened.close()


@pytest.fixture
async def desk(sqlite: Database, vault: Vault, tmp_path: Path, world: Geography) -> AsyncIterator[Duty]:
    opened = await open_duty(sqlite, vault, tmp_path / "no-vendor", world)
    yield opened
    await opened.close()


def home(lat: float, lon: float, radius_km: float = 0.0) -> Whereabouts:
    return Whereabouts(WhereaboutsKind.HOME, cell_of(lat, lon), radius_km, "VN")


async def populated(duty: Duty) -> None:
    """Five people in the two provinces, one who says only the country, two elsewhere."""
    places = (
        home(20.95, 107.07), home(20.86, 106.68, 12.0), home(21.53, 107.97), home(20.72, 106.6),
        Whereabouts(WhereaboutsKind.HOME, None, 0.0, "VN", admin1="VN-13"),
        Whereabouts(WhereaboutsKind.HOME, None, 0.0, "VN"), home(16.05, 108.2), BANGKOK,
    )  # fmt: skip
    async with duty.database.durable() as connection:
        for number, place in enumerate(places):
            await join(connection, duty.vault, telegram(str(number)), place=place, now=duty.clock.at)


async def test_an_officer_warns_two_provinces_and_the_right_people_are_counted(desk: Duty) -> None:
    await populated(desk)
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    await anna.post("/alerts/preview", {**PROVINCES, "include_maybe": "no"})
    page = " ".join(anna.page.split())
    assert "<strong>5</strong>" in page
    assert "all of Quảng Ninh (Vietnam), and people up to some 15 km beyond it" in page
    alert_id = await submitted(anna, **PROVINCES)
    async with desk.database.read() as connection:
        written = await latest(connection, alert_id)
    assert written.area["regions"] == ["VN-13", "VN-HP"]
    count = await desk.services.audience.count(
        Area.from_json(written.area), drill=False, include_maybe=written.include_maybe
    )
    assert (count.people, count.by_country) == (6, {"VN": 6})
    assert count.by_confidence == {"area": 4, "city": 1, "country": 0, "maybe": 1}
    bjorn = await desk.browser(await desk.officer("bjorn", *only_in("VN", Role.APPROVER)))
    await bjorn.get(f"/alerts/{alert_id}")
    assert "all of Hải Phòng (Vietnam)" in " ".join(bjorn.page.split())
    assert "VN-13, VN-HP" in bjorn.page
    assert (await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "LIVE"})).status == 303


async def test_regions_are_found_by_name_and_chosen_with_buttons_alone(desk: Duty) -> None:
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    form = typed(circles="", regions="", find_region="quang ninh", do="find")
    assert (await anna.post("/alerts/new", form)).status == 200
    assert re.search(r'value="region:VN-13"[^>]*>Quảng Ninh, Vietnam \(VN-13\)</button>', anna.page)
    await anna.post("/alerts/new", {**form, "do": "region:VN-13"})
    assert 'name="regions" value="VN-13"' in anna.page
    assert 'value="unregion:VN-13"' in anna.page
    assert 'value="region:VN-13"' not in anna.page
    await anna.post(
        "/alerts/new", {**form, "regions": "VN-13", "find_region": "Hải Phòng", "do": "region:VN-HP"}
    )
    assert 'name="regions" value="VN-13, VN-HP"' in anna.page
    await anna.post("/alerts/new", {**form, "regions": "VN-13, VN-HP", "do": "unregion:VN-13"})
    assert 'name="regions" value="VN-HP"' in anna.page
    await anna.post("/alerts/new", {**form, "find_region": "Vietnam", "do": "look"})
    assert anna.page.count('value="region:VN-') > 50
    assert await desk.acts("alert.draft") == 0


async def test_an_unknown_region_is_named_and_not_saved(desk: Duty) -> None:
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    wrong = typed(circles="", regions="VN-13, VN-99")
    await anna.post("/alerts/preview", wrong)
    assert "knows no region VN-99:" in anna.page
    assert (await anna.post("/alerts/new", wrong)).status == 422
    assert anna.codes() == {"region_unknown"}
    assert "VN-99: not a region known here" in anna.page


async def test_what_stands_in_the_way_is_on_the_page_of_the_alert(desk: Duty) -> None:
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    alert_id = await drafted(anna, circles="", regions="VN-13")
    turned = {"circles": [{"lat": -21.9, "lon": 64.13, "radius_km": 30.0}], "countries": ["IS"]}
    for area, code in ((turned, "swapped"), ({"regions": ["VN-99"]}, "region_unknown")):
        async with desk.database.durable() as connection:
            written = await latest(connection, alert_id)
            await connection.execute(
                update(revision)
                .where(revision.c.id == written.id)
                .values(area=Area.from_json(area).to_json())
            )
        await anna.get(f"/alerts/{alert_id}")
        assert code in anna.codes()


async def test_the_map_gets_outlines(desk: Duty) -> None:
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    answer = await anna.get("/map/regions/VN-13.json")
    rings = (await answer.json())["polygons"][0]
    assert all(20 < lat < 23 and 106 < lon < 109 for lat, lon in rings[0])
    assert (await anna.get("/map/regions/VN-99.json")).status == 404


async def test_territories_are_named_and_added_with_one_button(desk: Duty) -> None:
    anna = await desk.browser(await desk.officer("anna", *BOTH))
    form = typed(circles="", countries="France, IS", do="look")
    await anna.post("/alerts/new", form)
    page = " ".join(anna.page.split())
    assert "France stands without" in page
    assert "Réunion" in page
    await anna.post("/alerts/new", {**form, "do": "with:FR"})
    said = re.search(r'name="countries" value="([^"]*)"', anna.page)
    assert said is not None
    assert {"France", "IS", "GP", "MQ", "GF", "RE", "YT"} <= set(said[1].split(", "))
    assert "France stands without" not in " ".join(anna.page.split())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Quảng Ninh", "VN-13"), ("vn-hp", "VN-HP"), ("Hai Phong", "VN-HP"), ("Bangkok", "TH-10"),
        ("Phuket", "TH-83"), ("ภูเก็ต", "TH-83"), ("Essex", "GB-ENG"), ("bavaria", "DE-BY"),
        ("California", "US-CA"),
    ],
)  # fmt: skip
def test_regions_by_name(world: Geography, text: str, first: str) -> None:
    assert first in ground_of(world).find(text)[:3]


def test_words_that_name_nothing_find_nothing(world: Geography) -> None:
    find = ground_of(world).find
    assert find("") == find("  ") == find("xqzzxq") == ()
    assert set(find("Vietnam")) >= {"VN-13", "VN-HP", "VN-02"}


def test_buttons_only_do_what_they_say() -> None:
    values = {"regions": "VN-13", "countries": "", "find_region": ""}
    press(values, "region", "no code")
    press(values, "unregion", "VN-99")
    press(values, "with", "XX")
    assert values == {"regions": "VN-13", "countries": "", "find_region": ""}
    assert choices(Ground(), values).found is None
    assert choices(Ground(), {**values, "find_region": "x"}).found == []
