"""People by country against estimates: what is unknown is called so, and a wrong file changes nothing."""

import re

from registry import estimates, watches
from registry.estimates import Estimate
from staff.officers import Grant, Role
from tests.alerts.office import everywhere
from tests.console.duty import Browser, Duty
from tests.registry.newcomers import BANGKOK, join, telegram

GOOD = b"country,people,source,year\nIS,9000,Registers Iceland,2025\nVietnam,120000,Census,2024\n"


async def registered(duty: Duty) -> None:
    async with duty.database.durable() as connection:
        for number in range(3):
            await join(connection, duty.vault, telegram(str(number)), now=duty.clock.at)
        await join(connection, duty.vault, telegram("th"), place=BANGKOK, now=duty.clock.at)
        watcher = await join(connection, duty.vault, telegram("w"), place=None, now=duty.clock.at)
        await watches.add(connection, watcher.id, "JP", duty.clock.at)


def cells(browser: Browser, country: str) -> list[str]:
    row = browser.page.split(f'data-country="{country}"')[1].split("</tr>")[0]
    return [
        " ".join(re.sub(r"<[^>]+>", "", cell).split())
        for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)
    ]


async def test_registered_of_an_estimated_number_or_of_an_unknown_one(duty: Duty) -> None:
    await registered(duty)
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.ADMIN)))
    assert (await anna.upload("/people/estimates", {}, GOOD, "estimates.csv")).status == 303
    assert await duty.acts("estimates.import") == 1
    await anna.get("/people")
    assert "4 people (registrations) in 4 countries" in anna.page
    assert cells(anna, "IS")[:3] == ["3", "of an estimated 9,000 (Registers Iceland, 2025)", "0"]
    assert cells(anna, "TH")[1] == "estimate unknown"
    assert cells(anna, "VN")[:2] == ["0", "of an estimated 120,000 (Census, 2024)"]
    assert cells(anna, "JP") == [
        "0",
        "estimate unknown",
        "0",
        "0",
        "0",
        "0",
        "1",
    ]  # a watcher is no person there
    assert "%" not in anna.page.split("<main")[1]
    await anna.get("/people/IS")
    assert "3 people registered of an estimated 9,000 (Registers Iceland, 2025)" in anna.page
    await anna.get("/people/TH")
    assert "of an unknown number" in anna.page


async def test_the_api_says_the_same(duty: Duty) -> None:
    await registered(duty)
    async with duty.database.durable() as connection:
        await estimates.save(connection, [Estimate("IS", 9000, "Registers", 2025)], duty.clock.at)
    officer = await duty.officer("anna", Grant(Role.CASE, frozenset({"IS", "JP"})))
    stranger = await duty.stranger()
    answer = await stranger.client.get("/api/v1/people", headers=await duty.bearer(officer))
    told = await answer.json()
    assert told["unit"] == "people (registrations)"
    found = {one["country"]: one for one in told["countries"]}
    assert set(found) == {"IS", "JP"}
    assert found["IS"]["estimate"] == {"people": 9000, "source": "Registers", "year": 2025}
    assert (found["IS"]["people"], found["IS"]["by_confidence"]) == (3, {"city": 3})
    assert (found["JP"]["people"], found["JP"]["estimate"], found["JP"]["watchers"]) == (0, None, 1)


async def test_a_wrong_file_changes_nothing_and_every_mistake_is_said(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.ADMIN)))
    bad = GOOD + b"Atlantis,5,a,2025\nTH,many,b,2025\n"
    answer = await anna.upload("/people/estimates", {}, bad, "estimates.csv")
    assert answer.status == 422
    assert "line 4, country: &#39;Atlantis&#39; is no country we know" in anna.page
    assert "line 5, people: &#39;many&#39; is no number of people" in anna.page
    assert (await anna.post("/people/estimates", {})).status == 400
    async with duty.database.read() as connection:
        assert await estimates.known(connection) == {}


async def test_an_officer_sees_their_own_countries(duty: Duty) -> None:
    await registered(duty)
    async with duty.database.durable() as connection:
        await estimates.save(connection, [Estimate("TH", 5, "a", 2025)], duty.clock.at)
    grant = Grant(Role.CASE, frozenset({"TH"}))
    anna = await duty.browser(await duty.officer("anna", grant))
    await anna.get("/people")
    assert 'data-country="TH"' in anna.page
    assert 'data-country="IS"' not in anna.page
    assert (await anna.get("/people/IS")).status == 404
    assert (await anna.get("/people/th")).status == 200
    assert (await anna.upload("/people/estimates", {}, GOOD)).status == 403
