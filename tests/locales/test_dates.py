"""Days as people of four languages type them; whatever is read back is read again as the same."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.catalog import Catalog
from locales.dates import day_words, span_words
from locales.typed_dates import MOST_AHEAD, read_day, read_days

TODAY = date(2026, 11, 22)
CATALOG = Catalog.load()
LANGUAGES = ["en", "vi", "th", "id"]


def iso(text: str, language: str) -> tuple[str, str | None] | None:
    found = read_days(text, language, TODAY)
    return None if found is None else (str(found.first), None if found.last is None else str(found.last))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "3-12 Dec"), ("en", "3 Dec - 12 Dec"), ("en", "3/12 - 12/12"),
        ("en", "3/12/2026 to 12/12/2026"),
        ("en", "Dec 3rd – Dec 12th, 2026"), ("en", "2026-12-03 2026-12-12"), ("en", "3 Dec 12 Dec"),
        ("en", "from the 3rd of December until the 12th of December"), ("en", "3.12. - 12.12."),
        ("en", "3 dec 26 - 12 dec 26"), ("en", "December 3 - 12"), ("en", "3 Dec for 9 days"),
        ("en", "3-12-2026 to 12-12-2026"), ("en", "3 to 12 December 2569"), ("en", "３-１２ Dec"),
        ("vi", "3 thg 12 đến 12 thg 12 2026"), ("vi", "3/12-12/12"), ("vi", "3-12 tháng 12"),
        ("vi", "từ ngày 3 tháng 12 đến ngày 12 tháng 12 năm 2026"), ("vi", "từ 3/12 trong 9 ngày"),
        ("vi", "tu ngay 3 thang 12 den ngay 12 thang 12"), ("vi", "3/12 tới 12/12"),
        ("th", "3 ธ.ค. 2569 ถึง 12 ธ.ค."), ("th", "๓-๑๒ ธันวาคม ๒๕๖๙"), ("th", "3ธันวาคม2569-12ธันวาคม2569"),
        ("th", "วันที่ 3 ถึงวันที่ 12 ธันวาคม"), ("th", "3/12/69 - 12/12/69"), ("th", "3-12 Dec"),
        ("id", "3 Desember sampai 12 Desember"), ("id", "3 s/d 12 Des 2026"), ("id", "tgl 3-12 Desember"),
        ("id", "mulai 3 Des selama 9 hari"),
        ("fr", "3 décembre - 12 décembre"),
    ],
)  # fmt: skip
def test_the_third_to_the_twelfth_of_december(language: str, text: str) -> None:
    assert iso(text, language) == ("2026-12-03", "2026-12-12")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("December", "2026-12-01", "2026-12-31"),  # all of it
        ("December to February", "2026-12-01", "2027-02-28"),
        ("December 28 - January 4", "2026-12-28", "2027-01-04"),
        ("20 Nov - 30 Nov", "2026-11-20", "2026-11-30"),  # has begun
        ("until 12 Dec", "2026-11-22", "2026-12-12"),
        ("today until 30 Nov", "2026-11-22", "2026-11-30"),
        ("12/25 - 12/31", "2026-12-25", "2026-12-31"),  # can only be month first
        ("12 Dec - 3 Dec", "2026-12-12", "2027-12-03"),
        ("1 Jan 2026 - 5 Jan 2026", "2026-01-01", "2026-01-05"),
        ("5 to 20 January 2027", "2027-01-05", "2027-01-20"),
        ("tomorrow for 2 weeks", "2026-11-23", "2026-12-07"),
        ("tomorrow", "2026-11-23", None),
        ("29 Feb", "2028-02-29", None),
        ("12 Dec", "2026-12-12", None),
    ],
)
def test_other_spans(text: str, first: str, last: str | None) -> None:
    assert iso(text, "en") == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "next week", "3-12", "12", "31 Feb", "31/4", "2026", "Lima", "3 May 2027 to 1 Mar 2027",
        "1-31 Jan, 2 weeks", "3 Dec to 12 Dec to 20 Dec", "3 Dec 2040", "0 Dec", "32 Dec", "13/13",
        "for 2 weeks", "until", "3 Dec or 4 Dec", "99999999999 Dec", "3 Dec for 9999 days",
    ],
)  # fmt: skip
def test_what_is_not_sure_is_not_read(text: str) -> None:
    assert iso(text, "en") is None


def test_one_day_after_another() -> None:
    first = date(2026, 12, 3)
    assert read_day("12 Dec", "en", first) == date(2026, 12, 12)
    assert read_day("2 Jan", "en", first) == date(2027, 1, 2)
    assert read_day("until 12 Dec", "en", first) == date(2026, 12, 12)
    assert read_day("December", "en", first) == date(2026, 12, 31)
    assert read_day("1 Dec 2026", "en", first) is None
    assert read_day("who knows", "en", first) is None


@given(st.sampled_from(LANGUAGES), st.integers(-150, 900), st.integers(0, 300))
def test_what_is_read_back_is_read_again_as_the_same(language: str, ahead: int, length: int) -> None:
    first = TODAY + timedelta(days=ahead)
    last = first + timedelta(days=length)
    said = span_words(CATALOG, language, first, last)
    assert f"{first.day} " in said
    for day in (first, last):
        without_weekday = day_words(CATALOG, language, day).split(f"{day.day} ", 1)[1]
        assert f"{day.day} {without_weekday}" in said
    plain = " - ".join(
        f"{day.day} {day_words(CATALOG, language, day).split(f'{day.day} ', 1)[1]}" for day in (first, last)
    )
    found = read_days(plain, language, TODAY)
    assert found is not None, plain
    assert (found.first, found.last) == (first, last), plain


@given(st.sampled_from(LANGUAGES), st.text(max_size=40))
def test_nothing_typed_breaks_it_or_leads_nowhere(language: str, text: str) -> None:
    found = read_days(text, language, TODAY)
    if found is not None:
        assert found.first <= TODAY + MOST_AHEAD
        assert found.last is None or found.first <= found.last <= found.first + MOST_AHEAD


@given(st.text("0123456789 /-.~decjan", max_size=24))
def test_no_row_of_numbers_breaks_it(text: str) -> None:
    read_days(text, "en", TODAY)
