"""What may be handed in, and how precisely the rest is refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.draft import MAX_NOTE, Draft, Text, read_draft
from alerts.errors import AlertRefusedError
from alerts.terms import GRAVE, Severity
from tests.alerts.office import NOW, REYKJAVIK, draft


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"status": "System"}, "draft.status", "Actual"),
        ({"severity": "severe"}, "draft.severity", "Severe"),
        ({"texts": {"vietnamese": {"headline": "x"}}}, "draft.texts.vietnamese", "language tag"),
        ({"correction": {"EN": "a", "en": "b"}}, "draft.correction", "same language"),
        ({"texts": {"vi": {"headline": "x" * 251}}}, "draft.texts.vi.headline", "250"),
        ({"texts": {"vi": {"headline": "x", "html": "<b>"}}}, "draft.texts.vi.html", "not permitted"),
        ({"correction": {"vi": "x" * (MAX_NOTE + 1)}}, "draft.correction.vi", str(MAX_NOTE)),
        (
            {"area": {"circles": [{"lat": 99.0, "lon": 0.0, "radius_km": 1.0}]}},
            "draft.area",
            "circles[0].lat",
        ),
        ({"area": {"countries": ["Iceland"]}}, "draft.area", "countries[0]"),
        ({"area": "everywhere"}, "draft.area", "JSON"),
        ({"time_zone": "Iceland Time"}, "draft.time_zone", "Asia/Bangkok"),
        ({"expires_at": "2031-05-05T00:00:00"}, "draft.expires_at", "timezone"),
        ({"event_name": "  "}, "draft.event_name", "at least 1"),
        ({"nonsense": 1}, "draft.nonsense", "not permitted"),
    ],
)
def test_each_fault_is_named(changes: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(AlertRefusedError) as refused:
        draft(**changes)
    assert refused.value.codes == {code}
    assert words in refused.value.reasons[0].text


def test_all_faults_are_named_and_no_value_is() -> None:
    with pytest.raises(AlertRefusedError) as refused:
        draft(status="canary-1", severity="canary-2", time_zone="canary-3", expires_at="canary-4")
    assert refused.value.codes == {"draft.status", "draft.severity", "draft.time_zone", "draft.expires_at"}
    assert "canary" not in str(refused.value) + str(refused.value.reasons)


def test_a_draft_may_be_unfinished() -> None:
    unfinished = draft(texts={}, area={}, correction={}, all_clear={})
    assert unfinished.shape is None
    assert draft(area=None).area == {}


def test_texts_are_made_safe_for_every_channel() -> None:
    text = Text(headline=" A\r\nB\u0000\x1b ", description="e\u0301\r\nline\ttwo\x07", instruction="\ud800x")
    assert text.headline == "A B"
    assert text.description == "é\nline\ttwo"
    assert text.instruction == "x"


def test_times_become_utc_and_tags_regular() -> None:
    local = datetime(2031, 5, 4, 18, tzinfo=timezone(timedelta(hours=7)))
    made = draft(expires_at=local, texts={"EN_us": {"headline": "x", "description": "y"}})
    assert made.expires_at == local
    assert made.expires_at.tzinfo is UTC
    assert list(made.texts) == ["en-US"]


@pytest.mark.parametrize("severity", Severity)
def test_people_known_by_country_are_included_when_it_is_grave(severity: Severity) -> None:
    assert draft(severity=severity).with_maybe is (severity in GRAVE)
    assert draft(severity=severity, include_maybe=True).with_maybe
    assert not draft(severity=severity, include_maybe=False).with_maybe


def test_it_survives_json() -> None:
    made = draft(area={**REYKJAVIK, "countries": ["IS"]}, onset=NOW)
    assert Draft.model_validate_json(made.model_dump_json()) == made


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(sorted(Draft.model_fields)),
        st.none() | st.text(max_size=5) | st.integers() | st.lists(st.floats(), max_size=2),
        max_size=4,
    )
)
def test_junk_is_refused_and_nothing_else_happens(values: dict[str, Any]) -> None:
    with pytest.raises(AlertRefusedError):
        read_draft(values)
