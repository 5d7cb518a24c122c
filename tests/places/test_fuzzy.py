from hypothesis import given
from hypothesis import strategies as st

from places.fuzzy import NameIndex, allowed_edits
from places.phonetics import skeleton, sounds


def block(lines: set[str]) -> bytes:
    return b"\n".join([b"", *sorted(line.encode() for line in lines), b""])


def index(*names: str) -> NameIndex:
    spoken = {
        f"{skeleton(sounds(name))}|{sounds(name)}|{number}" for number, name in enumerate(names, start=1)
    }
    return NameIndex(block(set(names)), block({name[::-1] for name in names}), block(spoken))


def test_one_slip_of_the_finger_is_forgiven_at_either_end() -> None:
    world = index("bangkok", "jakarta", "hanoi", "singapore")
    for typed, meant in (
        ("bankok", "bangkok"),
        ("jakrta", "jakarta"),
        ("xanoi", "hanoi"),
        ("singapor", "singapore"),
    ):
        assert world.close(typed)[0][0] == meant
    assert world.close("bangkok")[0] == ("bangkok", 1.0)
    assert world.close("london") == []


def test_short_names_are_not_guessed() -> None:
    assert [allowed_edits(name) for name in ("ubn", "ulan", "jakarta", "singapore", "กทม")] == [0, 1, 1, 2, 1]
    assert index("ulm", "ule").close("ulx") == []


def test_names_are_found_by_their_sound() -> None:
    world = index("nagoya", "osaka", "eilat", "riga")
    assert world.alike("นาโงย่า")[0][0] == 1
    assert world.alike("โอซาก้า")[0][0] == 2
    assert world.alike("ไอลัต")[0][0] == 3
    assert world.alike("") == world.alike("a") == world.alike("😀") == []


def test_a_script_without_vowels_is_matched_by_its_consonants() -> None:
    assert index("jeddah", "riyadh").alike("جدة")[0][0] == 1


@given(
    names=st.sets(st.text(alphabet="abcdกข", min_size=1, max_size=9), max_size=40),
    typed=st.text(alphabet="abcdกขxyz", max_size=9),
)
def test_a_name_that_is_there_is_always_found(names: set[str], typed: str) -> None:
    world = index(*names)
    found = dict(world.close(typed))
    assert (typed in found) == (typed in names and allowed_edits(typed) > 0)
    assert all(name in names for name in found)
