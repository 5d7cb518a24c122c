"""Nobody takes an exercise for real: it says so first and last, in every language."""

import pytest

from locales.catalog import Catalog
from locales.framing import as_drill

CATALOG = Catalog.load()


@pytest.mark.parametrize("language", CATALOG.languages())
def test_an_exercise_says_so_first_and_last(language: str) -> None:
    first, text, last = as_drill(CATALOG, language, "Leave the coast.").split("\n\n")
    assert text == "Leave the coast."
    assert first == CATALOG.say(language, "alert.drill.first")
    assert last == CATALOG.say(language, "alert.drill.last")
