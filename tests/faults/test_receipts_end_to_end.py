"""Receipts through the real web process: before the answer they belong to, twice, late, out of order, forged;
and of messages whose sender was killed before it wrote down what the provider calls them."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from sqlalchemy import func, select

from alerts.delivery import CONFIRMED
from alerts.tables import delivery
from bot.messages import Channel
from bot.tables import inbox
from simulator.config import SimulatorConfig
from simulator.twilio_people import PhoneState
from simulator.twilio_rules import HookRules
from simulator.viber_people import UserState
from simulator.viber_rules import ViberHookRules
from tests.conftest import OwnRedis
from tests.faults.front import Front, until_died, until_ready
from tests.faults.mixed import answering_after, open_mixed, register
from tests.faults.nursery import Nursery
from tests.journeys.five_channels import SID
from tests.service import until

EACH = 20
ANSWER_S = 0.4  # a phone has the message within 50 ms
Opened = Callable[..., AbstractAsyncContextManager[Front]]


@pytest.fixture
def mixed(tmp_path: Path, nursery: Nursery, own_redis: OwnRedis, gazetteer: Path, sqlite_url: str) -> Opened:
    def opened(config: SimulatorConfig, **more: Any) -> AbstractAsyncContextManager[Front]:
        return open_mixed(
            tmp_path,
            nursery,
            database_url=sqlite_url,
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            config=config,
            **more,
        )

    return opened


async def states(field: Front) -> dict[str, str]:
    """State of everybody's delivery, by channel and state, as counts."""
    query = select(delivery.c.channel, delivery.c.state, func.count()).group_by(
        delivery.c.channel, delivery.c.state
    )
    async with field.office.core.database.read() as connection:
        return {f"{row[0]} {row[1]}": row[2] for row in await connection.execute(query)}


async def confirmed(field: Front, count: int) -> None:
    """Wait until so many deliveries are known to have arrived."""
    query = select(func.count()).where(delivery.c.state.in_(CONFIRMED))

    async def known() -> bool:
        async with field.office.core.database.read() as connection:
            return (await connection.execute(query)).scalar_one() >= count

    await until(known, 30, f"{count} copies are known to have arrived")


async def left_over(field: Front) -> int:
    """Receipts that found no message of ours and are tried again."""
    query = select(func.count()).where(inbox.c.kind == "receipt", inbox.c.state == "new")
    async with field.office.core.database.read() as connection:
        return int((await connection.execute(query)).scalar_one())


async def counted_once(field: Front, alert: int, people: int) -> None:
    board = await field.office.board(alert)
    assert (board.people_targeted, board.warned, board.reached) == (people, people, people)
    assert sum(sum(states.values()) for states in board.channels.values()) == people


async def test_early_twice_late_and_out_of_order(mixed: Opened) -> None:
    calm = answering_after(ANSWER_S)
    rules = {"duplicate": 0.5, "reorder": 0.5, "hold_s": 0.5}
    config = replace(
        calm,
        twilio=replace(calm.twilio, hooks=HookRules(**rules, late=0.2, late_s=1.5)),
        viber=replace(calm.viber, hooks=ViberHookRules(**rules, copies=0.5)),
    )
    async with mixed(config) as field:
        await register(field, Channel.SMS, EACH)
        await register(field, Channel.VIBER, EACH)
        await until_ready(field.spawn("planner"), field.spawn("worker"))
        alert = await field.warn()
        await field.over(alert)
        await confirmed(field, 2 * EACH)
        await field.simulator.drain(30)
        await field.office.quiet()
        await counted_once(field, alert, 2 * EACH)
        assert await left_over(field) == 0, "each found its message"
        posts = [one for one in field.simulator.ledger.webhooks() if one.channel in ("sms", "viber")]
        assert all(one.status == 200 for one in posts)
        assert sum(one.duplicate for one in posts) > EACH / 4
        kinds = [one.update for one in posts if one.message_id == _disordered(posts)]
        assert kinds, "some came out of order"
        taken = {one.message_id: one.mono for one in field.simulator.ledger.accepted("sms")}
        early = [one for one in posts if one.mono < taken.get(one.message_id, 0.0) + ANSWER_S]
        assert early, "some came before the answer"


def _disordered(posts: list[Any]) -> str:
    """A message of which *sent* was heard after *delivered*."""
    heard: Counter[str] = Counter()
    for post in posts:
        if post.update == "status.delivered":
            heard[post.message_id] += 1
        elif post.update in ("status.queued", "status.sent") and heard[post.message_id]:
            return str(post.message_id)
    return ""


async def test_forged_ones_are_turned_away(mixed: Opened) -> None:
    async with mixed(answering_after(0.05)) as field:
        (number,) = await register(field, Channel.SMS, 1)
        (user,) = await register(field, Channel.VIBER, 1)
        field.simulator.twilio.set_state("sms", number, PhoneState.OFF)
        field.simulator.viber.set_state(user, UserState.OFF)
        field.simulator.twilio.set_hooks(lost=1.0)  # nothing true is heard of it
        await until_ready(field.spawn("planner"), field.spawn("worker"))
        await field.over(await field.warn())
        before = await states(field)
        assert before == {"sms accepted": 1, "viber accepted": 1}
        async with field.office.core.database.read() as connection:
            rows = (await connection.execute(select(delivery.c.id, delivery.c.provider_id))).all()
            stored = (await connection.execute(select(func.count()).select_from(inbox))).scalar_one()
        async with aiohttp.ClientSession(field.office.url) as session:
            for key, name in rows:
                form = {"MessageSid": name, "MessageStatus": "delivered", "AccountSid": SID, "To": number}
                event = b'{"event":"delivered","message_token":%b,"user_id":"%b"}' % (
                    name.encode() if name.isdecimal() else b"1",
                    user.encode(),
                )
                for signature in ("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="):
                    headers = {
                        "X-Twilio-Signature": signature,
                        "Content-Type": "application/x-www-form-urlencoded",
                    }
                    async with session.post(
                        f"/hooks/twilio/status/{key}", data=urlencode(form), headers=headers
                    ) as answer:
                        assert answer.status == 403
                    headers = {"X-Viber-Content-Signature": signature}
                    async with session.post("/hooks/viber", data=event, headers=headers) as answer:
                        assert answer.status == 403
        assert await states(field) == before
        async with field.office.core.database.read() as connection:
            assert (await connection.execute(select(func.count()).select_from(inbox))).scalar_one() == stored


@pytest.mark.parametrize("point", ["all marked, SQL not told", "some calls taken, nothing marked"])
async def test_what_a_killed_worker_had_sent_is_known_to_have_arrived(mixed: Opened, point: str) -> None:
    async with mixed(answering_after(0.05)) as field:
        await register(field, Channel.VIBER, EACH)
        planner, worker = field.spawn("planner"), field.spawn("worker", point)
        await until_ready(planner, worker)
        alert = await field.warn()
        await until_died(worker, point)
        await field.simulator.drain(10)  # every receipt comes while nobody knows what it speaks of
        field.spawn("worker")
        await field.over(alert)
        await confirmed(field, EACH)
        await counted_once(field, alert, EACH)
        copies = Counter(one.recipient for one in field.simulator.ledger.accepted("viber"))
        assert len(copies) == EACH
        assert set(copies.values()) == ({1} if point.startswith("all") else {2}), copies
        await field.simulator.drain(10)
        await field.office.quiet()
