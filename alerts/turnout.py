"""How many of an audience have which channel, and which of them is tried first. Pure; numpy."""

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from alerts.headcount import WayCount
from alerts.routing import Preference
from places.people import Ids
from registry.columns import HeadcountColumns

OFF = (9, False)  # behind whatever is switched on


def count_ways(
    columns: HeadcountColumns,
    people: Ids,
    countries: Mapping[int, str],
    preference: Preference,
    switched_on: Collection[str] | None = None,
) -> tuple[WayCount, ...]:
    """Count the ways to `people` (ids) by channel, country and language, most first ones first.

    Args:
        countries: where people are (ISO-2), those not named unknown.
        switched_on: channels that can be sent to now: nobody is tried first on another one while they have
            one of these. None = all.
    """
    mine = np.isin(columns.owner, people)
    owner, way = columns.owner[mine], columns.way[mine]
    at = np.searchsorted(columns.person_id, owner)
    spoken = [columns.languages[code] for code in columns.language[at].tolist()]
    where = [countries.get(person, "") for person in owner.tolist()]
    named = [columns.channels[code] for code in way.tolist()]
    steps = {
        pair: preference.step(*pair) if switched_on is None or pair[1] in switched_on else OFF
        for pair in set(zip(where, named, strict=True))
    }
    placed = [steps[pair] for pair in zip(where, named, strict=True)]
    # The last key counts most: by person, then what works before what does not, then their own order.
    order = np.lexsort(
        (
            np.arange(owner.size),
            np.array([last for _, last in placed], dtype=np.bool_),
            np.array([step for step, _ in placed], dtype=np.int8),
            owner,
        )
    )
    _, starts = np.unique(owner[order], return_index=True)
    first, every = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    chosen = set(order[starts].tolist())
    seen: set[tuple[int, str]] = set()
    for place, key in enumerate(zip(named, where, spoken, strict=True)):
        first[key] += place in chosen
        person = (int(owner[place]), key[0])
        if person not in seen:  # two addresses on one channel are one person there
            every[key] += 1
            seen.add(person)
    found = (WayCount(*key, first=first[key], any=count) for key, count in every.items())
    return tuple(
        sorted(found, key=lambda one: (-one.first, -one.any, one.channel, one.country, one.language))
    )
