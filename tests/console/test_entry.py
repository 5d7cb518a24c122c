"""The door: sign-in, throttle, one-time links, sign-out, and where a link may lead."""

import pytest

from console.entry import local_path
from console.security import ENTRY_COOKIE, SESSION_COOKIE, SIGN_INS_AT_ONCE
from staff import sessions, totp
from staff.enrolment import Credentials
from staff.officers import Grant, Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty


async def enrolled(duty: Duty) -> Credentials:
    return await duty.services.enrolment.add(
        login="anna", name="Anna Example", grants=[Grant(Role.AUTHOR, None)]
    )


def words(duty: Duty, who: Credentials, **changes: str) -> dict[str, str]:
    code = totp.code_at(who.totp_secret, duty.clock.at)
    return {"login": who.login, "password": who.password, "code": code, "next": "/", **changes}


async def test_signing_in_leads_where_one_wanted_to_go(duty: Duty) -> None:
    anna = await enrolled(duty)
    browser = await duty.stranger()
    asked = await browser.get("/alerts/new")
    assert (asked.status, asked.headers["Location"]) == (303, "/sign-in?next=/alerts/new")
    await browser.get(asked.headers["Location"])
    answer = await browser.post("/sign-in", words(duty, anna, next=browser.hidden("next")))
    assert (answer.status, answer.headers["Location"]) == (303, "/alerts/new")
    cookie = answer.cookies[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", "")
    assert (await browser.get("/alerts")).status == 200
    assert "Anna Example" in browser.page
    out = await browser.post("/sign-out")
    assert out.headers["Location"] == "/sign-in"
    assert (await browser.get("/alerts")).status == 303


async def test_a_stolen_cookie_is_worth_nothing_after_sign_out(duty: Duty) -> None:
    anna = await duty.officer("anna", *everywhere(Role.AUTHOR))
    browser = await duty.browser(anna)
    stolen = browser.client.session.cookie_jar.filter_cookies(duty.server.make_url("/"))[SESSION_COOKIE].value
    await browser.post("/sign-out")
    thief = await duty.stranger()
    assert (await thief.get("/alerts", cookies={SESSION_COOKIE: stolen})).status == 303


async def test_a_refusal_keeps_the_login_and_never_the_password(duty: Duty) -> None:
    anna = await enrolled(duty)
    browser = await duty.stranger()
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", words(duty, anna, password="CANARY-password"))
    assert answer.status == 403
    assert 'value="anna"' in browser.page
    assert "CANARY" not in browser.page
    assert SESSION_COOKIE not in answer.cookies


async def test_a_form_of_another_browser_signs_nobody_in(duty: Duty) -> None:
    anna = await enrolled(duty)
    browser = await duty.stranger()
    await browser.get("/sign-in")
    other = await duty.stranger()
    answer = await other.client.post("/sign-in", data={**words(duty, anna), "csrf": browser.csrf})
    assert answer.status == 400
    answer = await other.client.post(
        "/sign-in", data={**words(duty, anna), "csrf": "x"}, cookies={ENTRY_COOKIE: "y"}
    )
    assert answer.status == 400


async def test_a_flood_of_attempts_is_stopped_before_the_hash(duty: Duty) -> None:
    browser = await duty.stranger()
    await browser.get("/sign-in")
    form = {"login": "nobody", "password": "x", "code": "000000", "next": "/"}
    statuses = [(await browser.post("/sign-in", form)).status for _ in range(SIGN_INS_AT_ONCE + 2)]
    assert statuses[:SIGN_INS_AT_ONCE] == [403] * SIGN_INS_AT_ONCE
    assert statuses[-1] == 429
    assert (await browser.client.post("/api/v1/login", json={})).status == 429
    duty.clock.pass_by(seconds=10)
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in", form)).status == 403


async def test_a_one_time_link_opens_once_and_only_in_a_demonstration(demo: Duty) -> None:
    anna = await demo.officer("anna", *everywhere(Role.AUTHOR))
    async with demo.database.durable() as connection:
        made = await sessions.start_once(connection, anna.id, demo.clock.at)
    browser = await demo.stranger()
    for _ in range(2):  # looking at the link does not use it up
        assert (await browser.get(f"/sign-in/once/{made.token}")).status == 200
    assert "Continue as Anna" in browser.page
    answer = await browser.post("/sign-in/once", {"token": made.token})
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    await browser.get("/alerts")
    assert "every person here is simulated" in browser.page
    other = await demo.stranger()
    assert (await other.get(f"/sign-in/once/{made.token}")).status == 403
    assert (await other.post("/sign-in/once", {"token": made.token})).status == 403


async def test_there_are_no_one_time_links_outside_a_demonstration(duty: Duty) -> None:
    anna = await duty.officer("anna", *everywhere(Role.AUTHOR))
    async with duty.database.durable() as connection:
        made = await sessions.start_once(connection, anna.id, duty.clock.at)
    browser = await duty.stranger()
    assert (await browser.get(f"/sign-in/once/{made.token}")).status == 404
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in/once", {"token": made.token})).status == 404


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "/a\\b",
    ],
)
def test_a_link_never_leads_an_officer_elsewhere(target: str) -> None:
    assert local_path(target) == "/"


async def test_each_officer_begins_where_their_work_is(duty: Duty) -> None:
    for role, first in ((Role.AUTHOR, "/alerts"), (Role.CASE, "/cases"), (Role.ADMIN, "/officers")):
        browser = await duty.browser(await duty.officer(f"one-{role}", *everywhere(role)))
        assert (await browser.get("/")).headers["Location"] == first
        assert (await browser.get(first)).status == 200
