"""Bulk reading: who is in, who is not, in which order, and fast enough."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Channel
from places.area import Area
from places.audience import CONFIDENCES, AudienceIndex, Confidence
from places.cells import cell_of
from places.gazetteer import Gazetteer
from places.people import EVER, FOREVER
from registry import addresses, audience, people, trips, whereabouts
from registry import changes as feed
from registry.tables import address, person
from registry.ways import ways
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import (
    BANGKOK,
    JAPAN,
    NOW,
    REYKJAVIK,
    Newcomer,
    join,
    lane_of,
    telegram,
    webchat,
)

T = TypeVar("T")
LATER = NOW + timedelta(hours=1)
# 100,000 people at one place, made by SQLite itself: inserting them one by one takes longer than reading.
CROWD = (
    """
    INSERT INTO person
        (id, state, language, language_chosen, consent_version, data_key, drill, created_at, changed_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    SELECT i, 'active', 'vi', 1, '1', randomblob(64), 0, t, t
    FROM n, (SELECT '2026-01-01 00:00:00.000000' AS t)
    """,
    """
    INSERT INTO whereabouts (id, person_id, kind, cell, radius_km, country, valid_from, source, confirmed_at)
    SELECT id, id, 'home', 608115543018307583, 0, 'IS', CASE WHEN id % 2 THEN created_at END, 'pin',
        created_at
    FROM person
    """,
    """
    INSERT INTO address (id, person_id, channel, account, lane, value, state, rank, drill, created_at)
    SELECT id, id, 'telegram', 'main', randomblob(32), randomblob(40), 'active', 0, 0, created_at
    FROM person
    """,
)
ORDER = (Channel.WEBCHAT, Channel.TELEGRAM)


async def test_only_active_people_who_consented_are_read(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        active = await join(connection, vault, telegram("1"))
        await join(connection, vault, telegram("2"), consent=None)
        await join(connection, vault, telegram("3"), place=None)
        stopped = await join(connection, vault, telegram("4"))
        await people.stop(connection, stopped.id, NOW)
        rows = await audience.rows(connection)
        columns = await audience.headcount_columns(connection)
    assert rows.person_id.tolist() == [active.id] == columns.person_id.tolist()


async def test_whoever_has_no_consent_is_not_read_whatever_their_state(
    sqlite: Database, vault: Vault
) -> None:
    async with sqlite.durable() as connection:
        somebody = await join(connection, vault, telegram("1"))
        await connection.execute(person.update().values(consent_version=None))
        assert len(await audience.rows(connection)) == 0
        assert await ways(connection, [somebody.id]) == {}
        assert await audience.active(connection, [somebody.id]) == set()
        assert (await audience.headcount_columns(connection)).person_id.size == 0


async def test_whoever_is_known_by_region_only_is_where_the_region_is(
    database: Database, vault: Vault, gazetteer: Path
) -> None:
    def told(admin1: str | None) -> Whereabouts:
        return Whereabouts(WhereaboutsKind.HOME, None, 0.0, "VN", admin1=admin1)

    async with database.durable() as connection:
        people = [
            await join(connection, vault, telegram(str(number)), place=told(admin1))
            for number, admin1 in enumerate(["VN-13", "VN-02,VN-13", None, "VN-02", "Hà Nội"])
        ]
        rows = await audience.rows(connection)
    ids = [one.id for one in people]
    assert len(rows) == 5
    world = Gazetteer.open(gazetteer)
    found = AudienceIndex.build(rows.rows).resolve(
        Area(regions=("VN-13",)), at=0, touched=frozenset({"VN"}), regions=world.region
    )
    world.close()
    surely = found.person_ids[found.confidence == CONFIDENCES.index(Confidence.AREA)]
    assert set(surely.tolist()) == set(ids[:2])
    assert set(found.person_ids.tolist()) == set(ids)


async def test_columns_say_what_was_written(database: Database, vault: Vault) -> None:
    border = Whereabouts(WhereaboutsKind.PIN, cell_of(20.44, 99.88), 0.0, "TH", near=("MM", "LA"))
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"), place=REYKJAVIK)
        two = await join(connection, vault, telegram("2"), place=JAPAN, drill=True)
        three = await join(connection, vault, telegram("3"), place=border)
        rows = await audience.rows(connection)
    at = {person_id: place for place, person_id in enumerate(rows.person_id.tolist())}
    assert rows.cell[[at[one.id], at[two.id], at[three.id]]].tolist() == [REYKJAVIK.cell, 0, border.cell]
    assert rows.radius_km.tolist()[at[one.id]] == 8.0
    assert [str(rows.country[at[somebody.id]]) for somebody in (one, two, three)] == ["IS", "JP", "TH"]
    assert [str(rows.kind[at[somebody.id]]) for somebody in (one, two, three)] == ["home", "home", "pin"]
    assert rows.drill.tolist()[at[two.id]] is True
    assert rows.drill.sum() == 1
    assert set(rows.valid_from.tolist()) == {EVER}
    assert set(rows.valid_to.tolist()) == {FOREVER}
    index = AudienceIndex.build(rows.rows)
    for iso, expected in (("MM", three), ("LA", three), ("TH", three), ("JP", two), ("IS", one)):
        found = index.resolve(
            Area(countries=(iso,)), at=int(NOW.timestamp()), touched=frozenset(), include_maybe=False
        )
        assert found.person_ids.tolist() == [expected.id]


async def test_a_closed_base_ends_in_the_arrays(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        await join(connection, vault, telegram("1"), place=REYKJAVIK)
        mover = await join(connection, vault, telegram("2"), place=REYKJAVIK)
        moment = NOW + timedelta(hours=2, microseconds=600_000)
        await whereabouts.set_home(connection, mover.vault, mover.id, BANGKOK, moment)
        rows = await audience.rows(connection)
    index = AudienceIndex.build(rows.rows)
    iceland = Area(countries=("IS",))

    def inside(when: datetime) -> int:
        return len(index.resolve(iceland, at=int(when.timestamp()), touched=frozenset()))

    assert inside(moment - timedelta(seconds=1)) == 2
    assert inside(moment + timedelta(seconds=1)) == 1


async def test_changes_name_everybody_who_changed_and_their_whole_rows(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        mover = await join(connection, vault, telegram("1"))
        leaver = await join(connection, vault, telegram("2"))
        await join(connection, vault, telegram("3"))
        first = await audience.rows(connection)
        assert first.changed.size == 0
        await whereabouts.set_home(connection, mover.vault, mover.id, BANGKOK, LATER)
        await people.stop(connection, leaver.id, LATER)
        late = await join(connection, vault, telegram("4"))
        second = await audience.rows(connection, since_change=first.last_change)
        last, changed = await feed.changes(connection, first.last_change)
        whole = await audience.rows(connection)
    assert {mover.id, leaver.id, late.id} <= set(changed)
    assert second.last_change == last > first.last_change
    assert changed == second.changed.tolist()
    assert second.person_id.tolist().count(mover.id) == 2
    assert leaver.id not in second.person_id
    renewed = AudienceIndex.build(first.rows).with_delta(second.rows, second.changed)
    fresh = AudienceIndex.build(whole.rows)
    for iso in ("IS", "TH"):
        when = int((LATER + timedelta(minutes=1)).timestamp())
        area = Area(countries=(iso,))
        told = [index.resolve(area, at=when, touched=frozenset()).person_ids for index in (renewed, fresh)]
        assert sorted(told[0]) == sorted(told[1])
        assert told[0].size > 0


async def test_a_change_that_commits_late_is_read_on_postgresql(database: Database, vault: Vault) -> None:
    if database.dialect == "sqlite":
        async with database.durable() as connection:
            await join(connection, vault, telegram("1"))
            last, _ = await feed.changes(connection, None)
            assert (await feed.changes(connection, last))[1] == []  # one writer: nothing comes again
        return
    async with database.durable() as slow:
        late = await join(slow, vault, telegram("1"))
        async with database.durable() as quick:
            await join(quick, vault, telegram("2"))
        async with database.read() as connection:
            before = await audience.rows(connection)
        assert late.id not in before.person_id
    async with database.read() as connection:
        after = await audience.rows(connection, since_change=before.last_change)
        newest, changed = await feed.changes(connection, before.last_change)
    assert late.id in after.person_id
    assert late.id in changed
    assert newest == before.last_change  # its number is lower than what had been read


async def test_only_what_may_have_been_late_is_read_again(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        await join(connection, vault, telegram("1"), now=NOW)
        near = await join(connection, vault, telegram("2"), now=NOW + timedelta(minutes=30))
        last, _ = await feed.changes(connection, None)
        again = (await feed.changes(connection, last))[1]
        assert again == ([near.id] if database.dialect == "postgresql" else [])


async def test_a_feed_cut_off_too_far_says_so(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        assert await feed.can_follow(connection, 0)
        await join(connection, vault, telegram("1"), now=NOW)
        first, _ = await feed.changes(connection, None)
        await join(connection, vault, telegram("2"), now=NOW + timedelta(days=3))
        await join(connection, vault, telegram("3"), now=NOW + timedelta(days=6))
        last, _ = await feed.changes(connection, None)
        assert await feed.trim(connection, NOW + timedelta(days=1)) == first
        assert await feed.can_follow(connection, first)  # just what it had read is gone
        assert await feed.trim(connection, NOW + timedelta(days=5)) > 0
        assert not await feed.can_follow(connection, first)
        assert await feed.can_follow(connection, last)
        assert await feed.trim(connection, NOW + timedelta(days=50)) > 0
        assert await feed.can_follow(connection, last)  # the newest stays, however old
        assert await feed.trim(connection, NOW + timedelta(days=50)) == 0


async def test_the_ways_to_somebody_go_by_rank_then_by_channel(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one, two, three = [await join(connection, vault, telegram(value)) for value in ("1", "2", "3")]
        chat = await _also_on_webchat(connection, vault, two)
        await connection.execute(address.update().where(address.c.id == chat).values(rank=0))
        await people.stop(connection, three.id, NOW)
        asked = [two.id, 77, one.id, three.id, two.id]

        async def channels(order: Sequence[Channel]) -> dict[int, list[str]]:
            found = await ways(connection, asked, order)
            return {who: [way.channel for way in own] for who, own in found.items()}

        assert await channels(ORDER) == {two.id: ["webchat", "telegram"], one.id: ["telegram"]}
        assert await channels(ORDER[::-1]) == {two.id: ["telegram", "webchat"], one.id: ["telegram"]}
        await connection.execute(address.update().where(address.c.id == chat).values(rank=5))
        assert await channels(ORDER) == {two.id: ["telegram", "webchat"], one.id: ["telegram"]}


async def test_an_address_of_the_other_kind_is_never_reached(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        real = await join(connection, vault, telegram("1"))
        drill = await join(connection, vault, telegram("2"), drill=True)
        both = [real.id, drill.id]
        found = await ways(connection, both)
        assert {who: [way.drill for way in own] for who, own in found.items()} == {
            real.id: [False],
            drill.id: [True],
        }
        await connection.execute(address.update().values(drill=~address.c.drill))
        assert await ways(connection, both) == {}
        columns = await audience.headcount_columns(connection)
        assert columns.channel.tolist() == [-1, -1]


async def test_headcount_has_everybody_once_with_their_first_usable_channel(
    database: Database, vault: Vault
) -> None:
    async with database.durable() as connection:
        plain = await join(connection, vault, telegram("1"), language="th")
        both = await join(connection, vault, telegram("2"), language="vi")
        await _also_on_webchat(connection, vault, both)
        half = await join(connection, vault, telegram("3"), language="vi", drill=True)
        await _also_on_webchat(connection, vault, half)
        lost = await join(connection, vault, telegram("4"), language="en")
        await addresses.mark_gone(connection, [half.address.id, lost.address.id], NOW)
        columns = await audience.headcount_columns(connection, ORDER)
    assert columns.person_id.tolist() == sorted([plain.id, both.id, half.id, lost.id])
    seen = {
        person_id: (columns.languages[language], columns.channels[channel] if channel >= 0 else None, drill)
        for person_id, language, channel, drill in zip(
            columns.person_id.tolist(), columns.language, columns.channel, columns.drill.tolist(), strict=True
        )
    }
    assert seen == {
        plain.id: ("th", "telegram", False),
        both.id: ("vi", "telegram", False),
        half.id: ("vi", "webchat", True),
        lost.id: ("en", None, False),
    }


async def test_nobody_at_all_is_fine(database: Database) -> None:
    async with database.read() as connection:
        assert len(await audience.rows(connection)) == 0
        assert len(await audience.rows(connection, since_change=0)) == 0
        assert (await audience.headcount_columns(connection)).person_id.size == 0
        assert await ways(connection, []) == {}
        assert await audience.active(connection, range(70_000)) == set()


async def test_a_hundred_thousand_people_are_read_whole(sqlite: Database) -> None:
    count, begin = 100_000, datetime(2026, 1, 1, tzinfo=UTC)
    async with sqlite.bulk() as connection:
        for statement in CROWD:
            await connection.exec_driver_sql(statement)
    wanted = (np.random.default_rng(7).permutation(count)[:10_000] + 1).tolist()
    async with sqlite.read() as connection:
        rows = await audience.rows(connection)
        reached = await ways(connection, wanted, ORDER)
        columns = await audience.headcount_columns(connection, ORDER)
    assert len(rows) == count == columns.person_id.size
    assert set(reached) == set(wanted)
    assert (columns.channel == 1).all()
    assert (rows.valid_from == int(begin.timestamp())).sum() == count // 2


async def _also_on_webchat(connection: AsyncConnection, vault: Vault, somebody: Newcomer) -> int:
    value = f"chat-{addresses.open_row(somebody.vault, somebody.address).value}"
    row = await addresses.add(
        connection,
        somebody.vault,
        somebody.id,
        webchat(value),
        lane_of(vault, webchat(value)),
        drill=somebody.person.drill,
        now=LATER,
    )
    return row.id


async def test_who_has_one_channel_only_and_where_people_are(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        both = await join(connection, vault, telegram("2"), place=BANGKOK)
        chat = webchat("3")
        await addresses.add(connection, both.vault, both.id, chat, lane_of(vault, chat), drill=False, now=NOW)
        ids = select(person.c.id)
        assert await audience.with_one_channel(connection, ids) == {"telegram": 1}
        await addresses.mark_gone(connection, [one.address.id], NOW)
        assert await audience.with_one_channel(connection, ids) == {}
        assert await audience.countries(connection, [one.id, both.id]) == {"IS": 1, "TH": 1}
        assert await audience.where(connection, [one.id, both.id], NOW) == {one.id: "IS", both.id: "TH"}


async def test_who_travels_is_where_the_trip_is(sqlite: Database, vault: Vault) -> None:
    async with sqlite.durable() as connection:
        who = await join(connection, vault, telegram("1"))
        trip = Whereabouts(WhereaboutsKind.TRIP, None, 0.0, "JP", label="Japan")
        end = NOW + timedelta(days=2)
        await trips.add(connection, who.vault, who.id, trip, NOW, end, NOW)
        for at, country in ((NOW + timedelta(days=1), "JP"), (NOW + timedelta(days=3), "IS")):
            assert await audience.where(connection, [who.id], at) == {who.id: country}
