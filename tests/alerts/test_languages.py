"""Tags, and who gets which text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.languages import choose, normal_tag, own_text


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        ("vi", "vi"), ("EN_us", "en-US"), (" is-is ", "is-IS"), ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-DE-1996", "de-DE"), ("en-x-plain", "en"), ("english", None), ("", None), ("e", None),
        ("12", None),
    ],
)  # fmt: skip
def test_tags(tag: str, normal: str | None) -> None:
    assert normal_tag(tag) == normal


@pytest.mark.parametrize(
    ("wanted", "there", "own"),
    [
        ("vi", {"en", "vi"}, "vi"),
        ("vi-VN", {"en", "vi"}, "vi"),
        ("en", {"en-US", "is-IS"}, "en-US"),
        ("en-GB", {"en-AU", "en-US"}, "en-AU"),
        ("en-US", {"en-US", "en"}, "en-US"),
        ("zh-Hant", {"zh-Hans", "zh-Hant-TW"}, "zh-Hant-TW"),
        ("zh-Hant", {"zh-Hans"}, None),
        ("zh", {"zh-Hans"}, "zh-Hans"),
        ("th", {"en", "vi"}, None),
        ("?", {"en"}, None),
    ],
)
def test_whose_own_text_it_is(wanted: str, there: set[str], own: str | None) -> None:
    assert own_text(wanted, there) == own


def test_fallbacks_go_by_the_ministry_then_english_then_any() -> None:
    assert choose("th", {"en", "vi", "is"}, "is").language == "is"
    assert choose("th", {"en-US", "vi"}, "is").language == "en-US"
    assert choose("th", {"vi", "id"}, "is").language == "id"
    assert choose("th", {"vi"}, "is").is_fallback
    assert not choose("vi-VN", {"vi"}, "is").is_fallback
    with pytest.raises(ValueError, match="empty"):
        choose("vi", {})


@given(st.text(max_size=12), st.sets(st.sampled_from(["en", "vi", "th", "is-IS", "zh-Hans"]), min_size=1))
def test_everybody_gets_a_text_that_is_there(wanted: str, there: set[str]) -> None:
    assert choose(wanted, there).language in there
