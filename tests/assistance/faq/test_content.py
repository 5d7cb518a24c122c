"""What may be sent is what was approved, sign for sign; files read back as they were written."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistance.faq.answering import answer_of
from assistance.faq.content import FIELDS, Facts, Wording, fields_of, fill, subject_of
from assistance.faq.errors import ContentRefusedError, FileRefusedError
from assistance.faq.files import FileEntry, read_entries, write_entries
from assistance.faq.intake import starter_bank
from assistance.faq.publishing import Variant
from tests.assistance.faq.shelf import BANK, SOURCE

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="{}\r"), min_size=1, max_size=80)
PIECES = st.lists(WORDS | st.sampled_from([f"{{{name}}}" for name in sorted(FIELDS)]), min_size=1, max_size=8)
VALUES = st.fixed_dictionaries({name: st.text(min_size=1, max_size=20) for name in sorted(FIELDS)})


@settings(max_examples=100, deadline=None)
@given(PIECES, VALUES, st.sampled_from(["en", "vi", "th", "de", "pt-BR"]))
def test_what_is_sent_is_byte_for_byte_what_was_approved(
    pieces: list[str], values: dict[str, str], language: str
) -> None:
    typed = "".join(pieces)
    try:
        wording = Wording.of(["How?"], typed)
    except ContentRefusedError:
        return  # nothing but spaces, or too long
    variant = Variant(1, "x", Facts(), {"en": wording})
    said = answer_of(variant, language, values)
    assert said is not None
    expected = wording.answer
    left, rest = said.text.removeprefix("How?\n\n"), expected
    assert said.text.startswith("How?\n\n")
    while rest:  # walk both: outside fields every byte is the same
        head, brace, tail = rest.partition("{")
        assert left.encode().startswith(head.encode())
        left = left[len(head) :]
        if not brace:
            break
        name, _, rest = tail.partition("}")
        assert left.startswith(values[name])
        left = left[len(values[name]) :]
        if not rest:
            break
    assert left == ""


@pytest.mark.parametrize(
    "answer", ["{phone}", "{", "}", "{mission_phone", "{0}", "{mission_phone!r}", "{{link}}"]
)
def test_only_declared_fields(answer: str) -> None:
    with pytest.raises(ContentRefusedError):
        fields_of(answer)


def test_a_value_that_looks_like_a_field_stays_as_it_is() -> None:
    assert fill("Call {mission_phone}.", {"mission_phone": "{link}", "link": "x"}) == "Call {link}."
    assert fill("Call {mission_phone}.", {"mission_phone": ""}) is None


def test_where_and_when_it_holds() -> None:
    facts = Facts(countries=("JP",), valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    assert facts.holds("JP", date(2026, 6, 30))
    assert not facts.holds("PE", date(2026, 3, 1))
    assert not facts.holds("", date(2026, 3, 1))
    assert not facts.holds("JP", date(2026, 7, 1))
    assert facts.is_stale(date(2026, 7, 1))
    assert Facts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize("slug", ["", "Passport", "a b", "x@", "../x", "a" * 70, "x@JP@PE"])
def test_ids_are_ids(slug: str) -> None:
    with pytest.raises(ContentRefusedError):
        subject_of(slug)
    assert subject_of("passport-lost@JP") == "passport-lost"


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_a_file_reads_back_as_it_was_written(kind: str) -> None:
    facts = Facts("papers", ("JP", "PE"), date(2026, 1, 1), None, SOURCE.source, date(2027, 1, 1), True)
    entries = [FileEntry(slug, facts, dict(words)) for slug, words in BANK.items()]
    assert read_entries(write_entries(entries, kind=kind), kind=kind) == entries
    ours = starter_bank()
    assert read_entries(write_entries(ours, kind=kind), kind=kind) == ours


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("yaml", "a: ["),
        ("yaml", "just words"),
        ("yaml", "- {id: x, questions: {en: [a]}, answers: {vi: b}}"),
        ("yaml", "- {id: x, questions: {en: [a]}, answers: {en: '{boss}'}}"),
        ("yaml", "- !!python/object/apply:os.system [ls]"),
        ("yaml", "- {id: x, questions: {en: [a]}, answers: {en: b}, valid_to: soon}"),
        ("yaml", "- {id: x, questions: {en: [a]}, answers: {en: b}}\n" * 2),
        ("csv", "id,language,questions,answer\n,en,a,b\n"),
        ("csv", "id,language,questions,answer\nx,en,a,b\nx,en,a,b\n"),
    ],
)
def test_a_broken_file_is_refused(kind: str, text: str) -> None:
    with pytest.raises(FileRefusedError):
        read_entries(text, kind=kind)
