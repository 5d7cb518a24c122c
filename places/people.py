"""Rows: where people are, as arrays; the input of the audience index.

Pure numpy. One row = one whereabouts (home, trip or pin) of one person. Watchers never belong in here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from places.errors import ShapeError
from places.region import FORM

Ids = NDArray[np.int64]

EVER = -(2**62)
"""`valid_from` of a whereabouts without a beginning."""
FOREVER = 2**62
"""`valid_to` of a whereabouts without an end."""
MAX_COUNTRIES = 4
"""Countries one place can be counted to (a pin at a border may lie in either); the rest are dropped,
nearest first."""
MAX_REGIONS = 2
_DIGITS = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE = len(_DIGITS)
_REGION_BITS = 27  # 37 to the power of 5 is below 2 to the power of 27


def country_code(iso: str) -> int:
    """Two upper-case letters as a number in 0x4141..0x5A5A. Raises ShapeError on anything else."""
    if not (len(iso) == 2 and iso.isascii() and iso.isalpha() and iso.isupper()):
        raise ShapeError("country_form", "not a two-letter country code")
    return ord(iso[0]) << 8 | ord(iso[1])


def country_of(code: int) -> str:
    """The two letters of `country_code`."""
    return chr(code >> 8 & 0xFF) + chr(code & 0xFF)


def pack_countries(countries: Iterable[str]) -> int:
    """Up to four countries in one number below 2**63, the surest first; 0 is "unknown"."""
    packed = 0
    for place, iso in enumerate(countries):
        if place == MAX_COUNTRIES:
            break
        packed |= country_code(iso) << 16 * place
    return packed


def pack_regions(regions: Iterable[str]) -> int:
    """What stands for up to two regions (ISO 3166-2) where no cell is known: a number below 0. What is no
    such code is passed over; 0 when none is."""
    packed, place = 0, 0
    for code in regions:
        if FORM.fullmatch(code) and place < MAX_REGIONS:
            country, _, part = code.partition("-")
            letters = [_DIGITS.index(letter) for letter in country + part.ljust(3)]
            number = sum(value * _BASE**power for power, value in enumerate(reversed(letters)))
            packed |= number << _REGION_BITS * place
            place += 1
    return -packed


def unpack_regions(packed: int) -> tuple[str, ...]:
    """The regions of `pack_regions`."""
    numbers = (-packed >> _REGION_BITS * place & (1 << _REGION_BITS) - 1 for place in range(MAX_REGIONS))
    return tuple(_region(number) for number in numbers if packed < 0 and number)


def _region(number: int) -> str:
    letters = [_DIGITS[number // _BASE**power % _BASE] for power in range(4, -1, -1)]
    return f"{''.join(letters[:2])}-{''.join(letters[2:]).rstrip()}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Aligned arrays. `cell` 0 = known by country only, below 0 by region only (`pack_regions`); `radius_km`
    0 = known by cell, > 0 = somewhere in
    that radius round the cell (a city); `countries` from `pack_countries`; valid_from..valid_to in epoch
    seconds, both ends included, EVER and FOREVER where open."""

    person_id: Ids
    cell: NDArray[np.int64]
    radius_km: NDArray[np.float32]
    countries: NDArray[np.int64]
    valid_from: NDArray[np.int64]
    valid_to: NDArray[np.int64]

    def __post_init__(self) -> None:
        sizes = {array.size for array in (self.person_id, self.cell, self.radius_km, self.countries)}
        if sizes | {self.valid_from.size, self.valid_to.size} != {self.person_id.size}:
            raise ShapeError("rows_form", "arrays differ in length")

    def __len__(self) -> int:
        return int(self.person_id.size)

    @classmethod
    def of(
        cls,
        person_ids: Sequence[int] | Ids,
        cells: Sequence[int | None] | NDArray[np.int64],
        radii_km: Sequence[float] | NDArray[np.float32],
        countries: Sequence[str | tuple[str, ...]],
        valid_from: Sequence[int | None] | None = None,
        valid_to: Sequence[int | None] | None = None,
    ) -> "Rows":
        """Rows from columns as a database returns them: None is no cell, or an open end of time."""
        packed: dict[str | tuple[str, ...], int] = {}
        for named in set(countries):
            packed[named] = pack_countries((named,) if isinstance(named, str) else named)
        size = len(person_ids)
        return cls(
            np.asarray(person_ids, dtype=np.int64),
            np.array([cell or 0 for cell in cells], dtype=np.int64),
            np.asarray(radii_km, dtype=np.float32),
            np.fromiter((packed[named] for named in countries), dtype=np.int64, count=size),
            _times(valid_from, size, EVER),
            _times(valid_to, size, FOREVER),
        )

    @classmethod
    def empty(cls) -> "Rows":
        """No rows."""
        return cls.of([], [], [], [])

    @classmethod
    def joined(cls, *parts: "Rows") -> "Rows":
        """All rows of some Rows, in order."""
        return cls(
            np.concatenate([part.person_id for part in parts]),
            np.concatenate([part.cell for part in parts]),
            np.concatenate([part.radius_km for part in parts]),
            np.concatenate([part.countries for part in parts]),
            np.concatenate([part.valid_from for part in parts]),
            np.concatenate([part.valid_to for part in parts]),
        )

    def take(self, chosen: "NDArray[np.bool_] | NDArray[np.int64]") -> "Rows":
        """The rows a mask or an index array picks."""
        return Rows(
            self.person_id[chosen],
            self.cell[chosen],
            self.radius_km[chosen],
            self.countries[chosen],
            self.valid_from[chosen],
            self.valid_to[chosen],
        )


def _times(values: Sequence[int | None] | None, size: int, open_end: int) -> NDArray[np.int64]:
    if values is None:
        return np.full(size, open_end, dtype=np.int64)
    return np.array([open_end if value is None else value for value in values], dtype=np.int64)
