"""A model that remembers what it was asked last: many people ask the same. In memory only.

What citizens typed is not kept, only its hash beside the vector.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from assistance.faq.semantic import Embedder, Vectors

MOST = 2_000  # vectors, 3 MB


class Remembered:
    """An embedder before another one; safe to be called from any thread."""

    def __init__(self, model: Embedder, most: int = MOST) -> None:
        self.name = model.name
        self._model = model
        self._most = most
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the model's; only texts it was not asked lately cost anything."""
        if not texts:
            return self._model.embed(texts)
        keys = [sha256(text.encode()).digest() for text in texts]
        with self._turn:
            found = {key: self._known[key] for key in keys if key in self._known}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            found |= dict(zip(missing, self._model.embed(list(missing.values())), strict=True))
        with self._turn:
            for key in keys:
                self._known[key] = found[key]
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return np.stack([found[key] for key in keys])
