"""A warning longer than one message, on providers that refuse its second message: everybody has each of them
once, and the rate counts messages, not people. Simulated providers judge; everything of ours is real."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.correction import correction_audience
from alerts.delivery import PARTLY
from alerts.draft import Draft
from alerts.tables import delivery
from bot.messages import Channel
from registry.tables import address
from simulator.config import LimitRules
from simulator.faults import Fault, FaultKind
from simulator.telegram_errors import ChatState
from tests.conftest import OwnRedis
from tests.faults.conftest import Opener
from tests.faults.front import Front, simulated
from tests.faults.mixed import answering_after, open_mixed, register
from tests.faults.nursery import Nursery
from tests.journeys.audited import draft_of_test, marker
from tests.service import until

PEOPLE, HIT = 30, 5
# Characters of description and of instruction, so that a warning is two messages.
HALF = {Channel.TELEGRAM: 2_800, Channel.WHATSAPP: 1_100, Channel.VIBER: 4_500}
METHODS = {
    Channel.TELEGRAM: frozenset({"sendMessage"}),
    Channel.WHATSAPP: frozenset({"messages.create"}),
    Channel.VIBER: frozenset({"broadcast_message"}),
}
Mixed = Callable[..., AbstractAsyncContextManager[Front]]


def long_warning(channel: Channel, **more: Any) -> Draft:
    """One that takes two messages."""
    words = ("Stay inside. " * (HALF[channel] // 13)).strip()
    short = draft_of_test(1, languages=("en",), severity="Moderate", **more)
    texts = {"en": {"headline": marker(1, "en"), "description": words, "instruction": words}}
    return Draft.model_validate({**short.model_dump(), "texts": texts})


@pytest.fixture
def mixed(tmp_path: Path, nursery: Nursery, own_redis: OwnRedis, gazetteer: Path, sqlite_url: str) -> Mixed:
    def opened(**more: Any) -> AbstractAsyncContextManager[Front]:
        return open_mixed(
            tmp_path,
            nursery,
            database_url=sqlite_url,
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            config=answering_after(0.02),
            **more,
        )

    return opened


def messages(field: Front, channel: Channel) -> dict[str, list[str]]:
    """What each was sent and the provider took, in order."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in field.simulator.ledger.accepted(channel.value):
        if "Stay inside" in one.text:
            found[one.recipient].append(one.text)
    return found


def refuse_second(field: Front, channel: Channel, names: Sequence[str]) -> list[int]:
    """The second message is answered 503, then 429, then taken; of Viber's, the call for all."""
    whom: list[frozenset[int | str]] = [frozenset({name, *_number(name)}) for name in names]
    if channel is Channel.VIBER:
        whom = [frozenset()]
    return [
        field.simulator.inject(
            Fault(kind, recipients=one, count=1, skip=1, methods=METHODS[channel], status=503, seconds=1.0)
        )
        for one in whom
        for kind in (FaultKind.ERROR_BEFORE, FaultKind.STORM)
    ]


def _number(name: str) -> list[int]:
    return [int(name)] if name.isdecimal() else []


@pytest.mark.parametrize(
    ("channel", "policy"),
    [*((channel, "at-least-once") for channel in HALF), (Channel.TELEGRAM, "never-resend")],
)
async def test_what_fails_in_the_middle_is_sent_once_more_and_nothing_else(
    mixed: Mixed, channel: Channel, policy: str, haste: None
) -> None:
    async with mixed() as field, field.at_work():
        if channel is Channel.TELEGRAM:
            await field.register(PEOPLE)
            names = [str(chat) for chat in field.chats]
        else:
            names = await register(field, channel, PEOPLE)
            async with field.office.core.database.durable() as connection:
                now = field.office.core.clock.now()
                await connection.execute(update(address).values(last_inbound_at=now))
        faults = refuse_second(field, channel, names[:HIT])
        alert = await field.office.send(long_warning(channel, policy=policy))
        await field.over(alert, 60)
        assert [field.simulator.faults.hits(one) for one in faults] == [1] * len(faults)
        got = messages(field, channel)
        assert set(got) == set(names)
        assert {len(texts) for texts in got.values()} == {2}, "exactly two messages"
        assert len({tuple(texts) for texts in got.values()}) == 1, "the same two, in the same order"


async def test_two_messages_each_stay_within_the_rate(front: Opener, sqlite_url: str) -> None:
    config = replace(simulated(), limits=LimitRules())  # as documented, for each chat, too
    async with front(sqlite_url, 60, config=config) as field, field.at_work():
        alert = await field.office.send(long_warning(Channel.TELEGRAM))
        await field.over(alert, 60)
        got = messages(field, Channel.TELEGRAM)
        assert len(got) == 60
        assert {len(texts) for texts in got.values()} == {2}
        ledger = field.simulator.ledger
        assert [one for one in ledger.attempts("telegram") if one.status == 429] == []
        assert [one for one in ledger.violations() if not one.tolerated] == []
        rules = config.limits
        assert ledger.most_within(1.0 - rules.jitter_s) <= rules.bot_per_second, "as it tolerates"


async def test_who_blocks_us_after_the_first_message_is_corrected(front: Opener, sqlite_url: str) -> None:
    async with front(sqlite_url, 10) as field, field.at_work():
        bot = field.simulator.telegram.bot()
        leaver = field.chats[0]
        # Their second message waits for this answer, and finds the chat closed.
        field.simulator.inject(
            Fault(FaultKind.STORM, recipients=frozenset({leaver}), skip=1, count=1, seconds=2.0)
        )
        alert = await field.office.send(long_warning(Channel.TELEGRAM))

        async def refused() -> bool:
            return any(one.status == 429 for one in field.simulator.ledger.attempts("telegram"))

        await until(refused, 30, "the second message was refused for now", every=0.01)
        bot.meet(leaver).state = ChatState.BLOCKED
        await field.office.finished(alert, 30)
        async with field.office.core.database.read() as connection:
            query = select(delivery.c.person_id, delivery.c.state, delivery.c.error)
            rows = {row.person_id: (row.state, row.error) for row in await connection.execute(query)}
            corrected = await correction_audience(connection, alert)
        (person,) = [person for person, chat in field.persons.items() if chat == str(leaver)]
        assert rows[person] == ("gone", PARTLY)
        assert sorted(field.persons) == corrected, "they have the beginning of it"
        assert len(messages(field, Channel.TELEGRAM)[str(leaver)]) == 1
