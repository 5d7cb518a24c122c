"""Every word a citizen reads, per language. Reads the `.po` files beside it, touches nothing else.

gettext's format is read directly (Weblate and Poedit write it): msgid is the key, msgstr the words,
`#. limit: 20` the most characters an entry may have, plural rules come from the file's own header. English is
complete and the last in every chain of languages (`vi-VN -> vi -> en`), so a missing or doubtful (fuzzy)
translation is English and never silence.
"""

import gettext
import io
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Self

from babel.messages.catalog import Catalog as PoFile
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from locales.errors import BrokenCatalogError, UnknownWordsError

SOURCE_LANGUAGE = "en"
TYPED = "words."  # keys that begin so list what people type
_LIMIT = re.compile(r"^limit: (\d+)$")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One key in one language.

    Attributes:
        forms: the words; more than one for a text that counts, in the order of the language's plural rule.
        names: the values its text needs.
        limit: most characters (code points) of the finished words; None = no limit.
        typed: for keys that begin with `words.`: what people type, the parts between `|`, case-folded.
    """

    forms: tuple[str, ...]
    names: frozenset[str]
    limit: int | None
    typed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Words:
    """All entries of one language and its plural rule (a number to the index of a form)."""

    language: str
    entries: Mapping[str, Entry]
    rule: Callable[[int], int]


class Catalog:
    """The words of every language; a value, made by `Catalog.load()` and handed down."""

    def __init__(self, languages: Iterable[Words]) -> None:
        self._languages = {words.language: words for words in languages}
        if SOURCE_LANGUAGE not in self._languages:
            raise BrokenCatalogError(f"there is no {SOURCE_LANGUAGE}.po")

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Self:
        """Read every `.po` file of `folder` (our own when None).

        Raises:
            BrokenCatalogError: a file is no catalog, or an entry contradicts itself.
        """
        place = folder if folder is not None else resources.files("locales")
        files = sorted((item for item in place.iterdir() if item.name.endswith(".po")), key=lambda f: f.name)
        return cls(_read(file.name.removesuffix(".po"), file.read_bytes()) for file in files)

    def languages(self) -> tuple[str, ...]:
        """The languages there are, English first, the others in alphabetical order."""
        return (SOURCE_LANGUAGE, *sorted(set(self._languages) - {SOURCE_LANGUAGE}))

    def keys(self, language: str) -> frozenset[str]:
        """The keys one language holds itself, without its fallbacks."""
        return frozenset(self._languages[language].entries) if language in self._languages else frozenset()

    def entry(self, language: str, key: str) -> Entry:
        """The entry of the nearest language in the chain; raises `UnknownWordsError`."""
        return self._find(language, key)[1]

    def supported(self, tag: str) -> str | None:
        """The language of ours that the BCP 47 `tag` means, or None."""
        return next((code for code in _ladder(tag) if code in self._languages), None)

    def say(self, language: str, key: str, **values: str) -> str:
        """Return the words of `key`, NFC, with `values` in their places.

        Raises:
            UnknownWordsError: no such key, or the values are not exactly those the text names.
        """
        _, entry = self._find(language, key)
        if len(entry.forms) != 1:
            raise UnknownWordsError(f"{key} counts something; use plural()")
        return _fill(key, entry, entry.forms[0], values)

    def fitted(self, key: str, channel: str) -> str:
        """The key whose words fit a channel: `place.ask.sms` where there is one, else `key` itself.

        English decides, so that no language says on a channel what another one says in general.
        """
        own = f"{key}.{channel}"
        return own if own in self._languages[SOURCE_LANGUAGE].entries else key

    def plural(self, language: str, key: str, count: int, **values: str) -> str:
        """Return the words of `key` for `count` things; `{count}` is filled in as a plain number.

        Raises:
            UnknownWordsError: like `say`.
        """
        words, entry = self._find(language, key)
        index = words.rule(count)
        if index >= len(entry.forms):
            raise UnknownWordsError(f"{key} has no plural form {index} in {words.language}")
        return _fill(key, entry, entry.forms[index], {**values, "count": str(count)})

    def words(self, language: str, key: str) -> frozenset[str]:
        """Return what people type for `key` (`words.*`): NFC and case-folded, in this language alone.

        Raises:
            UnknownWordsError: no such key, or it is not a list of words.
        """
        _, entry = self._find(language, key)
        if not entry.typed:
            raise UnknownWordsError(f"{key} is no list of words")
        return entry.typed

    def _find(self, language: str, key: str) -> tuple[Words, Entry]:
        for code in chain(language):
            words = self._languages.get(code)
            if words is not None and key in words.entries:
                return words, words.entries[key]
        raise UnknownWordsError(f"no words for {key}")


def chain(language: str) -> tuple[str, ...]:
    """The languages to look in, nearest first, English last: `vi-VN` gives vi-VN, vi, en."""
    return tuple(dict.fromkeys([*_ladder(language), SOURCE_LANGUAGE]))


def _ladder(tag: str) -> list[str]:
    parts = tag.replace("_", "-").split("-")
    return ["-".join([parts[0].lower(), *parts[1:end]]) for end in range(len(parts), 0, -1)]


def alternatives(text: str) -> tuple[str, ...]:
    """The parts of `text` between `|`, each trimmed, NFC and case-folded."""
    parts = (unicodedata.normalize("NFC", part.strip().casefold()) for part in text.split("|"))
    return tuple(part for part in parts if part)


def placeholders(text: str) -> frozenset[str]:
    """The names in braces of `text`.

    Raises:
        BrokenCatalogError: a brace is left open, or a name carries a format or conversion.
    """
    names = set()
    try:
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is None:
                continue
            if form or conversion or not name.isidentifier():
                raise BrokenCatalogError(f"{{{name}}} is not a plain name")
            names.add(name)
    except ValueError as error:
        raise BrokenCatalogError(str(error)) from error
    return frozenset(names)


def _fill(key: str, entry: Entry, text: str, values: Mapping[str, str]) -> str:
    if values.keys() != entry.names:
        raise UnknownWordsError(f"{key} needs the values {sorted(entry.names)}, not {sorted(values)}")
    return unicodedata.normalize("NFC", text.format_map(values))


def _read(language: str, raw: bytes) -> Words:
    if not _LANGUAGE.fullmatch(language):
        raise BrokenCatalogError(f"{language}.po is not named after a language")
    try:
        file = read_po(io.BytesIO(raw), charset="utf-8", abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise BrokenCatalogError(f"{language}.po: {error}") from error
    entries = {}
    for message in file:
        forms = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and all(forms) and not message.fuzzy:
            key, entry = _entry(language, message, file)
            entries[key] = entry
    return Words(language, entries, gettext.c2py(file.plural_expr))


def _entry(language: str, message: Message, file: PoFile) -> tuple[str, Entry]:
    plural = isinstance(message.id, list | tuple)
    key = str(message.id[0]) if plural else str(message.id)
    where = f"{language}.po, {key}"
    forms = tuple(message.string) if isinstance(message.string, list | tuple) else (message.string,)
    if plural and len(forms) != file.num_plurals:
        raise BrokenCatalogError(f"{where}: has {len(forms)} plural forms of {file.num_plurals}")
    texts = tuple(unicodedata.normalize("NFC", str(form)) for form in forms)
    try:
        names = [placeholders(text) for text in texts]
    except BrokenCatalogError as error:
        raise BrokenCatalogError(f"{where}: {error}") from error
    limits = [int(found[1]) for note in message.auto_comments if (found := _LIMIT.match(note.strip()))]
    wanted = frozenset().union(*names) | ({"count"} if plural else frozenset())
    listed = frozenset(alternatives(texts[0])) if key.startswith(TYPED) else frozenset[str]()
    return key, Entry(texts, wanted, min(limits, default=None), listed)
