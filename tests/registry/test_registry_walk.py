"""Any sequence of what people do: the registry always says what a plain model of it says.

Checked after every step: who owns a lane, that each sealed address still opens to what was typed, who is
warned and where, and that an index kept by the change feed alone equals one read anew.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import addresses, audience, people, whereabouts
from registry.erasure import ErasedList, erase
from registry.lifecycle import PersonState
from registry.merging import merge
from registry.ways import ways
from storage.database import open_database
from storage.vault import Vault
from tests.registry.newcomers import BANGKOK, JAPAN, NOW, REYKJAVIK, join, lane_of, telegram

T = TypeVar("T")
VAULT = Vault([bytes(range(32))], bytes(range(32, 64)))
PLACES = {"IS": REYKJAVIK, "TH": BANGKOK, "JP": JAPAN}
Work = Callable[[AsyncConnection], Awaitable[T]]
lanes = st.sampled_from(["a", "b", "c", "d"])


@dataclass
class Somebody:
    """The model of one person."""

    id: int
    joined: int
    consented: int | None = None  # when
    base: tuple[int, str] | None = None  # when, country
    stopped: bool = False
    values: list[str] = field(default_factory=list)

    @property
    def warned(self) -> bool:
        return self.consented is not None and self.base is not None and not self.stopped


class Walk(RuleBasedStateMachine):
    """The rules; one fresh SQLite file each."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="walk"))
        shutil.copy(self.template, self.folder / "muster.db")
        self.runner = asyncio.Runner()
        self.database = open_database(f"sqlite:///{self.folder / 'muster.db'}")
        self.erased = ErasedList(self.folder / "erased")
        self.model: dict[str, Somebody] = {}
        self.everybody: set[int] = set()
        self.tick = 0
        self.index: dict[int, list[tuple[str, int]]] = {}
        self.read_to: int | None = None

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.tick)

    def act(self, work: Work[T]) -> T:
        self.tick += 1

        async def whole() -> T:
            async with self.database.durable() as connection:
                return await work(connection)

        return self.runner.run(whole())

    @rule(value=lanes)
    def arrives(self, value: str) -> None:
        if value in self.model:
            return
        new = self.act(
            lambda link: join(link, VAULT, telegram(value), consent=None, place=None, now=self.now)
        )
        self.model[value] = Somebody(new.id, self.tick, values=[value])
        self.everybody.add(new.id)

    @rule(value=lanes)
    def consents(self, value: str) -> None:
        if (who := self.model.get(value)) is not None:
            self.act(lambda link: people.consent(link, who.id, "1", self.now))
            who.consented = self.tick

    @rule(value=lanes, country=st.sampled_from(sorted(PLACES)))
    def moves(self, value: str, country: str) -> None:
        if (who := self.model.get(value)) is None:
            return

        async def work(link: AsyncConnection) -> None:
            row = await people.get(link, who.id)
            assert row is not None
            await whereabouts.set_home(link, row.unlocked(VAULT), who.id, PLACES[country], self.now)

        self.act(work)
        who.base = (self.tick, country)

    @rule(value=lanes)
    def stops(self, value: str) -> None:
        if (who := self.model.get(value)) is not None:
            self.act(lambda link: people.stop(link, who.id, self.now))
            who.stopped = True

    @rule(value=lanes)
    def resumes(self, value: str) -> None:
        if (who := self.model.get(value)) is not None:
            lane = lane_of(VAULT, telegram(value))
            self.act(lambda link: people.resume(link, who.id, lane, self.now))
            who.stopped = False

    @rule(one=lanes, other=lanes)
    def links(self, one: str, other: str) -> None:
        first, second = self.model.get(one), self.model.get(other)
        if first is None or second is None or first is second:
            return
        self.act(lambda link: merge(link, VAULT, first.id, second.id, self.now))
        old, new = sorted((first, second), key=lambda who: who.joined)
        willing = [who for who in (old, new) if not who.stopped] or [old, new]
        old.consented = max((who.consented for who in willing if who.consented is not None), default=None)
        old.base = max((who.base for who in (old, new) if who.base is not None), default=None)
        old.stopped = old.stopped and new.stopped
        old.values += new.values
        for value in new.values:
            self.model[value] = old

    @rule(value=lanes)
    def is_erased(self, value: str) -> None:
        if (who := self.model.get(value)) is None:
            return
        self.act(lambda link: erase(link, VAULT, who.id, self.erased, self.now))
        for own in who.values:
            del self.model[own]

    @invariant()
    def the_registry_says_what_the_model_says(self) -> None:
        async def look() -> None:
            async with self.database.read() as link:
                await self._lanes(link)
                await self._audience(link)

        self.runner.run(look())

    async def _lanes(self, link: AsyncConnection) -> None:
        for value in ("a", "b", "c", "d"):
            found = await people.find(link, lane_of(VAULT, telegram(value)))
            who = self.model.get(value)
            if who is None:
                assert found is None
                continue
            assert found is not None
            person, own = found
            assert person.id == who.id
            assert addresses.open_row(person.unlocked(VAULT), own) == telegram(value)
            if who.stopped:
                assert person.state is PersonState.STOPPED
            else:
                assert person.state is (PersonState.ACTIVE if who.warned else PersonState.NEW)
        for who in self.model.values():
            assert [row.rank for row in await addresses.of_person(link, who.id)] == list(
                range(len(who.values))
            )

    async def _audience(self, link: AsyncConnection) -> None:
        warned = {who.id: who for who in self.model.values() if who.warned}
        assert await audience.active(link, sorted(self.everybody)) == set(warned)
        assert set(await ways(link, sorted(self.everybody))) == set(warned)
        for person_id, who in warned.items():
            base = await whereabouts.base(link, person_id)
            assert base is not None
            assert who.base is not None
            assert base.country == who.base[1]
            assert (
                whereabouts.label_of(
                    (await people.get(link, person_id)).unlocked(VAULT),
                    base,  # type: ignore[union-attr] # found above
                )
                == PLACES[base.country].label
            )
        rows = await audience.rows(link, since_change=self.read_to)
        for person_id in rows.changed.tolist():
            self.index.pop(person_id, None)
        for person_id, places in self._grouped(rows).items():
            self.index[person_id] = places
        self.read_to = rows.last_change
        assert self.index == self._grouped(await audience.rows(link))
        assert set(self.index) == set(warned)

    @staticmethod
    def _grouped(rows: audience.AudienceRows) -> dict[int, list[tuple[str, int]]]:
        grouped: dict[int, list[tuple[str, int]]] = {}
        for person_id, country, ends in zip(
            rows.person_id.tolist(), rows.country.tolist(), rows.valid_to.tolist(), strict=True
        ):
            grouped.setdefault(person_id, []).append((country, ends))
        return {person_id: sorted(places) for person_id, places in grouped.items()}


def test_any_walk_through_the_registry(sqlite_template: Path) -> None:
    Walk.template = sqlite_template
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
