from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.phonetics import romanized, skeleton, sounds


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("นาโงย่า", "Nagoya"),
        ("ชินจูกุ", "Shinjuku"),
        ("แฟรงก์เฟิร์ต", "Frankfurt"),
        ("ไอลัต", "Eilat"),
        ("เอเธนส์", "Athens"),
        ("อูเมโอ", "Umea"),
        ("ปอยเปต", "Poipet"),
        ("แมนเชสเตอร์", "Manchester"),
        ("جدة", "Jeddah"),
        ("Tô-ky-ô", "Tokyo"),
        ("Phu-ku-ô-ka", "Fukuoka"),
        ("Istambul", "Istambull"),
        ("Kota Kinabalu", "โกตากีนาบาลู"),
    ],
)
def test_what_is_written_by_ear_has_the_consonants_of_the_name(heard: str, name: str) -> None:
    assert skeleton(sounds(heard)) == skeleton(sounds(name))


@pytest.mark.parametrize(("one", "other"), [("Osaka", "Oslo"), ("Tokyo", "Kyoto"), ("Ansan", "Nansan")])
def test_other_names_have_other_consonants(one: str, other: str) -> None:
    assert skeleton(sounds(one)) != skeleton(sounds(other))


def test_a_vowel_at_the_beginning_is_kept() -> None:
    assert skeleton(sounds("Osaka")) == "ASK"
    assert skeleton(sounds("Saka")) == "SK"


@given(text=st.text(max_size=60))
def test_any_text_is_heard(text: str) -> None:
    assert romanized(text).isascii()
    said = sounds(text)
    assert set(said) <= set("SKPTRMNaiu")
    assert all(a != b for a, b in pairwise(said))
    assert set(skeleton(said)) <= set("SKPTRMNA")
