from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from places.area import Area
from places.audience import CONFIDENCES, AudienceIndex
from places.cells import cell_of, centres
from places.gazetteer import Gazetteer
from places.people import Rows, pack_regions, unpack_regions
from places.region import FORM
from places.shapes import Circle

NOW = 1_800_000_000
# By land, by sea, small and large, across the antimeridian, near a pole, in disputed land, and one whose name
# reaches positions by its country's borders only (a base on Cyprus).
REGIONS = (
    "VN-13",
    "VN-HP",
    "TH-83",
    "TH-10",
    "UA-43",
    "FJ-C",
    "RU-CHU",
    "GB-ENG",
    "MH-MIL",
)


def named_round(world: Gazetteer, code: str, seed: int, count: int) -> list[tuple[float, float, bool]]:
    """Positions in a region, at its edges and far out; and whether `at` names it there."""
    atlas, rng = world.atlas, np.random.default_rng(seed)
    own = np.flatnonzero(atlas.admin == atlas.admins.index(code))
    region = world.region(code)
    assert region is not None
    bounds = [part.bounds for part in region.outline()]
    west, south, east, north = bounds[int(rng.integers(len(bounds)))]
    rows, km = rng.choice(own, count), rng.choice([3.0, 10.0, 30.0, 100.0, 500.0], count)
    lats = np.clip(atlas.lat[rows] + rng.normal(0, 1, count) * km / 111.0, -90, 90)
    lons = atlas.lon[rows] + rng.normal(0, 1, count) * km / 111.0 / np.maximum(0.05, np.cos(np.radians(lats)))
    far = rng.random(count) < 0.3
    lats = np.where(far, rng.uniform(max(-90, south - 1), min(90, north + 1), count), lats)
    lons = (np.where(far, rng.uniform(west - 1, east + 1, count), lons) + 180) % 360 - 180
    places = zip(lats.tolist(), lons.tolist(), strict=True)
    found = [(lat, lon, code in world.at(lat, lon).admin1) for lat, lon in places]
    inside, outside = ([one for one in found if one[2] is named] for named in (True, False))
    pairs = list(zip(inside, outside, strict=False))[: count // 3]
    return found + [at_the_edge(world, code, *pair) for pair in pairs]


def at_the_edge(
    world: Gazetteer, code: str, inside: tuple[float, float, bool], outside: tuple[float, float, bool]
) -> tuple[float, float, bool]:
    """The last position named after the region on the way to one that is not, to some 20 m."""
    for _ in range(16):
        lat, lon = (inside[0] + outside[0]) / 2, (inside[1] + outside[1]) / 2
        if code in world.at(lat, lon).admin1:
            inside = lat, lon, True
        else:
            outside = lat, lon, False
    return inside


@pytest.mark.parametrize("code", REGIONS)
def test_whoever_a_position_is_named_after_the_region_is_in(world: Gazetteer, code: str) -> None:
    asked = named_round(world, code, 7, 150)
    ids = list(range(1, len(asked) + 1))
    rows = Rows.of(ids, [cell_of(lat, lon) for lat, lon, _ in asked], [0.0] * len(ids), ["ZZ"] * len(ids))
    index = AudienceIndex.build(rows)
    found = index.resolve(Area(regions=(code,)), at=NOW, touched=frozenset(), regions=world.region)
    named = {person for person, (*_, inside) in zip(ids, asked, strict=True) if inside}
    got = set(found.person_ids.tolist())
    assert named
    assert not named - got
    assert len(got - named) <= 0.3 * len(named)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=4)
def test_nobody_in_any_region_is_missed(world: Gazetteer, seed: int) -> None:
    """People by cell, and by a city whose centre is off by up to its radius."""
    rng = np.random.default_rng(seed)
    code = str(rng.choice([code for codes in world.regions().values() for code in codes]))
    ready = Area(regions=(code,)).matcher(world.region)
    named = np.array([(lat, lon) for lat, lon, inside in named_round(world, code, seed, 40) if inside])
    if not named.size:
        return
    cells = [cell_of(lat, lon) for lat, lon in named.tolist()]
    assert ready.cells(*centres(cells)).all()
    radius = rng.choice([5.0, 12.0, 40.0], len(named))
    off = np.clip(named[:, 0] + rng.uniform(-0.99, 0.99, len(named)) * radius / 111.2, -90, 90)
    seats = [cell_of(lat, lon) for lat, lon in zip(off.tolist(), named[:, 1].tolist(), strict=True)]
    assert ready.discs(*centres(seats), radius).all()


def resolved(world: Gazetteer, area: Area, people: Rows, **more: Any) -> dict[int, str]:
    touched = area.touches_countries(world.touch, world.region)
    found = AudienceIndex.build(people).resolve(area, at=NOW, touched=touched, regions=world.region, **more)
    sure = [CONFIDENCES[code].value for code in found.confidence.tolist()]
    return dict(zip(found.person_ids.tolist(), sure, strict=True))


HA_LONG, HA_NOI, SAPA = (20.95, 107.07), (21.03, 105.85), (22.34, 103.84)
PEOPLE = Rows.of(
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [
        cell_of(*HA_LONG), cell_of(*HA_NOI), cell_of(*HA_NOI), pack_regions(["VN-13"]),
        pack_regions(["VN-02"]), None, None, pack_regions(["VN-02", "VN-13"]), cell_of(20.69, 106.49),
    ],
    [0, 0, 150.0, 0, 0, 0, 0, 0, 0],
    ["VN", "VN", "VN", "VN", "VN", "VN", "TH", "VN", "VN"],
)  # fmt: skip


def test_each_is_in_with_what_is_known_of_them(world: Gazetteer) -> None:
    province = Area(regions=("VN-13",))
    sure = {1: "area", 3: "city", 4: "area", 8: "area"}
    assert resolved(world, province, PEOPLE, include_maybe=False) == sure
    assert resolved(world, province, PEOPLE) == {**sure, 5: "maybe", 6: "maybe"}
    both = resolved(world, Area(regions=("VN-13", "VN-HP")), PEOPLE, include_maybe=False)
    assert both == {**sure, 9: "area"}
    whole = resolved(world, Area(regions=("VN-13",), countries=("VN",)), PEOPLE)
    assert whole == {
        1: "area",
        2: "area",
        3: "city",
        4: "area",
        5: "country",
        6: "country",
        8: "area",
        9: "area",
    }


def test_regions_stand_beside_shapes_and_exclusions(world: Gazetteer) -> None:
    around = Area(circles=(Circle(*SAPA, 20.0),), regions=("VN-13",), exclusions=(Circle(*HA_LONG, 10.0),))
    people = Rows.of(
        [1, 2, 3], [cell_of(*HA_LONG), cell_of(*SAPA), cell_of(21.53, 107.97)], [0] * 3, ["VN"] * 3
    )
    assert resolved(world, around, people) == {2: "area", 3: "area"}


def test_the_nearest_to_its_people_come_first(world: Gazetteer) -> None:
    people = Rows.of([1, 2], [cell_of(21.53, 107.97), cell_of(*HA_LONG)], [0, 0], ["VN", "VN"])
    area = Area(regions=("VN-13",))
    found = AudienceIndex.build(people).resolve(area, at=NOW, touched=frozenset(), regions=world.region)
    assert found.person_ids.tolist() == [2, 1]
    assert found.distance_km[0] < 60.0


def test_changes_are_followed(world: Gazetteer) -> None:
    index = AudienceIndex.build(PEOPLE)
    moved = Rows.of([2, 10], [cell_of(*HA_LONG), pack_regions(["VN-13"])], [0, 0], ["VN", "VN"])
    found = index.with_delta(moved, np.array([1])).resolve(
        Area(regions=("VN-13",)), at=NOW, touched=frozenset(), regions=world.region
    )
    assert set(found.person_ids.tolist()) == {2, 3, 4, 8, 10}


def test_a_region_nobody_knows_any_more_is_its_whole_country(world: Gazetteer) -> None:
    gone = Area(regions=("VN-99",))
    assert world.region("VN-99") is None
    assert set(resolved(world, gone, PEOPLE)) == {1, 2, 3, 4, 5, 6, 8, 9}


def test_who_claims_a_region_counts_for_those_known_by_country(world: Gazetteer) -> None:
    assert Area(regions=("UA-43",)).touches_countries(world.touch, world.region) == {"UA", "RU"}
    assert Area(regions=("VN-13",)).touches_countries(world.touch, world.region) == {"VN"}


def test_parts_of_a_region_belong_to_it(world: Gazetteer) -> None:
    england = world.region("GB-ENG")
    assert england is not None
    assert {"GB-ENG", "GB-ESS"} <= england.members  # Essex: ISO knows it, the cities' own list does not
    assert world.region("GB-ESS") is None


def test_every_region_a_position_may_be_named_after_is_listed(world: Gazetteer) -> None:
    listed = world.regions()
    assert {"VN-13", "VN-HP"} <= set(listed["VN"])
    assert sum(map(len, listed.values())) == len([code for code in world.atlas.admins if code])
    assert all(FORM.fullmatch(code) for codes in listed.values() for code in codes)
    assert all(world.name_of(code) for codes in listed.values() for code in codes)
    assert world.region("") is None


def test_an_outline_is_looked_for_once_by_whoever_asks(world: Gazetteer) -> None:
    region = world.region("LS-H")
    assert region is not None
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: region.outline(), range(8)))
    assert all(one is found[0] for one in found)
    assert all(shapely.is_prepared(part) for part in found[0])


def test_regions_of_people_pack_two_to_a_number() -> None:
    for codes in (("VN-13",), ("GB-ENG", "PE-1"), ("AA-0", "ZZ-ZZZ")):
        assert unpack_regions(pack_regions(codes)) == codes
        assert -(2**63) < pack_regions(codes) < 0
    assert unpack_regions(pack_regions(("VN-13", "Hà Nội", "VN-HP", "VN-02"))) == ("VN-13", "VN-HP")
    assert pack_regions(()) == pack_regions(("Bali",)) == 0
    assert unpack_regions(0) == unpack_regions(cell_of(*HA_LONG)) == ()
