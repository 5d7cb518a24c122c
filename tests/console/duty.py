"""A duty desk for tests: the console served for real over a real database, officers with browsers."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from alerts.desk import Desk
from alerts.targeting import Targeting
from alerts.wording import Wording
from app.geography import Geography
from app.ground import ground_of
from assistance.desk import CaseDesk
from assistance.faq.answering import Fields
from assistance.faq.desk import FaqDesk
from assistance.faq.learning import FaqLearning
from assistance.faq.search import FaqSearch
from assistance.store import CaseRow
from bot import outbox
from bot.messages import Outbound
from console.app import build_console
from console.region_form import Ground
from console.security import SESSION_COOKIE
from console.services import Appearance, FaqOffice, Sender, Services
from locales.catalog import Catalog
from places.region import nowhere
from staff import audit, sessions
from staff.enrolment import Enrolment
from staff.officers import Grant, Officer, Role
from staff.passwords import Passwords
from staff.signin import SignIn
from staff.tables import audit as audit_table
from storage.database import Database
from storage.vault import Vault
from tests.alerts.office import everywhere, hire, touch

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ALL_ROLES = everywhere(*Role)
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class HandClock:
    """A clock that stands until a test moves it."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Browser:
    """One officer's browser: keeps cookies, takes the token of a form from the page it is on."""

    client: TestClient[Any, Any]
    csrf: str = ""
    page: str = ""

    async def get(self, path: str, **more: Any) -> ClientResponse:
        answer = await self.client.get(path, allow_redirects=False, **more)
        return await self._seen(answer)

    async def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> ClientResponse:
        """Send a form with the token of this sign-in."""
        data = {"csrf": self.csrf, **(form or {})}
        answer = await self.client.post(path, data=data, allow_redirects=False, **more)
        return await self._seen(answer)

    async def upload(
        self, path: str, form: dict[str, str], file: bytes, name: str = "a.cap"
    ) -> ClientResponse:
        data = FormData({"csrf": self.csrf, **form})
        data.add_field("file", BytesIO(file), filename=name, content_type="application/cap+xml")
        answer = await self.client.post(path, data=data, allow_redirects=False)
        return await self._seen(answer)

    def codes(self) -> set[str]:
        """Codes of the reasons on the page."""
        return set(re.findall(r'data-code="([^"]+)"', self.page))

    def hidden(self, name: str) -> str:
        """The value of a hidden field, unescaped as a browser would."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name}"
        value = found[1]
        for escaped, plain in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            value = value.replace(escaped, plain)
        return value

    async def _seen(self, answer: ClientResponse) -> ClientResponse:
        self.page = await answer.text()
        found = CSRF.search(self.page)
        if found:
            self.csrf = found[1]
        return answer


@dataclass
class Duty:
    """The console of a small ministry."""

    database: Database
    vault: Vault
    clock: HandClock
    services: Services
    server: TestServer
    browsers: list[TestClient[Any, Any]] = field(default_factory=list)

    async def officer(self, login: str, *grants: Grant, by: int | None = None) -> Officer:
        """Add an officer; without `by` they have been here for long."""
        long_ago = self.clock.at - timedelta(days=90)
        async with self.database.durable() as connection:
            return await hire(connection, login, *grants, by=by, at=self.clock.at if by else long_ago)

    async def stranger(self) -> Browser:
        """A browser nobody is signed in with."""
        client = TestClient(self.server)
        self.browsers.append(client)
        return Browser(client)

    async def browser(self, officer: Officer) -> Browser:
        """A browser in which the officer is signed in."""
        found = await self.stranger()
        async with self.database.durable() as connection:
            made = await sessions.start_console(connection, officer.id, self.clock.at)
        found.client.session.cookie_jar.update_cookies(
            {SESSION_COOKIE: made.token}, self.server.make_url("/")
        )
        found.csrf = made.csrf
        return found

    async def bearer(self, officer: Officer) -> dict[str, str]:
        """Headers with a credential of the officer."""
        async with self.database.durable() as connection:
            made = await sessions.start_bearer(connection, officer.id, self.clock.at)
        return {"Authorization": f"Bearer {made.token}"}

    async def acts(self, action: str) -> int:
        """How often something is in the audit chain."""
        query = select(func.count()).select_from(audit_table).where(audit_table.c.action == action)
        async with self.database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def close(self) -> None:
        for client in self.browsers:
            await client.session.close()
        await self.server.close()


@cache
def catalog() -> Catalog:
    """The words, read once for all tests."""
    return Catalog.load()


def build_services(
    database: Database, vault: Vault, clock: HandClock, world: Geography | None = None, **look: Any
) -> Services:
    """What `app/` hands the console, with three countries (or the whole world) and no gateway."""
    near, regions = (world.touch, world.region) if world else (touch, nowhere)
    wording = Wording(catalog(), "Ministry of Test")
    targeting = Targeting(database, clock, near, ["telegram", "webchat"], regions=regions)
    passwords = Passwords()

    def answer(case: CaseRow, text: str, language: str) -> Outbound:
        return Outbound(text=text, language=language)

    search = FaqSearch(database, clock, demo=False, semantic=False)
    faq_desk = FaqDesk(clock, audit=audit.append)
    learning = FaqLearning(
        vault,
        clock,
        faq_desk,
        search,
        Fields(lambda _country: ("112",), ministry="Ministry of Test", ministry_phone="+354 555 0100"),
        send=outbox.enqueue,
        audit=audit.append,
        compose=lambda text, _language, reader, drill: Outbound(text, reader),
    )
    return Services(
        database=database,
        vault=vault,
        clock=clock,
        desk=Desk(database, clock, targeting, touch=near, regions=regions if world else None),
        audience=targeting,
        cases=CaseDesk(vault, clock, send=outbox.enqueue, audit=audit.append, compose=answer),
        faq=FaqOffice(faq_desk, learning, search),
        sign_in=SignIn(database, vault, clock, passwords, refusal_s=0.0),
        enrolment=Enrolment(database, vault, clock, passwords),
        compose=wording.compose,
        touch=near,
        ground=ground_of(world) if world else Ground(),
        appearance=Appearance(
            ministry="Ministry of Test", public_url="https://alerts.example", time_zone="UTC", **look
        ),
        senders=[Sender("telegram", 30.0, 4096), Sender("webchat", 500.0, 8000)],
        languages={"en": "English", "vi": "Tiếng Việt", "th": "ไทย", "id": "Indonesia"},
    )


async def open_duty(
    database: Database, vault: Vault, vendor: Path, world: Geography | None = None, **look: Any
) -> Duty:
    """Serve the console on loopback; `vendor` is the folder of browser libraries, absent or filled."""
    clock = HandClock()
    services = build_services(database, vault, clock, world, **look)
    server = TestServer(build_console(services, vendor_folder=vendor))
    await server.start_server()
    return Duty(database, vault, clock, services, server)


def typed(**changes: str) -> dict[str, str]:
    """The compose form as an officer fills it: a severe real gale at Reykjavik in two languages."""
    form = {
        "do": "save",
        "event_title": "Gale, Reykjavik",
        "status": "Actual",
        "audience": "Public",
        "severity": "Severe",
        "urgency": "Expected",
        "certainty": "Likely",
        "category": "Met",
        "event_name": "Gale",
        "countries": "",
        "circles": "64.13, -21.9, 30",
        "polygons": "",
        "area_name": "Reykjavik",
        "time_zone": "Atlantic/Reykjavik",
        "expires_at": "2026-11-22T21:30",
        "policy": "at-least-once",
        "text.en.headline": "Southeast gale",
        "text.en.description": "Winds of 25 m/s.",
        "text.en.instruction": "Stay in.",
        "text.en.correction": "The gale warning was a mistake.",
        "text.en.all_clear": "The gale is over.",
        "text.vi.headline": "Gió mạnh",
        "text.vi.description": "Gió 25 m/s.",
        "text.vi.instruction": "Ở trong nhà.",
        "text.vi.correction": "Cảnh báo là nhầm lẫn.",
        "text.vi.all_clear": "Gió đã hết.",
    }
    return {**form, **changes}


async def drafted(browser: Browser, **changes: str) -> int:
    """Write an alert over the form; return its id."""
    answer = await browser.post("/alerts/new", typed(**changes))
    assert answer.status == 303, browser.codes() or browser.page[:400]
    return int(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])


async def submitted(browser: Browser, **changes: str) -> int:
    """Write and submit an alert; return its id."""
    alert_id = await drafted(browser, **changes)
    answer = await browser.post(f"/alerts/{alert_id}/submit", {"seen": "1"})
    assert answer.status == 303, browser.codes()
    return alert_id
