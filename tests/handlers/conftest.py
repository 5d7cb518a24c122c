"""A town of citizens who talk to the real conversation over a real database."""

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import checkins
from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.live import PersonalEvent
from alerts.tables import checkin, event
from assistance import cases as help_cases
from assistance import store as case_store
from assistance import thread
from assistance.store import CaseRow
from bot.inbox import lane_of
from bot.messages import Address, CarrierWord, Channel, Inbound, InboundKind, Outbound, Pin
from bot.sessions import load_session, save_session
from bot.turn import Session, Turn
from handlers.kit import Kit, RecordedCheckin
from handlers.menu import build
from locales.catalog import Catalog
from locales.guess import LanguageGuesser
from registry import people, whereabouts
from registry.people import PersonRow
from registry.whereabouts import WhereaboutsRow
from storage.database import Database, open_database
from storage.vault import Vault

NOW = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)
TOKEN = "good-token"
NAMES = {"IS": "Iceland", "TH": "Thailand", "VN": "Vietnam", "GB": "United Kingdom"}


@dataclass(frozen=True)
class Spot:
    """A named place of the small atlas below."""

    name: str
    kind: str
    country: str
    lat: float = 0.0
    lon: float = 0.0
    admin1: str | None = None
    city: str | None = None
    radius_km: float = 12.0
    time_zone: str | None = "UTC"
    match: str = "exact"
    near: tuple[str, ...] = ()


ATLAS = (
    Spot(
        "Reykjavik, Iceland", "city", "IS", 64.147, -21.942, city="Reykjavik", time_zone="Atlantic/Reykjavik"
    ),
    Spot("Bangkok, Thailand", "city", "TH", 13.756, 100.502, city="Bangkok", time_zone="Asia/Bangkok"),
    Spot("Iceland", "country", "IS"),
    Spot("Thailand", "country", "TH"),
    Spot("Vietnam", "country", "VN"),
)


def find_place(text: str, _language: str) -> list[Spot]:
    """Exact names, and two letters' difference as fuzzy."""
    plain = text.strip().casefold()
    found = [spot for spot in ATLAS if spot.name.casefold().split(",")[0] == plain]
    near = [replace(spot, match="fuzzy") for spot in ATLAS if plain[:4] == spot.name.casefold()[:4]]
    return found or (near if len(plain) >= 4 else [])


def locate(lat: float, lon: float, _language: str) -> Spot | None:
    """The city within about a degree."""
    near = (spot for spot in ATLAS if spot.kind == "city" and abs(spot.lat - lat) + abs(spot.lon - lon) < 1)
    return next(near, None)


@dataclass
class World:
    """One database, one clock, and what the ministry does."""

    path: Path
    vault: Vault
    catalog: Catalog
    guesser: LanguageGuesser
    database: Database
    now: datetime = NOW
    demo: bool = False
    live: dict[str, PersonalEvent] = field(default_factory=dict)
    pages: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0
    events: int = 0
    plugs: dict[str, Any] = field(default_factory=dict)  # parts of the kit that a test brings along

    @property
    def kit(self) -> Kit:
        kit = Kit(
            vault=self.vault,
            catalog=self.catalog,
            guesser=self.guesser,
            find_place=find_place,
            locate=locate,
            emergency_numbers=lambda country: {"IS": ("112",), "TH": ("191", "1669")}.get(country, ()),
            country_name=lambda country, _language: NAMES.get(country, country),
            mission_phone=self.mission_phone,
            live_events=self.live_events,
            checkin=self.check_in,
            page=self.page,
            carry=(help_cases.carry,),
            ministry="Ministry of Foreign Affairs of Utopia",
            consent_version="2026-01",
            demo=self.demo,
            drill_token=lambda token: token == TOKEN,
            telegram_bot="@muster_utopia_bot",
        )
        return replace(kit, **self.plugs)

    async def mission_phone(self, _connection: AsyncConnection, country: str) -> str | None:
        return "+354 555 0100" if country == "IS" else None

    async def live_events(
        self, connection: AsyncConnection, *, person_id: int, now: datetime
    ) -> Sequence[PersonalEvent]:
        answered = set(
            (
                await connection.execute(select(checkin.c.event_id).where(checkin.c.person_id == person_id))
            ).scalars()
        )
        return [replace(one, answered=one.event_id in answered) for one in self.live.values()]

    async def check_in(
        self,
        connection: AsyncConnection,
        *,
        person_id: int,
        code: str,
        status: CheckinStatus,
        now: datetime,
    ) -> RecordedCheckin | None:
        one = self.live.get(code)
        if one is None:
            return None
        await checkins.record(
            connection,
            event_id=one.event_id,
            person_id=person_id,
            status=status,
            source=CheckinSource.SELF,
            at=now,
        )
        return RecordedCheckin(one.event_id, one.code, one.title, one.drill)

    async def page(self, _connection: AsyncConnection, *, kind: str, case: CaseRow, now: datetime) -> None:
        self.pages.append((kind, case.code))

    async def begin_event(self, code: str, title: str) -> None:
        """An event becomes live for everybody."""
        self.now += timedelta(minutes=1)
        self.events += 1
        number = self.events
        async with self.database.durable() as connection:
            await connection.execute(
                insert(event).values(id=number, code=code, title=title, drill=False, created_at=self.now)
            )
        self.live = {code: PersonalEvent(number, code, title, False, self.now, False), **self.live}

    async def restart(self) -> None:
        """Everything that lives in a process is made anew."""
        await self.database.close()
        self.database = open_database(f"sqlite:///{self.path}")


@dataclass
class Citizen:
    """Somebody on one channel; remembers what they were last answered."""

    world: World
    value: str
    channel: Channel = Channel.TELEGRAM
    hint: str = ""
    heard: list[Outbound] = field(default_factory=list)

    @property
    def address(self) -> Address:
        return Address(self.channel, "main", self.value)

    @property
    def lane(self) -> bytes:
        return lane_of(self.world.vault, self.address)

    async def say(self, text: str) -> str:
        return await self.do(InboundKind.TEXT, text=text)

    async def tap(self, data: str) -> str:
        return await self.do(InboundKind.BUTTON, button=data)

    async def pin(self, lat: float, lon: float) -> str:
        return await self.do(InboundKind.PIN, pin=Pin(lat, lon))

    async def start(self, payload: str = "") -> str:
        return await self.do(InboundKind.START, text=payload)

    async def do(
        self,
        kind: InboundKind,
        *,
        text: str = "",
        button: str = "",
        pin: Pin | None = None,
        contact: str = "",
        carrier: CarrierWord | None = None,
    ) -> str:
        """One turn in one transaction, as the step runner does it; returns the answers' words."""
        world = self.world
        world.now += timedelta(minutes=1)
        world.number += 1
        key = f"{self.channel}:main:{world.number}"
        inbound = Inbound(key, self.address, kind, text, button, pin, contact, self.hint, "", carrier)
        conversation = build(world.kit)
        async with world.database.durable() as connection:
            session = await load_session(connection, world.vault, self.lane)
            turn = Turn(inbound, self.lane, key, connection, world.now, session)
            await conversation(turn)
            await save_session(connection, world.vault, self.lane, session, world.now)
        self.heard = turn.replies
        return "\n---\n".join(reply.text for reply in self.heard)

    @property
    def choices(self) -> list[str]:
        """Data of every button of the last answers."""
        return [button.data for reply in self.heard for button in reply.buttons]

    @property
    def labels(self) -> list[str]:
        return [button.label for reply in self.heard for button in reply.buttons]

    async def person(self) -> PersonRow:
        async with self.world.database.read() as connection:
            found = await people.find(connection, self.lane)
        assert found is not None
        return found[0]

    async def place(self) -> WhereaboutsRow | None:
        person = await self.person()
        async with self.world.database.read() as connection:
            return await whereabouts.base(connection, person.id)

    async def cases(self) -> list[CaseRow]:
        person = await self.person()
        async with self.world.database.read() as connection:
            return await case_store.unclosed(connection, person.id)

    async def thread(self) -> list[str]:
        """What officers read in the newest case; pins as text."""
        person = await self.person()
        async with self.world.database.read() as connection:
            case = (await case_store.unclosed(connection, person.id))[0]
            read = await thread.read(connection, person.unlocked(self.world.vault), case.id)
        return [one.text if one.pin is None else f"{one.pin.lat},{one.pin.lon}" for one in read]

    async def session(self) -> Session:
        async with self.world.database.read() as connection:
            return await load_session(connection, self.world.vault, self.lane)

    async def answer_in(self, event_id: int) -> str | None:
        person = await self.person()
        query = select(checkin.c.status).where(
            checkin.c.event_id == event_id, checkin.c.person_id == person.id
        )
        async with self.world.database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture(scope="session")
def guesser(catalog: Catalog) -> LanguageGuesser:
    return LanguageGuesser(catalog)


@pytest.fixture
async def world(
    sqlite_template: Path, tmp_path: Path, vault: Vault, catalog: Catalog, guesser: LanguageGuesser
) -> AsyncIterator[World]:
    path = tmp_path / "town.db"
    shutil.copy(sqlite_template, path)
    made = World(path, vault, catalog, guesser, open_database(f"sqlite:///{path}"))
    yield made
    await made.database.close()


@pytest.fixture
def citizen(world: World) -> Citizen:
    return Citizen(world, "citizen-1")


@pytest.fixture
def protected() -> Callable[[Citizen], Awaitable[None]]:
    """Registers somebody near Reykjavik."""

    async def register(citizen: Citizen) -> None:
        await citizen.start()
        await citizen.tap("consent:yes")
        await citizen.pin(64.14, -21.93)
        if "phone:skip" in citizen.choices:
            await citizen.tap("phone:skip")

    return register


class Town:
    """What tests need that make worlds of their own (this file cannot be imported)."""

    world = World
    citizen = Citizen

    @staticmethod
    def without_codes(trail: list[list[tuple[str, object]]]) -> list[list[tuple[str, object]]]:
        """Case numbers are random."""
        return [
            [(re.sub(r"\b[B-Z2-9]{6}\b", "CODE", text), buttons) for text, buttons in turn] for turn in trail
        ]


@pytest.fixture
def town() -> type[Town]:
    return Town
