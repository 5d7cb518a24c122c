"""No word we ask for on SMS may be one to which a carrier answers by itself, unless both mean the same."""

import re

import pytest

from bot.gateways.twilio.carrier import HELP_WORDS, KEYWORDS, START_WORDS, STOP_WORDS, carrier_word
from bot.messages import CarrierWord
from locales.catalog import Catalog

CATALOG = Catalog.load()
# Where a carrier and we mean the same by a word it may stand in our lists, too.
SAME = {
    "words.stop": STOP_WORDS,
    "words.start": START_WORDS,
    "words.yes": START_WORDS,  # reaches us as words; at worst the carrier lets us through a second time
    "words.help": HELP_WORDS,
    "words.danger": HELP_WORDS,
}
LANGUAGES = CATALOG.languages()


def lists(language: str) -> list[str]:
    return sorted(key for key in CATALOG.keys(language) if key.startswith("words."))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_type_means_to_carriers_what_it_means_to_us(language: str) -> None:
    assert lists(language)
    collisions = {
        key: sorted(CATALOG.words(language, key) & (KEYWORDS - SAME.get(key, frozenset())))
        for key in lists(language)
    }
    assert not {key: words for key, words in collisions.items() if words}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_of_a_choice_is_a_carriers_word(language: str) -> None:
    """Numbers stand before the choices; who types the label all the same must not be cut off."""
    labels = {
        key: form
        for key in CATALOG.keys(language)
        if not key.startswith(("words.", "chat."))  # the web page is never sent as a text message
        for form in CATALOG.entry(language, key).forms
        if len(form) <= 24
    }
    assert labels
    assert not {key: label for key, label in labels.items() if carrier_word("", label) is CarrierWord.STOP}
    assert not {key: label for key, label in labels.items() if carrier_word("", label) is CarrierWord.HELP}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_that_says_how_to_answer_asks_for_digits_only(language: str) -> None:
    said = CATALOG.say(language, "notice.reply")
    assert "1" in said
    assert "2" in said
    assert carrier_word("", said) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_tells_people_to_write_a_carriers_word(language: str) -> None:
    """Sentences show words to write in capitals, commands with a slash; "NEED HELP" is no whole message."""
    told = re.compile(rf"(?<!NEED )(?<!/)\b({'|'.join(sorted(word.upper() for word in KEYWORDS))})\b")
    sentences = {
        key: form
        for key in CATALOG.keys(language)
        if not key.startswith(("words.", "chat."))
        for form in CATALOG.entry(language, key).forms
    }
    assert not {key: form for key, form in sentences.items() if told.search(form)}
