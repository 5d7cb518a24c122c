"""What planner and sender must refuse, each as a small scene that fails when it is not.

One guard at a time: where several stand behind each other, a scene goes straight to its own.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from alerts import plans, routing
from alerts.batches import BatchSizes
from alerts.lifecycle import AlertState
from alerts.revisions import latest
from alerts.rungs import Rungs
from alerts.standing import Standings
from alerts.tables import alert, delivery, revision
from bot.messages import Address, Channel
from places.area import Area
from registry import addresses, people, ways
from registry.tables import address, person
from tests.alerts.office import REYKJAVIK
from tests.journeys.small_house import ACCOUNT, REAL, SIMULATED, House, flip
from tests.registry.newcomers import Newcomer, lane_of

Scene = Callable[[House], Awaitable[None]]
ICELAND = Area.from_json(REYKJAVIK)


async def retouch(house: House, alert_id: int) -> None:
    text = {"en": {"headline": "Tampered", "description": "Tampered", "instruction": ""}}
    await house.write(update(revision).where(revision.c.alert_id == alert_id).values(texts=text))


async def deliveries(house: House) -> int:
    async with house.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(delivery))).scalar_one())


# The planner.


async def what_nobody_approved_is_not_planned(house: House) -> None:
    made = await house.office.submitted()
    await house.write(update(alert).where(alert.c.id == made).values(state=AlertState.APPROVED))
    async with house.database.read() as connection:
        assert await plans.to_plan(connection, house.clock.at) == []


async def what_was_cancelled_is_not_planned(house: House) -> None:
    made = await house.office.approved()
    await house.office.desk.cancel(house.office.anna, made, "a mistake")
    async with house.database.read() as connection:
        assert await plans.to_plan(connection, house.clock.at) == []


async def what_was_changed_is_not_planned(house: House) -> None:
    await house.join(REAL)
    await retouch(house, await house.approved("Storm"))
    await house.plan()
    assert await deliveries(house) == 0


async def a_drill_is_planned_for_its_own(house: House) -> None:
    await house.join(REAL)
    simulated = await house.join(SIMULATED)
    await house.approved("Storm", "Exercise")
    await house.plan()
    async with house.database.read() as connection:
        found = (await connection.execute(select(delivery.c.person_id, delivery.c.drill))).all()
    assert [tuple(row) for row in found] == [(simulated.id, True)]


async def an_area_finds_real_or_simulated(house: House) -> None:
    found = {REAL: {(await house.join(REAL)).id}, SIMULATED: {(await house.join(SIMULATED)).id}}
    for _ in range(2):  # once as the index is built, once as it follows
        for kind, ids in found.items():
            got = await house.targeting.resolve(
                ICELAND, drill=kind == SIMULATED, at=house.clock.at, include_maybe=True
            )
            assert set(got.person_ids.tolist()) == ids
        for kind, ids in found.items():
            ids.add((await house.join(kind)).id)


async def no_address_of_another_kind_is_taken(_house: House) -> None:
    way = ways.Way(1, "en", False, 7, *ACCOUNT, 0, "active")
    for drill in (False, True):
        for mine in (False, True):
            kept = [way._replace(drill=mine)]
            taken = routing.next_address(kept, drill=drill, accounts=[ACCOUNT])
            assert (taken is not None) is (mine is drill)


async def nobody_is_found_by_an_address_of_another_kind(house: House) -> None:
    mixed, whole = await house.join(REAL), await house.join(REAL)
    await flip(house, address, mixed.address.id)
    async with house.database.read() as connection:
        found = await ways.ways(connection, [mixed.id, whole.id])
    assert list(found) == [whole.id]


async def who_said_stop_is_not_found(house: House) -> None:
    gone, here = await house.join(REAL), await house.join(REAL)
    await say_stop(house, gone)
    async with house.database.read() as connection:
        found = await ways.ways(connection, [gone.id, here.id])
    assert list(found) == [here.id]


async def the_next_rung_of_a_cancelled_alert_stays_empty(house: House) -> None:
    who = await house.join(REAL)
    second = Address(Channel.TELEGRAM, "main", "real-other")
    async with house.database.durable() as connection:
        lane = lane_of(house.vault, second)
        await addresses.add(connection, who.vault, who.id, second, lane, drill=False, now=house.clock.at)
    made = await house.approved("Storm")
    await house.plan()
    await house.write(update(delivery).values(state="failed", next_at=house.clock.at))
    await house.office.desk.cancel(house.office.anna, made, "a mistake")
    assert await rungs(house).step() == 0
    assert await deliveries(house) == 1


def rungs(house: House) -> Rungs:
    async def no_lag(_connection: Any, _now: Any) -> float:
        return 0.0

    return Rungs(
        database=house.database, clock=house.clock, accounts=frozenset({ACCOUNT}), confirming=frozenset(),
        sizes=BatchSizes({}), channel_order=["telegram"], inbox_lag=no_lag,
        owner="rungs",
    )  # fmt: skip


# The sender.


async def say_stop(house: House, who: Newcomer) -> None:
    async with house.database.durable() as connection:
        await people.stop(connection, who.id, house.clock.at)


async def smuggled(house: House, kind: str, status: str, *, drill: bool, turned: Any = None) -> None:
    """A delivery written by hand to one person never leaves; a proper one to their like does."""
    victim = await house.join(kind)
    if turned is not None:
        await flip(house, turned, victim.id)
    made = await house.approved("Storm", status)
    await house.smuggle(made, victim, drill=drill)
    await house.deliver()
    assert house.gateway.sent == []


async def a_drill_never_reaches_a_real_address(house: House) -> None:
    await smuggled(house, REAL, "Exercise", drill=True)


async def a_real_alert_never_reaches_a_simulated_address(house: House) -> None:
    await smuggled(house, SIMULATED, "Actual", drill=False)


async def a_row_for_a_real_alert_carries_no_drill(house: House) -> None:
    await smuggled(house, SIMULATED, "Exercise", drill=False)


async def a_row_called_real_takes_no_drill_to_a_real_address(house: House) -> None:
    await smuggled(house, REAL, "Test", drill=False)


async def a_turned_person_gets_nothing(house: House) -> None:
    await smuggled(house, REAL, "Exercise", drill=True, turned=person)


async def who_says_stop_meanwhile_gets_nothing(house: House) -> None:
    who = await house.join(REAL)
    await house.approved("Storm")
    await house.plan()
    await say_stop(house, who)
    await house.deliver()
    assert house.gateway.sent == []


async def what_was_changed_is_not_sent(house: House) -> None:
    await house.join(REAL)
    made = await house.approved("Storm")
    await house.plan()
    await retouch(house, made)
    await house.deliver()
    assert house.gateway.sent == []


async def what_was_cancelled_is_not_sent(house: House) -> None:
    await house.join(REAL)
    made = await house.approved("Storm")
    await house.plan()
    await house.office.desk.cancel(house.office.anna, made, "a mistake")
    await house.deliver()
    assert house.gateway.sent == []


async def what_is_over_is_not_sent(house: House) -> None:
    await house.join(REAL)
    await house.approved("Storm")
    await house.plan()
    house.clock.at += timedelta(hours=13)
    await house.deliver()
    assert house.gateway.sent == []


async def a_sender_asks_again_every_second(house: House) -> None:
    made = await house.approved("Storm")
    async with house.database.read() as connection:
        written = await latest(connection, made)
    standings = Standings(house.database, house.clock)
    await standings.of(written.id)
    await house.office.desk.cancel(house.office.anna, made, "a mistake")
    house.clock.at += timedelta(seconds=2)
    assert (await standings.of(written.id)).refusal(house.clock.at) == "cancelled"
