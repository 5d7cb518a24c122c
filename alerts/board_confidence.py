"""How sure we were that each person of an event was there, and how many of them are missing. Pure.

Unit: people (registrations), each once, under the surest of their rows. Those who could not be tried at all
have no row and count as `untried`, so that the classes add up to everybody the event's alerts are for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from alerts.checkin_status import CheckinStatus
from places.audience import CONFIDENCES

UNTRIED = "untried"
_NAMES: dict[int | None, str] = {place: level.value for place, level in enumerate(CONFIDENCES)} | {
    None: UNTRIED
}


def by_confidence(
    tallies: Iterable[tuple[int | None, CheckinStatus | None, int]],
) -> Mapping[str, Mapping[str, int]]:
    """Class (area, city, country, maybe, untried) to `people` and `missing`; empty classes left out.

    Missing: nothing is known of them, or they need help, as on the list of the missing.

    Args:
        tallies: place among `CONFIDENCES` (None = untried), newest check-in (None = no answer), people.
    """
    people: Counter[int | None] = Counter()
    missing: Counter[int | None] = Counter()
    for place, status, count in tallies:
        people[place] += count
        if status in {None, CheckinStatus.NEED_HELP}:
            missing[place] += count
    return {
        name: {"people": people[place], "missing": missing[place]}
        for place, name in _NAMES.items()
        if place in people
    }
