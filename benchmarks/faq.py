"""Questions and answers: how many are found, how many are answered wrongly, what it costs.

CLINC150 with 1, 5 and 20 questions an entry beside a plain BM25 (a folder `shared/faq_eval` beside the
checkout, or named by MUSTER_FAQ_EVAL: its scorer and benches), and the starter bank with questions written by
somebody who had not seen its phrasings.
"""

import importlib.util
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistance.faq.engine import Found, texts_needed
from assistance.faq.remembered import Remembered
from assistance.faq.semantic import Embedder, load_embedder
from assistance.faq.vectors import vectors_now
from benchmarks.faq_bm25 import Bm25, Ranked
from benchmarks.faq_cost import Cost, cost_of
from benchmarks.faq_starter import Bank, bank_of_starters, engine_of, questions_of_strangers, report, tally
from benchmarks.measure import head, say

ROOT = Path(__file__).parent.parent
EVAL = Path(os.environ.get("MUSTER_FAQ_EVAL", ROOT.parent / "shared" / "faq_eval"))
MOST_TEXTS = 20_000  # remembered: the same questions are asked of several banks
Kinds = Sequence[tuple[str, Embedder | None]]


def run() -> None:
    """Measure what is there."""
    head("Questions and answers")
    model = load_embedder()
    if model is None:
        say("the [semantic] extra", "absent", "letters and words only")
    kinds: list[tuple[str, Embedder | None]] = [("letters and words", None)]
    kinds += [("with the model", Remembered(model, MOST_TEXTS))] if model is not None else []
    for name, embedder in kinds:
        report(name, embedder)
    _starter_cost(kinds)
    if not (EVAL / "faq_eval.py").is_file():
        say("CLINC150", "left out", "no folder shared/faq_eval beside the checkout")
        return
    for questions in (1, 5, 20):
        _clinc(questions, kinds)


def _starter_cost(kinds: Kinds) -> None:
    bank = bank_of_starters()
    print()
    for name, embedder in kinds:
        engine = engine_of(bank, embedder)
        texts = [(text, language) for language, text in questions_of_strangers()]
        vectors = vectors_now(embedder, texts_needed(bank)) if embedder is not None else None
        say(f"a question to the starter bank, {name}", str(cost_of(bank, texts, engine.calibration, vectors)))


def _clinc(questions: int, kinds: Kinds) -> None:
    scorer = _scorer()
    bench = json.loads((EVAL / "bench" / f"clinc150_k{questions}.json").read_text(encoding="utf-8"))
    texts = [(query["q"], query["lang"]) for query in bench["queries"]]
    bank = _bank(bench)
    print(f"\n  CLINC150, {questions} question(s) an entry: 150 entries, 4,500 questions, 1,000 out of scope")
    print(
        f"  {'':20s} top-1  top-3  far-OOS  sel | direct right  wrong  offered  missed  unknown | OOS direct"
    )
    _score(scorer, bench, "BM25 on words", Bm25(bank), None, cost_of(bank, texts, None, None))
    for name, embedder in kinds:
        engine = engine_of(bank, embedder)
        found: list[Found] = []

        def ask(question: str, language: str, search: Any = engine.search, kept: Any = found) -> Ranked:
            kept.append(search(question, language))
            return [(each.subject, each.score) for each in kept[-1].candidates]

        vectors = vectors_now(embedder, texts_needed(bank)) if embedder is not None else None
        _score(scorer, bench, name, ask, found, cost_of(bank, texts, engine.calibration, vectors))


def _score(
    scorer: Any,
    bench: Any,
    name: str,
    ask: Callable[[str, str], Ranked],
    found: list[Found] | None,
    cost: Cost,
) -> None:
    out = [ask(query["q"], query["lang"]) for query in bench["queries"]]
    figures = scorer.score(bench, out, [0.0], 0.95)
    line = f"  {name:20s} {100 * figures['top1']:5.1f}  {100 * figures['top3']:5.1f}  "
    line += f"{100 * figures['auFar']:7.1f} {100 * figures['auSel']:4.1f}"
    if found is not None:
        shares = tally([(each, query["gold"]) for each, query in zip(found, bench["queries"], strict=True)])
        line += " | " + "  ".join(f"{shares[key]:5.1f} %" for key in ("right", "wrong", "offered", "missed"))
        line += f"  {shares['unknown']:5.1f} % | {shares['oos']:.1f} %"
    print(f"{line} | {cost}", flush=True)


def _bank(bench: Any) -> Bank:
    bank: dict[str, dict[str, list[str]]] = {}
    for entry in bench["entries"]:
        bank.setdefault(entry["lang"], {}).setdefault(entry["id"], []).extend(entry["questions"])
    return bank


def _scorer() -> Any:
    spec = importlib.util.spec_from_file_location("faq_eval", EVAL / "faq_eval.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(EVAL / "faq_eval.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
