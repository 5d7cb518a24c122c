"""The board: everybody once, figures that add up, equal to a count made by hand."""

import asyncio
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import board
from alerts.board import Absence, Board
from alerts.checkin_status import SELF_REPORTABLE, CheckinSource, CheckinStatus
from alerts.checkins import record
from alerts.delivery import RANK, DeliveryState
from alerts.lifecycle import AlertAct
from alerts.revisions import latest
from alerts.store import move_any, read_alert
from alerts.tables import alert, checkin, checkin_history, delivery, unreachable
from storage.database import open_database
from tests.alerts.office import NOW, Office, deliver, open_office

S = DeliveryState
PEOPLE = range(1, 9)


@dataclass(frozen=True)
class Row:
    """One delivery of one person; `due`: the person's next channel is still to come."""

    person: int
    state: DeliveryState
    due: bool


@dataclass(frozen=True)
class Answer:
    person: int
    status: CheckinStatus
    source: CheckinSource


def answers() -> st.SearchStrategy[Answer]:
    people = st.sampled_from(PEOPLE)
    own = st.builds(Answer, people, st.sampled_from(sorted(SELF_REPORTABLE)), st.just(CheckinSource.SELF))
    officers = st.builds(Answer, people, st.sampled_from(CheckinStatus), st.just(CheckinSource.OFFICER))
    return own | officers


ROWS = st.lists(
    st.builds(Row, st.sampled_from(PEOPLE), st.sampled_from(DeliveryState), st.booleans()), max_size=14
)
WORLDS = st.tuples(ROWS, st.sets(st.sampled_from(PEOPLE)), st.lists(answers(), max_size=8))


def add_up(found: Board) -> None:
    """The laws between the figures."""
    classes = found.reached + found.accepted + found.unknown + found.waiting + found.not_reached
    assert classes == found.people_targeted
    people = found.safe + found.need_help + sum(found.other.values()) + found.silent + found.unanswered
    assert people == found.people_targeted
    assert found.warned == found.reached + found.accepted
    assert found.silent <= found.warned
    assert sum(found.not_reached_reasons.values()) == found.not_reached
    assert found.missing <= found.people_targeted
    assert sum(level["people"] for level in found.confidence.values()) == found.people_targeted
    assert sum(level["missing"] for level in found.confidence.values()) == found.missing


def by_hand(rows: list[Row], nobody: set[int], said: list[Answer]) -> dict[str, int]:
    """The figures counted person by person, without SQL."""
    states = defaultdict(list)
    for row in rows:
        pending = row.due and row.state in {S.FAILED, S.GONE}
        states[row.person].append(S.QUEUED if pending else row.state)
    newest: dict[int, Answer] = {}
    for one in said:
        known = newest.get(one.person)
        silent = {"HOSPITALISED", "DETAINED", "DECEASED", "CLOSED"}
        if known is None or known.status.value not in silent or one.source is CheckinSource.OFFICER:
            newest[one.person] = one
    figures: dict[str, int] = defaultdict(int)
    for person in set(states) | nobody:
        figures["people_targeted"] += 1
        best = max(states[person], key=RANK.__getitem__, default=None)
        own = any(one.person == person and one.source is CheckinSource.SELF for one in said)
        if own or best in {S.DELIVERED, S.READ}:
            warned = "reached"
        elif best in {S.ACCEPTED, S.UNKNOWN}:
            warned = best.value
        elif best in {S.QUEUED, S.ATTEMPTING}:
            warned = "waiting"
        else:
            warned = "not_reached"
        figures[warned] += 1
        answer = newest.get(person)
        if answer is not None:
            figures[{"SAFE": "safe", "NEED_HELP": "need_help"}.get(answer.status.value, "other")] += 1
        else:
            figures["silent" if warned in {"reached", "accepted"} else "unanswered"] += 1
    figures["outside"] = len(set(newest) - set(states) - nobody)
    return figures


async def write(
    connection: AsyncConnection, event: int, revision: int, world: tuple[list[Row], set[int], list[Answer]]
) -> None:
    rows, nobody, said = world
    for table in (delivery, unreachable, checkin, checkin_history):
        await connection.execute(delete(table))
    for number, row in enumerate(rows):
        due = NOW if row.due else None
        await deliver(
            connection,
            revision,
            [(row.person, row.state)],
            id=number,
            rung=number,
            next_at=due,
            error="blocked",
        )
    for person in nobody:
        await connection.execute(
            insert(unreachable).values(revision_id=revision, person_id=person, reason="no_address", at=NOW)
        )
    for minute, one in enumerate(said):
        await record(
            connection, event_id=event, person_id=one.person, status=one.status, source=one.source,
            at=NOW + timedelta(minutes=minute), officer_id=3,
        )  # fmt: skip


def test_the_figures_add_up_and_equal_a_count_by_hand(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "board.db"
    shutil.copy(sqlite_template, path)
    with asyncio.Runner() as runner:
        database = open_database(f"sqlite:///{path}")
        office = runner.run(open_office(database))
        event, revision = runner.run(first_event(office))

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(WORLDS)
        def check(world: tuple[list[Row], set[int], list[Answer]]) -> None:
            async def count() -> tuple[Board, list[board.MissingPerson]]:
                async with database.bulk() as connection:
                    await write(connection, event, revision, world)
                    return await board.read(connection, event), await board.missing(connection, event)

            found, missing = runner.run(count())
            add_up(found)
            expected = by_hand(*world)
            told = {name: getattr(found, name) for name in expected if name != "other"}
            assert told == {name: count for name, count in expected.items() if name != "other"}
            assert sum(found.other.values()) == expected["other"]
            assert len(missing) == found.missing == len({one.person_id for one in missing})

        try:
            check()
        finally:
            runner.run(database.close())


async def first_event(office: Office) -> tuple[int, int]:
    alert_id = await office.approved()
    async with office.database.read() as connection:
        return (await read_alert(connection, alert_id)).event_id, (await latest(connection, alert_id)).id


async def test_a_whole_event_on_each_database(office: Office) -> None:
    event, revision = await first_event(office)
    async with office.database.durable() as connection:
        assert await board.read(connection, event) == Board()
        assert await board.missing(connection, event) == []
        await deliver(
            connection, revision,
            [(1, S.READ), (2, S.DELIVERED), (3, S.ACCEPTED), (4, S.UNKNOWN), (5, S.QUEUED), (6, S.ACCEPTED)],
        )  # fmt: skip
        await deliver(connection, revision, [(7, S.GONE)], id=70, error="blocked")
        await deliver(connection, revision, [(8, S.FAILED)], id=80, error="http_502", next_at=NOW)
        await deliver(connection, revision, [(9, S.SKIPPED)], id=90, error="cancelled")
        await deliver(connection, revision, [(7, S.DELIVERED)], id=71, rung=1, channel="webchat")
        await connection.execute(
            insert(unreachable).values(revision_id=revision, person_id=10, reason="no_address", at=NOW)
        )
        said = [
            (1, CheckinStatus.SAFE),
            (3, CheckinStatus.NEED_HELP),
            (4, CheckinStatus.LEFT),
            (99, CheckinStatus.SAFE),
        ]
        for person, status in said:
            await record(connection, event_id=event, person_id=person, status=status, source="self", at=NOW)
        found = await board.read(connection, event)
        missing = await board.missing(connection, event)
        page = await board.missing(connection, event, 2, 1)
    add_up(found)
    assert found == Board(
        people_targeted=10, reached=5, accepted=1, unknown=0, waiting=2, not_reached=2,
        safe=1, need_help=1, other={"LEFT": 1}, silent=3, unanswered=4, outside=1,
        confidence={"area": {"people": 9, "missing": 7}, "untried": {"people": 1, "missing": 1}},
        not_reached_reasons={
            "No channel on which we could write to the person": 1, "The alert was cancelled": 1,
        },
        channels={
            "telegram": {
                "queued": 1, "attempting": 0, "accepted": 2, "delivered": 1, "read": 1, "unknown": 1,
                "failed": 1, "gone": 1, "skipped": 1,
            },
            "webchat": {
                "queued": 0, "attempting": 0, "accepted": 0, "delivered": 1, "read": 0, "unknown": 0,
                "failed": 0, "gone": 0, "skipped": 0,
            },
        },
        failures={
            "No reason was given": 1, "The person has blocked us": 1, "The channel has a fault": 1,
            "The alert was cancelled": 1,
        },
    )  # fmt: skip
    assert [(one.person_id, one.absence) for one in missing] == [
        (3, Absence.NEED_HELP), (9, Absence.NOT_REACHED), (10, Absence.NOT_REACHED), (5, Absence.WAITING),
        (8, Absence.WAITING), (2, Absence.SILENT), (6, Absence.SILENT), (7, Absence.SILENT),
    ]  # fmt: skip
    assert page == missing[1:3]


async def test_somebody_counts_under_the_surest_of_what_was_known(quick_office: Office) -> None:
    event, revision = await first_event(quick_office)
    async with quick_office.database.durable() as connection:
        for number, level in enumerate(("area", "city", "country", "maybe", "maybe"), start=1):
            more = {"id": number * 10, "confidence": level}
            await deliver(connection, revision, [(number, S.ACCEPTED)], **more)
        await deliver(connection, revision, [(4, S.ACCEPTED)], id=99, rung=1, confidence="city")
        await record(
            connection, event_id=event, person_id=2, status=CheckinStatus.SAFE, source="self", at=NOW
        )
        found = await board.read(connection, event)
    add_up(found)
    assert found.confidence == {
        "area": {"people": 1, "missing": 1},
        "city": {"people": 2, "missing": 1},
        "country": {"people": 1, "missing": 1},
        "maybe": {"people": 1, "missing": 1},
    }


async def test_the_next_alert_of_an_event_counts_nobody_twice(quick_office: Office) -> None:
    office = quick_office
    event, revision = await first_event(office)
    async with office.database.durable() as connection:
        await deliver(connection, revision, [(1, S.READ), (2, S.UNKNOWN)])
    second = await office.approved(event_id=event)
    async with office.database.durable() as connection:
        await deliver(connection, (await latest(connection, second)).id, [(1, S.QUEUED), (2, S.ACCEPTED)])
        found = await board.read(connection, event)
    assert (found.people_targeted, found.reached, found.accepted, found.waiting) == (2, 1, 1, 0)
    assert sum(found.channels["telegram"].values()) == 4


async def test_what_no_browser_came_for_waits_until_the_alert_is_over(office: Office) -> None:
    event, revision = await first_event(office)
    async with office.database.durable() as connection:
        kept = {"channel": "webchat", "attempts": 1}
        await deliver(connection, revision, [(1, S.ATTEMPTING)], **kept)
        await deliver(connection, revision, [(2, S.ATTEMPTING)], id=2, attempts=0)  # about to leave
        await deliver(connection, revision, [(3, S.ATTEMPTING)], id=3, **kept)
        await deliver(connection, revision, [(3, S.DELIVERED)], id=4, rung=1)
        before = await board.read(connection, event)
        alert_id = (await connection.execute(select(alert.c.id))).scalar_one()
        assert await move_any(connection, alert_id, AlertAct.EXPIRE)
        after = await board.read(connection, event)
    add_up(before)
    add_up(after)
    assert (before.waiting, before.not_reached, before.reached) == (2, 0, 1)
    assert (after.waiting, after.not_reached, after.reached) == (1, 1, 1)
    assert after.not_reached_reasons == {"The person did not open the web chat in time": 1}
