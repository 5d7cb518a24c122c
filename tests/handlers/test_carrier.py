"""What a carrier answered by itself agrees with what we keep, and never swallows a call for help."""

from dataclasses import replace
from typing import Any

import pytest

from bot.gateways.twilio.sms_wire import sms_event
from bot.messages import Channel
from registry import addresses, people
from registry.addresses import AddressState
from registry.lifecycle import PersonState

NUMBER = "+84912345678"


async def text(citizen: Any, body: str, opt_out_type: str = "") -> str:
    """A text message on its real way in."""
    (event,) = sms_event("SM1", NUMBER, body, account="main", opt_out_type=opt_out_type)
    answer: str = await citizen.do(event.kind, text=event.text, carrier=event.carrier)
    return answer


async def address_state(citizen: Any) -> AddressState:
    person = await citizen.person()
    async with citizen.world.database.read() as connection:
        rows = await addresses.of_person(connection, person.id)
    return next(row.state for row in rows if row.lane == citizen.lane)


@pytest.fixture
def texting(citizen: Any) -> Any:
    return replace(citizen, value=NUMBER, channel=Channel.SMS, hint="en")


async def test_stop_is_believed_without_a_word_of_ours(texting: Any, protected: Any) -> None:
    await protected(texting)
    assert await text(texting, "STOP") == ""
    assert await address_state(texting) is AddressState.STOPPED
    assert (await texting.person()).state is PersonState.STOPPED


async def test_other_words_do_not_take_a_carriers_stop_back(texting: Any, protected: Any) -> None:
    await protected(texting)
    await text(texting, "STOP")
    await text(texting, "hello?")
    assert await address_state(texting) is AddressState.STOPPED


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
async def test_the_carriers_start_takes_it_back(texting: Any, protected: Any, word: str) -> None:
    await protected(texting)
    await text(texting, "STOP")
    assert await text(texting, word) != ""
    assert await address_state(texting) is AddressState.ACTIVE
    assert (await texting.person()).state is PersonState.ACTIVE


async def test_stop_on_one_of_two_channels_leaves_the_other(
    world: Any, citizen: Any, texting: Any, protected: Any
) -> None:
    await protected(citizen)
    person = await citizen.person()
    async with world.database.durable() as connection:
        await addresses.add(
            connection,
            person.unlocked(world.vault),
            person.id,
            texting.address,
            texting.lane,
            drill=person.drill,
            now=world.now,
        )
    await text(texting, "STOP")
    assert await address_state(texting) is AddressState.STOPPED
    assert await address_state(citizen) is AddressState.ACTIVE
    assert (await citizen.person()).state is PersonState.ACTIVE
    await text(texting, "START")
    assert await address_state(texting) is AddressState.ACTIVE


async def test_stop_from_somebody_nobody_knows_creates_nobody(world: Any, texting: Any) -> None:
    await text(texting, "STOP")
    async with world.database.read() as connection:
        assert await people.find(connection, texting.lane) is None


async def test_a_carriers_stop_closes_no_request(texting: Any, protected: Any) -> None:
    await protected(texting)
    await text(texting, "HELP")
    await text(texting, "STOP")
    assert len(await texting.cases()) == 1


async def test_yes_while_nothing_is_stopped_answers_the_question(texting: Any) -> None:
    await text(texting, "hello")
    await text(texting, "yes")
    assert (await texting.person()).consent_version is not None


@pytest.mark.parametrize(
    ("body", "opt_out_type"),
    [
        ("HELP", "HELP"),
        ("HELP", ""),
        ("help", ""),
        ("INFO", ""),
        ("Info", "HELP"),
        ("GIÚP", "HELP"),
        ("SOS", ""),
    ],
)
async def test_a_call_opens_a_request_whatever_the_carrier_answered(
    world: Any, texting: Any, protected: Any, body: str, opt_out_type: str
) -> None:
    await protected(texting)
    answer = await text(texting, body, opt_out_type)
    (case,) = await texting.cases()
    assert case.code in answer
    assert world.pages == [("help", case.code)]
    assert body in (await texting.thread())[0]


async def test_a_call_of_somebody_who_never_registered_opens_one_too(texting: Any) -> None:
    await text(texting, "INFO")
    assert len(await texting.cases()) == 1
