"""Our alerts as CAP: valid by the standard's schema, and read back as they were."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.cap.export import reference, to_cap
from alerts.cap.read import read
from alerts.cap.source import draft_from
from alerts.draft import Text
from alerts.errors import AlertRefusedError
from alerts.store import RevisionRow
from alerts.terms import Category, Certainty, Severity, Status, Urgency
from places.area import Area
from places.shapes import Circle, Polygon
from tests.alerts.dossiers import ALERT, REVISION
from tests.alerts.office import NOW

APPROVED = replace(REVISION, approved_by=2, approved_at=NOW)
SENDER = "alerts@arcadia.example"
WORDS = st.builds(lambda text: Text(headline="x", description=text).description, st.text(max_size=60))
DEGREES = st.floats(-90, 90, allow_nan=False, allow_subnormal=False)
POINTS = st.tuples(DEGREES, DEGREES)
AREAS = st.builds(
    lambda circles, rings, countries, regions: Area(
        tuple(Circle(lat, lon, km) for (lat, lon), km in circles),
        tuple(Polygon(tuple(ring)) for ring in rings),
        tuple(countries) or ("IS",),
        regions=tuple(regions),
    ),
    st.lists(st.tuples(POINTS, st.floats(0, 20_000)), max_size=2),
    st.lists(st.lists(POINTS, min_size=1, max_size=6), max_size=2),
    st.lists(st.sampled_from(["IS", "VN", "TH"]), max_size=2, unique=True),
    st.lists(st.sampled_from(["VN-13", "GB-ENG", "PE-1"]), max_size=2, unique=True),
)
REVISIONS = st.builds(
    lambda area, texts, **more: replace(APPROVED, area=area.to_json(), texts=texts, **more),
    AREAS,
    st.dictionaries(
        st.sampled_from(["en", "vi", "is-IS", "zh-Hant-TW"]),
        st.builds(Text, headline=WORDS, description=WORDS, instruction=WORDS),
        min_size=1,
    ),
    severity=st.sampled_from(Severity),
    urgency=st.sampled_from(Urgency),
    certainty=st.sampled_from(Certainty),
    category=st.sampled_from(Category),
    onset=st.none() | st.just(NOW + timedelta(hours=2)),
)


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared_data / "schema" / "CAP-v1.2.xsd"))


def export(row: RevisionRow, **alert: str) -> bytes:
    return to_cap(replace(ALERT, **alert), row, sender=SENDER, sender_name="Arcadia & <Co>")


def test_it_is_valid_and_comes_back_as_it_was(schema: etree.XMLSchema) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        REVISIONS, st.sampled_from(["Actual", "Exercise", "Test"]), st.sampled_from(["Public", "Registered"])
    )
    def check(row: RevisionRow, status: str, audience: str) -> None:
        data = export(row, status=status, audience=audience)
        schema.assertValid(etree.fromstring(data))
        found = read(data)
        assert len(found) == 1
        one = found[0]
        assert (one.identifier, one.sender, one.status) == (ALERT.identifier, SENDER, status)
        assert one.scope == ("Public" if audience == "Public" else "Restricted")
        assert one.sent_at == NOW.replace(microsecond=0)
        assert {info.language for info in one.infos} == set(row.texts)
        for info in one.infos:
            text = row.texts[info.language]
            assert (info.headline, info.description, info.instruction) == (
                text.headline.strip(), text.description.strip(), text.instruction.strip(),
            )  # fmt: skip
            assert (info.severity, info.urgency, info.certainty) == (row.severity, row.urgency, row.certainty)
            assert info.categories == (row.category,)
            assert (info.onset, info.expires) == (
                row.onset and row.onset.replace(microsecond=0), row.expires_at.replace(microsecond=0),
            )  # fmt: skip
            area = Area.from_json(row.area)
            assert info.areas[0].circles == area.circles
            for back, polygon in zip(info.areas[0].polygons, area.polygons, strict=True):
                assert set(back.exterior) == set(polygon.exterior)
                assert back.exterior[0] == back.exterior[-1]
                assert len(back.exterior) >= 4
            codes = [code.value for code in info.areas[0].geocodes]
            assert tuple(codes) == area.countries + area.regions
        assert one.warnings == ()

    check()


def test_countries_and_regions_alone_come_back_as_an_area() -> None:
    area = Area(countries=("TH",), regions=("VN-13", "VN-HP"))
    one = read(export(replace(APPROVED, area=area.to_json())))[0]
    made = draft_from(one, status=Status.EXERCISE, now=NOW, time_zone="UTC")
    assert made.draft.shape == area


def test_only_what_was_approved_is_exported() -> None:
    with pytest.raises(AlertRefusedError) as refused:
        export(REVISION)
    assert refused.value.codes == {"not_approved"}
    assert reference(ALERT, REVISION, sender=SENDER) == ""


def test_a_follow_up_names_what_it_follows(schema: etree.XMLSchema) -> None:
    named = reference(ALERT, APPROVED, sender=SENDER)
    assert named == f"{SENDER},muster-7,2031-05-04T12:00:00-00:00"
    row = replace(APPROVED, corrects=7, urgency="Past")
    follow = replace(ALERT, id=8, identifier="muster-8", msg_type="Update", corrects=7)
    data = to_cap(follow, row, sender=SENDER, sender_name="A", references=[named])
    schema.assertValid(etree.fromstring(data))
    one = read(data)[0]
    assert (one.msg_type, one.references) == ("Update", (named,))
    assert one.infos[0].response_types == ("AllClear",)


def test_a_drill_says_so() -> None:
    assert b"EXERCISE" in export(APPROVED, status="Exercise")
    assert b"EXERCISE" not in export(APPROVED)
