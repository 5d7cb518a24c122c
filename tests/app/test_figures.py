"""What operators watch, against what the provider's ledger says; and nothing of a person in it."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from alerts.figures import BOUNDS_S, percentile, quantile
from app.figures import OperatorFigures
from app.health import private_routes
from bot.limiter import PACE
from simulator.faults import Fault, FaultKind
from tests.conftest import OwnRedis
from tests.faults.front import Front, open_front
from tests.service import until

SAMPLE = re.compile(r"^muster_(\w+?)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')
PEOPLE = 60


def samples(text: str) -> dict[tuple[str, str], float]:
    """Every value by its name and the values of its labels, in the order of their names."""
    found = {}
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match:
            labels = ",".join(value for _, value in LABEL.findall(match[2] or ""))
            found[match[1], labels] = float(match[3])
    return found


def of(found: Mapping[tuple[str, str], float], name: str) -> dict[str, float]:
    return {labels: value for (figure, labels), value in found.items() if figure == name}


async def scraped(field: Front, figures: OperatorFigures) -> dict[tuple[str, str], float]:
    figures._read_at = None  # whatever it knew is old
    await figures.of_warnings()
    await figures.of_limits()
    text = field.office.core.metrics.render().decode()
    for chat in field.chats:
        assert str(chat) not in text
    return samples(text)


async def test_figures_are_those_of_the_ledger(
    sqlite_template: Path, tmp_path: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with open_front(
        tmp_path,
        database_url=f"sqlite:///{tmp_path / 'muster.db'}",
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        people_count=PEOPLE,
    ) as field:
        figures = OperatorFigures(field.office.core)
        async with field.planning():
            alert = await field.warn()

            async def planned() -> bool:
                return (await field.states())["queued"] == PEOPLE

            await until(planned, 30, "everybody is written")
            waiting = await scraped(field, figures)
            assert of(waiting, "deliveries") == {"main,telegram,actual,queued": PEOPLE}
            assert of(waiting, "queue_people") == {"main,telegram,others": PEOPLE}
            assert of(waiting, "queue_age_seconds").keys() == {"main,telegram,others"}
            assert 0 < of(waiting, "oldest_unsent_seconds")["telegram"] < 60
            assert not of(waiting, "approval_to_first_seconds")
            lost = field.chats[:5]
            field.simulator.inject(Fault(FaultKind.ERROR_BEFORE, recipients=frozenset(lost)))
            approved = field.simulator.ledger.wall()
            async with field.working():
                await field.office.finished(alert, 60)
        after = await scraped(field, figures)
        sent = field.copies()
        assert of(after, "deliveries") == {
            "main,telegram,actual,accepted": len(sent),
            "main,telegram,actual,failed": len(lost),
        }
        assert not of(after, "queue_people")
        assert not of(after, "oldest_unsent_seconds")
        tries = sum(one.method == "sendMessage" for one in field.simulator.ledger.attempts("telegram"))
        assert of(after, "limiter_slots_granted")["main,telegram"] == tries
        assert of(after, "limiter_slots_per_second")["main,telegram"] == pytest.approx(100 * PACE)
        assert of(after, "limiter_frozen_seconds")["main,telegram"] == 0
        assert after["epoch_in_force", ""] == 1
        assert after["epoch_age_seconds", ""] > 0
        within = of(after, "accepted_within")
        assert within["telegram,inf"] == len(sent)
        first = of(after, "approval_to_first_seconds")["0.5"]
        # Approved before we looked at the clock, and answered some time after it arrived.
        assert sent[0].wall - approved <= first
        accepted = of(after, "approval_to_accepted_seconds")
        assert first <= accepted["telegram,0.95"] <= accepted["telegram,0.99"] <= BOUNDS_S[-1]
        await field.office.core.redis.flushall()
        assert (await scraped(field, figures))["epoch_in_force", ""] == 0


async def test_the_private_listener_shows_them(
    sqlite_template: Path, tmp_path: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with open_front(
        tmp_path,
        database_url=f"sqlite:///{tmp_path / 'muster.db'}",
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        people_count=3,
    ) as field:
        private = web.Application()
        private.add_routes(private_routes(field.office.core))
        async with field.at_work():
            await field.over(await field.warn())
        async with TestServer(private) as server, TestClient(server) as client:
            found = samples(await (await client.get("/metrics")).text())
        assert found["redis_up", ""] == found["sql_up", ""] == found["epoch_in_force", ""] == 1
        assert of(found, "deliveries") == {"main,telegram,actual,accepted": 3}


@given(st.lists(st.floats(0.0, 10_000.0), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_an_estimated_share_lies_between_the_bounds_around_the_true_one(
    seconds: list[float], share: float
) -> None:
    counts = [sum(one <= bound for one in seconds) for bound in BOUNDS_S]
    found = quantile([*counts, len(seconds)], share)
    true = percentile(seconds, share)
    assert found is not None
    assert true is not None
    above = next((bound for bound in BOUNDS_S if bound >= true), BOUNDS_S[-1])
    below = max((bound for bound in BOUNDS_S if bound < true), default=0.0)
    assert below <= found <= above or true > BOUNDS_S[-1] == found


def test_of_nothing_there_is_no_share() -> None:
    assert quantile([0] * (len(BOUNDS_S) + 1), 0.5) is None
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
