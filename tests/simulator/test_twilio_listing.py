"""Listing messages: how a service finds what was never posted to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulator.config import SimulatorConfig
from simulator.incoming import Action, ActionKind
from simulator.records import Listed
from simulator.server import Simulator
from tests.simulator.targets import AMERICA, ICELAND, SMS_FROM, WHATSAPP_FROM, Line, quick

PATH = "/2010-04-01/Accounts/AC" + "0d" * 16 + "/Messages"


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


def say(sim: Simulator, words: str, number: str = ICELAND, channel: str = "sms") -> None:
    assert sim.twilio.act(channel, number, Action(ActionKind.TEXT, words))


def bodies(page: dict[str, Any]) -> list[str]:
    return [one["body"] for one in page["messages"]]


async def test_both_directions_newest_first(line: Line, sim: Simulator) -> None:
    await line.sms(Body="out")
    say(sim, "in")
    await sim.drain()
    _, page = await line.get(f"{PATH}.json")
    assert bodies(page) == ["in", "out"]
    inbound, outbound = page["messages"]
    assert (inbound["direction"], inbound["status"], inbound["from"]) == ("inbound", "received", ICELAND)
    assert (outbound["direction"], outbound["status"], outbound["to"]) == (
        "outbound-api",
        "delivered",
        ICELAND,
    )
    assert page["next_page_uri"] is None
    status, one = await line.get(inbound["uri"])
    assert (status, one) == (200, inbound)
    assert (await line.get(f"{PATH}/SM{'0' * 32}.json"))[0] == 404


async def test_the_ledger_shows_once_what_a_list_showed(line: Line, sim: Simulator) -> None:
    say(sim, "in")
    await sim.drain()
    for _look in range(2):
        await line.get(f"{PATH}.json")
    (listed,) = [one for one in sim.ledger if isinstance(one, Listed)]
    assert (listed.channel, listed.chat, listed.status) == ("sms", ICELAND, "received")
    await line.sms(Body="out")
    await sim.drain()
    await line.get(f"{PATH}.json")
    assert [one.status for one in sim.ledger if isinstance(one, Listed)] == ["received", "delivered"]


async def test_filters(line: Line, sim: Simulator) -> None:
    await line.sms(Body="to iceland")
    await line.sms(Body="to america", To=AMERICA)
    say(sim, "from iceland")
    say(sim, "on whatsapp", channel="whatsapp")
    await sim.drain()
    for query, found in (
        ({"To": ICELAND}, ["to iceland"]),
        ({"From": ICELAND}, ["from iceland"]),
        ({"To": SMS_FROM}, ["from iceland"]),
        ({"From": f"whatsapp:{ICELAND}"}, ["on whatsapp"]),
        ({"To": f"whatsapp:{WHATSAPP_FROM}"}, ["on whatsapp"]),
        ({"To": ICELAND, "From": SMS_FROM}, ["to iceland"]),
    ):
        assert bodies((await line.get(f"{PATH}.json", **query))[1]) == found


async def test_days_not_moments_are_compared(line: Line, sim: Simulator) -> None:
    say(sim, "today")
    sim.twilio.advance(3 * 86_400)
    say(sim, "later")
    await sim.drain()
    today = datetime.now(UTC)
    day, later = today.strftime("%Y-%m-%d"), (today + timedelta(days=3)).strftime("%Y-%m-%d")
    between = (today + timedelta(days=1)).strftime("%Y-%m-%d")
    end = today.strftime("%Y-%m-%dT23:59:59Z")
    for query, found in (
        ({"DateSent": day}, ["today"]),
        ({"DateSent>": between}, ["later"]),
        ({"DateSent>": end}, ["later", "today"]),  # the time of day is cut off
        ({"DateSent<": between}, ["today"]),
        ({"DateSent>": day, "DateSent<": later}, ["later", "today"]),
        ({"DateSent": between}, []),
    ):
        assert bodies((await line.get(f"{PATH}.json", **query))[1]) == found
    for wrong in ({"DateSent": "yesterday"}, {"DateSent": "2026-02-31"}, {"PageSize": 1001}, {"PageSize": 0}):
        assert (await line.get(f"{PATH}.json", **wrong))[1]["code"] == 20422


async def test_pages_hold_still_while_messages_arrive(line: Line, sim: Simulator) -> None:
    for number in range(5):
        say(sim, str(number))
    _, page = await line.get(f"{PATH}.json", PageSize=2, From=ICELAND)
    assert (bodies(page), page["page"], page["end"]) == (["4", "3"], 0, 1)
    say(sim, "new")
    seen = []
    while page["next_page_uri"] is not None:
        _, page = await line.get(page["next_page_uri"])
        seen += bodies(page)
    assert seen == ["2", "1", "0"]


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")  # Twilio's own package does
async def test_twilios_own_client_pages_through(sim: Simulator) -> None:
    rules = sim.config.twilio.accounts[0]
    http = AsyncTwilioHttpClient()
    client = Client(rules.sid, rules.token, http_client=http)
    client.api.base_url = sim.twilio_base
    for number in range(7):
        say(sim, str(number))
    since = datetime.now(UTC) - timedelta(hours=1)
    found = await client.messages.list_async(to=SMS_FROM, date_sent_after=since, page_size=3)
    assert [one.body for one in found] == [str(number) for number in range(6, -1, -1)]
    assert found[0].date_sent is not None
    await http.close()
