"""The audit is worth something: it passes an honest broadcast and catches everybody who breaks one."""

import shutil
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.lifecycle import AlertState
from app.invitations import make_invitation
from simulator.audit import AuditReport
from simulator.citizen import Moment
from simulator.config import NO_LATENCY, LimitRules, SimulatorConfig
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.placing import Shares
from simulator.population import Population, generate
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, draft_of_test, joined, judge, send_audited
from tests.journeys.saboteurs import SABOTEURS, Saboteur
from tests.service import Service, make_settings, running, until

PER_SECOND = 150
PACE = Pace(speed=2000.0, think_s=0.05, parallel=60, patience_s=150.0, fate_window_s=0.5)
SHARES = Shares(inside=0.5, edge=0.25, nearby=0.1, webchat=0.2, both=0.1, gone=0.1, stops=0.06, answers=0.5)
HONEST = Saboteur("nobody", "", lambda _patch: None)


async def one_alert(
    service: Service, simulator: Simulator, people: Population, number: int, saboteur: Saboteur
) -> AuditReport:
    """Send an alert while `saboteur` is at work, then audit it."""
    now = service.core.clock.now()
    with pytest.MonkeyPatch.context() as patch:
        saboteur.before(service, simulator)
        saboteur.sabotage(patch)
        draft = draft_of_test(number, status=saboteur.status, expires_at=now + saboteur.life)
        sent = await send_audited(service, draft, number)
        sent.facts = replace(sent.facts, expires_at=draft.expires_at.timestamp())
        if saboteur.cancels:
            await until(lambda: _is_sending(service, sent.alert), 30)
            await service.desk.cancel(service.author, sent.alert, "a test of cancelling")
            sent.facts = replace(sent.facts, cancelled_at=service.core.clock.now().timestamp())
        if saboteur.catches == "rate":  # who hammers makes the provider's penalty grow: it would never end
            await until(lambda: _is_broken(simulator, sent.began), 30)
            patch.undo()
        await _over(service, sent.alert, saboteur.name)
        await simulator.drain(90)
        await service.quiet()
        report = await judge(service, simulator, people, sent)
    simulator.set_limits(bot_per_second=PER_SECOND)
    return report


async def _is_sending(service: Service, alert: int) -> bool:
    return (await service.board(alert)).warned > 0


async def _is_broken(simulator: Simulator, since: float) -> bool:
    return any(one.wall >= since and not one.tolerated for one in simulator.ledger.violations())


async def _over(service: Service, alert: int, name: str) -> None:
    try:
        await until(lambda: _is_over(service, alert), 90, name)
    except AssertionError as error:
        raise AssertionError(f"{error}: {await service.state(alert)} {await service.board(alert)}") from error


async def _is_over(service: Service, alert: int) -> bool:
    state = await service.state(alert)
    if state in {AlertState.APPROVED, AlertState.SENDING}:
        return False
    return not (await service.board(alert)).waiting


async def test_every_saboteur_is_caught(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    config = SimulatorConfig(
        latency=NO_LATENCY, limits=LimitRules(bot_per_second=PER_SECOND, penalty_max_s=5.0)
    )
    async with Simulator(config) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            telegram_per_second=PER_SECOND,
        )
        async with running(settings) as service:
            area = area_from({"circles": [[*CENTRE, KM]]})
            token = make_invitation(service.core.vault, service.core.clock.now().date() + timedelta(days=2))
            real = generate(90, 5, area, country="IS", shares=SHARES)
            drill = generate(
                12,
                6,
                area,
                country="IS",
                shares=replace(SHARES, both=0.0),
                drill=True,
                invitation=f"drill-{token}",
                first=5001,
            )
            people = joined(real, drill)
            progress = await simulator.register(people, service.url, PACE)
            assert not progress.stuck, progress
            await simulator.drain(90)
            await simulator.strike(Moment.BEFORE)
            await simulator.strike(Moment.DURING)
            await simulator.drain(90)
            await service.quiet()

            honest = await one_alert(service, simulator, people, 1, HONEST)
            assert honest.ok, honest.table()
            lines, escaped = [], []
            for number, saboteur in enumerate(SABOTEURS, start=2):
                report = await one_alert(service, simulator, people, number, saboteur)
                caught = ", ".join(f"{name} {len(found)}x" for name, found in report.failures.items())
                lines.append(f"{saboteur.name:<32} {caught or 'NOT CAUGHT'}")
                if saboteur.catches not in report.failures:
                    escaped.append(f"{saboteur.name}: {saboteur.catches} did not fail")
            exercise = await one_alert(service, simulator, people, 90, replace(HONEST, status="Exercise"))
            lines.append(f"{'nobody, a drill':<32} {'passed' if exercise.ok else exercise.table()}")
            again = await one_alert(service, simulator, people, 91, HONEST)
            lines.append(f"{'nobody, again':<32} {'passed' if again.ok else again.table()}")
            sys.stdout.write("\n" + "\n".join(lines) + "\n")
            assert not escaped
            assert exercise.ok, exercise.table()
            assert again.ok, again.table()
