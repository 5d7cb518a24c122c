"""A whole population of simulated citizens: generated from a seed, written and read as JSON lines. Touches
one file.
"""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.cities import CITIES, City
from simulator.citizen import Citizen, citizen_from
from simulator.geometry import Area
from simulator.placing import Maker, Shares


@dataclass(frozen=True, slots=True)
class Population:
    """Citizens, their ids unique."""

    citizens: tuple[Citizen, ...]
    by_id: dict[str, Citizen] = field(init=False, repr=False, compare=False)
    by_telegram: dict[int, Citizen] = field(init=False, repr=False, compare=False)
    by_number: dict[str, Citizen] = field(init=False, repr=False, compare=False)
    by_viber: dict[str, Citizen] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {one.id: one for one in self.citizens})
        telegram = {one.telegram_id: one for one in self.citizens if one.telegram_id is not None}
        object.__setattr__(self, "by_telegram", telegram)
        numbers = {one.number: one for one in self.citizens if one.number}
        object.__setattr__(self, "by_number", numbers)
        viber = {one.viber_id: one for one in self.citizens if one.viber_id}
        object.__setattr__(self, "by_viber", viber)
        if len(self.by_id) != len(self.citizens):
            raise ValueError("two citizens share an id")
        if len(numbers) != sum(bool(one.number) for one in self.citizens):
            raise ValueError("two citizens share a number")

    def __len__(self) -> int:
        return len(self.citizens)

    def dump(self, path: Path) -> None:
        """Write one JSON object a line."""
        lines = (json.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in self.citizens)
        path.write_text("".join(lines), encoding="utf-8")


def population_of(rows: Iterable[object]) -> Population:
    """A population from JSON objects; raises `ValueError`."""
    citizens = []
    for row in rows:
        if not isinstance(row, dict):
            raise ValueError("a citizen is a JSON object")
        citizens.append(citizen_from(row))
    return Population(tuple(citizens))


def load_population(path: Path) -> Population:
    """A population from a file of JSON lines; raises `ValueError`."""
    with path.open(encoding="utf-8") as file:
        return population_of(json.loads(line) for line in file if line.strip())


def generate(
    count: int,
    seed: int,
    area: Area,
    *,
    country: str,
    shares: Shares = Shares(),  # noqa: B008 - a frozen value
    cities: Sequence[City] = CITIES,
    drill: bool = False,
    invitation: str = "",
    first: int = 1,
) -> Population:
    """A population around an area.

    Args:
        count, seed: how many, and what makes the same ones come again.
        area: circles and polygons; people are put inside, at its edge, nearby and far away.
        country: ISO code of where the area lies (or its main part): the truth of those inside and nearby.
        cities: where people live who type a city; those inside the area serve its inhabitants.
        drill, invitation: people of a drill, and what they write behind `/start` to join it.
        first: number of the first citizen, so that two populations can live side by
            side.
    """
    maker = Maker(random.Random(seed), area, country.upper(), shares, cities, drill, invitation)
    return Population(tuple(maker.citizen(first + number) for number in range(count)))
