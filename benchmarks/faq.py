"""Questions and answers: how many are found, how many are answered wrongly, what it costs.

CLINC150 with 1, 5 and 20 questions an entry beside a plain BM25 (a folder `shared/faq_eval` beside the
checkout, or named by MUSTER_FAQ_EVAL: its scorer and benches), and the starter bank with questions written by
somebody who had not seen its phrasings.
"""

import csv
import gc
import importlib.util
import json
import math
import os
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistance.faq.engine import Decision, Engine, Found, texts_needed
from assistance.faq.grams import neat, plain
from assistance.faq.intake import starter_bank
from assistance.faq.semantic import Embedder, Vectors, load_embedder
from benchmarks.measure import head, say

ROOT = Path(__file__).parent.parent
EVAL = Path(os.environ.get("MUSTER_FAQ_EVAL", ROOT.parent / "shared" / "faq_eval"))
QUESTIONS = ROOT / "tests" / "assistance" / "faq"
TIMED = 200
Ranked = list[tuple[str, float]]
Bank = dict[str, dict[str, list[str]]]


class Remembered:
    """The model, each text once: the same questions are asked of several banks."""

    def __init__(self, model: Embedder) -> None:
        self.name = model.name
        self._model = model
        self._known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._known |= dict(zip(missing, self._model.embed(missing), strict=True))
        return np.stack([self._known[text] for text in texts])


class Bm25:
    """The baseline: words, k1 = 1.2, b = 0.75, an entry is its best question."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        pairs = [(entry["id"], self._words(text)) for entry in entries for text in entry["questions"]]
        self._owners = [owner for owner, _ in pairs]
        self._rows = [Counter(words) for _, words in pairs]
        self._lengths = [len(words) for _, words in pairs]
        self._mean = sum(self._lengths) / len(self._lengths)
        frequency = Counter(word for row in self._rows for word in row)
        total = len(pairs)
        self._idf = {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in frequency.items()}
        self._posted = defaultdict(list)
        for number, row in enumerate(self._rows):
            for word in row:
                self._posted[word].append(number)

    def __call__(self, question: str, _language: str) -> Ranked:
        scores: dict[int, float] = defaultdict(float)
        for word in set(self._words(question)):
            for number in self._posted.get(word, ()):
                times, length = self._rows[number][word], self._lengths[number] / self._mean
                scores[number] += self._idf[word] * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * length))
        best: dict[str, float] = {}
        for number, score in scores.items():
            best[self._owners[number]] = max(best.get(self._owners[number], 0.0), score)
        return sorted(best.items(), key=lambda pair: -pair[1])[:10]

    def _words(self, text: str) -> list[str]:
        return re.findall(r"[a-z0-9']+", plain(text))


def run() -> None:
    """Measure what is there."""
    head("Questions and answers")
    model = load_embedder()
    if model is None:
        say("the [semantic] extra", "absent", "letters and words only")
    remembered = Remembered(model) if model is not None else None
    kinds: list[tuple[str, Embedder | None]] = [("letters and words", None)]
    kinds += [("with the model", remembered)] if remembered is not None else []
    if (EVAL / "faq_eval.py").is_file():
        for questions in (1, 5, 20):
            _clinc(questions, kinds)
    else:
        say("CLINC150", "left out", "no folder shared/faq_eval beside the checkout")
    for name, embedder in kinds:
        _starter(name, embedder)
    _cost(model)


def _clinc(questions: int, kinds: Sequence[tuple[str, Embedder | None]]) -> None:
    scorer = _scorer()
    bench = json.loads((EVAL / "bench" / f"clinc150_k{questions}.json").read_text(encoding="utf-8"))
    print(f"\n  CLINC150, {questions} question(s) an entry: 150 entries, 4,500 questions, 1,000 out of scope")
    print(
        f"  {'':20s} top-1  top-3  far-OOS  sel | direct right  wrong  offered  missed  unknown | OOS direct"
    )
    _score(scorer, bench, "BM25 on words", Bm25(bench["entries"]), None)
    for name, embedder in kinds:
        bank: Bank = {}
        for entry in bench["entries"]:
            bank.setdefault(entry["lang"], {}).setdefault(entry["id"], []).extend(entry["questions"])
        engine = _engine(bank, embedder)
        found: list[Found] = []

        def ask(question: str, language: str, engine: Engine = engine, found: list[Found] = found) -> Ranked:
            found.append(engine.search(question, language))
            return [(each.subject, each.score) for each in found[-1].candidates]

        _score(scorer, bench, name, ask, found)


def _score(
    scorer: Any, bench: Any, name: str, ask: Callable[[str, str], Ranked], found: list[Found] | None
) -> None:
    out = [ask(query["q"], query["lang"]) for query in bench["queries"]]
    figures = scorer.score(bench, out, [0.0], 0.95)
    line = f"  {name:20s} {100 * figures['top1']:5.1f}  {100 * figures['top3']:5.1f}  "
    line += f"{100 * figures['auFar']:7.1f} {100 * figures['auSel']:4.1f}"
    if found is not None:
        tally = _tally([(each, query["gold"]) for each, query in zip(found, bench["queries"], strict=True)])
        line += " | " + "  ".join(f"{tally[key]:5.1f} %" for key in ("right", "wrong", "offered", "missed"))
        line += f"  {tally['unknown']:5.1f} % | {tally['oos']:.1f} %"
    print(line, flush=True)


def _tally(results: Sequence[tuple[Found, Sequence[str]]]) -> dict[str, float]:
    """Shares in percent: of questions in scope, and of those out of scope that were answered."""
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


def _starter(name: str, embedder: Embedder | None) -> None:
    if not (QUESTIONS / "questions.tsv").is_file():
        return
    bank: Bank = {}
    for entry in starter_bank():
        for language, wording in entry.wordings.items():
            bank.setdefault(language, {})[entry.slug] = list(wording.questions)
    engine = _engine(bank, embedder)
    asked = [(lang, [gold], text, kind) for lang, kind, gold, text in _rows("questions.tsv")]
    asked += [(lang, [], text, "unrelated") for lang, text, *_ in _rows("unrelated.tsv")]
    results = [(lang, kind, engine.search(text, lang), gold) for lang, gold, text, kind in asked]
    count = sum(map(len, bank["en"].values()))
    print(f"\n  Starter bank, {name}: {len(bank['en'])} entries, {count} questions a language")
    print("    asked                 n  direct right  wrong  direct or offered  unrelated answered")
    groups = [("all", lambda _lang, _kind: True)]
    groups += [(lang, lambda one, _kind, lang=lang: one == lang) for lang in sorted(bank)]
    kinds = sorted({kind for _, kind, _, gold in results if gold})
    groups += [(kind, lambda _lang, one, kind=kind: one == kind) for kind in kinds]
    for label, wanted in groups:
        few = [(found, gold) for lang, kind, found, gold in results if wanted(lang, kind)]
        tally, number = _tally(few), sum(bool(gold) for _, gold in few)
        rest = f"{tally['oos']:.1f} %" if any(not gold for _, gold in few) else "-"
        both = tally["right"] + tally["offered"]
        figures = f"{tally['right']:10.1f} %  {tally['wrong']:4.1f} %  {both:15.1f} %  {rest}"
        print(f"    {label:18s} {number:4d}  {figures}")


def _cost(model: Embedder | None) -> None:
    bank: Bank = {}
    for entry in starter_bank():
        for language, wording in entry.wordings.items():
            bank.setdefault(language, {})[entry.slug] = list(wording.questions)
    texts = [text for questions in bank["en"].values() for text in questions][:TIMED]
    print()
    for name, embedder in (("letters and words", None), *((("with the model", model),) if model else ())):
        gc.collect()
        began = time.process_time()
        engine = _engine(bank, embedder)
        built = time.process_time() - began
        walls, cpu = [], time.process_time()
        for text in texts:
            start = time.perf_counter()
            engine.search(text, "en")
            walls.append((time.perf_counter() - start) * 1e3)
        each = (time.process_time() - cpu) / len(texts) * 1e3
        walls.sort()
        median, late = walls[len(walls) // 2], walls[int(len(walls) * 0.95)]
        say(
            f"one question, {name}", f"{each:.1f} ms CPU", f"on the clock p50 {median:.1f}, p95 {late:.1f} ms"
        )
        say("  index and calibrate the starter bank", f"{built:.1f} s CPU", "vectors made anew")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say("  peak of memory of this process so far", f"{peak:.0f} MB")


def _engine(bank: Bank, embedder: Embedder | None) -> Engine:
    if embedder is None:
        return Engine(bank, None, None)
    needed = texts_needed(bank)
    vectors = dict(zip(needed, embedder.embed([neat(text) for text in needed]), strict=True))
    return Engine(bank, embedder, vectors)


def _rows(name: str) -> list[list[str]]:
    with (QUESTIONS / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows[1:] if rows and rows[0][0] == "lang" else rows


def _scorer() -> Any:
    spec = importlib.util.spec_from_file_location("faq_eval", EVAL / "faq_eval.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(EVAL / "faq_eval.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
