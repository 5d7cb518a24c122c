"""A warning in pieces: only what was approved, the catalog's words, a number and our own page."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.copies import Copy
from alerts.draft import Text
from alerts.pieces import PLAIN_UNITS, WIDE_UNITS, action_of, first_sentence, overlong, too_long
from alerts.wording import Wording
from bot.messages import Notice
from locales import times
from locales.catalog import Catalog
from tests.alerts.dossiers import ALERT, REVISION

CATALOG = Catalog.load()
LANGUAGES = list(CATALOG.languages())
WORDING = Wording(CATALOG, "Ministry of Arcadia", site_url="https://muster.example")
TEXTS = {
    "en": Text(headline="Flood", description="It rains.", instruction="Go up. Take water."),
    "vi": Text(headline="Lũ", description="Mưa lớn.", instruction="Lên cao! Mang nước."),
    "th": Text(headline="น้ำท่วม", description="ฝนตกหนัก", instruction="ขึ้นที่สูง\nนำน้ำไปด้วย"),
    "id": Text(headline="Banjir", description="Hujan deras.", instruction="Naik ke tempat tinggi. Bawa air."),
}
APPROVED = replace(
    REVISION, texts=TEXTS, approved_by=2, approved_at=datetime(2031, 5, 4, 12, 5, tzinfo=UTC),
    expires_at=datetime(2031, 5, 5, 6, 0, tzinfo=UTC), time_zone="Asia/Bangkok", area_name="Ayutthaya",
)  # fmt: skip
# What telephone companies act on by themselves, whatever we meant by it.
CARRIERS = {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "start", "yes",
            "unstop", "help", "info", "arret"}  # fmt: skip


def notice(language: str, **more: object) -> Notice:
    found = WORDING.compose(ALERT, APPROVED, "AB2CD3", language, **more).notice  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Go up. Take water.", "Go up."),
        ("Go to St. Mary now! Then wait.", "Go to St. Mary now!"),
        ("Meet at P. Diponegoro 3. Wait.", "Meet at P. Diponegoro 3."),
        ("Leave by 3.30 p.m. at the latest", "Leave by 3.30 p.m."),
        ("Is it safe? No.", "Is it safe?"),
        ("立即撤离。带上水。", "立即撤离。"),
        ("ขึ้นที่สูง\nนำน้ำไปด้วย", "ขึ้นที่สูง"),
        ("\n  Stay   in  \n Wait.", "Stay in"),
        ("He said “Go.” And we went.", "He said “Go.”"),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


@settings(max_examples=80)
@given(st.text(alphabet="aB .!?\n。ก", max_size=80))
@example("St. St. St.")
def test_a_first_sentence_is_the_beginning_of_the_text_and_nothing_else(text: str) -> None:
    found = first_sentence(text)
    line = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    assert line.startswith(found)
    assert bool(found) == bool(line)
    assert first_sentence(found) == found


def test_what_to_do_comes_from_the_instruction_else_from_the_description() -> None:
    assert action_of(TEXTS["en"]) == "Go up."
    assert action_of(Text(headline="Flood", description="It rains. Much.")) == "It rains."
    assert action_of(Text(headline="Flood")) == "Flood"


def test_a_sentence_may_be_as_long_as_a_text_message_has_room_for() -> None:
    assert too_long("a" * PLAIN_UNITS) == 0
    assert too_long("a" * (PLAIN_UNITS + 3)) == 3
    assert too_long("ế" * WIDE_UNITS) == 0
    assert too_long("ế" * (WIDE_UNITS + 1)) == 1
    long = replace(APPROVED, all_clear={"en": "Over.", "vi": "hết " * 40})
    assert overlong(long) == {"all-clear vi": 40 * 4 - 1 - WIDE_UNITS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_is_approved_or_of_the_catalog(language: str) -> None:
    text = TEXTS[language]
    found = notice(language, phone="+66 2 555 0100")
    say = CATALOG.say
    assert found == Notice(
        mark="",
        action=first_sentence(text.instruction),
        hazard=text.headline,
        place="Ayutthaya",
        sender="Ministry of Arcadia",
        time=times.moment(CATALOG, language, APPROVED.expires_at, "Asia/Bangkok"),
        code="AB2CD3",
        safe=say(language, "alert.button.safe"),
        help=say(language, "alert.button.help"),
        full=say(language, "notice.full"),
        reply=say(language, "notice.reply"),
        call=say(language, "notice.call", phone="+66 2 555 0100"),
        link="https://muster.example/a/AB2CD3",
        asks=True,
    )
    assert "1" in found.reply
    assert "2" in found.reply


def test_without_a_number_people_are_shown_our_page() -> None:
    assert notice("en").call == "Read https://muster.example/a/AB2CD3"
    bare = Wording(CATALOG, "M").compose(ALERT, APPROVED, "AB2CD3", "en").notice
    assert bare is not None
    assert (bare.call, bare.link) == ("", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mark_says_what_kind_of_message_it_is(language: str) -> None:
    def marked(**changes: object) -> str:
        kind = {name: changes.pop(name) for name in ("copy",) if name in changes}
        alert = replace(ALERT, status="Exercise") if changes.get("status") else ALERT
        row = replace(APPROVED, **changes)  # type: ignore[arg-type]
        made = WORDING.compose(alert, row, "AB2CD3", language, **kind).notice  # type: ignore[arg-type]
        assert made is not None
        return made.mark

    say = CATALOG.say
    assert marked() == ""
    assert marked(copy=Copy.SECOND) == say(language, "notice.mark.second")
    assert marked(status="Exercise").startswith(say(language, "notice.mark.drill"))
    both = marked(status="Exercise", copy=Copy.SECOND)
    assert both == f"{say(language, 'notice.mark.drill')}. {say(language, 'notice.mark.second')}"
    assert marked(corrects=3) == say(language, "notice.mark.correction")
    assert marked(corrects=3, urgency="Past") == say(language, "notice.mark.all_clear")


def test_an_all_clear_asks_for_nothing() -> None:
    over = WORDING.compose(ALERT, replace(APPROVED, corrects=3, urgency="Past"), "AB2CD3", "en").notice
    assert over is not None
    assert not over.asks


def test_all_pieces_are_in_the_language_of_the_text() -> None:
    english = replace(APPROVED, texts={"en": TEXTS["en"]})
    found = WORDING.compose(ALERT, english, "AB2CD3", "th").notice
    assert found is not None
    assert found == WORDING.compose(ALERT, english, "AB2CD3", "en").notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_word_is_a_command_of_a_telephone_company(language: str) -> None:
    for field in fields(Notice):
        value = getattr(notice(language), field.name)
        assert value is True or value.strip().casefold() not in CARRIERS, field.name
    for key in ("notice.full", "alert.button.safe", "alert.button.help"):
        assert len(CATALOG.say(language, key)) <= 20
