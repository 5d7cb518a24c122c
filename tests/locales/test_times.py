"""Moments in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.catalog import Catalog
from locales.errors import UnknownWordsError
from locales.times import moment, zone_words

CATALOG = Catalog.load()
AT = datetime(2026, 3, 3, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Wednesday 4 March 2026, 06:05 (Bangkok time)"),
        ("vi", "06:05 Thứ Tư, ngày 4 tháng 3 năm 2026 (giờ Bangkok)"),
        ("th", "วันพุธที่ 4 มีนาคม พ.ศ. 2569 เวลา 06:05 น. (เวลา กรุงเทพ)"),
        ("id", "Rabu, 4 Maret 2026 pukul 06:05 (waktu Bangkok)"),
        ("fr", "mercredi 4 mars 2026, 06:05 (Bangkok time)"),
    ],
)
def test_a_moment_in_every_language(language: str, words: str) -> None:
    assert moment(CATALOG, language, AT, "Asia/Bangkok") == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "UTC, world time"),
        ("Etc/UTC", "UTC, world time"),
        ("Etc/GMT+5", "UTC-05:00 time"),
        ("Asia/Kathmandu", "Kathmandu time"),
        ("America/Argentina/Ushuaia", "Ushuaia time"),
        ("Atlantic/Reykjavik", "Reykjavik time"),
    ],
)
def test_zones_are_named_by_their_city(zone: str, words: str) -> None:
    assert zone_words(CATALOG, "en", zone) == words


@pytest.mark.parametrize("zone", ["Nowhere/City", "", "../etc/passwd", "Asia", "Asia/\x00"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownWordsError):
        moment(CATALOG, "en", AT, zone)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UnknownWordsError):
        moment(CATALOG, "en", datetime(2026, 3, 3, 14, 5), "UTC")  # noqa: DTZ001 - the mistake under test


@given(
    at=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive by contract
    language=st.sampled_from(["en", "vi", "th", "id"]),
)
def test_the_year_and_the_clock_are_always_told(at: datetime, language: str) -> None:
    said = moment(CATALOG, language, at, "UTC")
    assert str(at.year + (543 if language == "th" else 0)) in said
    assert f"{at:%H:%M}" in said
