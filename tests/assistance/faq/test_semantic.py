"""The model's turns: a question never waits behind a whole bank, and what was asked lately costs nothing."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from assistance.faq.remembered import Remembered
from assistance.faq.semantic import AT_ONCE, DIMENSIONS, E5, Vectors, can_run, load_embedder


class Slow:
    """An engine that works until it is let go, and writes down whose texts it had."""

    def __init__(self) -> None:
        self.had: list[str] = []
        self.started, self.may_end = threading.Event(), threading.Event()

    def query(self, texts: Sequence[str]) -> Vectors:
        self.started.set()
        assert self.may_end.wait(10)
        self.had.append(texts[0])
        return np.ones((len(texts), DIMENSIONS), np.float32)


class Counted:
    """A model that counts what it was asked."""

    name = "counted"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text)] * DIMENSIONS for text in texts], np.float32).reshape(-1, DIMENSIONS)


def test_a_question_is_next_while_a_bank_is_embedded() -> None:
    slow = Slow()
    model = E5(slow)
    bank = threading.Thread(target=model.embed, args=(["bank"] * AT_ONCE * 50,))
    question = threading.Thread(target=model.embed, args=(["question"],))
    bank.start()
    assert slow.started.wait(10)
    question.start()
    while not model._next.locked():  # it waits for its turn
        assert question.is_alive()
    slow.may_end.set()
    for thread in (bank, question):
        thread.join(10)
    assert slow.had.index("question") <= 2, slow.had[:5]
    assert len(slow.had) == 51


def test_what_was_asked_lately_costs_nothing() -> None:
    model = Counted()
    remembered = Remembered(model, most=2)
    assert remembered.embed(["a", "bb", "a"])[:, 0].tolist() == [1, 2, 1]
    assert remembered.embed(["bb", "ccc"])[:, 0].tolist() == [2, 3]
    assert model.asked == ["a", "bb", "ccc"]
    assert remembered.embed(["a"])[:, 0].tolist() == [1]  # the oldest was forgotten
    assert model.asked == ["a", "bb", "ccc", "a"]
    assert remembered.embed([]).shape == (0, DIMENSIONS)


def test_meaning_goes_before_words() -> None:
    if not can_run():
        pytest.skip("the [semantic] extra is compiled for x86-64 with AVX2")
    model = load_embedder()
    assert model is not None, "the test extra brings it"
    made = model.embed(["mất hộ chiếu", "lost passport", "the weather is nice"])
    assert made.shape == (3, DIMENSIONS)
    likeness = made @ made.T
    assert likeness[0, 1] > likeness[0, 2]
