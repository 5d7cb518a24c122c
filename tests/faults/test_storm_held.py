"""Receipts stop in the middle of a warning and its worker is killed: whom only marks know of is not taken for
silent, nobody is moved to their next channel for that, operators are paged."""

import asyncio
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from alerts import holds
from alerts.delivery import CONFIRMED
from alerts.tables import delivery
from bot.messages import Channel
from simulator.faults import Fault, FaultKind
from tests.conftest import OwnRedis
from tests.faults.front import Front, until_ready
from tests.faults.mixed import answering_after, open_mixed, register
from tests.faults.nursery import Nursery
from tests.service import until

PEOPLE, BEFORE, DEADLINE_S = 120, 30, 4.0
LISTS = frozenset({"messages.list", "messages.fetch"})


async def count(field: Front, *where: object) -> int:
    query = select(func.count()).select_from(delivery).where(*where)  # type: ignore[arg-type]  # conditions
    async with field.office.core.database.read() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_nobody_is_moved_for_the_silence_of_a_dead_worker(
    tmp_path: Path, nursery: Nursery, own_redis: OwnRedis, gazetteer: Path, sqlite_url: str
) -> None:
    async with open_mixed(
        tmp_path,
        nursery,
        database_url=sqlite_url,
        redis_url=own_redis.url,
        gazetteer=gazetteer,
        config=answering_after(0.06),
        deadline_severe_s=DEADLINE_S,
        twilio_sms_per_second=40,
    ) as field:
        numbers = await register(field, Channel.SMS, PEOPLE, chat=True)
        planner, worker, other = (field.spawn(role) for role in ("planner", "worker", "worker"))
        await until_ready(planner, worker, other)
        alert = await field.warn(severity="Severe")

        async def some_confirmed() -> bool:
            return await count(field, delivery.c.state.in_(CONFIRMED)) >= BEFORE

        await until(some_confirmed, 30, "receipts come in")
        field.simulator.twilio.set_hooks(late=1.0, late_s=600.0)
        field.simulator.inject(Fault(FaultKind.ERROR_BEFORE, methods=LISTS))
        field.kill9(worker)

        async def held() -> bool:
            async with field.office.core.database.read() as connection:
                return any(one.account == ("sms", "main") for one in await holds.standing(connection))

        await until(held, 40, "the silence is held")
        await field.over(alert)
        last = max(one.mono for one in field.simulator.ledger.accepted("sms"))
        await asyncio.sleep(last + DEADLINE_S + 1.5 - field.simulator.ledger.mono())
        assert await held()
        assert "rungs.held" in await field.pages()
        assert field.simulator.ledger.accepted("telegram") == [], "nobody was moved"
        assert await count(field, delivery.c.rung > 0) == 0
        copies = Counter(one.recipient for one in field.simulator.ledger.accepted("sms"))
        assert set(copies) == set(numbers), "nobody is lost"
        known = await count(field, delivery.c.state.in_(CONFIRMED))
        board = await field.office.board(alert)
        assert (board.people_targeted, board.warned, board.reached) == (PEOPLE, PEOPLE, known)
        assert BEFORE <= known < PEOPLE
