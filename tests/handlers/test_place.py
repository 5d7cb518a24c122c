"""Where are you: never stuck for more than one message."""

from typing import Any

import pytest

from bot.messages import Ask
from places.cells import cell_of, centre
from registry.lifecycle import PersonState
from registry.whereabouts import WhereaboutsKind


@pytest.fixture
async def agreed(citizen: Any) -> Any:
    await citizen.start()
    await citizen.tap("consent:yes")
    return citizen


async def test_two_misses_and_the_country_protects_with_the_next_message(agreed: Any) -> None:
    assert "did not find this place" in await agreed.say("Xyzzy")
    assert "only the country" in await agreed.say("Plugh")
    assert agreed.heard[0].ask is Ask.LOCATION
    assert "anywhere in this country: Thailand" in await agreed.say("thailand")
    assert (await agreed.person()).state is PersonState.ACTIVE
    assert (await agreed.place()).cell is None


async def test_a_city_typed_for_the_country_protects_in_its_country(agreed: Any) -> None:
    await agreed.say("Xyzzy")
    await agreed.say("Plugh")
    assert "anywhere in this country: Iceland" in await agreed.say("Reykjavik")


async def test_a_misspelt_country_is_confirmed(agreed: Any) -> None:
    await agreed.say("Xyzzy")
    await agreed.say("Plugh")
    assert "Which place" in await agreed.say("Thailend")
    assert agreed.labels == ["Thailand", "None of these"]
    assert "anywhere in this country: Thailand" in await agreed.say("Thailand")


async def test_none_of_these_asks_for_the_country(agreed: Any) -> None:
    await agreed.say("Bangkok")
    assert "only the country" in await agreed.tap("place:none")
    assert "did not find this country" in await agreed.say("Nowhereland")
    assert "anywhere in this country: Vietnam" in await agreed.say("Vietnam")


async def test_another_name_typed_instead_of_a_choice_is_looked_for(agreed: Any) -> None:
    await agreed.say("Bangkok")
    await agreed.say("Reykjavik")
    assert agreed.labels[0] == "Reykjavik, Iceland"
    assert "Which place" not in await agreed.tap("place:0")
    assert (await agreed.place()).country == "IS"


async def test_a_pin_is_kept_as_its_cell_only(agreed: Any, world: Any) -> None:
    await agreed.pin(64.14659, -21.94262)
    place = await agreed.place()
    assert place.kind is WhereaboutsKind.PIN
    assert place.cell == cell_of(64.14659, -21.94262)
    assert place.near == ()
    session = await agreed.session()
    assert "64.14659" not in str(session)
    assert centre(place.cell) != (64.14659, -21.94262)


async def test_a_pin_off_every_border_takes_the_named_country_and_keeps_its_cell(agreed: Any) -> None:
    assert "which country this position is in" in await agreed.pin(0.0, -30.0)
    await agreed.say("Iceland")
    place = await agreed.place()
    assert (place.country, place.cell) == ("IS", cell_of(0.0, -30.0))


async def test_moving_needs_no_more_than_a_pin_and_shows_no_sample_again(
    citizen: Any, protected: Any
) -> None:
    await protected(citizen)
    await citizen.pin(13.75, 100.5)
    assert len(citizen.heard) == 1
    assert "near Bangkok" in citizen.heard[0].text
    assert (await citizen.place()).country == "TH"


async def test_where_tells_and_asks(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    said = await citizen.say("/where")
    assert "near Reykjavik" in said
    assert citizen.heard[-1].ask is Ask.LOCATION
    await citizen.say("Bangkok")
    await citizen.say("1")
    assert (await citizen.place()).country == "TH"


async def test_a_choice_that_is_no_longer_there_is_not_taken(citizen: Any, protected: Any) -> None:
    await protected(citizen)
    assert "already over" in await citizen.tap("place:0")
    assert (await citizen.place()).country == "IS"


async def test_the_question_is_asked_again_after_help_and_a_new_language(agreed: Any, catalog: Any) -> None:
    await agreed.say("/help")
    assert agreed.heard[-1].text == catalog.say("en", "place.ask")
    await agreed.say("/language")
    assert "lang:vi" in agreed.choices
    await agreed.tap("lang:vi")
    assert agreed.heard[-1].text == catalog.say("vi", "place.ask")
