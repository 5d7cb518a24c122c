"""What goes into a knock's slots: judged while a warning is composed, harmless whatever it was."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Notice
from bot.slots import LIMITS, NO_MARK, Slot, clean, fill, knock_problems
from bot.words import utf16_units

FLOOD = Notice(
    mark="",
    action="Leave the river bank now.",
    hazard="Flood",
    place="Lower Delta",
    sender="Ministry of Foreign Affairs of Utopia",
    time="3 March 2026, 18:00 (Bangkok)",
    code="AB12CD",
    safe="I am safe",
    help="I need help",
    full="Full text",
    reply="Reply 1 SAFE, 2 NEED HELP",
    call="",
    link="",
)
REFUSED = re.compile(r"[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]| {4,}")


def codes(notice: Notice) -> set[tuple[str, str]]:
    return {(problem.slot.value, problem.code) for problem in knock_problems(notice)}


def test_a_warning_as_it_should_be_has_no_problem() -> None:
    assert knock_problems(FLOOD) == []
    assert [fill(FLOOD, slot) for slot in (Slot.WHAT, Slot.MARK, Slot.CODE)] == ["Flood", NO_MARK, "AB12CD"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"place": ""}, ("place", "slot_empty")),
        ({"place": " \u200b "}, ("place", "slot_empty")),
        ({"hazard": "***"}, ("hazard", "slot_empty")),
        ({"place": "Delta\nand coast"}, ("place", "slot_lines")),
        ({"place": "Delta\u2028and coast"}, ("place", "slot_lines")),
        ({"place": "Delta\tand coast"}, ("place", "slot_lines")),
        ({"place": "Delta    and coast"}, ("place", "slot_spaces")),
        ({"place": "x" * 201}, ("place", "slot_long")),
        ({"hazard": "\N{WATER WAVE}" * 91}, ("hazard", "slot_long")),
        ({"mark": "x" * 60, "hazard": "y" * 180}, ("what", "slot_long")),
        ({"sender": ""}, ("sender", "slot_empty")),
        ({"code": ""}, ("code", "slot_empty")),
        ({"time": "\n"}, ("time", "slot_empty")),
    ],
)
def test_what_whatsapp_would_refuse_is_told_while_composing(
    change: dict[str, str], expected: tuple[str, str]
) -> None:
    problems = knock_problems(replace(FLOOD, **change))
    assert expected in {(problem.slot.value, problem.code) for problem in problems}
    assert all(problem.slot.value in problem.text or problem.slot is Slot.WHAT for problem in problems)


def test_the_mark_stands_before_the_hazard_unless_a_slot_of_its_own_has_it() -> None:
    drill = replace(FLOOD, mark="DRILL")
    assert fill(drill, Slot.WHAT) == "DRILL: Flood"
    assert fill(drill, Slot.MARK) == "DRILL"
    assert fill(drill, Slot.HAZARD) == "Flood"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("*Flood* in the _old_ town", "Flood in the old town"),
        ("~50 km~ of `coast` ```now```", "50 km of coast now"),
        ("see https://mfa.example/a_b_c*d now", "see https://mfa.example/a_b_c*d now"),
        ("*https://mfa.example/a_b*", "https://mfa.example/a_b"),
        ("น้ำท่วม\u200bฉับพลัน", "น้ำท่วมฉับพลัน"),
        (" a\n\n b \t c ", "a b c"),
    ],
)
def test_signs_that_would_be_read_as_markup_go(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@given(st.text(max_size=400))
def test_a_cleaned_slot_is_one_line_without_markup_and_stays_as_it_is(raw: str) -> None:
    shown = clean(raw)
    assert not REFUSED.search(shown)
    assert shown == shown.strip()
    assert clean(shown) == shown
    bare = " ".join(word for word in shown.split(" ") if "://" not in word)
    assert not set(bare) & set("*_~`")


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80))
def test_what_has_no_problem_fits(hazard: str, place: str, mark: str) -> None:
    notice = replace(FLOOD, hazard=hazard, place=place, mark=mark)
    if knock_problems(notice):
        return
    for slot in Slot:
        assert 0 < utf16_units(fill(notice, slot)) <= LIMITS[slot]
    assert (
        sum(utf16_units(fill(notice, slot)) for slot in Slot if slot not in {Slot.HAZARD, Slot.MARK}) <= 724
    )


@given(st.text(alphabet="aA 9é水\N{WATER WAVE}", min_size=1, max_size=250))
def test_every_overlong_slot_is_told(place: str) -> None:
    told = ("place", "slot_long") in codes(replace(FLOOD, place=place))
    assert told is (utf16_units(clean(place)) > LIMITS[Slot.PLACE])
