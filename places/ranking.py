"""Which of several places with a fitting name is meant: one score, higher is likelier.

Pure.
"""

import math
from enum import StrEnum

from places.schema import Kind


class Match(StrEnum):
    """How the text fits the name. Never act on FUZZY without asking."""

    EXACT = "exact"
    FOLDED = "folded"
    FUZZY = "fuzzy"


EXACT_TEXT = 1.0
FOLDED_TEXT = 0.98
BRIDGED_TEXT = 0.85
"""Found by transliteration: counts as fuzzy."""
FUZZY_TEXT = 0.8
HEARD_TEXT = 0.78
"""Found by its sound, from another script: counts as fuzzy."""
HEARD_LATIN_TEXT = 0.72
"""Found by its sound where letters could be compared: counts as fuzzy."""
WIDER_TEXT = 0.7
"""Only the wider place of "unknown village, Lima" was found: counts as fuzzy."""


def score(text: float, kind: Kind, population: int, grade: int) -> float:
    """`text` (0..1, how well the name fits) weighed by how likely the place is meant, 0..1.

    A country wins over everything of the same name. A region counts as a city with a fifth of its people:
    "New York" is the city, "Bali" the island. A name that is only one of GeoNames' alternates halves the
    weight: "Bali" is not Bari, "quang ninh" not one of its towns.
    """
    if kind is Kind.COUNTRY:
        return text
    people = population / 5.0 if kind is Kind.ADMIN1 else float(population)
    weight = min(0.9, math.log10(max(0.0, people) + 10.0) / 8.5)
    return text * (0.6 + 0.4 * (weight * (1.0 if grade == 0 else 0.5)))
