"""What a browser's request tells about itself: cookie, origin, kind, languages. Pure; touches nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from bot.errors import ForgedHookError, HalfConfiguredError

COOKIE = "muster_chat"
HEADER = "x-muster-chat"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def origin_of(public_url: str) -> str:
    """The origin browsers will name.

    Raises:
        HalfConfiguredError: it is not `https://host`, nor `http://` on loopback, or it has a path.
    """
    parts = urlsplit(public_url)
    plain = parts.path in {"", "/"} and not parts.query and "@" not in parts.netloc
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        raise HalfConfiguredError("the web chat needs the public URL: https:// and a host, without a path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise HalfConfiguredError("the public URL must begin with https: unless it is on loopback")
    return f"{parts.scheme}://{parts.netloc}"


def check_same_site(headers: Mapping[str, str], origin: str) -> None:
    """Refuse what a page of somebody else could have sent; raises `ForgedHookError`.

    Browsers let nobody else's page set our header without asking us first, and they name the page's origin.
    """
    if headers.get(HEADER) != "1":
        raise ForgedHookError("no_chat_header")
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ForgedHookError("other_site")
    named = headers.get("origin")
    # The name the browser asked for counts too: a service on loopback has several.
    if named is not None and named != origin and urlsplit(named).netloc != headers.get("host"):
        raise ForgedHookError("other_site")


def cookie_of(headers: Mapping[str, str]) -> str:
    """The token in our cookie, empty when there is none."""
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether the body claims to be JSON; a form of somebody else's page cannot."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def languages_of(headers: Mapping[str, str]) -> Iterator[str]:
    """The languages a browser asks for, best first, at most ten (BCP 47)."""
    ranked = []
    for place, part in enumerate(headers.get("accept-language", "")[:400].split(",")[:10]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if _LANGUAGE.fullmatch(tag) and weight > 0:
            ranked.append((-weight, place, tag))
    return (tag for _, _, tag in sorted(ranked))


def best_language(headers: Mapping[str, str], offered: Sequence[str]) -> str:
    """Which of the `offered` languages a browser reads best; the first of them when none."""
    for tag in languages_of(headers):
        for language in (tag, tag.partition("-")[0].lower()):
            if language in offered:
                return language
    return offered[0]
