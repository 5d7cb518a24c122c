"""Telegram's HTML parse mode: text and entities out of markup, or the refusal the Bot API gives. Pure.

Tags and named entities are those of the Bot API's "HTML style" section. Offsets in refusals count UTF-8 bytes
of the markup, lengths in entities count UTF-16 code units, as the Bot API does.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulator.telegram_errors import ApiError, bad_request

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TOP_CODE_POINT = 0x10FFFF
TAG = re.compile(r"<(/?)([^\s>/<]*)([^>]*)>")
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
CHARACTER = re.compile(r"&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-zA-Z]+);?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """Words without markup and the entities as JSON objects."""

    text: str
    entities: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class Open:
    """A tag that waits for its end."""

    name: str
    offset: int
    url: str


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cannot_parse(words: str) -> ApiError:
    """The refusal for broken markup."""
    return bad_request(f"can't parse entities: {words}")


def unescape(text: str) -> str:
    """Named and numeric characters; unknown names stay as they are."""

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if not name.startswith("#"):
            return NAMED.get(name, match.group(0))
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        broken = code == 0 or code > TOP_CODE_POINT or 0xD800 <= code <= 0xDFFF
        return match.group(0) if broken else chr(code)

    return CHARACTER.sub(one, text)


class Parser:
    """One pass over one text."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._parts: list[str] = []
        self._length = 0
        self._open: list[Open] = []
        self._entities: list[dict[str, Any]] = []

    def parse(self) -> Parsed:
        """Raises `ApiError` 400 "can't parse entities"."""
        place = 0
        while (start := self._markup.find("<", place)) >= 0:
            self._words(self._markup[place:start])
            match = TAG.match(self._markup, start)
            if match is None:
                raise cannot_parse(f"Unclosed start tag at byte offset {self._byte(start)}")
            if match.group(1):
                self._end(match.group(2).lower(), start)
            else:
                self._start(match.group(2).lower(), match.group(3), start)
            place = match.end()
        self._words(self._markup[place:])
        if self._open:
            raise cannot_parse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        entities = sorted(self._entities, key=lambda one: (one["offset"], -one["length"]))
        return Parsed("".join(self._parts), tuple(entities))

    def _words(self, markup: str) -> None:
        if markup:
            text = unescape(markup) if "&" in markup else markup
            self._parts.append(text)
            self._length += units(text)

    def _byte(self, place: int) -> int:
        return len(self._markup[:place].encode())

    def _start(self, name: str, rest: str, place: int) -> None:
        if name not in KINDS:
            words = f'Unsupported start tag "{name}" at byte offset {self._byte(place)}'
            raise cannot_parse(words)
        attributes = {
            found.group(1).lower(): unescape(next((g for g in found.groups()[1:] if g is not None), ""))
            for found in ATTRIBUTE.finditer(rest)
        }
        if name == "span" and attributes.get("class") != "tg-spoiler":
            words = f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(place)}'
            raise cannot_parse(words)
        self._open.append(Open(name, self._length, attributes.get("href", "")))

    def _end(self, name: str, place: int) -> None:
        if not self._open:
            raise cannot_parse(f"Unexpected end tag at byte offset {self._byte(place)}")
        top = self._open.pop()
        if name and name != top.name:
            words = (
                f'Unmatched end tag at byte offset {self._byte(place)}, expected "</{top.name}>", '
                f'found "</{name}>"'
            )
            raise cannot_parse(words)
        length = self._length - top.offset
        if length:
            entity: dict[str, Any] = {"type": KINDS[top.name], "offset": top.offset, "length": length}
            if top.name == "a" and not top.url:
                return  # a link to nowhere is plain text
            if top.url:
                entity["url"] = top.url
            self._entities.append(entity)


@lru_cache(maxsize=512)
def parse_html(markup: str) -> Parsed:
    """Text and entities of HTML markup; a broadcast parses the same words once. Raises `ApiError`."""
    return Parser(markup).parse()
