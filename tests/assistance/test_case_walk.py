"""Any sequence of asking, writing, answering, closing, deleting: states, threads, sent answers stay right."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import cases, store, thread
from assistance.errors import AssistanceError, CaseClosedError, CaseStillOpenError, NotYourCaseError
from assistance.lifecycle import CaseState
from assistance.thread import CITIZEN, MessageKind
from staff.audit import verify
from storage.database import open_database
from storage.vault import Vault
from tests.assistance.bench import ICELAND, THAILAND, StandingClock, ask, desk_of, sent
from tests.registry.newcomers import Newcomer, join, telegram

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
VAULT = Vault([bytes(range(32))], bytes(range(32, 64)))
people = st.sampled_from(["a", "b"])
events = st.sampled_from([None, 1])


@dataclass
class Case:
    """The model of one case."""

    owner: str
    event: int | None
    state: CaseState = CaseState.OPEN
    said: list[tuple[str, str]] = field(default_factory=list)


class Walk(RuleBasedStateMachine):
    """The rules; one fresh SQLite file each."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="walk"))
        shutil.copy(self.template, self.folder / "muster.db")
        self.runner = asyncio.Runner()
        self.database = open_database(f"sqlite:///{self.folder / 'muster.db'}")
        self.clock = StandingClock()
        self.desk = desk_of(VAULT, self.clock)
        self.cases: dict[int, Case] = {}
        self.answers = 0
        self.people: dict[str, Newcomer] = {
            name: self.act(lambda link, name=name: join(link, VAULT, telegram(name)))  # type: ignore[misc]
            for name in ("a", "b")
        }

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def act(self, work: Work[T]) -> T:
        self.clock.at += timedelta(seconds=1)

        async def whole() -> T:
            async with self.database.durable() as connection:
                return await work(connection)

        return self.runner.run(whole())

    def refused(self, work: Work[object]) -> type[AssistanceError] | None:
        try:
            self.act(work)
        except AssistanceError as error:
            return type(error)
        return None

    def some(self, pick: int) -> int | None:
        return sorted(self.cases)[pick % len(self.cases)] if self.cases else None

    @rule(name=people, event=events)
    def asks(self, name: str, event: int | None) -> None:
        key = f"press-{self.clock.at}"
        case = self.act(lambda link: ask(link, self.people[name], key, event_id=event, now=self.clock.now()))
        mine = [
            case_id
            for case_id, model in self.cases.items()
            if (model.owner, model.event) == (name, event) and model.state is not CaseState.CLOSED
        ]
        if mine:
            assert [case.id] == mine
        else:
            assert case.id not in self.cases
            self.cases[case.id] = Case(name, event)

    @rule(pick=st.integers(0, 9), repeat=st.booleans())
    def citizen_writes(self, pick: int, repeat: bool) -> None:
        if (case_id := self.some(pick)) is None:
            return
        model, words = self.cases[case_id], f"words at {self.clock.at}"
        keys = self.people[model.owner].vault
        for _ in range(1 + repeat):
            error = self.refused(
                lambda link: cases.add_message(
                    link, keys, case_id, CITIZEN, MessageKind.TEXT, words, key=words, now=self.clock.now()
                )
            )
            assert (error is CaseClosedError) is (model.state is CaseState.CLOSED)
        if model.state is not CaseState.CLOSED:
            model.state = CaseState.OPEN
            model.said.append((CITIZEN, words))

    @rule(pick=st.integers(0, 9), mine=st.booleans(), repeat=st.booleans())
    def officer_answers(self, pick: int, mine: bool, repeat: bool) -> None:
        if (case_id := self.some(pick)) is None:
            return
        model, words = self.cases[case_id], f"answer at {self.clock.at}"
        officer = ICELAND if mine else THAILAND
        expected = (
            NotYourCaseError if not mine else CaseClosedError if model.state is CaseState.CLOSED else None
        )
        for _ in range(1 + repeat):
            error = self.refused(lambda link: self.desk.answer(link, officer, case_id, words, key=words))
            assert error is expected
        if expected is None:
            model.state = CaseState.ANSWERED
            model.said.append((officer.actor, words))
            self.answers += 1

    @rule(pick=st.integers(0, 9))
    def officer_closes(self, pick: int) -> None:
        if (case_id := self.some(pick)) is None:
            return
        error = self.refused(lambda link: self.desk.close(link, ICELAND, case_id))
        assert (error is CaseClosedError) is (self.cases[case_id].state is CaseState.CLOSED)
        self.cases[case_id].state = CaseState.CLOSED

    @rule(pick=st.integers(0, 9))
    def officer_deletes(self, pick: int) -> None:
        if (case_id := self.some(pick)) is None:
            return
        error = self.refused(lambda link: self.desk.delete(link, ICELAND, case_id))
        if self.cases[case_id].state is CaseState.CLOSED:
            assert error is None
            del self.cases[case_id]
        else:
            assert error is CaseStillOpenError

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        async def look() -> None:
            async with self.database.read() as link:
                for case_id, model in self.cases.items():
                    assert (await store.get(link, case_id)).state is model.state
                    keys = self.people[model.owner].vault
                    said = [(item.author, item.text) for item in await thread.read(link, keys, case_id)]
                    assert said == model.said
                assert len(await sent(link, VAULT)) == self.answers
                unclosed = {item.id for item in await store.list_open(link, None)}
                assert unclosed == {
                    case_id for case_id, model in self.cases.items() if model.state is not CaseState.CLOSED
                }

        self.runner.run(look())

    @invariant()
    def the_audit_chain_is_whole(self) -> None:
        async def look() -> bool:
            async with self.database.read() as link:
                return (await verify(link)).intact

        assert self.runner.run(look())


def test_any_walk_through_a_case(sqlite_template: Path) -> None:
    Walk.template = sqlite_template
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
