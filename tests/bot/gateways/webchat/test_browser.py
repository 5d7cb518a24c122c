"""What a request says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.errors import ForgedHookError
from bot.gateways.webchat.browser import best_language, check_same_site, cookie_of, languages_of, origin_of

OFFERED = ("en", "vi", "th", "id")


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("", "en"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("fr, th;q=0.4, id;q=0.6", "id"),
        ("vi;q=0, th", "th"),
        ("*", "en"),
        ("vi;q=x, th", "th"),
        ("EN-gb", "en"),
    ],
)
def test_the_best_language_we_offer(header: str, best: str) -> None:
    assert best_language({"accept-language": header}, OFFERED) == best


@given(some.text(max_size=300))
def test_any_header_gives_language_tags_only(header: str) -> None:
    for tag in languages_of({"accept-language": header}):
        assert tag.replace("-", "").isalnum()
        assert tag.isascii()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("muster_chat=abc", "abc"),
        ("x=1; muster_chat=abc; y=2", "abc"),
        ("not_muster_chat=abc", ""),
        ("", ""),
        ('broken"; muster_chat=abc', "abc"),
    ],
)
def test_our_cookie_is_found_among_others(header: str, token: str) -> None:
    assert cookie_of({"cookie": header}) == token


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://muster.example", "sec-fetch-site": "same-origin"},
        {"origin": "https://other-name.example", "host": "other-name.example"},
    ],
)
def test_our_own_page_passes(headers: dict[str, str]) -> None:
    check_same_site({"x-muster-chat": "1", **headers}, origin_of("https://muster.example/"))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "host": "muster.example"},
        {"origin": "null", "host": "muster.example"},
        {"origin": "http://muster.example", "host": "api.muster.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"x-muster-chat": ""},
    ],
)
def test_a_page_of_somebody_else_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(ForgedHookError):
        check_same_site({"x-muster-chat": "1", **headers}, "https://muster.example")
