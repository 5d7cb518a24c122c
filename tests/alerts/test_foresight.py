"""What was submitted is resolved before it is approved, once."""

from alerts.foresight import Foresight
from alerts.targeting import Targeting
from places.matcher import Matcher
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import NOW, open_office, touch
from tests.registry.newcomers import join, telegram


async def test_each_submitted_revision_is_resolved_once(database: Database, vault: Vault) -> None:
    office = await open_office(database)
    asked: list[Matcher] = []

    def noted(matcher: Matcher) -> frozenset[str]:
        asked.append(matcher)
        return touch(matcher)

    targeting = Targeting(database, office.clock, noted, ["telegram"])
    foresight = Foresight(database, office.clock, targeting)
    async with database.durable() as connection:
        await join(connection, vault, telegram("one"), now=NOW)
    assert targeting.last_change == -1
    await foresight.step()
    assert targeting.last_change > 0, "everybody is known before the first alert is written"
    assert not asked
    await office.submitted()
    await foresight.step()
    assert len(asked) == 1
    await foresight.step()
    assert len(asked) == 1, "it was resolved already"
    await office.submitted(event_title="Another")
    await foresight.step()
    assert len(asked) == 2
