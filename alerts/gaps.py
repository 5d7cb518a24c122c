"""The language gate's numbers: who would get a text that is not in their own language. Reads SQL."""

from collections.abc import Mapping

from alerts.correction import languages
from alerts.dossier import Gap, Rules
from alerts.headcount import AudienceCounter
from alerts.languages import choose
from alerts.store import RevisionRow
from places.area import Area
from storage.database import Database


async def count_gaps(
    database: Database, audience: AudienceCounter, revision: RevisionRow, rules: Rules
) -> tuple[Gap, ...]:
    """Gaps of a revision, most people first; of a follow-up, among those who got what it follows."""
    if revision.corrects is not None:
        async with database.read() as connection:
            return gaps_of(await languages(connection, revision.corrects), revision, rules)
    if not revision.area:
        return ()
    area = Area.from_json(revision.area)
    count = await audience.count(area, drill=revision.drill, include_maybe=revision.include_maybe)
    return gaps_of(count.by_language, revision, rules)


def gaps_of(people: Mapping[str, int], revision: RevisionRow, rules: Rules) -> tuple[Gap, ...]:
    """Gaps among `people` per language. Pure; without any text nobody has a fallback and all are gaps."""
    found = []
    for language, number in people.items():
        if not revision.texts:
            found.append(Gap(language, number, ""))
            continue
        choice = choose(language, revision.texts, rules.ministry_language)
        if choice.is_fallback and number > 0:
            found.append(Gap(language, number, choice.language))
    return tuple(sorted(found, key=lambda gap: (-gap.people, gap.language)))
