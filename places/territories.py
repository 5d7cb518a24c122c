"""Which countries of ISO 3166-1 belong to another one and are yet entries of their own.

Reads one short list beside it. Whoever names France does not name Réunion: people must be told so.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LIST = Path(__file__).with_name("territories.tsv")


@cache
def territories() -> Mapping[str, tuple[str, ...]]:
    """By the country they belong to; all as ISO 3166-1 alpha-2."""
    lines = (line.split("\t") for line in LIST.read_text("utf-8").splitlines() if not line.startswith("#"))
    return MappingProxyType({country: tuple(parts.split()) for country, parts in lines})


def left_out(countries: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By country named: its territories that are not named."""
    named = frozenset(countries)
    found = {country: tuple(code for code in territories().get(country, ()) if code not in named)
             for country in countries}  # fmt: skip
    return {country: codes for country, codes in found.items() if codes}
