"""An alert that is sent in a test and audited afterwards: facts, board and ledger brought together.

The audit reads the simulator's ledger and the citizens' true positions. From the service comes only what
is judged: the figures of its board, its list of the missing and its record of answers, named by citizen.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from alerts import board as boards
from alerts import checkins
from alerts.board import Absence
from alerts.draft import Draft
from alerts.tables import checkin
from bot.inbox import lane_of
from bot.messages import Address, Channel
from bot.tables import webchat
from places.area import Area
from places.shapes import Circle
from registry.tables import address
from simulator.audit import AuditReport, audit
from simulator.audit_facts import AlertFacts, Board, Rule
from simulator.geometry import area_from
from simulator.population import Population
from simulator.records import Violation
from simulator.server import Simulator
from tests.service import Office, make_draft

CENTRE = (64.14, -21.9)
KM = 30.0
LANGUAGES = ("en", "vi", "th", "id")


@dataclass(slots=True)
class Sent:
    """One alert under audit."""

    alert: int
    facts: AlertFacts
    began: float


def area_of_test() -> Area:
    return Area(circles=(Circle(*CENTRE, KM),))


def draft_of_test(number: int, *, languages: tuple[str, ...] = LANGUAGES, **more: Any) -> Draft:
    """A draft whose text in each language bears a marker of its own."""
    return make_draft(area_of_test(), {name: marker(number, name) for name in languages}, **more)


def marker(number: int, language: str) -> str:
    return f"Gale{number}{language}"


async def send_audited(service: Office, draft: Draft, number: int) -> Sent:
    """Send a draft made by `draft_of_test` and write down what was approved."""
    began = service.core.clock.now().timestamp()
    alert = await service.send(draft)
    catalog = service.core.catalog
    drill = draft.status != "Actual"
    facts = AlertFacts(
        code=await service.event_code(alert),
        approved_at=began,
        area=area_from({"circles": [[*CENTRE, KM]]}),
        area_countries=("IS",),
        country_only=Rule.MUST if draft.include_maybe is not False else Rule.MUST_NOT,
        markers={name: marker(number, name) for name in draft.texts},
        texts={name: (f"{marker(number, name)}.",) for name in draft.texts},
        drill=drill,
        drill_markers=tuple(catalog.say(name, "alert.drill.first") for name in LANGUAGES),
        second_notice_markers=tuple(catalog.say(name, "alert.second_notice") for name in LANGUAGES),
    )
    return Sent(alert, facts, began)


async def judge(service: Office, simulator: Simulator, population: Population, sent: Sent) -> AuditReport:
    """Audit an alert against the ledger as it is now."""
    entries = [
        entry for entry in simulator.ledger if not (isinstance(entry, Violation) and entry.wall < sent.began)
    ]
    return audit(entries, population, sent.facts, await translated_board(service, simulator, sent))


async def translated_board(service: Office, simulator: Simulator, sent: Sent) -> Board:
    """The service's board in the audit's words, people named as citizens."""
    names = await citizens_by_person(service, simulator)
    figures = await service.board(sent.alert)
    async with service.core.database.read() as connection:
        event = await checkins.event_by_code(connection, sent.facts.code)
        assert event is not None
        absent = await boards.missing(connection, event.id, limit=100_000, offset=0)
        query = select(checkin.c.person_id, checkin.c.status).where(checkin.c.event_id == event.id)
        answers = {
            names[person]: "safe" if status == "SAFE" else "help"
            for person, status in await connection.execute(query)
            if person in names
        }
    lost = {Absence.NOT_REACHED, Absence.WAITING, Absence.UNKNOWN}
    arrived = ("accepted", "delivered", "read")
    return Board(
        people_targeted=figures.people_targeted,
        reached=figures.warned,
        not_reached=figures.people_targeted - figures.warned,
        safe=figures.safe,
        need_help=figures.need_help,
        silent=figures.silent,
        accepted={
            channel: sum(states.get(name, 0) for name in arrived)
            for channel, states in figures.channels.items()
        },
        delivered={
            channel: sum(states.get(name, 0) for name in ("delivered", "read"))
            for channel, states in figures.channels.items()
        },
        not_reached_people=tuple(names[one.person_id] for one in absent if one.absence in lost),
        answers=answers,
    )


async def citizens_by_person(service: Office, simulator: Simulator) -> dict[int, str]:
    """Which citizen a person id is, found by their addresses."""
    lanes: dict[bytes, str] = {}
    async with service.core.database.read() as connection:
        for crowd in simulator.crowds:
            for citizen, known in crowd.addresses().items():
                values = dict(known)
                if "webchat" in values:
                    hashed = hashlib.sha256(values["webchat"].encode()).digest()
                    query = select(webchat.c.chat).where(webchat.c.token_hash == hashed)
                    values["webchat"] = (await connection.execute(query)).scalar_one()
                for channel, value in values.items():
                    lane = lane_of(service.core.vault, Address(Channel(channel), "main", value))
                    lanes[lane] = citizen
        rows = await connection.execute(select(address.c.lane, address.c.person_id))
        return {row.person_id: lanes[row.lane] for row in rows if row.lane in lanes}


def joined(*populations: Population) -> Population:
    """All citizens of several populations."""
    return Population(tuple(citizen for population in populations for citizen in population.citizens))


def forgiving(sent: Sent, duplicates: int) -> Sent:
    """The same alert, with so many copies too many forgiven."""
    return replace(sent, facts=replace(sent.facts, allowed_duplicates=duplicates))
