"""Journeys told, read back, changed and deleted in a conversation; by buttons, by numbers, by words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.messages import Channel
from registry import trips, whereabouts
from registry.whereabouts import WhereaboutsKind


async def kept(citizen: Any) -> list[tuple[str, str, str]]:
    """Country, first and last day of the trips that have not ended."""
    person = await citizen.person()
    async with citizen.world.database.read() as connection:
        rows = await trips.coming(connection, person.id, citizen.world.now)
    spans = [(row.country, trips.days(row.valid_from, row.valid_to)) for row in rows]
    return [(country, first.isoformat(), last.isoformat()) for country, (first, last) in spans]


@pytest.fixture
async def settled(citizen: Any, protected: Any) -> Any:
    await protected(citizen)
    return citizen


async def test_several_places_in_one_conversation(settled: Any) -> None:
    assert "Where will you be travelling" in await settled.say("/trip")
    assert "Which place" in await settled.say("Bangkok")
    assert "from which day" in await settled.tap("trip:pick:0")
    said = await settled.say("10-14 Mar")
    assert "from Tuesday 10 March 2026 to Saturday 14 March 2026, both days included" in said
    assert await kept(settled) == []  # nothing is kept before it was read back
    assert "begins and ends by itself" in await settled.tap("trip:ok")
    assert settled.choices == ["trip:next", "trip:done"]
    assert "Where do you go from there" in await settled.tap("trip:next")
    await settled.say("Vietnam")
    await settled.tap("trip:pick:0")
    said = await settled.say("until 20 Mar")  # from the day on which the last place ends
    assert "from Saturday 14 March 2026 to Friday 20 March 2026" in said
    await settled.say("yes")
    assert "send /trip" in await settled.tap("trip:done")
    assert await kept(settled) == [("TH", "2026-03-10", "2026-03-14"), ("VN", "2026-03-14", "2026-03-20")]
    assert (await settled.place()).country == "IS"  # the base stays
    assert (await settled.session()).step == ""


async def test_the_whole_of_it_with_numbers_only(world: Any, town: Any) -> None:
    phone = town.citizen(world, "+15005550001", Channel.SMS)
    await phone.say("hello")
    await phone.say("1")
    await phone.say("Reykjavik")
    await phone.say("1")
    assert await phone.place() is not None
    await phone.say("trip")
    await phone.say("Bangkok")
    await phone.say("1")
    await phone.say("10/3 - 14/3")
    assert "begins and ends by itself" in await phone.say("1")
    await phone.say("2")
    assert await kept(phone) == [("TH", "2026-03-10", "2026-03-14")]
    assert "1. Bangkok, Thailand: from Tuesday 10 March 2026" in await phone.say("trips")
    await phone.say("1")  # this trip
    assert "Deleted: Bangkok" in await phone.say("2")
    assert await kept(phone) == []


@pytest.mark.parametrize(
    ("language", "typed", "read_back"),
    [
        ("th", "10 มี.ค. ถึง 14 มี.ค. 2569", "ตั้งแต่วันอังคารที่ 10 มีนาคม พ.ศ. 2569 ถึงวันเสาร์ที่ 14 มีนาคม พ.ศ. 2569"),
        ("vi", "10/3 đến 14/3", "từ Thứ Ba ngày 10 tháng 3 năm 2026 đến Thứ Bảy ngày 14 tháng 3 năm 2026"),
        ("id", "10 Mar sampai 14 Mar", "dari Selasa, 10 Maret 2026 sampai Sabtu, 14 Maret 2026"),
    ],
)
async def test_days_are_read_back_in_the_language_and_its_calendar(
    world: Any, town: Any, protected: Any, language: str, typed: str, read_back: str
) -> None:
    citizen = town.citizen(world, "abroad", hint=language)
    await protected(citizen)
    await citizen.say("/trip")
    await citizen.say("Bangkok")
    await citizen.tap("trip:pick:0")
    assert read_back in await citizen.say(typed)
    await citizen.tap("trip:ok")
    assert await kept(citizen) == [("TH", "2026-03-10", "2026-03-14")]


async def test_what_cannot_be_read_is_asked_again_and_what_is_over_is_said(settled: Any) -> None:
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    assert "could not read these days" in await settled.say("some time in spring")
    assert "These days are over: from Thursday 1 January 2026" in await settled.say("1 Jan 2026 - 5 Jan 2026")
    assert "Until which day?" in await settled.say("10 Mar")
    assert "could not read" in await settled.say("no idea")
    assert "from Tuesday 10 March 2026 to Saturday 9 May 2026" in await settled.tap("trip:open")
    assert "from which day" in await settled.tap("trip:days")
    await settled.say("10 Mar")
    assert "to Thursday 12 March 2026" in await settled.say("12 March")
    await settled.say("yes")
    assert await kept(settled) == [("TH", "2026-03-10", "2026-03-12")]


async def test_other_days_for_a_trip_that_is_kept(settled: Any) -> None:
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    await settled.say("10-14 Mar")
    await settled.tap("trip:ok")
    await settled.say("/trip")
    show = settled.choices[0]
    await settled.tap(show)
    change, delete = settled.choices[:2]
    await settled.tap(change)
    await settled.say("12-20 Mar")
    await settled.tap("trip:ok")
    assert await kept(settled) == [("TH", "2026-03-12", "2026-03-20")]
    await settled.tap(delete)
    assert "no longer there" in await settled.tap(delete)
    assert "no longer there" in await settled.tap(show)
    assert "Where will you be travelling" in await settled.say("/trip")


async def test_a_place_on_the_map_is_the_journeys_not_the_base(settled: Any) -> None:
    await settled.say("/trip")
    await settled.pin(13.75, 100.5)
    await settled.say("10-14 Mar")
    await settled.tap("trip:ok")
    person = await settled.person()
    async with settled.world.database.read() as connection:
        rows = await whereabouts.of_person(connection, person.id)
    assert {(row.kind, row.country) for row in rows} == {
        (WhereaboutsKind.TRIP, "TH"),
        (WhereaboutsKind.PIN, "IS"),
    }


async def test_it_begins_and_ends_by_itself(settled: Any) -> None:
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    await settled.say("10-14 Mar")
    await settled.tap("trip:ok")
    person = await settled.person()

    async def countries(at: datetime) -> set[str]:
        async with settled.world.database.read() as connection:
            return {row.country for row in await whereabouts.of_person(connection, person.id, at=at)}

    assert await countries(datetime(2026, 3, 9, 9, tzinfo=UTC)) == {"IS"}
    assert await countries(datetime(2026, 3, 9, 10, tzinfo=UTC)) == {"IS", "TH"}  # 10 March in Kiribati
    assert await countries(datetime(2026, 3, 15, 11, 59, tzinfo=UTC)) == {"IS", "TH"}  # 14 March at UTC-12
    assert await countries(datetime(2026, 3, 15, 12, 1, tzinfo=UTC)) == {"IS"}


async def test_help_and_other_commands_leave_the_question_open(settled: Any) -> None:
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    assert "from which day" in await settled.say("/help")
    await settled.say("10-14 Mar")
    assert "Is this right?" in await settled.say("/help")
    assert "from which day" in await settled.say("no")


@pytest.mark.parametrize("word", ["no", "not now", "skip"])
async def test_a_word_leaves_the_questions_and_keeps_nothing(settled: Any, word: str) -> None:
    await settled.say("/trip")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    assert "send /trip" in await settled.say(word)
    assert (await settled.session()).step == ""
    assert await kept(settled) == []


async def test_old_buttons_do_nothing(settled: Any) -> None:
    for data in ("trip:ok", "trip:pick:0", "trip:next", "trip:days", "trip:show:x", "trip:what"):
        assert "already over" in await settled.tap(data), data
    assert "no longer there" in await settled.tap("trip:delete:12345")
    assert await kept(settled) == []


async def test_whoever_is_not_protected_yet_is_asked_for_their_place_first(citizen: Any) -> None:
    await citizen.start()
    await citizen.tap("consent:yes")
    assert "Where are you?" in await citizen.say("/trip")


async def test_there_is_an_end_to_how_many(settled: Any) -> None:
    person = await settled.person()
    async with settled.world.database.durable() as connection:
        for _ in range(trips.MOST_TRIPS):
            trip = whereabouts.Whereabouts(WhereaboutsKind.TRIP, None, 0.0, "TH")
            begins = settled.world.now
            keys = person.unlocked(settled.world.vault)
            await trips.add(connection, keys, person.id, trip, begins, begins + timedelta(days=1), begins)
    await settled.tap("trip:new")
    await settled.say("Bangkok")
    await settled.tap("trip:pick:0")
    await settled.say("10-14 Mar")
    assert "cannot be kept" in await settled.tap("trip:ok")


async def test_a_watcher_is_told_and_never_a_person_abroad(citizen: Any) -> None:
    await citizen.start()
    await citizen.tap("consent:yes")
    assert "Of which country do you want news" in await citizen.say("/watch")
    assert "did not find this country" in await citizen.say("Nowhereland")
    assert "people in Thailand, you are told" in await citizen.say("Thailand")
    assert await citizen.place() is None
    await citizen.tap("watch:more")
    assert "Everything is ready" in await citizen.say("not now")
    assert (await citizen.session()).step == ""
    assert "You get news of: Thailand" in await citizen.say("/watch")
    assert citizen.choices == ["watch:more", "watch:end:TH"]
    await citizen.tap("watch:more")
    await citizen.say("Vietn")
    assert citizen.choices == ["watch:add:VN"]
    await citizen.tap("watch:add:VN")
    assert "no more news of Thailand" in await citizen.tap("watch:end:TH")
    assert "You get news of: Vietnam." in await citizen.say("/watch")
