"""What a citizen reads: complete, framed, in their language, with absolute times."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.copies import Copy
from alerts.draft import Text
from alerts.failures import UNNAMED, WORDS, in_words
from alerts.store import AlertRow, RevisionRow
from alerts.terms import Severity
from alerts.wording import Wording, choose_language
from bot.messages import MAX_BUTTON_DATA, Frame
from locales.catalog import Catalog
from tests.alerts.dossiers import ALERT, REVISION

CATALOG = Catalog.load()
WORDING = Wording(CATALOG, "Ministry of Foreign Affairs of Arcadia")
TEXTS = {
    "en": Text(headline="Southeast gale", description="Winds of 25 m/s.", instruction="Stay indoors."),
    "vi": Text(headline="Gió đông nam mạnh", description="Gió 25 m/s.", instruction="Ở trong nhà."),
}
APPROVED = replace(
    REVISION, texts=TEXTS, approved_by=2, approved_at=datetime(2031, 5, 4, 12, 5, tzinfo=UTC),
    onset=datetime(2031, 5, 4, 20, 0, tzinfo=UTC), expires_at=datetime(2031, 5, 5, 6, 0, tzinfo=UTC),
    time_zone="Asia/Ho_Chi_Minh", area_name="Hà Nội",
)  # fmt: skip
LANGUAGES = list(CATALOG.languages())


def compose(language: str, **changes: Any) -> str:
    return WORDING.compose(ALERT, replace(APPROVED, **changes), "AB2CD3", language).text


def drill(row: AlertRow = ALERT) -> tuple[AlertRow, RevisionRow]:
    return replace(row, status="Exercise"), replace(APPROVED, status="Exercise")


def test_the_whole_message_in_vietnamese() -> None:
    message = WORDING.compose(ALERT, APPROVED, "AB2CD3", "vi")
    say = CATALOG.say
    lines = message.text.splitlines()
    assert lines[0] == f"{say('vi', 'alert.severity.severe')}: Gió đông nam mạnh"
    assert say("vi", "alert.from", sender="Ministry of Foreign Affairs of Arcadia") in lines
    assert say("vi", "alert.place", area="Hà Nội") in lines
    assert "Gió 25 m/s." in lines
    assert "Ở trong nhà." in lines
    assert lines[-1] == say("vi", "alert.answer")
    assert [button.data for button in message.buttons] == ["safe:AB2CD3", "help:AB2CD3"]
    assert message.buttons[0].label == say("vi", "alert.button.safe")
    assert (message.frame, message.language, message.urgent) == (Frame.ALERT, "vi", True)
    assert "English" not in message.text
    assert say("vi", "alert.fallback") not in message.text


def test_times_are_absolute_in_the_zone_of_the_place() -> None:
    text = compose("en")
    for words in ("Monday 5 May 2031, 03:00", "Sunday 4 May 2031, 19:05", "Monday 5 May 2031, 13:00"):
        assert words in text
    assert text.count("Ho Chi Minh") == 3
    assert "2574" in compose("th")  # the Buddhist year


def test_a_fallback_is_labelled_in_the_language_of_the_reader() -> None:
    message = WORDING.compose(ALERT, APPROVED, "AB2CD3", "th")
    assert CATALOG.say("th", "alert.fallback") in message.text
    assert "Winds of 25 m/s." in message.text
    assert message.language == "en"
    assert message.buttons[0].label == CATALOG.say("th", "alert.button.safe")
    vietnamese_first = Wording(CATALOG, "M", "vi").compose(ALERT, APPROVED, "AB2CD3", "th")
    assert vietnamese_first.language == "vi"
    assert choose_language(APPROVED, "th", "vi").is_fallback


@pytest.mark.parametrize("language", [*LANGUAGES, "is", "zh-Hant"])
def test_a_drill_says_so_first_and_last_in_every_language(language: str) -> None:
    for kind, corrects in (({}, None), ({"copy": Copy.SECOND}, None), ({}, 3), ({"copy": Copy.LATE}, None)):
        alert, row = drill()
        message = WORDING.compose(alert, replace(row, corrects=corrects), "AB2CD3", language, **kind)
        assert message.frame is Frame.DRILL
        assert not message.urgent, "no budget is overdrawn for a drill"
        assert message.text.startswith(CATALOG.say(language, "alert.drill.first"))
        assert message.text.endswith(CATALOG.say(language, "alert.drill.last"))
        real = WORDING.compose(ALERT, replace(APPROVED, corrects=corrects), "AB2CD3", language, **kind)
        assert real.frame is Frame.ALERT
        assert CATALOG.say(language, "alert.drill.first") not in real.text
        assert CATALOG.say(language, "alert.drill.last") not in real.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_words_everywhere(language: str, severity: Severity) -> None:
    words = CATALOG.say(language, f"alert.severity.{severity.lower()}")
    assert compose(language, severity=severity).startswith(words)


def test_what_kind_of_message_it_is_comes_first() -> None:
    second = WORDING.compose(ALERT, APPROVED, "AB2CD3", "en", copy=Copy.SECOND).text
    assert second.startswith(CATALOG.say("en", "alert.second_notice"))
    correction = compose("en", corrects=3)
    assert correction.startswith(CATALOG.say("en", "alert.correction"))
    over = WORDING.compose(ALERT, replace(APPROVED, corrects=3, urgency="Past"), "AB2CD3", "en")
    assert over.text.startswith(CATALOG.say("en", "alert.all_clear"))
    assert over.buttons == ()
    assert CATALOG.say("en", "alert.answer") not in over.text
    late = WORDING.compose(ALERT, APPROVED, "AB2CD3", "en", copy=Copy.LATE).text
    assert late.startswith(CATALOG.say("en", "alert.late"))
    followed = WORDING.compose(ALERT, replace(APPROVED, corrects=3), "AB2CD3", "en", copy=Copy.LATE).text
    assert followed == correction, "what follows a warning comes late to nobody"


def test_buttons_fit_the_tightest_channel() -> None:
    for language in LANGUAGES:
        for button in WORDING.compose(ALERT, APPROVED, "AB2CD3", language).buttons:
            assert len(button.data.encode()) <= MAX_BUTTON_DATA
            assert len(button.label) <= 20


def test_latin_runs_do_not_turn_arabic_round() -> None:
    arabic = {"ar": Text(headline="عاصفة", description="رياح 25 m/s")}
    assert "\u2068" in compose("ar", texts=arabic)


@settings(max_examples=50)
@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from([*LANGUAGES, "fr"]))
def test_no_word_of_an_officer_is_dropped_or_read_as_a_pattern(first: str, last: str, language: str) -> None:
    text = Text(headline="{sender} %s", description=first, instruction=last)
    message = compose(language, texts={"en": text})
    assert "{sender} %s" in message
    assert text.description in message
    assert text.instruction in message


def test_failures_have_words_and_unknown_ones_keep_their_name() -> None:
    assert in_words("blocked") == WORDS["blocked"]
    assert in_words(None) == in_words("") == UNNAMED
    assert in_words("http_599") == "Other: http 599"
    assert all(words and words[0].isupper() for words in WORDS.values())
