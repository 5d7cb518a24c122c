"""The starter bank, asked questions that were written by somebody who had not seen its phrasings."""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistance.faq.engine import Decision, Engine, Found, texts_needed
from assistance.faq.intake import starter_bank
from assistance.faq.semantic import Embedder
from assistance.faq.vectors import vectors_now

QUESTIONS = Path(__file__).parent.parent / "tests" / "assistance" / "faq"
Bank = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it. `gold`: the entries that answer it, none for an unrelated one."""

    language: str
    kind: str
    gold: Sequence[str]
    found: Found


def bank_of_starters() -> Bank:
    """Approved questions by language and entry."""
    bank: dict[str, dict[str, list[str]]] = {}
    for entry in starter_bank():
        for language, wording in entry.wordings.items():
            bank.setdefault(language, {})[entry.slug] = list(wording.questions)
    return bank


def engine_of(bank: Bank, embedder: Embedder | None) -> Engine:
    """An engine that calibrates itself; 20 ms a question with the model."""
    if embedder is None:
        return Engine(bank, None, None)
    return Engine(bank, embedder, vectors_now(embedder, texts_needed(bank)))


def questions_of_strangers() -> list[tuple[str, str]]:
    """The language and the text of every question in scope."""
    return [(language, text) for language, _kind, _gold, text in _rows("questions.tsv")]


def ask_starters(engine: Engine) -> list[Asked]:
    """320 questions in scope and 200 out of it."""
    asked = [(language, kind, [gold], text) for language, kind, gold, text in _rows("questions.tsv")]
    asked += [(language, "unrelated", [], text) for language, text in _rows("unrelated.tsv")]
    return [Asked(lang, kind, gold, engine.search(text, lang)) for lang, kind, gold, text in asked]


def tally(results: Sequence[tuple[Found, Sequence[str]]]) -> Mapping[str, float]:
    """Shares in percent: of questions in scope (right, wrong, offered, missed, unknown), and of those out of
    scope that were answered (oos).
    """
    counts: Counter[str] = Counter()
    for found, gold in results:
        names = [each.subject for each in found.candidates[:3]]
        if not gold:
            counts["out"] += 1
            counts["oos"] += found.decision is Decision.ANSWER
            continue
        counts["in"] += 1
        hit = bool(set(names) & set(gold))
        if found.decision is Decision.ANSWER:
            counts["right" if names[0] in gold else "wrong"] += 1
        elif found.decision is Decision.CHOOSE:
            counts["offered" if hit else "missed"] += 1
        else:
            counts["unknown"] += 1
    shares = {key: 100 * counts[key] / max(1, counts["in"]) for key in counts}
    return defaultdict(float, shares | {"oos": 100 * counts["oos"] / max(1, counts["out"])})


def groups_of(results: Sequence[Asked]) -> dict[str, list[Asked]]:
    """All of them, each language, each kind of typing."""
    found = {"all": list(results)}
    for language in sorted({one.language for one in results}):
        found[language] = [one for one in results if one.language == language]
    for kind in sorted({one.kind for one in results if one.gold}):
        found[kind] = [one for one in results if one.kind == kind]
    return found


def report(name: str, embedder: Embedder | None) -> None:
    """Print what is found of the starter bank."""
    bank = bank_of_starters()
    results = ask_starters(engine_of(bank, embedder))
    count = sum(map(len, bank["en"].values()))
    print(f"\n  Starter bank, {name}: {len(bank['en'])} entries, {count} questions a language")
    print("    asked                 n  direct right  wrong  direct or offered  unrelated answered")
    for label, few in groups_of(results).items():
        shares, number = tally([(one.found, one.gold) for one in few]), sum(bool(one.gold) for one in few)
        rest = f"{shares['oos']:.1f} %" if any(not one.gold for one in few) else "-"
        both = shares["right"] + shares["offered"]
        figures = f"{shares['right']:10.1f} %  {shares['wrong']:4.1f} %  {both:15.1f} %  {rest}"
        print(f"    {label:18s} {number:4d}  {figures}")


def _rows(name: str) -> list[list[str]]:
    with (QUESTIONS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
