"""Questions nobody caused: asked at a decent hour, where somebody can answer, twice a month, one tap."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.codec import load_outbound
from bot.messages import Address, Channel, Outbound
from bot.tables import outbox as outbox_table
from handlers.prompting import Prompting, is_day
from registry import prompts, trips, whereabouts
from registry.prompts import PIN_IS_OLD
from storage.vault import Place, Vault

DAY = timedelta(days=1)


def asker(world: Any, can_ask: Callable[[Address], bool] = lambda _to: True) -> Prompting:
    return Prompting(
        database=world.database,
        vault=world.vault,
        catalog=world.catalog,
        live_events=world.live_events,
        can_ask=can_ask,
        country_name=lambda country, _language: country,
    )


async def sent(world: Any) -> list[tuple[Channel, Outbound]]:
    """What lies in the outbox, oldest first."""
    columns = outbox_table.c
    query = select(columns.key, columns.channel, columns.body).order_by(columns.id)
    async with world.database.read() as connection:
        rows = (await connection.execute(query)).all()
    found = []
    for row in rows:
        body = world.vault.open(row.body, Place("outbox", "body", row.key))
        found.append((Channel(row.channel), load_outbound(body)))
    return found


async def ask(world: Any, **more: Any) -> list[tuple[Channel, Outbound]]:
    """One round; returns everything that was ever asked."""
    await asker(world, **more).step(world.now, 0)
    return await sent(world)


@pytest.fixture
async def settled(citizen: Any, protected: Any, world: Any) -> Any:
    await protected(citizen)
    world.now += PIN_IS_OLD + DAY
    world.now = world.now.replace(hour=12)
    return citizen


async def test_are_you_still_there_and_one_tap_answers(world: Any, settled: Any) -> None:
    asked = await ask(world)
    assert [(channel, one.text) for channel, one in asked] == [
        (
            Channel.TELEGRAM,
            "Are you still in this place: near Reykjavik? If there is danger, we warn you about it.",
        )
    ]
    place = await settled.place()
    assert [button.data for button in asked[0][1].buttons] == [
        f"still:yes:{place.id}",
        f"still:no:{place.id}",
    ]
    assert "go on being warned about this place: near Reykjavik" in await settled.tap(f"still:yes:{place.id}")
    assert (await settled.place()).confirmed_at == world.now
    world.now += timedelta(days=40)
    assert len(await ask(world)) == 1


async def test_a_number_answers_it_too(world: Any, settled: Any) -> None:
    await ask(world)
    before = (await settled.place()).confirmed_at
    assert "go on being warned" in await settled.say("1")
    assert (await settled.place()).confirmed_at > before


async def test_no_takes_nothing_away_before_the_next_place_is_known(world: Any, settled: Any) -> None:
    await ask(world)
    assert "Where are you?" in await settled.say("2")
    assert (await settled.place()).country == "IS"
    await settled.say("Bangkok")
    await settled.say("1")
    assert (await settled.place()).country == "TH"


async def test_an_old_answer_about_a_place_left_asks_where(world: Any, settled: Any) -> None:
    old = await settled.place()
    await settled.pin(13.75, 100.5)
    assert "Where are you?" in await settled.tap(f"still:yes:{old.id}")
    assert (await settled.place()).country == "TH"


@pytest.mark.parametrize("hour", [2, 8, 20, 23])
async def test_never_at_night(world: Any, settled: Any, hour: int) -> None:
    world.now = world.now.replace(hour=hour)
    assert await ask(world) == []


def test_the_hour_is_the_persons() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert is_day("Europe/London", noon)
    assert not is_day("Asia/Tokyo", noon)
    assert not is_day("America/Los_Angeles", noon)
    assert is_day(None, noon.replace(hour=3))
    assert is_day("No/Such_Zone", noon.replace(hour=3))


async def test_never_beside_a_warning_a_request_or_a_conversation(world: Any, settled: Any) -> None:
    await world.begin_event("ABC234", "Flood")
    assert await ask(world) == []
    world.live.clear()
    await settled.say("please help me")
    world.now += DAY * 2
    assert await ask(world) == []


async def test_never_to_somebody_who_has_just_written(world: Any, settled: Any) -> None:
    await settled.say("/help")
    assert await ask(world) == []
    world.now += DAY
    assert len(await ask(world)) == 1


async def test_never_where_nobody_can_answer(world: Any, settled: Any) -> None:
    assert await ask(world, can_ask=lambda to: to.channel is Channel.SMS) == []
    async with world.database.read() as connection:
        assert await prompts.times(connection, (await settled.person()).id) == []


async def test_one_who_cannot_be_opened_keeps_nobody_from_being_asked(world: Any, settled: Any) -> None:
    strange = replace(asker(world), vault=Vault([b"x" * 32], b"y" * 32))
    assert await strange.step(world.now, 0) == 0
    assert await sent(world) == []
    assert len(await ask(world)) == 1  # and the try was not counted


async def test_whoever_stopped_is_left_alone(world: Any, settled: Any) -> None:
    await settled.say("/stop")
    world.now += DAY * 2
    assert await ask(world) == []


async def test_the_end_of_a_trip_is_asked_about_and_longer_is_one_tap(world: Any, settled: Any) -> None:
    await settled.pin(64.14, -21.93)
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    await settled.say(f"{world.now:%d.%m.} - {world.now + 10 * DAY:%d.%m.}")
    await settled.tap("trip:ok")
    world.now = (world.now + 10 * DAY).replace(hour=6)  # 13:00 in Bangkok
    channel, asked = (await ask(world))[-1]
    assert "Your trip to Bangkok, Thailand ends on" in asked.text
    assert channel is Channel.TELEGRAM
    stay, leave = (button.data for button in asked.buttons)
    assert "ends by itself on" in await settled.tap(leave)
    person = await settled.person()
    async with world.database.read() as connection:
        row = (await trips.coming(connection, person.id, world.now))[0]
    last = trips.days(row.valid_from, row.valid_to)[1]
    assert "begins and ends by itself" in await settled.tap(stay)
    async with world.database.read() as connection:
        row = (await trips.coming(connection, person.id, world.now))[0]
    assert trips.days(row.valid_from, row.valid_to)[1] == last + 14 * DAY
    world.now += 60 * DAY
    assert "Where are you?" in await settled.tap(stay)  # it has ended meanwhile
    assert "no longer there" in await settled.tap(leave)


async def test_a_year_of_a_traveller_never_holds_three_in_a_month(world: Any, settled: Any) -> None:
    person = await settled.person()
    keys = person.unlocked(world.vault)
    begun = world.now
    async with world.database.durable() as connection:
        for number in range(25):
            trip = whereabouts.Whereabouts(whereabouts.WhereaboutsKind.TRIP, None, 0.0, "TH")
            begins = world.now + number * 5 * DAY
            await trips.add(connection, keys, person.id, trip, begins, begins + 4 * DAY, world.now)
    for _ in range(130):
        world.now += DAY
        await asker(world).step(world.now, 0)
    async with world.database.read() as connection:
        times = sorted(await prompts.times(connection, person.id))
    assert times
    assert times[0] - begun < 10 * DAY
    assert all(
        later - earlier >= timedelta(days=31) for earlier, later in zip(times, times[2:], strict=False)
    )
    assert len(await sent(world)) == len(times) >= 6
