"""Places as a conversation holds them: found by name, by country, by cell; short enough to keep. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from handlers.kit import Kit, NamedPlace
from places.cells import cell_of, centre
from registry.whereabouts import Source, Whereabouts, WhereaboutsKind

MOST_CHOICES = 3
MAX_LABEL = 100  # characters kept of a name


@dataclass(frozen=True, slots=True)
class Spot:
    """A place somebody may be in.

    Attributes:
        label: as it is shown.
        cell: None when nothing nearer than the country or region is known.
        sure: the name was meant exactly; nothing need be asked back.
        pin: it was shared, not typed.
    """

    label: str
    country: str
    cell: int | None = None
    radius_km: float = 0.0
    admin1: str | None = None
    time_zone: str | None = None
    near: tuple[str, ...] = ()
    sure: bool = False
    pin: bool = False

    @property
    def whole_country(self) -> bool:
        """Whether nothing nearer is known than the country."""
        return self.cell is None and self.admin1 is None

    def at_cell(self, cell: int) -> "Spot":
        """This country, but at a shared position."""
        return replace(self, cell=cell, radius_km=0.0, pin=True)

    def whereabouts(self) -> Whereabouts:
        """What the registry keeps of it."""
        return Whereabouts(
            kind=WhereaboutsKind.PIN if self.pin else WhereaboutsKind.HOME,
            cell=self.cell,
            radius_km=self.radius_km,
            country=self.country,
            admin1=self.admin1,
            label=self.label,
            time_zone=self.time_zone,
            source=Source.PIN if self.pin else Source.TYPED,
            near=self.near,
        )


def found_by_name(kit: Kit, language: str, text: str) -> tuple[Spot, ...]:
    """Up to three places `text` may mean, best first."""
    found = kit.find_place(text, language)
    return tuple(_spot(candidate) for candidate in found[:MOST_CHOICES])


def found_in_country(kit: Kit, language: str, text: str) -> tuple[Spot, ...]:
    """Up to three countries that `text` names, or in which a place of that name lies, best first."""
    found = kit.find_place(text, language)
    ranked = sorted(found, key=lambda candidate: (not _is_exact(candidate), candidate.kind != "country"))
    spots: dict[str, Spot] = {}
    for candidate in ranked:
        name = kit.country_name(candidate.country, language)
        spots.setdefault(candidate.country, Spot(name, candidate.country, sure=_is_exact(candidate)))
    return tuple(spots.values())[:MOST_CHOICES]


def of_cell(kit: Kit, language: str, cell: int) -> Spot | None:
    """The place of a shared position that was snapped to `cell`; None where it is no country."""
    lat, lon = centre(cell)
    around = kit.locate(lat, lon, language)
    if around is None:
        return None
    return Spot(
        label=kit.catalog.say(language, "place.near", city=around.city)
        if around.city
        else kit.country_name(around.country, language),
        country=around.country,
        cell=cell,
        admin1=around.admin1,
        time_zone=around.time_zone,
        near=around.near,
        sure=True,
        pin=True,
    )


def save_spots(spots: Sequence[Spot]) -> str:
    """As text for a session."""
    return json.dumps([asdict(spot) for spot in spots], ensure_ascii=False, separators=(",", ":"))


def load_spots(text: str) -> tuple[Spot, ...]:
    """What `save_spots` wrote."""
    return tuple(Spot(**{**fields, "near": tuple(fields["near"])}) for fields in json.loads(text))


def _is_exact(found: NamedPlace) -> bool:
    return found.match in {"exact", "folded"}


def _spot(found: NamedPlace) -> Spot:
    if found.kind == "country":
        return Spot(found.name, found.country, sure=_is_exact(found))
    is_city = found.kind == "city"
    return Spot(
        label=found.name[:MAX_LABEL],
        country=found.country,
        cell=cell_of(found.lat, found.lon) if is_city else None,
        radius_km=found.radius_km if is_city else 0.0,
        admin1=found.admin1,
        time_zone=found.time_zone,
        sure=_is_exact(found),
    )
