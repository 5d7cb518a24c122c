"""What a question costs: CPU, time on the clock, memory; each engine in a process of its own."""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from assistance.faq.engine import Engine
from assistance.faq.semantic import Vectors, load_embedder
from assistance.faq.thresholds import Calibration
from benchmarks.faq_bm25 import Bm25
from benchmarks.faq_starter import Bank

ASKED = 200
WARM = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a question, and megabytes the process took on top of Python, numpy and our code."""

    cpu_ms: float
    median_ms: float
    p95_ms: float
    memory_mb: float

    def __str__(self) -> str:
        return (
            f"{self.cpu_ms:.1f} ms CPU, p50 {self.median_ms:.1f}, p95 {self.p95_ms:.1f} ms, "
            f"{self.memory_mb:.0f} MB"
        )


def cost_of(
    bank: Bank,
    texts: Sequence[tuple[str, str]],
    calibration: Calibration | None,
    vectors: Mapping[str, Vectors] | None,
) -> Cost:
    """Ask 200 of `texts` (question, language). Without a calibration BM25, without vectors no model."""
    with get_context("spawn").Pool(1) as alone:
        return alone.apply(
            _measured, (bank, list(texts)[:: max(1, len(texts) // ASKED)][:ASKED], calibration, vectors)
        )


def _measured(
    bank: Bank,
    texts: Sequence[tuple[str, str]],
    calibration: Calibration | None,
    vectors: Mapping[str, Vectors] | None,
) -> Cost:
    before = _resident_mb()
    ask: Callable[[str, str], object]
    if calibration is None:
        ask = Bm25(bank)
    else:
        embedder = load_embedder() if vectors is not None else None
        ask = Engine(bank, embedder, vectors, calibration=calibration).search
    for text, language in texts[:WARM]:
        ask(text, language)
    walls, cpu = [], time.process_time()
    for text, language in texts:
        start = time.perf_counter()
        ask(text, language)
        walls.append((time.perf_counter() - start) * 1e3)
    each = (time.process_time() - cpu) / len(texts) * 1e3
    walls.sort()
    return Cost(each, walls[len(walls) // 2], walls[int(len(walls) * 0.95)], _resident_mb() - before)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20
