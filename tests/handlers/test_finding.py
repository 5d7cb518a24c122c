"""Places from the real gazetteer, as a conversation holds them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.geography import Geography
from handlers.finding import Spot, found_by_name, found_in_country, load_spots, of_cell, save_spots
from places.cells import cell_of
from places.gazetteer import Gazetteer


@pytest.fixture(scope="module")
def geography(gazetteer: Path) -> Iterator[Geography]:
    opened = Gazetteer.open(gazetteer)
    yield Geography(opened)
    opened.close()


@pytest.fixture
def kit(world: Any, geography: Geography) -> Any:
    return replace(
        world.kit,
        find_place=geography.find,
        locate=geography.around,
        country_name=geography.country_name,
    )


@pytest.mark.parametrize(
    ("language", "text", "country"),
    [("vi", "Reykjavík", "IS"), ("vi", "băng cốc", "TH"), ("th", "เรคยาวิก", "IS"), ("id", "Jepang", "JP")],
)
def test_a_name_in_any_language_becomes_whereabouts(kit: Any, language: str, text: str, country: str) -> None:
    spots = found_by_name(kit, language, text)
    assert spots[0].country == country
    assert spots[0].whereabouts().country == country
    assert spots[0].whole_country is (text == "Jepang")
    assert len(spots) <= 3
    assert load_spots(save_spots(spots)) == spots


def test_a_city_given_for_the_country_is_enough(kit: Any) -> None:
    spot = found_in_country(kit, "en", "Bangkok")[0]
    assert (spot.country, spot.label, spot.sure, spot.whole_country) == ("TH", "Thailand", True, True)


def test_a_position_is_named_by_its_city_and_keeps_every_country_it_may_lie_in(kit: Any) -> None:
    spot = of_cell(kit, "en", cell_of(48.58, 7.80))  # Strasbourg, a kilometre from the border
    assert spot is not None
    assert {spot.country, *spot.near} >= {"FR", "DE"}
    assert spot.label.startswith("near ")
    assert spot.whereabouts().near == spot.near
    assert load_spots(save_spots([spot])) == (spot,)


def test_a_country_at_a_shared_position_keeps_the_position() -> None:
    spot = Spot("Iceland", "IS").at_cell(cell_of(64.0, -22.0))
    assert not spot.whole_country
    assert spot.whereabouts().cell == cell_of(64.0, -22.0)
