"""The whole service for a test: web, planner and worker with a database, a Redis and a simulator of their
own.

In one process for tests that look inside (`Service`), as child processes for tests that kill them
(`tests/processes.py`).
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select

from alerts import board, store
from alerts.board import Board
from alerts.delivery import DeliveryState
from alerts.desk import Desk
from alerts.draft import Draft
from alerts.events import read_event
from alerts.lifecycle import AlertState
from alerts.tables import delivery
from app.core import Core, open_core
from app.geography import Geography, open_geography
from app.officers import build_services
from app.planning import PlannerProcess
from app.settings import Settings
from app.web import WebProcess
from app.worker import WorkerProcess
from bot.tables import inbox
from places.area import Area
from simulator.config import DEMO_TOKEN
from simulator.server import Simulator
from staff import officers
from staff.enrolment import Credentials, Enrolment
from staff.officers import Grant, Officer, Role
from staff.passwords import Passwords
from storage.clock import Clock, SystemClock
from storage.database import Database

SECRET = "a-secret-that-only-this-test-knows"


def free_port() -> int:
    """A port nobody listens on now, outside the range from which the system serves outgoing connections and
    other tests that run beside this one.
    """
    while True:
        port = secrets.choice(range(12_000, 32_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def until(
    check: Callable[[], Awaitable[object]], seconds: float = 30.0, what: str = "", every: float = 0.05
) -> Any:
    """Ask `check` until it says something true, and return that; fails after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = await check()
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what or check}"
        await asyncio.sleep(every)


def make_settings(
    folder: Path,
    *,
    database_url: str,
    redis_url: str,
    gazetteer: Path,
    simulator: Simulator | None,
    **more: Any,
) -> Settings:
    """Settings of an installation for one test."""
    port = free_port()
    values: dict[str, Any] = {
        "data_dir": folder,
        "database_url": database_url,
        "redis_url": redis_url,
        "gazetteer": gazetteer,
        "public_listen": f"127.0.0.1:{port}",
        "console_listen": f"127.0.0.1:{free_port()}",
        "public_url": f"http://127.0.0.1:{port}",
        "drain_s": 5.0,
        "ministry": "Ministry of Testing",
        **more,
    }
    if simulator:
        values |= {
            "telegram_token": SecretStr(DEMO_TOKEN),
            "telegram_secret": SecretStr(SECRET),
            "telegram_api_base": simulator.url,
        }
    return Settings(**values)


async def add_officer(database: Database, core: Core, login: str) -> tuple[Officer, Credentials]:
    """An officer who may do everything everywhere."""
    made = await Enrolment(database, core.vault, core.clock, Passwords()).add(
        login=login, name=login.title(), grants=[Grant(role, None) for role in Role]
    )
    async with database.read() as connection:
        officer = await officers.load(connection, made.officer_id)
    assert officer is not None
    return officer, made


@dataclass(slots=True, kw_only=True)
class Office:
    """Two officers, `author` and `approver`, with connections of their own to a service that runs
    somewhere."""

    settings: Settings
    core: Core
    geography: Geography
    desk: Desk
    author: Officer
    approver: Officer
    credentials: dict[str, Credentials]

    @property
    def url(self) -> str:
        """The public listener."""
        return self.settings.site_url

    @property
    def console(self) -> str:
        """The private listener."""
        return f"http://{self.settings.console_listen}"

    async def send(self, draft: Draft) -> int:
        """Draft, submit and approve as two officers; returns the alert's id."""
        alert = await self.desk.draft(self.author, draft)
        await self.desk.submit(self.author, alert)
        await self.approve(alert)
        return alert

    async def approve(self, alert: int) -> None:
        """Approve as the second officer, accepting every gap as shown."""
        gaps = await self.desk.gaps(alert)
        await self.desk.approve(self.approver, alert, {gap.language: gap.people for gap in gaps})

    async def state(self, alert: int) -> AlertState:
        """Where an alert stands."""
        async with self.core.database.read() as connection:
            return (await store.read_alert(connection, alert)).state

    async def board(self, alert: int) -> Board:
        """The board of the alert's event."""
        async with self.core.database.read() as connection:
            row = await store.read_alert(connection, alert)
            return await board.read(connection, row.event_id)

    async def event_code(self, alert: int) -> str:
        """The code in the buttons of an alert's event."""
        async with self.core.database.read() as connection:
            row = await store.read_alert(connection, alert)
            return (await read_event(connection, row.event_id)).code

    async def finished(self, alert: int, seconds: float = 60.0) -> Board:
        """Wait until everybody who can be tried was tried; returns the board then."""

        async def done() -> Board | None:
            if await self.state(alert) not in {AlertState.SENT, AlertState.CANCELLED, AlertState.UPDATED}:
                return None
            figures = await self.board(alert)
            return figures if not figures.waiting else None

        figures: Board = await until(done, seconds, "the alert is sent to everybody")
        return figures

    async def acknowledged(self, still_s: float = 3.0) -> None:
        """Wait until every open browser said that it shows what it was sent: until nothing was
        acknowledged for `still_s` seconds, since some are closed.
        """
        query = select(func.count()).select_from(delivery).where(delivery.c.state == DeliveryState.ATTEMPTING)
        loop = asyncio.get_running_loop()
        before, since = -1, loop.time()
        while before and loop.time() - since < still_s:
            async with self.core.database.read() as connection:
                left = (await connection.execute(query)).scalar_one()
            if left != before:
                before, since = left, loop.time()
            await asyncio.sleep(0.1)

    async def quiet(self, seconds: float = 60.0) -> None:
        """Wait until every message of a citizen that was taken is worked on."""

        async def empty() -> bool:
            query = (
                select(func.count()).select_from(inbox).where(inbox.c.state == "new", inbox.c.attempts == 0)
            )
            async with self.core.database.read() as connection:
                return (await connection.execute(query)).scalar_one() == 0

        await until(empty, seconds, "the inbox is empty")


@dataclass(slots=True, kw_only=True)
class Service(Office):
    """A service that runs in this process."""

    web: WebProcess
    planner: PlannerProcess
    worker: WorkerProcess
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)


async def _parts_of_office(core: Core, geography: Geography) -> dict[str, Any]:
    author, first = await add_officer(core.database, core, "officer.author")
    approver, second = await add_officer(core.database, core, "officer.approver")
    return {
        "settings": core.settings,
        "core": core,
        "geography": geography,
        "desk": build_services(core, geography).desk,
        "author": author,
        "approver": approver,
        "credentials": {"author": first, "approver": second},
    }


@contextlib.asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Two officers, for a service that is started by somebody else on the same settings."""
    geography = await asyncio.to_thread(open_geography, settings)
    async with open_core(settings) as core:
        yield Office(**await _parts_of_office(core, geography))


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Service]:
    """Web, planner and worker in this process, each with connections of its own; all on `clock` if given."""
    geography = await asyncio.to_thread(open_geography, settings)
    async with contextlib.AsyncExitStack() as stack:
        cores = [await stack.enter_async_context(open_core(settings, clock)) for _ in range(4)]
        web = WebProcess(cores[0], geography)
        planner = PlannerProcess(cores[1], geography.touch, geography.region, geography.country_name)
        worker = WorkerProcess(cores[2])
        parts = await _parts_of_office(cores[3], geography)
        service = Service(**parts, web=web, planner=planner, worker=worker)
        service.tasks = [asyncio.create_task(part.run()) for part in (web, planner, worker)]
        try:
            await _listening(settings.public_listen, service.tasks)
            yield service
        finally:
            for part in (web, planner, worker):
                part.stop()
            _, late = await asyncio.wait(service.tasks, timeout=20)
            for task in late:
                task.cancel()
            await asyncio.gather(*service.tasks)


async def _listening(listen: str, tasks: "list[asyncio.Task[None]]") -> None:
    host, _, port = listen.rpartition(":")
    for _ in range(400):
        for task in tasks:
            if task.done():
                task.result()
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise AssertionError("the web process does not listen")


def make_draft(area: Area, texts: dict[str, str], *, status: str = "Actual", **more: Any) -> Draft:
    """A finished draft: headline and description per language from `texts`."""
    now = SystemClock().now()
    values: dict[str, Any] = {
        "event_title": "Test event",
        "status": status,
        "severity": "Severe",
        "urgency": "Immediate",
        "certainty": "Likely",
        "category": "Met",
        "event_name": "Storm",
        "texts": {
            language: {"headline": words, "description": f"{words}.", "instruction": ""}
            for language, words in texts.items()
        },
        "correction": {"en": "The warning was wrong. Nothing has happened."},
        "all_clear": {"en": "The danger is over."},
        "area": area.to_json(),
        "area_name": "Test area",
        "time_zone": "Atlantic/Reykjavik",
        "expires_at": now + timedelta(hours=6),
        **more,
    }
    return Draft.model_validate(values)
