"""Regions on the compose form: typed as codes, found by name, put in and taken out. Pure.

Everything works without scripts and without a mouse: finding and choosing are buttons of the form.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.errors import Reason
from console.countries import Countries, usual
from places.area import Area
from places.region import FORM, Regions, country_in, nowhere
from places.territories import left_out

MOST_FOUND = 250  # no country has as many


@dataclass(frozen=True, slots=True)
class Ground:
    """What the console may ask about places.

    Attributes:
        countries: all of them, by their names.
        region: what is known of a region.
        names: of all regions, by code.
        find: codes of the regions that a text may name, lie around, or that are in a country it names.
        describe: an area in words, "" = nobody can; some 10 ms, so off the loop.
    """

    countries: Countries = field(default_factory=usual)
    region: Regions = nowhere
    names: Mapping[str, str] = field(default_factory=dict)
    find: Callable[[str], Sequence[str]] = lambda _text: ()
    describe: Callable[[Area], str] = lambda _area: ""

    def label(self, code: str) -> str:
        """`VN-13` is `Quảng Ninh, Vietnam (VN-13)`; a code nobody knows is said to be one."""
        if code not in self.names:
            return f"{code}: not a region known here"
        return f"{self.names[code]}, {self.countries.name(country_in(code))} ({code})"


@dataclass(frozen=True, slots=True)
class RegionChoices:
    """What the form shows beside its fields.

    Attributes:
        chosen, found: codes with their labels; `found` is None when nothing was asked.
        apart: countries named, and in words their territories that are not.
    """

    chosen: Sequence[tuple[str, str]]
    found: Sequence[tuple[str, str]] | None
    apart: Sequence[tuple[str, str]]


def read_regions(text: str, reasons: list[Reason]) -> list[str]:
    """The codes that were typed; adds what is none to `reasons`."""
    found: list[str] = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;\s]+", text))):
        code = part.upper()
        if not FORM.fullmatch(code):
            words = "Regions: write codes such as VN-13, with commas, or find a region by its name."
            reasons.append(Reason("form.regions", words))
            break
        if code not in found:
            found.append(code)
    return found


def press(values: dict[str, str], act: str, tag: str) -> None:
    """What the buttons beside the fields do to what was typed."""
    if act == "region" and FORM.fullmatch(tag):
        values["regions"] = ", ".join(dict.fromkeys([*_parts(values["regions"]), tag]))
    elif act == "unregion":
        values["regions"] = ", ".join(part for part in _parts(values["regions"]) if part.upper() != tag)
    elif act == "with":
        more = left_out([tag]).get(tag, ())
        values["countries"] = ", ".join(dict.fromkeys([*_countries(values["countries"]), *more]))


def choices(ground: Ground, values: Mapping[str, str]) -> RegionChoices:
    """What to show for what was typed."""
    typed = read_regions(values["regions"], [])
    asked = values["find_region"].strip()
    found = [code for code in ground.find(asked) if code not in typed][:MOST_FOUND] if asked else None
    codes = [code for part in _countries(values["countries"]) if (code := ground.countries.code(part))]
    return RegionChoices(
        chosen=[(code, ground.label(code)) for code in typed],
        found=None if found is None else [(code, ground.label(code)) for code in found],
        apart=[
            (country, ", ".join(ground.countries.name(code) for code in apart))
            for country, apart in left_out(codes).items()
        ],
    )


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", text) if part]


def _countries(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
