"""Forms as pure functions: what is typed comes back, drafts survive the way through the form."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.draft import Draft
from alerts.errors import AlertRefusedError, Reason
from console import names
from console.area_form import read_area, typed_area
from console.compose_form import read_form, typed_from, typed_of
from console.countries import usual
from console.plain_words import plain
from places.area import Area
from tests.alerts.office import draft
from tests.console.duty import typed

LATS = st.floats(-80, 80).map(lambda value: round(value, 6))
LONS = st.floats(-179, 179).map(lambda value: round(value, 6))
CIRCLES = st.fixed_dictionaries(
    {"lat": LATS, "lon": LONS, "radius_km": st.floats(0.5, 500).map(lambda value: round(value, 6))}
)


def said(**changes: str) -> dict[str, str]:
    return {"circles": "", "polygons": "", "countries": "", "regions": "", "rest": "", **changes}


@given(st.lists(CIRCLES, max_size=4), st.sets(st.sampled_from(["IS", "TH", "VN"]), max_size=3))
def test_an_area_survives_the_form(circles: list[dict[str, float]], countries: set[str]) -> None:
    reasons: list[Reason] = []
    area = {"circles": circles, "polygons": [], "countries": sorted(countries), "exclusions": {}}
    area["regions"] = [f"{code}-1" for code in sorted(countries)]
    back = read_area({**said(), **typed_area(area)}, usual(), reasons)
    assert reasons == []
    if circles or countries:
        assert (back["circles"], back["countries"]) == (circles, sorted(countries))
        assert back["regions"] == area["regions"]
        Area.from_json(back)
    else:
        assert back == {}


@given(st.lists(st.tuples(LATS, LONS), min_size=3, max_size=8))
def test_a_polygon_survives_the_form(corners: list[tuple[float, float]]) -> None:
    reasons: list[Reason] = []
    polygon = {"exterior": [list(corner) for corner in corners], "holes": []}
    back = read_area({**said(), **typed_area({"polygons": [polygon]})}, usual(), reasons)
    assert (reasons, back["polygons"]) == ([], [polygon])


def test_holes_and_exclusions_are_carried_along() -> None:
    ring = [[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0]]
    hole = [[2.0, 2.0], [2.0, 3.0], [3.0, 3.0]]
    area = Area.from_json(
        {
            "polygons": [{"exterior": ring, "holes": [hole]}],
            "exclusions": {"circles": [{"lat": 5.0, "lon": 5.0, "radius_km": 10.0}]},
        }
    ).to_json()
    reasons: list[Reason] = []
    assert Area.from_json(read_area({**said(), **typed_area(area)}, usual(), reasons)) == Area.from_json(area)
    assert reasons == []


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_anything_typed_is_read_or_named(circles: str, polygons: str, countries: str, rest: str) -> None:
    reasons: list[Reason] = []
    area = read_area(
        said(circles=circles, polygons=polygons, countries=countries, rest=rest), usual(), reasons
    )
    lines = [line for text in (circles, polygons) for line in text.splitlines() if line.strip()]
    shapes = len(area.get("circles", ())) + len(area.get("polygons", ()))
    named = [reason for reason in reasons if reason.code in {"form.circles", "form.polygons"}]
    if not rest.strip():
        assert shapes + len(named) == len(lines), "no line is dropped in silence"


def test_countries_by_name_or_code() -> None:
    reasons: list[Reason] = []
    area = read_area(said(countries="iceland, NO; Thailand\nth"), usual(), reasons)
    assert (area["countries"], reasons) == (["IS", "NO", "TH"], [])


def test_regions_by_code() -> None:
    reasons: list[Reason] = []
    area = read_area(said(regions="vn-13, GB-ENG; VN-13\nPE-1"), usual(), reasons)
    assert (area["regions"], reasons) == (["VN-13", "GB-ENG", "PE-1"], [])
    read_area(said(regions="Quảng Ninh"), usual(), reasons)
    assert [reason.code for reason in reasons] == ["form.regions"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Bangkok", "Atlantic/Reykjavik", "America/St_Johns"])
def test_a_draft_survives_the_form(zone: str) -> None:
    first = draft(
        time_zone=zone,
        expires_at=datetime(2031, 5, 5, 1, 30, tzinfo=UTC),
        onset=datetime(2031, 5, 4, 13, 0, tzinfo=UTC),
        useful_until=datetime(2031, 5, 4, 20, 0, tzinfo=UTC),
        include_maybe=False,
        corrects=3,
        event_id=7,
    )
    assert read_form(typed_of(first), usual()) == first


def test_a_form_survives_being_typed_and_read() -> None:
    form = typed_from(typed())
    again = typed_of(read_form(form, usual()))
    assert again.words == form.words
    assert again.values["expires_at"] == form.values["expires_at"]


@given(st.dictionaries(st.sampled_from(sorted(typed())), st.text(max_size=40), max_size=6))
def test_whatever_is_sent_is_a_draft_or_reasons(changes: dict[str, str]) -> None:
    outcome: Draft | AlertRefusedError
    try:
        outcome = read_form(typed_from({**typed(), **changes}), usual())
    except AlertRefusedError as refused:
        outcome = refused
    if isinstance(outcome, AlertRefusedError):
        assert outcome.reasons
        assert all(reason.code and reason.text for reason in outcome.reasons)
    else:
        assert outcome.event_name


def test_faults_are_told_in_the_words_of_the_form() -> None:
    told = {
        plain(Reason(f"draft.{path}", f"{path}: {message}")).text
        for path, message in (
            ("event_name", "Value should have at least 1 item after validation, not 0"),
            ("texts.vi.headline", "String should have at most 250 characters"),
            ("severity", "Input should be 'Extreme', 'Severe'"),
            ("correction.th", "String should have at most 1500 characters"),
            ("area", "not a two-letter country code"),
        )
    }
    assert told == {
        "Hazard in a few words: is missing.",
        "Vietnamese, headline: is longer than 250 characters.",
        "Severity: is not one of the choices.",
        "Correction, Thai: is longer than 1500 characters.",
        "Where: not a two-letter country code.",
    }
    other = Reason("state", "It was sent.")
    assert plain(other) is other


def test_names_and_figures() -> None:
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert names.number(12430) == "12,430"
    assert names.people(1) == "1 person (registration)"
    assert names.people(12430) == "12,430 people (registrations)"
    assert usual().name("TH") == "Thailand"
    assert usual().name("") == "country unknown"
    assert names.language("vi") == "Vietnamese"
    assert names.language("no tag at all") == "no tag at all"
    assert names.when(now, "Asia/Bangkok") == "22 Nov 2026, 16:30 (Asia/Bangkok)"
    assert names.when(None) == "not set"
    assert [names.span(s) for s in (0.2, 40, 400, 9000)] == [
        "about a second", "about 40 seconds", "about 7 minutes", "about 2.5 hours"
    ]  # fmt: skip
    ages = [names.ago(now - timedelta(**age), now) for age in ({}, {"minutes": 4}, {"hours": 3}, {"days": 5})]
    assert ages == ["just now", "4 min", "3 h", "5 days"]
