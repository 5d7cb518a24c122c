"""Two officers stand for every word; publishing puts it in force; files are reviewed by nobody."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from assistance.faq import publishing, store
from assistance.faq.content import FACTS, Facts, Wording
from assistance.faq.desk import FaqDesk
from assistance.faq.engine import Decision
from assistance.faq.errors import ActRefusedError, NothingToPublishError, NotYourEntryError
from assistance.faq.files import FileEntry
from assistance.faq.intake import give, take
from assistance.faq.lifecycle import TRANSITIONS, RevisionAct, RevisionState, advance
from assistance.faq.search import FaqSearch, variant_for
from assistance.faq.semantic import Vectors
from staff.audit import append, newest
from staff.officers import Grant, Maker, Officer, Role
from storage.database import Database
from tests.assistance.bench import StandingClock
from tests.assistance.faq.shelf import APPROVER, BANK, EVERY_ROLE, WRITER, approve_all, fill_shelf

PERU = Officer(7, "lima", "Lima Example", (Grant(Role.AUTHOR, frozenset({"PE"})),))
WORDS = Wording.of(["Where is it?"], "Here.")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


async def test_nobody_approves_their_own_words(database: Database, clock: StandingClock) -> None:
    desk = FaqDesk(clock, audit=append)
    async with database.durable() as connection:
        entry = await desk.write(connection, WRITER, "place", wordings={"en": WORDS})
        await desk.write(connection, APPROVER, "place", wordings={"en": Wording.of(["Where?"], "There.")})
        row = await store.waiting(connection, entry, "en")
        assert row is not None
        assert set(row.authors) == {WRITER.id, APPROVER.id}
        for officer in (WRITER, APPROVER):
            with pytest.raises(ActRefusedError, match="Somebody else"):
                await desk.approve(connection, officer, row.id)
        fresh = Officer(9, "new", "New Example", EVERY_ROLE, (Maker(WRITER.id, clock.now()),))
        with pytest.raises(ActRefusedError, match="less than a day"):
            await desk.approve(connection, fresh, row.id)
        clock.at += timedelta(days=2)
        await desk.approve(connection, fresh, row.id)
        approved = await store.approved(connection, entry, "en")
        assert approved is not None
        assert approved.approver_id == 9
        assert [one.action for one in await newest(connection, limit=1)] == ["faq.approve"]


async def test_a_mission_writes_for_its_own_country_only(database: Database, clock: StandingClock) -> None:
    desk = FaqDesk(clock, audit=append)
    async with database.durable() as connection:
        with pytest.raises(NotYourEntryError):
            await desk.write(connection, PERU, "place", wordings={"en": WORDS})
        with pytest.raises(NotYourEntryError):
            await desk.write(connection, PERU, "p@JP", facts=Facts(countries=("JP",)), wordings={"en": WORDS})
        entry = await desk.write(
            connection, PERU, "place@PE", facts=Facts(countries=("PE",)), wordings={"en": WORDS}
        )
        with pytest.raises(NotYourEntryError):  # nor move one elsewhere
            await desk.write(connection, PERU, "place@PE", facts=Facts(countries=("JP", "PE")))
        assert (await store.entry(connection, entry)).subject == "place"


async def test_what_comes_in_a_file_needs_two_officers(database: Database, clock: StandingClock) -> None:
    desk = FaqDesk(clock, audit=append)
    entries = [FileEntry("place", Facts(), {"en": WORDS})]
    async with database.durable() as connection:
        first = await take(connection, entries, origin="import", now=clock.now())
        again = await take(connection, entries, origin="import", now=clock.now())
    assert (first.new, first.same, again.new, again.same) == (2, 0, 0, 2)
    with pytest.raises(NothingToPublishError):
        await publishing.publish(database, None, 1, clock.now(), demo=False)
    async with database.durable() as connection:
        rows = await store.in_state(connection, [RevisionState.UNREVIEWED])
        for row in rows:
            with pytest.raises(ActRefusedError):
                await desk.approve(connection, APPROVER, row.id)
            await desk.adopt(connection, WRITER, row.id)
            with pytest.raises(ActRefusedError):
                await desk.approve(connection, WRITER, row.id)
            await desk.approve(connection, APPROVER, row.id)
        assert await give(connection, unreviewed=False) == entries
    await publishing.publish(database, None, 1, clock.now(), demo=False)
    demo = await publishing.open_edition(database, None, demo=False)
    assert demo is not None
    assert set(demo.variants) == {"place"}


async def test_only_a_demonstration_answers_what_nobody_reviewed(
    database: Database, clock: StandingClock
) -> None:
    async with database.durable() as connection:
        await take(
            connection, [FileEntry("place", Facts(), {"en": WORDS})], origin="starter", now=clock.now()
        )
    await publishing.publish(database, None, None, clock.now(), demo=True)
    shown = await publishing.open_edition(database, None, demo=True)
    live = await publishing.open_edition(database, None, demo=False)
    assert shown is not None
    assert live is not None
    assert (set(shown.variants), set(live.variants)) == ({"place"}, set())


async def test_an_edit_waits_while_old_words_stay_in_force(database: Database, clock: StandingClock) -> None:
    await fill_shelf(database, clock)
    desk = FaqDesk(clock, audit=append)
    changed = Wording.of(["I lost my passport"], "Call us.")
    async with database.durable() as connection:
        await desk.write(connection, WRITER, "passport-lost", wordings={"en": changed})
    search = FaqSearch(database, clock, demo=False, semantic=False)

    async def said() -> str:
        search.look_again()
        edition = await search.edition()
        assert edition is not None
        variant = variant_for(edition, "passport-lost", "JP", clock.now().date())
        assert variant is not None
        return variant.wordings["en"].answer

    old = BANK["passport-lost"]["en"].answer
    assert await said() == old
    await approve_all(database, clock)
    assert await said() == old  # approved, but not published yet
    await publishing.publish(database, None, 2, clock.now(), demo=False)
    assert await said() == "Call us."
    search.close()


async def test_what_was_published_without_the_model_is_answered_without_it(
    database: Database, clock: StandingClock
) -> None:
    class Unasked:
        name = "unasked"

        def embed(self, texts: Sequence[str]) -> Vectors:
            raise AssertionError("nobody's question waits for vectors")

    await fill_shelf(database, clock)
    edition = await publishing.open_edition(database, Unasked(), demo=False)
    assert edition is not None
    assert edition.engine.kind == "lexical"
    assert edition.engine.search("I lost my passport", "en").decision is Decision.ANSWER


async def test_a_country_has_its_own_answer(database: Database, clock: StandingClock) -> None:
    await fill_shelf(database, clock)
    desk = FaqDesk(clock, audit=append)
    japan = Wording.of(["passport lost in Japan"], "Go to the koban first.")
    async with database.durable() as connection:
        await desk.write(
            connection, WRITER, "passport-lost@JP", facts=Facts(countries=("JP",)), wordings={"en": japan}
        )
    await approve_all(database, clock)
    await publishing.publish(database, None, 2, clock.now(), demo=False)
    search = FaqSearch(database, clock, demo=False, semantic=False)
    edition = await search.edition()
    assert edition is not None
    found = {
        country: variant_for(edition, "passport-lost", country, clock.now().date())
        for country in ("JP", "PE", "")
    }
    assert [one.slug if one else None for one in found.values()] == [
        "passport-lost@JP",
        "passport-lost",
        "passport-lost",
    ]
    search.close()


@pytest.mark.parametrize("state", RevisionState)
@pytest.mark.parametrize("act", RevisionAct)
def test_the_whole_life_of_a_revision(state: RevisionState, act: RevisionAct) -> None:
    if (state, act) in TRANSITIONS:
        assert advance(state, act) is TRANSITIONS[state, act]
    else:
        with pytest.raises(ActRefusedError):
            advance(state, act)


def test_facts_and_words_are_parts_of_their_own() -> None:
    assert FACTS not in BANK["passport-lost"]
