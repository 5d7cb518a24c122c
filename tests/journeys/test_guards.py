"""One person never sends a real alert; a drill never reaches a real address, nor a real alert a drill's.

See `life.py` for what officers, citizens and bugs do. After every sequence two officers still send a real
alert to its real audience and a drill to its own.
"""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from storage.vault import Vault
from tests.journeys.life import Ground, Life


def play(ground: Ground, examples: int) -> None:
    run_state_machine_as_test(
        lambda: Life(ground),
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_one_person_never_and_drills_stay_drills(
    sqlite_template: Path, tmp_path: Path, redis_server: str, vault: Vault
) -> None:
    with asyncio.Runner() as runner:
        play(Ground(runner, sqlite_template, tmp_path, redis_server, vault), 20)


@pytest.mark.soak
def test_one_person_never_and_drills_stay_drills_for_long(
    sqlite_template: Path, tmp_path: Path, redis_server: str, vault: Vault
) -> None:
    with asyncio.Runner() as runner:
        play(Ground(runner, sqlite_template, tmp_path, redis_server, vault), 1_500)
