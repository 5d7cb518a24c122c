"""A warning over Viber alone, on the fake Viber: a few calls for everybody, receipts for each, a bill that is
the provider's own, and a cap that holds.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from alerts.tables import delivery
from app.viber import allowance_of
from bot.tables import inbox, outbox
from simulator.citizen import Channel, Moment
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.placing import Shares
from simulator.population import generate
from simulator.server import Simulator
from staff.tables import notice
from storage.database import Database
from tests.conftest import OwnRedis
from tests.journeys.audited import CENTRE, KM, judge
from tests.journeys.five_alerts import draft_of_five, send_five
from tests.journeys.five_channels import VIBER_TOKEN, Tomorrow, overnight, simulated
from tests.journeys.test_five_channels import stuck
from tests.service import Service, make_settings, running, until

PACE = Pace(speed=60.0, think_s=0.05, parallel=80, patience_s=900.0, fate_window_s=1.0)
SHARES = Shares(mix=(((Channel.VIBER,), 1.0),), gone=0.1, wrong_language=0.25, answers=0.4, help=0.1)
PEOPLE = 30


@pytest.fixture
def template(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "muster.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


async def counts(database: Database, query: object) -> Mapping[str, int]:
    async with database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(query)}  # type: ignore[call-overload]


async def states(service: Service) -> Counter[str]:
    by_state = select(delivery.c.state, func.count()).group_by(delivery.c.state)
    return Counter(await counts(service.core.database, by_state))


async def answered(service: Service) -> bool:
    """Whether everything people wrote was worked on and every reply is sent: nothing is left for tomorrow,
    when it would be billed."""
    await service.quiet()
    query = select(func.count()).where(outbox.c.state.in_(("waiting", "sending")))
    async with service.core.database.read() as connection:
        return (await connection.execute(query)).scalar_one() == 0


@pytest.mark.parametrize("cap", [10_000, 3], ids=["within the cap", "beyond the cap"])
async def test_a_warning_over_viber(
    tmp_path: Path, template: str, own_redis: OwnRedis, gazetteer: Path, cap: int
) -> None:
    people = generate(PEOPLE, 31, area_from({"circles": [[*CENTRE, KM]]}), country="IS", shares=SHARES)
    clock = Tomorrow()
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=template,
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            viber_token=SecretStr(VIBER_TOKEN),
            viber_api_base=simulator.viber_base,
            viber_sender_name="Ministry of Testing",
            viber_monthly_cap=cap,
        )
        async with running(settings, clock) as service:
            account = simulator.viber.accounts["main"]

            async def told() -> bool:
                return bool(account.webhook)  # what happens before goes nowhere

            await until(told, 20, "Viber knows our address")
            progress = await simulator.register(people, service.url, PACE)
            assert not progress.stuck, stuck(simulator)
            await simulator.drain(60)
            await until(partial(answered, service), 60, "every reply left before the day was over")
            await simulator.drain(60)
            await overnight(service, simulator, clock)
            await until(partial(answered, service), 60, "every reply to those who write daily left")
            assert account.charged == 0, "answers within a session cost nothing"
            await simulator.strike(Moment.BEFORE)
            await simulator.drain(60)
            sent = await send_five(service, clock, draft_of_five(1, clock.now()), 1)
            await service.finished(sent.alert, 120)
            await simulator.drain(60)
            await service.quiet()
            report = await judge(service, simulator, people, sent)
            found = await states(service)
            async with service.core.database.read() as connection:
                allowance = allowance_of(settings, service.core.database, clock)
                spent = await allowance.spent(connection)
                notices = (await connection.execute(select(notice.c.kind, notice.c.subject))).all()
                late = await connection.execute(
                    select(func.count()).where(inbox.c.kind == "receipt", inbox.c.state == "new")
                )
                waiting = late.scalar_one()
                errors = Counter((await connection.execute(select(delivery.c.error))).scalars())
                replies = (await connection.execute(select(func.count()).select_from(outbox))).scalar_one()
        sys.stdout.write(
            f"\n{progress}\n{report.table()}\n{dict(found)} {dict(errors)} spent {spent} "
            f"charged {account.charged} replies {replies}\n"
        )
    assert spent.used == account.charged, "our count is the provider's bill"
    assert waiting == 0, "every receipt, of alerts and of replies, found its message"
    if cap > PEOPLE:
        assert report.ok, report.table()
        assert found["delivered"] + found["read"] > 5
        assert ("budget.cap", "viber:main") not in notices
    else:
        assert account.charged == cap
        assert errors["monthly_cap"] > 0
        assert notices.count(("budget.cap", "viber:main")) == 1
