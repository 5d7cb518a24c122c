"""The whole route table: nobody gets in without an officer, no role gets further than it reaches, no form
without its token."""

import re

from aiohttp import web

from console.access import BESIDE, PAGES
from console.app import build_console
from console.routes import API, CONSOLE
from console.security import SESSION_COOKIE
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty

OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/once/{token}"),
    ("POST", "/sign-in/once"),
    ("POST", "/api/v1/login"),
    ("GET", "/api/v1/openapi.json"),
}
PAGES_LISTED = [*CONSOLE, *(operation.page for operation in API)]
CLOSED = [entry for entry in PAGES_LISTED if (entry.method, entry.path) not in OPEN]


def address(path: str) -> str:
    return re.sub(r"\{[a-z]+\}", "1", path)


def test_what_is_open_is_listed_here(duty: Duty) -> None:
    table = duty.server.app[PAGES]
    assert {key for key, entry in table.items() if entry.anybody} == OPEN


def test_every_route_is_in_the_table(duty: Duty) -> None:
    table = duty.server.app[PAGES]
    for route in duty.server.app.router.routes():
        canonical = route.resource.canonical if route.resource else ""
        if canonical in BESIDE:
            continue
        method = "GET" if route.method == "HEAD" else route.method
        assert (method, canonical) in table, f"{method} {canonical} is served but not in the table"


async def test_nobody_gets_nothing(duty: Duty) -> None:
    stranger = await duty.stranger()
    for entry in CLOSED:
        path = address(entry.path)
        for token in ("", "made-up"):
            answer = await stranger.client.request(
                entry.method, path, cookies={SESSION_COOKIE: token}, allow_redirects=False
            )
            body = await answer.text()
            if entry.is_api:
                assert answer.status == 401, entry.path
                assert "not_signed_in" in body
            else:
                assert answer.status == 303, entry.path
                assert answer.headers["Location"].startswith("/sign-in")
            assert "Content-Security-Policy" in answer.headers


async def test_the_wrong_role_gets_no_further(duty: Duty) -> None:
    for entry in CLOSED:
        if not entry.roles:
            continue
        others = [role for role in Role if role not in entry.roles]
        login = f"wrong-{PAGES_LISTED.index(entry)}"
        who = await duty.officer(login, *everywhere(*others))
        path = address(entry.path)
        if entry.is_api:
            stranger = await duty.stranger()
            answer = await stranger.client.request(
                entry.method, path, headers=await duty.bearer(who), json={}
            )
        else:
            browser = await duty.browser(who)
            form = {"csrf": browser.csrf} if entry.method == "POST" else None
            answer = await browser.client.request(entry.method, path, data=form, allow_redirects=False)
        assert answer.status == 403, f"{entry.method} {entry.path}"


async def test_a_form_without_its_token_does_nothing(duty: Duty) -> None:
    browser = await duty.browser(await duty.officer("all", *everywhere(*Role)))
    for entry in CLOSED:
        if entry.method != "POST" or entry.is_api:
            continue
        path = address(entry.path)
        for data in ({}, {"csrf": "made-up"}, {"csrf": ""}):
            answer = await browser.client.post(path, data=data, allow_redirects=False)
            assert answer.status == 403, entry.path
        elsewhere = await browser.client.post(
            path, data={"csrf": browser.csrf}, headers={"Sec-Fetch-Site": "cross-site"}, allow_redirects=False
        )
        assert elsewhere.status == 403, entry.path


async def test_a_cookie_is_no_credential_and_a_credential_no_cookie(duty: Duty) -> None:
    who = await duty.officer("all", *everywhere(*Role))
    browser = await duty.browser(who)
    assert (await browser.client.get("/api/v1/alerts")).status == 401
    headers = await duty.bearer(who)
    stranger = await duty.stranger()
    assert (await stranger.client.get("/api/v1/alerts", headers=headers)).status == 200
    token = headers["Authorization"].removeprefix("Bearer ")
    answer = await stranger.client.get("/alerts", cookies={SESSION_COOKIE: token}, allow_redirects=False)
    assert answer.status == 303


async def test_a_page_added_beside_the_table_does_not_exist(duty: Duty) -> None:
    async def leak(request: web.Request) -> web.Response:
        return web.Response(text="secret")

    app = build_console(duty.services)
    app.router.add_get("/leak", leak)
    await duty.server.close()
    duty.server = type(duty.server)(app)
    await duty.server.start_server()
    browser = await duty.stranger()
    answer = await browser.get("/leak")
    assert answer.status == 404
    assert "secret" not in browser.page
