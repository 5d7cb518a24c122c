"""Questions that others wrote, asked of the starter bank: enough found, hardly any answered wrongly.

Figures and where they come from: `docs/benchmarks.md`.
"""

import pytest

from assistance.faq.semantic import can_run, load_embedder
from benchmarks.faq_starter import Asked, ask_starters, bank_of_starters, engine_of, groups_of, tally


def judge(results: list[Asked]) -> None:
    """The promised shares, in percent: of all, and of every language and way of typing what must be found."""
    for name, few in groups_of(results).items():
        shares = tally([(one.found, one.gold) for one in few])
        assert shares["right"] + shares["offered"] >= 85.0, (name, dict(shares))
        assert shares["wrong"] <= 1.0, (name, dict(shares))
        if name == "all":
            assert shares["right"] >= 25.0, dict(shares)
            assert shares["oos"] <= 1.0, dict(shares)


def test_letters_and_words_alone_keep_the_bars() -> None:
    judge(ask_starters(engine_of(bank_of_starters(), None)))


@pytest.mark.soak
def test_the_model_keeps_the_bars() -> None:
    if not can_run():
        pytest.skip("the [semantic] extra is compiled for x86-64 with AVX2")
    model = load_embedder()
    assert model is not None, "the test extra brings it"
    judge(ask_starters(engine_of(bank_of_starters(), model)))
