"""One person never sends a real alert: not by forms, not by the API, not with officers they made or reset."""

from staff import totp
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty, submitted, typed
from tests.console.test_compose import stored


async def test_every_role_in_one_hand_is_still_one_hand(duty: Duty) -> None:
    alone = await duty.officer("alone", *everywhere(*Role))
    browser, headers = await duty.browser(alone), await duty.bearer(alone)
    alert_id = await submitted(browser)
    for form in (
        {"seen": "1", "word": "LIVE"},
        {"seen": "1", "word": "LIVE", "override": "yes", "approved_by": "2", "officer": "2"},
    ):
        assert (await browser.post(f"/alerts/{alert_id}/approve", form)).status == 409
        assert browser.codes() >= {"own_alert", "own_submission"}
    answer = await browser.client.post(
        f"/api/v1/alerts/{alert_id}/approve", json={"seen": 1, "confirm": "LIVE"}, headers=headers
    )
    assert answer.status == 409
    told = await answer.json()
    assert {reason["code"] for reason in told["reasons"]} >= {"own_alert", "own_submission"}
    assert (await stored(duty, alert_id))[0].state == "submitted"


async def test_an_officer_just_invented_is_no_second_pair_of_eyes(duty: Duty) -> None:
    eve = await duty.officer("eve", *everywhere(*Role))
    browser = await duty.browser(eve)
    alert_id = await submitted(browser)
    made = await browser.post(
        "/officers",
        {"login": "puppet", "name": "Puppet", "role.approver": "yes", "countries.approver": "*"},
    )
    assert made.status == 200
    password = browser.page.split("Password</dt><dd><code>")[1].split("<")[0]
    secret = browser.page.split("authenticator app</dt><dd><code>")[1].split("<")[0]
    puppet = await duty.stranger()
    await puppet.get("/sign-in")
    words = {
        "login": "puppet",
        "password": password,
        "code": totp.code_at(secret, duty.clock.at),
        "next": "/",
    }
    assert (await puppet.post("/sign-in", words)).status == 303
    await puppet.get(f"/alerts/{alert_id}")
    assert "made_by_author" in puppet.codes()
    refused = await puppet.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "LIVE"})
    assert (refused.status, "made_by_author" in puppet.codes()) == (409, True)
    assert (await stored(duty, alert_id))[0].state == "submitted"


async def test_an_officer_just_reset_is_no_second_pair_of_eyes(duty: Duty) -> None:
    eve = await duty.officer("eve", *everywhere(*Role))
    honest = await duty.officer("honest", *everywhere(Role.APPROVER))
    browser = await duty.browser(eve)
    alert_id = await submitted(browser)
    assert (await browser.post(f"/officers/{honest.id}/reset")).status == 200
    headers = await duty.bearer(honest)
    stranger = await duty.stranger()
    url = f"/api/v1/alerts/{alert_id}/approve"
    answer = await stranger.client.post(url, json={"seen": 1, "confirm": "LIVE"}, headers=headers)
    assert answer.status == 409
    assert "made_by_author" in await answer.text()
    duty.clock.pass_by(hours=25)
    headers = await duty.bearer(honest)
    browser = await duty.browser(eve)
    fresh = await submitted(browser, expires_at="2026-11-24T21:30")
    url = f"/api/v1/alerts/{fresh}/approve"
    answer = await stranger.client.post(url, json={"seen": 1, "confirm": "LIVE"}, headers=headers)
    assert answer.status == 200, await answer.text()


async def test_whoever_touched_it_is_an_author(duty: Duty) -> None:
    both = everywhere(Role.AUTHOR, Role.APPROVER)
    anna = await duty.browser(await duty.officer("anna", *both))
    bjorn = await duty.browser(await duty.officer("bjorn", *both))
    alert_id = await submitted(anna)
    assert (await bjorn.post(f"/alerts/{alert_id}/edit", typed(seen="1", area_name="Mine"))).status == 303
    assert (await anna.post(f"/alerts/{alert_id}/submit", {"seen": "2"})).status == 303
    for browser in (anna, bjorn):
        answer = await browser.post(f"/alerts/{alert_id}/approve", {"seen": "2", "word": "LIVE"})
        assert (answer.status, "own_alert" in browser.codes()) == (409, True)


async def test_a_session_of_an_officer_locked_out_does_nothing(duty: Duty) -> None:
    admin = await duty.browser(await duty.officer("admin", *everywhere(Role.ADMIN)))
    anna = await duty.officer("anna", *everywhere(Role.AUTHOR))
    browser, headers = await duty.browser(anna), await duty.bearer(anna)
    assert (await browser.get("/alerts")).status == 200
    assert (await admin.post(f"/officers/{anna.id}/lock")).status == 303
    assert (await browser.get("/alerts")).status == 303
    assert (await browser.client.get("/api/v1/alerts", headers=headers)).status == 401
