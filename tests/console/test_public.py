"""What anybody may see: approved alerts for the public, and nothing else, as page, feed and CAP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from lxml import etree

from alerts.cap.read import read
from alerts.events import list_events
from console.public import public_routes
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty, drafted, submitted
from tests.console.test_compose import stored

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def reader(duty: Duty) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in _client(duty):
        yield client


@pytest.fixture
async def demo_reader(demo: Duty) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in _client(demo):
        yield client


async def _client(duty: Duty) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    app.add_routes(public_routes(duty.services))
    async with TestClient(TestServer(app)) as client:
        yield client


async def approved(duty: Duty, **changes: str) -> tuple[int, str]:
    """An approved alert and its code."""
    both = everywhere(Role.AUTHOR, Role.APPROVER)
    number = await duty.acts("alert.draft")
    anna = await duty.browser(await duty.officer(f"anna-{number}", *both))
    bjorn = await duty.browser(await duty.officer(f"bjorn-{number}", *both))
    alert_id = await submitted(anna, **changes)
    word = "LIVE" if changes.get("status", "Actual") == "Actual" else "DRILL"
    assert (await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": word})).status == 303
    await bjorn.get(f"/alerts/{alert_id}")
    return alert_id, bjorn.page.split("<code>")[1].split("</code>")[0]


async def test_an_approved_alert_is_ours(duty: Duty, reader: TestClient[Any, Any]) -> None:
    alert_id, code = await approved(duty)
    for typed in (code, code.lower()):
        answer = await reader.get(f"/a/{typed}", headers={"Accept-Language": "vi-VN,vi;q=0.9,en;q=0.8"})
        text = await answer.text()
        assert answer.status == 200
        assert "is ours" in text
        assert text.index("Gió mạnh") < text.index("Southeast gale"), "the reader's language first"
        assert "max-age" in answer.headers["Cache-Control"]
        assert "Content-Security-Policy" in answer.headers
    feed = etree.fromstring(await (await reader.get("/alerts.atom")).read())
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Southeast gale"]
    links = [link.get("href") for link in feed.iter(f"{ATOM}link")]
    assert f"https://alerts.example/alerts/{alert_id}.cap" in links
    answer = await reader.get(f"/alerts/{alert_id}.cap")
    assert answer.content_type == "application/cap+xml"
    (alert,) = read(await answer.read())
    assert (alert.status, alert.sender, alert.scope) == ("Actual", "muster@alerts.example", "Public")
    assert {info.language for info in alert.infos} == {"en", "vi"}
    assert (await reader.get("/alerts.css")).status == 200


async def test_what_is_not_approved_or_not_public_does_not_exist(
    duty: Duty, reader: TestClient[Any, Any]
) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR, Role.APPROVER)))
    waiting = await submitted(anna)
    draft = await drafted(anna)
    await approved(duty, audience="Registered")
    await approved(duty, status="Exercise")
    feed = await (await reader.get("/alerts.atom")).text()
    assert "<entry" not in feed
    for number in (waiting, draft, 3, 4, 99):
        assert (await reader.get(f"/alerts/{number}.cap")).status == 404
    async with duty.database.read() as connection:
        codes = [event.code for event in await list_events(connection)]
    for code in (*codes, "ZZZZZZ", "AB", "A" * 50, "%00", "ÄÖÜ"):
        answer = await reader.get(f"/a/{code}")
        assert answer.status == 404, code
        assert "gale" not in (await answer.text()).lower()


async def test_a_cancelled_alert_says_so_and_leaves_the_feed(
    duty: Duty, reader: TestClient[Any, Any]
) -> None:
    alert_id, code = await approved(duty)
    stopper = await duty.browser(await duty.officer("stopper", *everywhere(Role.APPROVER)))
    form = {"reason": "Sent by mistake", "sure": "yes"}
    assert (await stopper.post(f"/alerts/{alert_id}/cancel", form)).status == 303
    page = await (await reader.get(f"/a/{code}")).text()
    assert "Cancelled." in page
    assert "<entry" not in await (await reader.get("/alerts.atom")).text()
    assert (await reader.get(f"/alerts/{alert_id}.cap")).status == 410


async def test_an_expired_alert_says_so(duty: Duty, reader: TestClient[Any, Any]) -> None:
    _, code = await approved(duty)
    duty.clock.pass_by(hours=13)
    assert "Over</b> since" in await (await reader.get(f"/a/{code}")).text()
    assert "<entry" not in await (await reader.get("/alerts.atom")).text()


async def test_a_demonstration_shows_drills_marked(demo: Duty, demo_reader: TestClient[Any, Any]) -> None:
    alert_id, code = await approved(demo, status="Exercise")
    page = await (await demo_reader.get(f"/a/{code}")).text()
    assert "DRILL. Nothing has happened." in page
    feed = await (await demo_reader.get("/alerts.atom")).text()
    assert "EXERCISE: Southeast gale" in feed
    (alert,) = read(await (await demo_reader.get(f"/alerts/{alert_id}.cap")).read())
    assert alert.status == "Exercise"
    assert (await stored(demo, alert_id))[0].drill
