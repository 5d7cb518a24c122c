import phonenumbers
import pytest
from phonenumbers.shortnumberinfo import is_emergency_number

from places.emergency import MOST_NUMBERS, emergency_numbers


@pytest.mark.parametrize(
    ("country", "first", "also"),
    [
        ("IS", "112", set()),
        ("VN", "113", {"114", "115"}),
        ("TH", "191", {"199", "1669"}),
        ("JP", "119", {"110"}),
        ("KR", "112", {"119"}),
        ("US", "911", {"112"}),
        ("AU", "000", {"112"}),
        ("GB", "112", {"999"}),
        ("LB", "112", {"140", "175"}),
    ],
)
def test_well_known_numbers_are_given(country: str, first: str, also: set[str]) -> None:
    numbers = emergency_numbers(country)
    assert numbers[0] == first
    assert also <= set(numbers)


def test_every_number_given_is_an_emergency_number_of_that_country() -> None:
    regions = sorted(phonenumbers.SUPPORTED_SHORT_REGIONS)
    answers = {region: emergency_numbers(region) for region in regions}
    assert sum(1 for numbers in answers.values() if numbers) > 230
    for region, numbers in answers.items():
        assert len(numbers) == len(set(numbers)) <= MOST_NUMBERS
        for number in numbers:
            assert 2 <= len(number) <= 4
            assert is_emergency_number(number, region)


@pytest.mark.parametrize("country", ["XX", "", "AQ", "GA"])
def test_nothing_is_said_where_nothing_is_sure(country: str) -> None:
    assert emergency_numbers(country) == ()


def test_a_ministrys_own_table_comes_first() -> None:
    table = {"TH": ("1155", "191"), "VN": ()}
    assert emergency_numbers("TH", table) == ("1155", "191")
    assert emergency_numbers("VN", table) == ()
    assert emergency_numbers("JP", table) == ("119", "110")
