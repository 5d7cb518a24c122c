"""Who was shown a knock gets the whole approved text once they do anything. Real handlers, real alerts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import checkins, full, live, store
from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.delivery import DeliveryState
from alerts.events import read_event
from alerts.lifecycle import AlertAct
from alerts.revisions import latest
from alerts.tables import revision
from alerts.wording import Wording
from bot.messages import Channel, InboundKind, Outbound
from handlers.kit import RecordedCheckin
from registry import people
from tests.alerts.office import Office, deliver, open_office

MINISTRY = "Ministry of Foreign Affairs of Utopia"


async def full_texts(wording: Wording, connection: AsyncConnection, **named: Any) -> Sequence[Outbound]:
    return await full.full_texts(connection, wording.compose, **named)


async def check_in(
    connection: AsyncConnection, *, person_id: int, code: str, status: CheckinStatus, now: datetime
) -> RecordedCheckin | None:
    event = await checkins.event_by_code(connection, code)
    if event is None:
        return None
    source = CheckinSource.SELF
    await checkins.record(
        connection, event_id=event.id, person_id=person_id, status=status, source=source, at=now
    )
    return RecordedCheckin(event.id, event.code, event.title, event.drill)


class Delta:
    """Somebody on WhatsApp, a ministry, and warnings that knock."""

    def __init__(self, world: Any, citizen: Any, office: Office) -> None:
        self.world, self.citizen, self.office = world, citizen, office

    async def warn(self, *, silent: timedelta = timedelta(days=3), **changes: Any) -> str:
        """A gale warning is approved and knocks at whoever has been silent; returns the event's code."""
        self.world.now += silent
        self.office.clock.at = self.world.now
        expires = {"expires_at": self.world.now + timedelta(hours=12)}
        alert_id = await self.office.approved(**{**expires, **changes})
        person = await self.citizen.person()
        async with self.world.database.durable() as connection:
            row = await latest(connection, alert_id)
            assert await store.move_any(connection, alert_id, AlertAct.START)
            found = await people.find(connection, self.citizen.lane)
            assert found is not None
            await deliver(
                connection,
                row.id,
                [(person.id, DeliveryState.ACCEPTED)],
                address_id=found[1].id,
                channel=self.citizen.channel.value,
                attempted_at=self.world.now,
                accepted_at=self.world.now,
            )
            return (await read_event(connection, row.event_id)).code

    @property
    def heard(self) -> list[str]:
        return [message.text for message in self.citizen.heard]


@pytest.fixture
async def delta(world: Any, citizen: Any, protected: Any, catalog: Any) -> Delta:
    citizen.channel = Channel.WHATSAPP
    await protected(citizen)
    wording = Wording(catalog, MINISTRY)
    world.plugs = {
        "live_events": live.events_of_person,
        "checkin": check_in,
        "full_texts": partial(full_texts, wording),
        "knocked": full.knocked,
    }
    return Delta(world, citizen, await open_office(world.database))


async def test_full_text_is_all_that_was_approved(delta: Delta) -> None:
    code = await delta.warn()
    (text,) = [await delta.citizen.tap(f"full:{code}")]
    assert "SERIOUS DANGER: Southeast gale" in text
    assert "Winds of 25 m/s." in text
    assert "Stay in." in text
    assert MINISTRY in text
    assert delta.citizen.choices == [f"safe:{code}", f"help:{code}"]


async def test_safe_is_recorded_first_and_the_text_follows(delta: Delta, catalog: Any) -> None:
    code = await delta.warn()
    await delta.citizen.tap(f"safe:{code}")
    thanks, text = delta.heard
    assert thanks == catalog.say("en", "checkin.thanks")
    assert "Winds of 25 m/s." in text
    assert await delta.citizen.answer_in(1) == "SAFE"
    assert delta.citizen.choices == []  # they have answered
    assert "25 m/s" not in await delta.citizen.tap(f"safe:{code}")  # once


async def test_need_help_opens_a_request_and_the_text_follows(delta: Delta) -> None:
    code = await delta.warn()
    await delta.citizen.tap(f"help:{code}")
    opened, text = delta.heard
    case = (await delta.citizen.cases())[0]
    assert case.code in opened
    assert "Winds of 25 m/s." in text
    assert delta.citizen.choices == []  # a typed number now belongs to the request
    assert delta.world.pages == [("help", case.code)]


@pytest.mark.parametrize("words", ["What is it?", "hello", "1234567", "👍"])
async def test_any_answer_opens_the_window(delta: Delta, words: str) -> None:
    code = await delta.warn()
    await delta.citizen.say(words)
    assert "Winds of 25 m/s." in delta.heard[-1]
    assert delta.citizen.choices[-2:] == [f"safe:{code}", f"help:{code}"]
    await delta.citizen.say(words)
    assert "25 m/s" not in "".join(delta.heard)


async def test_a_photo_or_a_position_does_too(delta: Delta) -> None:
    await delta.warn()
    await delta.citizen.do(InboundKind.OTHER)
    assert "Winds of 25 m/s." in delta.heard[-1]
    await delta.warn()
    await delta.citizen.pin(64.14, -21.93)
    assert "Winds of 25 m/s." in delta.heard[-1]


async def test_who_got_the_text_itself_does_not_get_it_again(delta: Delta) -> None:
    code = await delta.warn(silent=timedelta(hours=20))
    delta.world.now += timedelta(hours=6)  # the window has closed, but it was open when the warning came
    await delta.citizen.tap(f"safe:{code}")
    assert "25 m/s" not in "".join(delta.heard)


async def test_other_channels_show_the_text_at_once(world: Any, delta: Delta, protected: Any) -> None:
    delta.citizen.channel = Channel.TELEGRAM
    await protected(delta.citizen)
    code = await delta.warn()
    await delta.citizen.tap(f"safe:{code}")
    assert "25 m/s" not in "".join(delta.heard)


async def test_the_text_is_in_the_persons_language(world: Any, delta: Delta) -> None:
    await delta.citizen.say("/language")
    await delta.citizen.tap("lang:vi")
    code = await delta.warn()
    assert "Gió 25 m/s." in await delta.citizen.tap(f"full:{code}")


@pytest.mark.parametrize("data", ["safe", "safe:"])
async def test_a_button_without_its_code_means_the_live_warning(delta: Delta, data: str) -> None:
    await delta.warn()
    await delta.citizen.tap(data)
    assert await delta.citizen.answer_in(1) == "SAFE"
    assert "Winds of 25 m/s." in delta.heard[-1]


@pytest.mark.parametrize("label", ["Full text", "FULL TEXT", "full text."])
async def test_the_label_alone_is_known(delta: Delta, label: str) -> None:
    await delta.warn()
    assert "Winds of 25 m/s." in await delta.citizen.say(label)
    assert len(delta.heard) == 1


async def test_the_label_is_words_like_any_other_where_nothing_is_live(delta: Delta, catalog: Any) -> None:
    assert await delta.citizen.say("I am safe") == catalog.say("en", "checkin.none")
    assert "emergency" in await delta.citizen.say("Full text")


async def test_a_label_in_another_language_is_known_too(delta: Delta) -> None:
    await delta.warn()
    await delta.citizen.say("Tôi an toàn")
    assert await delta.citizen.answer_in(1) == "SAFE"


async def test_help_without_its_code_never_waits(delta: Delta) -> None:
    await delta.warn()
    await delta.warn(silent=timedelta(minutes=1), event_title="Flood, Reykjavik")
    await delta.citizen.tap("help")
    assert len(await delta.citizen.cases()) == 1


async def test_safe_without_its_code_is_asked_back_where_two_are_live(delta: Delta, catalog: Any) -> None:
    first = await delta.warn()
    second = await delta.warn(silent=timedelta(minutes=1), event_title="Flood, Reykjavik")
    await delta.citizen.tap("safe")
    assert delta.heard[0] == catalog.say("en", "checkin.which")
    assert len(delta.heard) == 3  # and both texts
    assert await delta.citizen.answer_in(1) is None
    assert {f"which:{first}", f"which:{second}"} <= set(delta.citizen.choices)


async def test_full_text_without_its_code_shows_every_live_warning(delta: Delta) -> None:
    await delta.warn()
    await delta.warn(silent=timedelta(minutes=1), event_title="Flood, Reykjavik")
    await delta.citizen.tap("full")
    assert len(delta.heard) == 2


async def test_a_knock_that_is_over_says_so(delta: Delta, catalog: Any) -> None:
    code = await delta.warn()
    delta.world.now += timedelta(hours=13)
    over = catalog.say("en", "checkin.over")
    assert await delta.citizen.tap(f"full:{code}") == over
    assert await delta.citizen.tap("full") == over
    assert await delta.citizen.tap("full:ZZZZZZ") == over
    assert "25 m/s" not in await delta.citizen.say("hello")


async def test_nobody_reads_a_text_that_was_not_sent_to_them(
    world: Any, delta: Delta, protected: Any
) -> None:
    code = await delta.warn()
    stranger = type(delta.citizen)(world, "stranger", Channel.WHATSAPP)
    await protected(stranger)
    assert "25 m/s" not in await stranger.tap(f"full:{code}")


async def test_who_stops_is_left_alone(delta: Delta) -> None:
    await delta.warn()
    await delta.citizen.say("stop")
    await delta.citizen.tap("stop:yes")
    assert "25 m/s" not in "".join(delta.heard)


async def test_words_that_nobody_approved_are_never_said(delta: Delta, catalog: Any) -> None:
    code = await delta.warn()
    async with delta.world.database.durable() as connection:
        changed = {"en": {"headline": "Other", "description": "Forged.", "instruction": ""}}
        await connection.execute(update(revision).values(texts=changed))
    assert "Forged" not in await delta.citizen.tap(f"full:{code}")
    assert await delta.citizen.tap(f"safe:{code}") == catalog.say("en", "checkin.thanks")
    assert await delta.citizen.answer_in(1) == "SAFE"
