"""A drill over five channels: people who joined by an invitation are reached on each of them, real people on
none; and a real warning afterwards reaches the real ones only. The audit reads the simulator's ledger.
"""

import shutil
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from alerts.tables import delivery
from app.invitations import make_invitation
from registry.tables import address, person
from simulator.audit import AuditReport
from simulator.citizen import Channel
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.population import Population, generate
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, joined, judge
from tests.journeys.five_alerts import approve_templates, draft_of_five, send_five
from tests.journeys.five_channels import SHARES, Tomorrow, overnight, plug_in, settings_of_five, simulated
from tests.journeys.test_five_channels import stuck
from tests.service import Service, make_settings, running

PACE = Pace(speed=60.0, think_s=0.05, parallel=80, patience_s=400.0, fate_window_s=1.0)
STEADY = replace(SHARES, gone=0.0, inside=0.7)
EVERY_CHANNEL = tuple(((channel,), 1.0) for channel in Channel)
REAL, DRILL = 16, 24
FIRST_DRILL = 5001


def citizens(invitation: str) -> tuple[Population, Population]:
    """Real people, and people of a drill; some of each on every channel."""
    area = area_from({"circles": [[*CENTRE, KM]]})
    shares = replace(STEADY, mix=EVERY_CHANNEL)
    real = generate(REAL, 57, area, country="IS", shares=shares)
    drill = generate(
        DRILL, 42, area, country="IS", shares=shares, drill=True, invitation=invitation, first=FIRST_DRILL
    )
    return real, drill


async def audited_alert(
    service: Service, simulator: Simulator, people: Population, clock: Tomorrow, number: int, status: str
) -> AuditReport:
    draft = draft_of_five(number, clock.now(), status=status)
    sent = await send_five(service, clock, draft, number)
    await service.finished(sent.alert, 120)
    await simulator.drain(120)
    await service.quiet()
    return await judge(service, simulator, people, sent)


async def crossed(service: Service) -> int:
    """Deliveries whose person or address is not of their own kind."""
    query = (
        select(func.count())
        .select_from(delivery)
        .join(person, person.c.id == delivery.c.person_id)
        .join(address, address.c.id == delivery.c.address_id)
        .where((delivery.c.drill != person.c.drill) | (delivery.c.drill != address.c.drill))
    )
    async with service.core.database.read() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_a_drill_reaches_its_people_on_each_channel_and_nobody_real(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    clock = Tomorrow()
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, deadline_severe_s=60.0),
        )
        async with running(settings, clock) as service:
            await plug_in(service, simulator)
            await approve_templates(service, simulator)
            token = make_invitation(service.core.vault, clock.now().date() + timedelta(days=3))
            real, drill = citizens(f"drill-{token}")
            people = joined(real, drill)
            progress = await simulator.register(people, service.url, PACE)
            assert not progress.stuck, stuck(simulator)
            await simulator.drain(60)
            await overnight(service, simulator, clock)
            exercise = await audited_alert(service, simulator, people, clock, 1, "Exercise")
            warning = await audited_alert(service, simulator, people, clock, 2, "Actual")
            wrong = await crossed(service)
            templates = {one.template for one in simulator.ledger.accepted("whatsapp") if one.template}
    sys.stdout.write(f"\n{progress}\n{exercise.table()}\n{warning.table()}\n{sorted(templates)}\n")
    everywhere = {f"first on {channel}" for channel in Channel}
    for report, those in ((exercise, drill), (warning, real)):
        assert report.ok, report.table()
        assert everywhere <= set(report.seen), "somebody was reached on each channel"
        assert report.seen["must get it"] > len(those) / 3
    assert wrong == 0
    assert len(templates) > 1, "outside the window a drill knocks with templates of its own"
