"""Fictional telephone numbers and Viber ids: never two of one kind."""

import base64

import pytest

from simulator.citizen import BY_NUMBER, Channel
from simulator.mixes import FATES, FIVE_CHANNELS, viber_id
from simulator.numbers import MAKERS, SPARE, number_in
from simulator.placing import Shares, circle_area
from simulator.population import generate
from simulator.scripts import in_script

AREA = circle_area(64.147, -21.94, 30.0)


@pytest.mark.parametrize("country", sorted(MAKERS))
def test_numbers_are_different_and_look_like_numbers(country: str) -> None:
    made = {number_in(country, place)[0] for place in range(2_000)}
    assert len(made) == 2_000
    assert all(number.startswith("+") and 11 <= len(number) <= 14 for number in made)


def test_a_country_without_more_numbers_borrows() -> None:
    assert number_in("GB", 999) == ("+447700900999", "GB")
    assert number_in("GB", 1_000)[1] == SPARE
    assert number_in("US", 0) == ("+12015550100", "US")


def test_viber_ids_are_16_bytes_in_base64() -> None:
    assert len(base64.b64decode(viber_id(1))) == 16
    assert len({viber_id(number) for number in range(100)}) == 100


def test_people_of_five_channels_have_what_their_channels_need() -> None:
    people = generate(1_500, 3, AREA, country="IS", shares=Shares(mix=FIVE_CHANNELS)).citizens
    assert {one.channels for one in people} == {channels for channels, _ in FIVE_CHANNELS}
    assert all(bool(one.number) is not BY_NUMBER.isdisjoint(one.channels) for one in people)
    assert all(one.place for one in people if one.first is Channel.SMS)
    assert all(one.fate in FATES[one.fate_on] for one in people if one.fate != "active")
    shared = [one for one in people if one.phone]
    assert shared
    assert all(one.channels.index(Channel.SMS) > 0 for one in shared)


def test_digits_of_other_scripts() -> None:
    assert [in_script(120, script) for script in ("latin", "thai", "khmer")] == ["120", "๑๒๐", "១២០"]
