"""Fifty spots, written down before any gazetteer was asked: country, time zone and a number that answers."""

import csv
from pathlib import Path

import pytest

from places.emergency import emergency_numbers
from places.gazetteer import Gazetteer

with Path(__file__).with_name("spots.tsv").open(encoding="utf-8", newline="") as file:
    SPOTS = list(csv.DictReader(file, delimiter="\t"))

ANOTHER = {"LA": "191", "NG": "199", "ZA": "112"}
"""Where what was written down is another number of the same country than the sources agree on."""


def test_there_are_fifty() -> None:
    assert len({spot["spot"] for spot in SPOTS}) == 50


@pytest.mark.parametrize("spot", SPOTS, ids=[spot["spot"] for spot in SPOTS])
def test_country_zone_and_number_of_a_spot(world: Gazetteer, spot: dict[str, str]) -> None:
    found = world.at(float(spot["lat"]), float(spot["lon"]))
    assert found.country == spot["country"]
    assert found.timezone in spot["zone"].split(",")
    assert world.name(found.place, "en")
    assert ANOTHER.get(found.country, spot["number"]) in emergency_numbers(found.country)
