"""Files of estimates: all of it or nothing, every mistake with its line."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.countries import usual
from registry import estimates
from registry.estimates import Estimate, EstimatesRefusedError, Mistake, read
from storage.database import Database
from tests.registry.newcomers import NOW

HEAD = "country,people,source,year\n"


def mistakes(text: str | bytes) -> list[tuple[int, str]]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(EstimatesRefusedError) as refused:
        read(data, usual().code, 2026)
    return [(one.line, one.column) for one in refused.value.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "TH,9000,Labour ministry,2025\n",
        "\ufeff" + HEAD + 'Thailand,"9,000",Labour ministry,2025',
        "year;source;people;country\r\n2025;Labour ministry;9.000;th\r\n",
        "Country\tPeople\tSource\tYear\n\nTH\t9 000\tLabour ministry\t2025\n\n",
        HEAD + "TH,๙๐๐๐,Labour ministry,๒๐๒๕\n",
    ],
)
def test_every_way_to_write_the_same(text: str) -> None:
    assert read(text.encode(), usual().code, 2026) == [Estimate("TH", 9000, "Labour ministry", 2025)]


def test_every_mistake_is_named_with_its_line_and_column() -> None:
    text = HEAD + "TH,9000,a,2025\nAtlantis,-5,,1492\n\nTH,1,b,2025\nVN,5\nID,1.5,c,2027\nJP,90,00,c,2025\n"
    assert mistakes(text) == [
        (3, "country"), (3, "people"), (3, "year"), (3, "source"), (5, "country"), (6, ""), (7, "people"),
        (7, "year"), (8, ""),
    ]  # fmt: skip
    with pytest.raises(EstimatesRefusedError) as refused:
        read(text.encode(), usual().code, 2026)
    lines = str(refused.value).splitlines()
    assert lines[0] == "line 3, country: 'Atlantis' is no country we know"
    assert lines[4] == "line 5, country: TH is on line 2 already"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "")]),
        (HEAD, [(1, "")]),
        ("land,people,source\n", [(1, "land"), (1, "country"), (1, "year")]),
        ("country,people,source,year,year\n", [(1, "year")]),
        (HEAD + 'TH,9000,"not closed,2025\n', [(2, "")]),
        (b"country,people,source,year\nTH,9000,Minist\xe8re,2025\n", [(2, "")]),
        (HEAD + "TH,9000," + "x" * 201 + ",2025\n", [(2, "source")]),
        (HEAD + "TH,999999999999,a,2025\n", [(2, "people")]),
        (HEAD + "TH,,a,2025\n", [(2, "people")]),
        (HEAD + "TH,9,000,a,2025\n", [(2, "")]),
    ],
)
def test_what_is_no_such_file(text: str | bytes, expected: list[tuple[int, str]]) -> None:
    assert mistakes(text) == expected


def test_a_field_over_several_lines_does_not_shift_the_count() -> None:
    assert mistakes(HEAD + 'TH,9000,"a\nb\nc",2025\nXX,1,a,2025\n') == [(5, "country")]


def test_many_mistakes_are_cut_short() -> None:
    told = str(EstimatesRefusedError([Mistake(line, "", "wrong") for line in range(80)])).splitlines()
    assert len(told) == 51
    assert told[-1] == "and 30 more"


rows = st.lists(
    st.tuples(
        st.sampled_from(["TH", "VN", "ID", "JP", "IS"]),
        st.integers(0, 500_000_000),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200).filter(
            lambda text: text.strip() == text
        ),
        st.integers(1950, 2026),
    ),
    min_size=1,
    unique_by=lambda row: row[0],
)


@given(rows)
def test_whatever_is_written_by_the_rules_is_read_whole(written: list[tuple[str, int, str, int]]) -> None:
    out = StringIO()
    csv.writer(out).writerows([estimates.COLUMNS, *written])
    assert read(out.getvalue().encode(), usual().code, 2026) == [Estimate(*row) for row in written]


@given(st.binary(max_size=200))
def test_nothing_in_a_file_breaks_it(data: bytes) -> None:
    with pytest.raises(EstimatesRefusedError):
        read(data, usual().code, 2026)


async def test_others_stay_when_some_are_replaced(database: Database) -> None:
    async with database.durable() as connection:
        await estimates.save(connection, [Estimate("TH", 1, "a", 2024), Estimate("VN", 2, "b", 2023)], NOW)
        await estimates.save(connection, [Estimate("TH", 9000, "c", 2025)], NOW)
        assert await estimates.known(connection) == {
            "TH": Estimate("TH", 9000, "c", 2025),
            "VN": Estimate("VN", 2, "b", 2023),
        }
        assert set(await estimates.known(connection, {"VN", "XX"})) == {"VN"}
