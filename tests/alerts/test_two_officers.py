"""One person never gets an alert approved, whatever officers they are, make or reset; two always can."""

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select, update

from alerts import gate
from alerts.errors import AlertRefusedError
from alerts.revisions import latest
from alerts.tables import alert
from staff.officers import PROBATION, Grant, Officer, Role
from staff.tables import officer
from storage.database import open_database
from tests.alerts.office import LONG_AGO, Office, draft, open_office

Result = TypeVar("Result")
ROLES = st.lists(st.sampled_from([Role.AUTHOR, Role.APPROVER]), min_size=1, max_size=2, unique=True)
PLACES = st.sampled_from([None, frozenset({"IS"}), frozenset({"IS", "VN"})])
KINDS = st.sampled_from(["Actual", "Exercise", "Test"])
PICK = st.integers(min_value=0, max_value=1_000)
# Who writes, submits and approves when one officer (0) made two more (1 and 2) to be them.
SCHEMES = [(0, 0, 1), (1, 1, 2), (1, 1, 0), (1, 0, 1), (0, 1, 0), (0, 1, 2), (1, 2, 0), (0, 0, 0)]


class Ministry(RuleBasedStateMachine):
    """Officers act at random. An account is its own person; who made or reset it lately can be them too."""

    def __init__(self, runner: asyncio.Runner, office: Office, logins: Iterator[int]) -> None:
        super().__init__()
        self.runner, self.office, self.logins = runner, office, logins
        self.staff: list[Officer] = []
        self.makers: dict[int, list[tuple[int, datetime, bool]]] = {}  # who, when, created (or reset)
        self.alerts: list[int] = []

    def run(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        try:
            return self.runner.run(work)
        except AlertRefusedError:
            return None

    def who(self, pick: int) -> Officer:
        return self.staff[pick % len(self.staff)]

    def which(self, pick: int) -> int:
        return self.alerts[pick % len(self.alerts)]

    def players(self, account: int) -> set[int]:
        """Everybody who may sit at the keyboard of an account now; found independently of the desk."""
        found, waiting = {account}, [account]
        while waiting:
            for maker, at, _ in self.makers.get(waiting.pop(), []):
                if self.office.clock.at - at < PROBATION and maker not in found:
                    found.add(maker)
                    waiting.append(maker)
        return found

    @initialize(roles=ROLES)
    def founders(self, roles: list[Role]) -> None:
        for mine in (roles, [Role.AUTHOR, Role.APPROVER]):
            self.hire_one(mine, None, None)
        self.alerts.append(self.runner.run(self.office.desk.draft(self.office.anna, self.words("Actual"))))

    def hire_one(self, roles: list[Role], countries: frozenset[str] | None, by: Officer | None) -> None:
        at = self.office.clock.at if by else LONG_AGO
        grants = [Grant(role, countries) for role in roles]
        hired = self.runner.run(self.office.hire(f"o{next(self.logins)}", *grants, by=by, at=at))
        self.staff.append(hired)
        self.makers[hired.id] = [(by.id, at, True)] if by else []

    @rule(roles=ROLES, countries=PLACES, by=PICK)
    def hire(self, roles: list[Role], countries: frozenset[str] | None, by: int) -> None:
        self.hire_one(roles, countries, self.who(by))

    @rule(whom=PICK, by=PICK)
    def reset(self, whom: int, by: int) -> None:
        one, other = self.who(whom), self.who(by)
        if one.id != other.id:
            self.runner.run(self.write_reset(one, other))
            created = [link for link in self.makers[one.id] if link[2]]
            self.makers[one.id] = [*created, (other.id, self.office.clock.at, False)]

    async def write_reset(self, one: Officer, other: Officer) -> None:
        async with self.office.database.durable() as connection:
            values = {"reset_by": other.id, "reset_at": self.office.clock.at}
            await connection.execute(update(officer).where(officer.c.id == one.id).values(**values))

    @rule(hours=st.sampled_from([1, 5, 12, 24]))
    def wait(self, hours: int) -> None:
        self.office.clock.at += timedelta(hours=hours)

    def words(self, kind: str) -> Any:
        return draft(status=kind, expires_at=self.office.clock.at + timedelta(days=3))

    @rule(who=PICK, kind=KINDS)
    def draft(self, who: int, kind: str) -> None:
        made = self.run(self.office.desk.draft(self.who(who), self.words(kind)))
        self.alerts += [made] if made else []

    @rule(who=PICK, which=PICK, kind=KINDS)
    def revise(self, who: int, which: int, kind: str) -> None:
        self.run(self.office.desk.revise(self.who(who), self.which(which), self.words(kind)))

    @rule(who=PICK, which=PICK)
    def submit(self, who: int, which: int) -> None:
        self.run(self.office.desk.submit(self.who(who), self.which(which)))

    @rule(who=PICK, which=PICK, stop=st.booleans())
    def stop(self, who: int, which: int, stop: bool) -> None:
        act = self.office.desk.cancel if stop else self.office.desk.reject
        self.run(act(self.who(who), self.which(which), "a reason"))

    @rule(who=PICK, which=PICK)
    def approve(self, who: int, which: int) -> None:
        self.runner.run(self.approve_and_look(self.who(who), self.which(which)))

    @rule(hands=st.tuples(PICK, PICK, PICK))
    def hurry(self, hands: tuple[int, int, int]) -> None:
        """Up to three of them push one real alert all the way."""
        self.push(*(self.who(hand) for hand in hands))

    @rule(by=PICK, hands=st.sampled_from(SCHEMES))
    def conspire(self, by: int, hands: tuple[int, int, int]) -> None:
        """One officer makes two more and tries to be everybody at once."""
        maker = self.who(by)
        for _ in range(2):
            self.hire_one([Role.AUTHOR, Role.APPROVER], None, maker)
        coats = [maker, *self.staff[-2:]]
        self.push(*(coats[hand] for hand in hands))

    def push(self, author: Officer, submitter: Officer, approver: Officer) -> None:
        made = self.run(self.office.desk.draft(author, self.words("Actual")))
        if made:
            self.alerts.append(made)
            self.run(self.office.desk.submit(submitter, made))
            self.runner.run(self.approve_and_look(approver, made))

    async def approve_and_look(self, approver: Officer, alert_id: int) -> None:
        try:
            await self.office.desk.approve(approver, alert_id, {})
        except AlertRefusedError:
            return
        async with self.office.database.read() as connection:
            written = await latest(connection, alert_id)
        assert written.approved_by == approver.id
        assert written.submitted_by is not None
        for writer in {*written.authors, written.submitted_by}:
            both = self.players(approver.id) & self.players(writer)
            assert not both, "one person alone got an alert approved"

    def teardown(self) -> None:
        """Positive controls: after all that, two officers still send a real alert, and a drill."""
        if self.staff:
            self.runner.run(self.controls())

    async def controls(self) -> None:
        one, other = self.office.anna, self.office.bjorn
        sent = []
        for kind in ("Actual", "Exercise"):
            alert_id = await self.office.desk.draft(one, self.words(kind))
            await self.office.desk.submit(one, alert_id)
            await self.office.desk.approve(other, alert_id, {})
            sent.append(alert_id)
        async with self.office.database.read() as connection:
            query = select(alert.c.status, alert.c.state).where(alert.c.id.in_(sent)).order_by(alert.c.id)
            found = [tuple(row) for row in await connection.execute(query)]
        assert found == [("Actual", "approved"), ("Exercise", "approved")]


@contextmanager
def ministry(template: Path, folder: Path) -> Iterator[tuple[asyncio.Runner, Office]]:
    path = folder / "ministry.db"
    shutil.copy(template, path)
    with asyncio.Runner() as runner:
        database = open_database(f"sqlite:///{path}")
        try:
            yield runner, runner.run(open_office(database))
        finally:
            runner.run(database.close())


def play(template: Path, folder: Path, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    logins = count()
    with ministry(template, folder) as (runner, office):
        start = office.clock.at

        def begin() -> Ministry:
            office.clock.at = start
            return Ministry(runner, office, logins)

        run_state_machine_as_test(
            begin,
            settings=settings(
                max_examples=examples,
                stateful_step_count=10,
                deadline=None,
                database=None,
                derandomize=True,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_one_person_never_two_always(sqlite_template: Path, tmp_path: Path) -> None:
    play(sqlite_template, tmp_path, 12)


@pytest.mark.soak
def test_one_person_never_two_always_for_long(sqlite_template: Path, tmp_path: Path) -> None:
    play(sqlite_template, tmp_path, 2_000)


@pytest.mark.parametrize(
    "guard",
    [
        "approver_is_no_author",
        "approver_is_not_submitter",
        "approver_was_not_made_by_writer",
        "writer_was_not_made_by_approver",
    ],
)
@pytest.mark.soak
def test_the_game_notices_a_missing_guard(
    guard: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "GUARDS", tuple(one for one in gate.GUARDS if one.name != guard))
    with pytest.raises(AssertionError, match="one person alone"):
        play(sqlite_template, tmp_path, 100, (Phase.generate,))
