"""Every word in every language: the same keys, the same values, within its limits."""

import ast
import re
import unicodedata
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from alerts.followup import FollowUp
from alerts.terms import Severity
from bot.gateways.webchat.page import WORDS
from bot.messages import Channel
from locales.catalog import Catalog, alternatives, chain, placeholders
from locales.errors import BrokenCatalogError, UnknownWordsError

ROOT = Path(__file__).parents[2]
OTHERS = ["vi", "th", "id"]
FOLDERS = ["handlers", "alerts", "assistance", "bot", "console", "locales", "registry", "app"]
# Keys whose last part is chosen by data.
DYNAMIC = {
    *(f"alert.severity.{severity.lower()}" for severity in Severity),
    *(f"alert.{kind}" for kind in FollowUp),
    *(f"chat.page.{word}" for word in WORDS),
}
KEY = re.compile(r"^[a-z]+(\.[a-z_]+)+$")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def test_there_are_four_languages_english_first(catalog: Catalog) -> None:
    assert catalog.languages() == ("en", "id", "th", "vi")


@pytest.mark.parametrize("language", OTHERS)
def test_all_languages_have_the_same_keys_and_values(catalog: Catalog, language: str) -> None:
    assert catalog.keys(language) == catalog.keys("en")
    for key in catalog.keys("en"):
        assert catalog.entry(language, key).names == catalog.entry("en", key).names, key
        assert catalog.entry(language, key).limit == catalog.entry("en", key).limit, key


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_words_are_nfc_trimmed_and_within_their_limits(catalog: Catalog, language: str) -> None:
    for key in catalog.keys(language):
        entry = catalog.entry(language, key)
        for form in entry.forms:
            assert form == unicodedata.normalize("NFC", form).strip(), key
            assert entry.limit is None or len(form) <= entry.limit, f"{key} is longer than {entry.limit}"
            assert not re.search(r"  |\t|\u200b|\ufeff", form), key


@pytest.mark.parametrize("language", OTHERS)
def test_translations_are_translations(catalog: Catalog, language: str) -> None:
    same = {
        key
        for key in catalog.keys("en")
        if catalog.entry(language, key).forms == catalog.entry("en", key).forms
        and any(sign.isalpha() for sign in re.sub(r"\{\w+\}", "", catalog.entry("en", key).forms[0]))
    }
    assert same <= {"time.utc", "chat.page.menu"}, same


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_every_number_has_its_form(catalog: Catalog, language: str) -> None:
    for number in (0, 1, 2, 3, 5, 10, 11, 21, 100, 1_000_000):
        assert str(number) in catalog.plural(language, "link.life", number)
    assert "1 minute." in catalog.plural("en", "link.life", 1)
    assert "2 minutes." in catalog.plural("en", "link.life", 2)


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_the_header_says_unreviewed(language: str) -> None:
    text = (ROOT / "locales" / f"{language}.po").read_text(encoding="utf-8")
    assert "UNREVIEWED" in text.split("msgid")[0]
    with (ROOT / "locales" / f"{language}.po").open("rb") as file:
        read = read_po(file, charset="utf-8", abort_invalid=True)
    assert read.num_plurals == (2 if language == "en" else 1)


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_words_in_capitals_that_people_are_told_to_type_do_work(catalog: Catalog, language: str) -> None:
    calls = catalog.words(language, "words.help")
    for key in ("help.text", "stop.reminder", "start.choose", "checkin.thanks"):
        text = catalog.entry(language, key).forms[0].casefold()
        told = [word for word in calls if len(word) > 2 and word in text]
        assert told, key


def used_keys() -> set[str]:
    """Every string in the code that looks like a key of the catalog."""
    found = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.match(node.value):
                    found.add(node.value)
    return found


def said_keys() -> set[str]:
    """The keys that are given to the catalog literally."""
    found = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr in {"say", "plural", "choice", "words"}:
                    texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                    found |= {text for text in texts if isinstance(text, str) and KEY.match(text)}
    return found


def test_no_key_is_missing(catalog: Catalog) -> None:
    assert (said_keys() | DYNAMIC) - catalog.keys("en") == set()
    assert len(said_keys()) > 60, "the scan finds nothing"


def test_no_key_is_unused(catalog: Catalog) -> None:
    keys = catalog.keys("en")
    of_a_channel = {f"{key}.{channel}" for key in keys for channel in Channel} & keys
    assert keys - used_keys() - DYNAMIC - of_a_channel == set()


def test_a_tag_falls_back_to_its_language_and_to_english(catalog: Catalog) -> None:
    assert chain("vi-VN") == ("vi-VN", "vi", "en")
    assert chain("zh_Hant_TW") == ("zh-Hant-TW", "zh-Hant", "zh", "en")
    assert catalog.say("vi-VN", "start.agree") == catalog.say("vi", "start.agree")
    assert catalog.say("fr", "start.agree") == "I agree"
    assert catalog.supported("vi-VN") == "vi"
    assert catalog.supported("EN-gb") == "en"
    assert catalog.supported("fr") is None
    assert catalog.supported("") is None


def test_mistakes_of_ours_are_errors(catalog: Catalog) -> None:
    with pytest.raises(UnknownWordsError):
        catalog.say("en", "no.such_key")
    with pytest.raises(UnknownWordsError):
        catalog.say("en", "case.added")
    with pytest.raises(UnknownWordsError):
        catalog.say("en", "case.added", code="A", more="B")
    with pytest.raises(UnknownWordsError):
        catalog.say("en", "link.life")
    with pytest.raises(UnknownWordsError):
        catalog.words("en", "case.added")


def test_values_are_not_read_as_patterns_and_come_out_composed(catalog: Catalog) -> None:
    said = catalog.say("en", "case.added", code="{code} e\u0301")
    assert "{code} \u00e9" in said


def folder_with(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / "en.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a.b"\nmsgstr "A {x}"\n',
        "utf-8",
    )
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


RULE = "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"  # Russian
HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    f'"Plural-Forms: nplurals=3; plural=({RULE});\\n"\n\n'
)


def test_untranslated_and_doubtful_entries_are_english(tmp_path: Path) -> None:
    text = HEAD + 'msgid "a.b"\nmsgstr ""\n\n#, fuzzy\nmsgid "a.c"\nmsgstr "maybe"\n'
    text += (
        '\nmsgid "a.n"\nmsgid_plural "a.n"\nmsgstr[0] "x"\nmsgstr[1] "y"\n'  # one form of three is missing
    )
    catalog = Catalog.load(folder_with(tmp_path, "ru.po", text))
    assert catalog.languages() == ("en", "ru")
    assert catalog.say("ru", "a.b", x="1") == "A 1"
    for key in ("a.c", "a.n"):
        with pytest.raises(UnknownWordsError):
            catalog.say("ru", key)


def test_slavic_plurals_come_from_the_file(tmp_path: Path) -> None:
    forms = "".join(
        f'msgstr[{index}] "{word} {{count}}"\n' for index, word in enumerate(["один", "два", "пять"])
    )
    catalog = Catalog.load(folder_with(tmp_path, "ru.po", f'{HEAD}msgid "a.n"\nmsgid_plural "a.n"\n{forms}'))
    assert [catalog.plural("ru", "a.n", number) for number in (1, 2, 5, 11, 21, 22)] == [
        "один 1",
        "два 2",
        "пять 5",
        "пять 11",
        "один 21",
        "два 22",
    ]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + 'msgid "a.b"\nmsgstr "open {x"\n',
        HEAD + 'msgid "a.b"\nmsgstr "{x!r}"\n',
        HEAD + 'msgid "a.b"\nmsgstr "{x:>9}"\n',
        HEAD + 'msgid "a.b"\nmsgstr "{0}"\n',
        HEAD + "msgid 'a'\nnonsense\n",
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BrokenCatalogError):
        Catalog.load(folder_with(tmp_path, "ru.po", text))


def test_a_folder_without_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenCatalogError):
        Catalog.load(tmp_path)


def test_a_file_named_after_no_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenCatalogError):
        Catalog.load(folder_with(tmp_path, "Notes!.po", HEAD))


def test_placeholders_and_alternatives() -> None:
    assert placeholders("{a} and {b} {{c}}") == {"a", "b"}
    assert alternatives("Stop |  HALT| |ngừng") == ("stop", "halt", "ngừng")
