"""Officers, citizens and bugs at play in a small house, and a judge who looks at whatever leaves.

Bugs are rows changed behind everybody's back: deliveries of the wrong kind, flags that were turned, alerts
that nobody approved, words that were changed afterwards.
"""

import asyncio
import shutil
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import update

from alerts.errors import AlertRefusedError
from alerts.tables import alert, revision
from registry.addresses import open_row
from registry.tables import address, person
from staff.officers import PROBATION, Grant, Officer, Role
from storage.vault import Vault
from tests.alerts.office import draft
from tests.journeys.refusals import say_stop
from tests.journeys.small_house import AKUREYRI, DOWNTOWN, REAL, SIMULATED, House, flip, open_house, words
from tests.registry.newcomers import Newcomer

Result = TypeVar("Result")
PICK = st.integers(min_value=0, max_value=999)
STATUSES = st.sampled_from(["Actual", "Exercise", "Test"])
TAMPERED = "Tampered"
FIRST_WORDS = "EXERCISE"


@dataclass
class Known:
    """What a test knows of an alert, whatever the house believes.

    Attributes:
        hands: accounts that wrote or submitted it.
        cleared: two different people stood behind an approval.
    """

    marker: str
    real: bool
    hands: set[int] = field(default_factory=set)
    cleared: bool = False
    stopped: bool = False


@dataclass
class Ground:
    """What every sequence starts from."""

    runner: asyncio.Runner
    template: Path
    folder: Path
    redis_url: str
    vault: Vault
    played: int = 0


class Life(RuleBasedStateMachine):
    """One ministry and its citizens."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground
        ground.played += 1
        self.runner = ground.runner
        self.opened: AbstractAsyncContextManager[House] | None = None
        self.staff: list[Officer] = []
        self.makers: dict[int, list[tuple[int, datetime]]] = {}
        self.citizens: list[Newcomer] = []
        self.alerts: dict[int, Known] = {}
        self.turned: set[int] = set()
        self.looked_at = 0

    def run(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        try:
            return self.runner.run(work)
        except AlertRefusedError:
            return None

    def who(self, pick: int) -> Officer:
        return self.staff[pick % len(self.staff)]

    def whom(self, pick: int) -> Newcomer:
        return self.citizens[pick % len(self.citizens)]

    def which(self, pick: int) -> int:
        return list(self.alerts)[pick % len(self.alerts)]

    def players(self, account: int) -> set[int]:
        """Everybody who may sit at the keyboard of an account now; found without the desk's help."""
        found, waiting = {account}, [account]
        while waiting:
            for maker, at in self.makers.get(waiting.pop(), []):
                if self.house.clock.at - at < PROBATION and maker not in found:
                    found.add(maker)
                    waiting.append(maker)
        return found

    @initialize()
    def begin(self) -> None:
        path = self.ground.folder / f"house-{self.ground.played}.db"
        shutil.copy(self.ground.template, path)
        self.runner.run(self.open(path))

    async def open(self, path: Path) -> None:
        self.opened = open_house(f"sqlite:///{path}", self.ground.redis_url, self.ground.vault)
        self.house = await self.opened.__aenter__()
        office = self.house.office
        self.staff += [office.anna, office.bjorn, office.chi]
        for kind in (REAL, SIMULATED):
            for place in (DOWNTOWN, AKUREYRI):
                self.citizens.append(await self.house.join(kind, place))
        for status in ("Actual", "Exercise"):
            await self.write(office.anna, status)

    async def write(self, by: Officer, status: str) -> None:
        marker = f"Storm{len(self.alerts)}x"
        made = await self.house.office.desk.draft(by, draft(**words(marker, status, self.house.clock.at)))
        self.alerts[made] = Known(marker, status == "Actual", {by.id})

    # What officers do.

    @rule(by=PICK, roles=st.sampled_from([(Role.AUTHOR, Role.APPROVER), (Role.APPROVER,)]))
    def hire(self, by: int, roles: tuple[Role, ...]) -> None:
        maker, now = self.who(by), self.house.clock.at
        grants = [Grant(role, None) for role in roles]
        made = self.runner.run(self.house.office.hire(f"o{len(self.staff)}", *grants, by=maker, at=now))
        self.staff.append(made)
        self.makers[made.id] = [(maker.id, now)]

    @rule(by=PICK, status=STATUSES)
    def draft(self, by: int, status: str) -> None:
        self.run(self.write(self.who(by), status))

    @rule(by=PICK, pick=PICK, status=STATUSES)
    def revise(self, by: int, pick: int, status: str) -> None:
        self.run(self.rewrite(self.who(by), self.which(pick), status))

    async def rewrite(self, by: Officer, alert_id: int, status: str) -> None:
        known = self.alerts[alert_id]
        new = draft(**words(known.marker, status, self.house.clock.at), event_title="")
        await self.house.office.desk.revise(by, alert_id, new)
        assert (status == "Actual") == known.real, "an alert changed its kind"
        known.hands.add(by.id)

    @rule(by=PICK, pick=PICK)
    def submit(self, by: int, pick: int) -> None:
        self.run(self.hand_in(self.who(by), self.which(pick)))

    async def hand_in(self, by: Officer, alert_id: int) -> None:
        await self.house.office.desk.submit(by, alert_id)
        self.alerts[alert_id].hands.add(by.id)

    @rule(by=PICK, pick=PICK)
    def approve(self, by: int, pick: int) -> None:
        self.run(self.sign(self.who(by), self.which(pick)))

    async def sign(self, by: Officer, alert_id: int) -> None:
        known = self.alerts[alert_id]
        await self.house.office.desk.approve(by, alert_id, {})
        assert known.hands, "nobody wrote it"
        for hand in known.hands:
            assert not self.players(by.id) & self.players(hand), "one person alone got an alert approved"
        known.cleared = True

    @rule(hands=st.tuples(PICK, PICK, PICK), status=STATUSES)
    def push(self, hands: tuple[int, int, int], status: str) -> None:
        """Up to three of them push an alert all the way."""
        author, submitter, approver = (self.who(hand) for hand in hands)
        before = len(self.alerts)
        self.run(self.write(author, status))
        if len(self.alerts) > before:
            self.run(self.hand_in(submitter, list(self.alerts)[-1]))
            self.run(self.sign(approver, list(self.alerts)[-1]))

    @rule(by=PICK, pick=PICK)
    def cancel(self, by: int, pick: int) -> None:
        self.run(self.stop(self.who(by), self.which(pick)))

    async def stop(self, by: Officer, alert_id: int) -> None:
        await self.house.office.desk.cancel(by, alert_id, "a mistake")
        self.alerts[alert_id].stopped = True
        self.look()  # what left before is past; nothing may leave from now on

    @rule(by=PICK, pick=PICK, all_clear=st.booleans())
    def follow_up(self, by: int, pick: int, all_clear: bool) -> None:
        desk, followed = self.house.office.desk, self.which(pick)
        begin = desk.all_clear if all_clear else desk.correct
        made = self.run(begin(self.who(by), followed))
        if made is not None:
            first = self.alerts[followed]
            self.alerts[made] = Known(first.marker, first.real, {*first.hands, self.who(by).id})

    # What citizens do.

    @rule(kind=st.sampled_from([REAL, SIMULATED]), place=st.sampled_from([DOWNTOWN, AKUREYRI]))
    def join(self, kind: str, place: Any) -> None:
        self.citizens.append(self.runner.run(self.house.join(kind, place)))

    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        self.runner.run(say_stop(self.house, self.whom(pick)))

    # What bugs do.

    @rule(pick=PICK, whom=PICK, drill=st.booleans())
    def smuggle(self, pick: int, whom: int, drill: bool) -> None:
        """A delivery of any kind to anybody."""
        self.runner.run(self.house.smuggle(self.which(pick), self.whom(whom), drill=drill))

    @rule(pick=PICK, of=st.sampled_from(["person", "address"]))
    def turn(self, pick: int, of: str) -> None:
        """A person's flag or an address's is turned (one of the two: both together are what they say)."""
        who = self.whom(pick)
        if who.id in self.turned:
            return
        self.turned.add(who.id)
        table, key = (person, who.id) if of == "person" else (address, who.address.id)
        self.runner.run(flip(self.house, table, key))

    @rule(pick=PICK, state=st.sampled_from(["approved", "sending", "sent"]))
    def force(self, pick: int, state: str) -> None:
        """An alert jumps to a state."""
        alert_id = self.which(pick)
        if not self.alerts[alert_id].cleared:
            self.runner.run(self.house.write(update(alert).where(alert.c.id == alert_id).values(state=state)))

    @rule(pick=PICK)
    def rename(self, pick: int) -> None:
        """A real alert that was approved becomes a drill, or the reverse."""
        alert_id = self.which(pick)
        if self.alerts[alert_id].cleared:
            status = "Exercise" if self.alerts[alert_id].real else "Actual"
            changed = update(alert).where(alert.c.id == alert_id).values(status=status)
            self.runner.run(self.house.write(changed))

    @rule(pick=PICK)
    def retouch(self, pick: int) -> None:
        """The words of an alert are changed after it was approved."""
        alert_id = self.which(pick)
        if self.alerts[alert_id].cleared:
            text = {"en": {"headline": TAMPERED, "description": TAMPERED, "instruction": ""}}
            where = revision.c.alert_id == alert_id
            self.runner.run(self.house.write(update(revision).where(where).values(texts=text)))

    # What the machine does.

    @rule()
    def plan(self) -> None:
        self.runner.run(self.house.plan())

    @rule()
    def work(self) -> None:
        self.runner.run(self.house.work())
        self.look()

    def look(self) -> None:
        """Whatever left since the last look was allowed to leave, to where it went."""
        fresh, self.looked_at = self.house.gateway.sent[self.looked_at :], len(self.house.gateway.sent)
        for value, text in fresh:
            assert TAMPERED not in text, "words that nobody approved"
            about = [one for one in self.alerts.values() if one.marker in text]
            assert about, "nobody knows this text"
            assert any(one.cleared for one in about), "sent without two people"
            assert any(one.cleared and not one.stopped for one in about), "sent after it was stopped"
            real = about[0].real
            assert value.startswith(REAL if real else SIMULATED), f"a real alert: {real}; to {value}"
            assert text.startswith(FIRST_WORDS) is not real

    def teardown(self) -> None:
        if self.opened is not None:
            try:
                self.runner.run(self.controls())
            finally:
                self.runner.run(self.close())

    async def controls(self) -> None:
        """After all that, a real alert reaches its real audience and a drill its own."""
        new = {kind: await self.house.join(kind) for kind in (REAL, SIMULATED)}
        for status, kind in (("Actual", REAL), ("Exercise", SIMULATED)):
            known = Known(f"Control for {kind}", kind == REAL, {self.house.office.anna.id}, cleared=True)
            self.alerts[await self.house.approved(known.marker, status)] = known
        await self.house.work()
        for kind, one in new.items():
            got = [value for value, text in self.house.gateway.sent if f"Control for {kind}" in text]
            assert len(got) == len(set(got))
            assert open_row(one.person.unlocked(self.ground.vault), one.address).value in got
        self.look()

    async def close(self) -> None:
        assert self.opened is not None
        await self.opened.__aexit__(None, None, None)
