"""What a provider can do to us in the middle of a warning: every fault of the simulator, one after the other.

Everybody gets the warning. A second copy is had only by whom a request ended without a clear answer after it
was carried out, and at most `MAX_UNKNOWN` times; the board says of them that they may have it twice.
"""

from collections import Counter
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from alerts import attempt
from alerts.tables import delivery
from bot.gateways.telegram import request
from simulator.faults import Fault, FaultKind
from simulator.telegram_errors import ChatState
from tests.faults.conftest import Opener
from tests.faults.front import Front
from tests.service import until

BEFORE = (FaultKind.RESET_BEFORE, FaultKind.ERROR_BEFORE)
AFTER = (FaultKind.RESET_AFTER, FaultKind.ERROR_AFTER, FaultKind.TRUNCATED)
SLOW = (FaultKind.DELAY_AFTER, FaultKind.SLOW_DRIP)
HIT, FEW = 12, 3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, haste: None) -> None:
    """An answer counts as lost sooner than in service, and pauses before another try are short."""
    monkeypatch.setattr(request.AiohttpRequest.__init__, "__kwdefaults__", {"read_s": 3.0})
    monkeypatch.setattr(attempt, "FIRST_PAUSE_S", 0.2)


async def _errors(field: Front) -> Counter[str | None]:
    """Codes of the newest warning's deliveries."""
    newest = select(func.max(delivery.c.revision_id)).scalar_subquery()
    query = select(delivery.c.error).where(delivery.c.revision_id == newest)
    async with field.office.core.database.read() as connection:
        return Counter((await connection.execute(query)).scalars())


async def _strikes(field: Front, number: int, kind: FaultKind, people: int = HIT, **more: float) -> int:
    """One warning in which one fault hits some people; returns how many have it twice."""
    hit = field.chats[10 : 10 + people]
    # Once each: who tries again is let through.
    faults = [
        field.simulator.inject(Fault(kind, recipients=frozenset({chat}), count=1, **more)) for chat in hit
    ]
    alert = await field.warn(number)
    await field.over(alert, 60)
    assert sum(field.simulator.faults.hits(fault) for fault in faults) == people
    doubled = field.twice(number)
    assert set(doubled) <= {str(chat) for chat in hit}, "nobody else has it twice"
    await field.counted_once(alert, number)
    return len(doubled)


async def test_whatever_a_provider_does(front: Opener, either_url: str) -> None:
    async with front(either_url, 40) as field, field.at_work():
        number = 0
        for kind in BEFORE:
            number += 1
            assert await _strikes(field, number, kind) == 0, kind
        for kind in AFTER:
            number += 1
            again = await _strikes(field, number, kind)
            assert again == HIT, kind
            errors = await _errors(field)
            assert errors["resent_unknown"] == HIT, errors  # the board says that they may have it twice
        for kind in SLOW:
            number += 1
            # Answered after our patience; of a slow drip each byte renews it.
            again = await _strikes(field, number, kind, FEW, seconds=4.5)
            assert again == (FEW if kind is FaultKind.DELAY_AFTER else 0), kind


async def test_a_storm_of_429_stops_everybody_and_costs_nobody_an_attempt(
    front: Opener, sqlite_url: str
) -> None:
    async with front(sqlite_url, 80) as field, field.at_work():
        alert = await field.warn()
        await field.sent_to(20)
        field.simulator.inject(Fault(FaultKind.STORM, count=1, seconds=3.0))
        await field.over(alert, 60)
        assert await field.verdict(alert) == 0
        times = sorted(copy.mono for copy in field.copies())
        pause = max(later - earlier for earlier, later in pairwise(times))
        assert pause >= 2.5, "nobody sent while everybody was told to wait"
        broken = [one for one in field.simulator.ledger.violations() if one.rule == "retry_after"]
        under_way = [one for one in broken if one.mono < times[0] + pause]
        assert broken == under_way, "only what had left already"
        async with field.office.core.database.read() as connection:
            attempts = set((await connection.execute(select(delivery.c.attempts))).scalars())
        assert attempts == {1}


async def test_a_token_revoked_in_the_middle(front: Opener, sqlite_url: str) -> None:
    async with front(sqlite_url, 60) as field, field.at_work():
        alert = await field.warn()
        await field.sent_to(15)
        field.simulator.inject(Fault(FaultKind.REVOKED, count=1))

        async def told() -> bool:
            return "account.closed" in await field.pages()

        await until(told, 30, "operators are paged")
        await field.office.finished(alert, 30)
        got = {copy.recipient for copy in field.copies()}
        states = await field.states()
        # Answers that were cut off by then count as unknown, never as unsent.
        assert states["accepted"] <= len(got) <= states["accepted"] + states["unknown"] < 60
        assert states["failed"] == 60 - states["accepted"] - states["unknown"], "free for their next channel"
        assert not field.twice()
        board = await field.office.board(alert)
        assert (board.people_targeted, board.warned) == (60, states["accepted"])
        assert board.not_reached + board.unknown == 60 - states["accepted"]


async def test_who_blocked_us_costs_nobody_else_anything(front: Opener, sqlite_url: str) -> None:
    async with front(sqlite_url, 40) as field, field.at_work():
        bot = field.simulator.telegram.bot()
        for chat in field.chats[::4]:
            bot.meet(chat).state = ChatState.BLOCKED
        alert = await field.warn()
        await field.office.finished(alert, 30)
        assert await field.states() == {"accepted": 30, "gone": 10}
        assert not field.twice()
