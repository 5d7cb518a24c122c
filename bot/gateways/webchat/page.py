"""The page of the web chat and its two files, made once at the start. Touches the files in `static/` only."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import jinja2

from locales.direction import direction

Say = Callable[[str, str], str]
"""Words in a language (BCP 47) by their catalog key."""

WORDS = (
    "title",
    "skip",
    "messages",
    "placeholder",
    "send",
    "menu",
    "menu_help",
    "menu_where",
    "language",
    "menu_stop",
    "connecting",
    "reconnecting",
    "connected",
    "offline",
    "emergency",
    "keep_open",
    "waiting",
    "sent",
    "failed",
    "refused",
    "too_long",
    "busy",
    "share_location",
    "locating",
    "location_failed",
    "you_location",
    "share_contact",
    "phone_bad",
    "you_phone",
    "alert",
    "drill",
    "new",
    "today",
    "yesterday",
    "you",
    "us",
    "no_script",
    "storage_off",
    "demo",
)
KEY = "chat.page."
TYPES = {"app.js": "text/javascript", "app.css": "text/css"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page; `version` changes with its content."""

    body: bytes
    zipped: bytes
    version: str
    content_type: str


class ChatPage:
    """Renders the shell of the chat, complete before any script runs.

    Args:
        say: words of the page by language and key.
        languages: in which the page speaks, the first where a browser reads none of them.
        ministry: who speaks, by language; the first language's name stands in for a missing one.
        demo: whether everything here is a demonstration, which the page then says.
    """

    def __init__(self, say: Say, languages: Sequence[str], ministry: dict[str, str], *, demo: bool) -> None:
        self.languages = tuple(languages)
        self._ministry = ministry
        self._demo = demo
        self._words = {
            language: {"dir": direction(language), **{word: say(language, KEY + word) for word in WORDS}}
            for language in self.languages
        }
        self.assets = {name: _asset(name) for name in TYPES}
        loader = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
        # The words lie in an attribute; escaped as numbers they would be three times as long.
        loader.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
        self._template = loader.from_string(_text("page.html"))

    def render(self, language: str, *, fresh: bool) -> str:
        """The page in one of `languages`; `fresh` makes the page greet, so that the bot answers first."""
        return self._template.render(
            language=language,
            direction=direction(language),
            words=self._words[language],
            packs=self._words,
            ministry=self._ministry.get(language, self._ministry[self.languages[0]]),
            demo=self._demo,
            fresh=fresh,
            versions={name: asset.version for name, asset in self.assets.items()},
        )


def _text(name: str) -> str:
    return files("bot.gateways.webchat").joinpath("static", name).read_text(encoding="utf-8")


def _asset(name: str) -> Asset:
    body = _text(name).encode()
    version = sha256(body).hexdigest()[:16]
    return Asset(body, gzip.compress(body, 9, mtime=0), version, TYPES[name])
