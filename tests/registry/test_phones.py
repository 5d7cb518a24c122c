"""Numbers as people type them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import phones
from registry.errors import PhoneRefusedError
from registry.phones import Phone
from storage.database import Database
from storage.errors import SealError
from storage.vault import Vault
from tests.registry.newcomers import NOW, join, telegram


@pytest.mark.parametrize(
    ("typed", "region", "number", "country"),
    [
        ("+66 81 234 5678", None, "+66812345678", "TH"),
        ("081-234-5678", "TH", "+66812345678", "TH"),
        ("0066812345678", None, "+66812345678", "TH"),
        ("๐๘๑ ๒๓๔ ๕๖๗๘", "TH", "+66812345678", "TH"),  # Thai digits
        ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", None, "+966501234567", "SA"),  # Arabic-Indic
        ("\u202a+84 91 234 56 78\u202c", None, "+84912345678", "VN"),  # direction marks of a copied contact
        ("＋８１ ９０ １２３４ ５６７８", None, "+819012345678", "JP"),  # full width
        ("+354 611 1234", None, "+3546111234", "IS"),
        ("+870 773 111 632", None, "+870773111632", None),  # a ship: no country
    ],
)
def test_a_number_is_read(typed: str, region: str | None, number: str, country: str | None) -> None:
    assert phones.read(typed, region) == Phone(number, country)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("081 234 5678", "country_missing"),
        ("", "country_missing"),
        ("no", "country_missing"),
        ("+", "invalid"),
        ("+66", "invalid"),
        ("+66 81", "invalid"),
        ("+999 123 456 789", "invalid"),
        ("+66 81 234 5678 ext. 9", "invalid"),
        ("+" + "6" * 60, "too_long"),
    ],
)
def test_what_cannot_be_called_is_refused_without_being_repeated(typed: str, code: str) -> None:
    with pytest.raises(PhoneRefusedError) as refused:
        phones.read(typed)
    assert refused.value.code == code
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    assert "66" not in str(refused.value)


@settings(deadline=None)  # the first number of a country loads its rules
@given(st.text(max_size=60), st.sampled_from([None, "TH", "VN", "ID", "IS", "ZZ"]))
def test_any_text_is_a_number_or_refused(typed: str, region: str | None) -> None:
    try:
        found = phones.read(typed, region)
    except PhoneRefusedError:
        return
    assert phones.read(found.number) == found
    assert found.number.removeprefix("+").isdecimal()


async def test_one_number_a_person_sealed_for_them(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        two = await join(connection, vault, telegram("2"))
        await phones.save(connection, vault, one.vault, one.id, phones.read("+66812345678"), NOW)
        await phones.save(connection, vault, one.vault, one.id, phones.read("+66812345679"), NOW)
        found = await phones.of_person(connection, one.vault, one.id)
        assert found == Phone("+66812345679", "TH")
        assert "812345679" not in repr(found)
        assert await phones.of_person(connection, two.vault, two.id) is None
        with pytest.raises(SealError):
            await phones.of_person(connection, two.vault, one.id)
        assert await phones.remove(connection, one.id, NOW)
        assert not await phones.remove(connection, one.id, NOW)
        assert await phones.of_person(connection, one.vault, one.id) is None
