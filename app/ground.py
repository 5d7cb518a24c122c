"""What the console is told of places: names of countries and regions, areas in words. Reads the gazetteer."""

from collections import defaultdict
from collections.abc import Sequence

from app.geography import Geography
from console.countries import countries
from console.region_form import Ground
from places.area_words import describe
from places.folding import fold
from places.gazetteer import Candidate
from places.ranking import Match
from places.schema import Kind

LANGUAGE = "en"
MOST_NEAR = 20  # places of one name that are looked at
SHORTEST = 3  # letters of a part of a name


def ground_of(geography: Geography) -> Ground:
    """Everything about places that officers are shown or may look for."""
    world = geography.gazetteer
    listed = world.regions()
    names = {code: world.name_of(code, LANGUAGE) or code for codes in listed.values() for code in codes}
    folded: defaultdict[str, list[str]] = defaultdict(list)
    for code, name in names.items():
        folded[fold(name)].append(code)

    def regions_of(place: Candidate) -> Sequence[str]:
        """Its region; of a part of one, all that its middle may lie in."""
        if place.admin1 in names or place.kind is Kind.CITY:
            return [place.admin1] if place.admin1 in names else []
        return world.at(place.lat, place.lon).admin1

    def find(text: str) -> Sequence[str]:
        """Regions of that name first, then all of a country, those that hold such a place, those alike."""
        wanted = fold(text)
        exact = [text.upper()] if text.upper() in names else folded.get(wanted, [])
        near = [one for one in world.find(text, LANGUAGE, MOST_NEAR) if one.match is not Match.FUZZY]
        lands = [one.country for one in near if one.kind is Kind.COUNTRY]
        whole = [code for country in lands for code in listed.get(country, ())]
        around = [code for one in near if one.kind is not Kind.COUNTRY for code in regions_of(one)]
        long_enough = len(wanted) >= SHORTEST
        alike = [code for name, codes in folded.items() if long_enough and wanted in name for code in codes]
        return tuple(dict.fromkeys([*exact, *whole, *around, *alike]))

    return Ground(
        countries=countries({code: world.name_of(code, LANGUAGE) for code in world.countries()}),
        region=geography.region,
        names=names,
        find=find,
        describe=lambda area: describe(area, world, LANGUAGE),
    )
