"""Entries as YAML and CSV, in and out. Pure: texts to values and back.

YAML is a list of entries: `id`, `questions` by language, `answers` by language, and if wanted `topic`,
`countries`, `valid_from`, `valid_to`, `source`, `review_on`, `careful`. CSV is the same with one row for each
entry and language, its questions one a line in one cell.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from assistance.faq.content import Facts, Wording, language_of, subject_of
from assistance.faq.errors import ContentRefusedError, FileRefusedError

# libyaml where the package was built with it: ten times as fast, the same safe kind.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MAX_SIGNS = 4_000_000
MAX_ENTRIES = 5_000
_FACTS = ("topic", "countries", "valid_from", "valid_to", "source", "review_on", "careful")
_COLUMNS = ("id", "language", "questions", "answer", *_FACTS)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One entry of a file."""

    slug: str
    facts: Facts
    wordings: Mapping[str, Wording]


def read_entries(text: str, *, kind: str, topic: str = "") -> list[FileEntry]:
    """Read a file of `kind` yaml or csv; `topic` is for entries that name none.

    Raises:
        FileRefusedError: it is not such a file, or one of its entries could not be answered with.
    """
    if len(text) > MAX_SIGNS:
        raise FileRefusedError("faq_file_size", "The file is larger than 4 million signs.")
    rows = _from_csv(text) if kind == "csv" else _from_yaml(text)
    if len(rows) > MAX_ENTRIES:
        raise FileRefusedError("faq_file_size", f"The file has more than {MAX_ENTRIES} entries.")
    found: dict[str, FileEntry] = {}
    for number, row in enumerate(rows, start=1):
        made = _entry(row, number, topic)
        if made.slug in found:
            raise FileRefusedError("faq_file_twice", f"Entry {made.slug} is in the file twice.")
        found[made.slug] = made
    return list(found.values())


def write_entries(entries: Sequence[FileEntry], *, kind: str) -> str:
    """The file of `kind` yaml or csv that reads back as `entries`."""
    if kind == "csv":
        return _to_csv(entries)
    rows = [
        {
            "id": entry.slug,
            **{name: value for name, value in entry.facts.to_json().items() if value},
            "questions": {tag: list(wording.questions) for tag, wording in entry.wordings.items()},
            "answers": {tag: wording.answer for tag, wording in entry.wordings.items()},
        }
        for entry in entries
    ]
    return str(yaml.dump(rows, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=110))


def _entry(row: object, number: int, topic: str) -> FileEntry:
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
        raise FileRefusedError("faq_file_form", f"Entry {number} has no id.")
    slug, questions, answers = row["id"], row.get("questions"), row.get("answers")
    if (
        not isinstance(questions, Mapping)
        or not isinstance(answers, Mapping)
        or set(questions) != set(answers)
    ):
        raise FileRefusedError(
            "faq_file_form", f"Entry {slug[:80]}: questions and answers must name the same languages."
        )
    try:
        subject_of(slug)
        wordings = {
            language_of(str(tag)): Wording.of([str(one) for one in questions[tag]], str(answers[tag]))
            for tag in questions
        }
        countries = row.get("countries")
        several = countries.split() if isinstance(countries, str) else countries
        facts = Facts.from_json(
            {"topic": topic, **{k: row[k] for k in _FACTS if k in row}, "countries": several}
        )
    except (ContentRefusedError, TypeError) as error:
        why = error.text if isinstance(error, ContentRefusedError) else "questions must be lists of words"
        raise FileRefusedError("faq_file_entry", f"Entry {slug[:80]}: {why}") from None
    return FileEntry(slug, facts, wordings)


def _from_yaml(text: str) -> list[Any]:
    try:
        rows = yaml.load(text, _LOADER)  # noqa: S506 - both are the safe kind: plain values only
    except (yaml.YAMLError, ValueError, RecursionError):
        raise FileRefusedError("faq_file_form", "The file is not YAML.") from None
    if not isinstance(rows, list):
        raise FileRefusedError("faq_file_form", "The file is not a list of entries.")
    return rows


def _from_csv(text: str) -> list[Any]:
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error:
        raise FileRefusedError("faq_file_form", "The file is not CSV.") from None
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start=2):
        slug, language = (row.get("id") or "").strip(), (row.get("language") or "").strip()
        if not slug or not language:
            raise FileRefusedError("faq_file_form", f"Line {number} lacks an id or a language.")
        entry = found.setdefault(slug, {"id": slug, "questions": {}, "answers": {}})
        if language in entry["questions"]:
            raise FileRefusedError("faq_file_twice", f"Entry {slug[:80]} has {language[:12]} twice.")
        entry["questions"][language] = (row.get("questions") or "").split("\n")
        entry["answers"][language] = row.get("answer") or ""
        entry |= {name: row[name] for name in _FACTS if row.get(name)}
        entry["careful"] = str(entry.get("careful", "")).casefold() in {"yes", "true", "1"}
    return list(found.values())


def _to_csv(entries: Sequence[FileEntry]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        facts = entry.facts.to_json()
        facts |= {"countries": " ".join(entry.facts.countries), "careful": "yes" if facts["careful"] else ""}
        for language, wording in entry.wordings.items():
            words = {"questions": "\n".join(wording.questions), "answer": wording.answer}
            writer.writerow({"id": entry.slug, "language": language, **words, **facts})
    return out.getvalue()
