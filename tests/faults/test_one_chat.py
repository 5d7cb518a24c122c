"""Two warnings and several answers to the same person at once, judged by the provider's own limit for one
chat. Web, planner and worker in this process; database, Redis and provider are real."""

from dataclasses import replace
from pathlib import Path

from bot.inbox import lane_of
from bot.messages import Address, Channel, Outbound
from bot.outbox import enqueue
from simulator.config import LimitRules
from simulator.records import Attempt
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.faults.front import Front, simulated
from tests.journeys.audited import draft_of_test, marker
from tests.service import make_settings, running, until

PEOPLE, REPLIES = 120, 8  # four seconds' worth of a warning


async def test_everything_arrives_once_and_nothing_is_refused(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_url: str, haste: None
) -> None:
    config = replace(simulated(), limits=LimitRules())  # as documented, for each chat, too
    async with Simulator(config) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=sqlite_url,
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            resolve_every_s=600,
        )
        async with running(settings) as service:
            field = Front(simulator=simulator, settings=settings, office=service)
            await field.register(PEOPLE)
            chat = field.chats[-1]  # the last one of a warning
            urgent = await service.desk.draft(
                service.author, draft_of_test(2, languages=("en",), severity="Extreme")
            )
            await service.desk.submit(service.author, urgent)
            routine = await service.send(draft_of_test(1, languages=("en",), severity="Minor"))
            await field.sent_to(5)
            await _answer(field, chat)
            await service.approve(urgent)

            def heard() -> list[Attempt]:
                return [one for one in simulator.ledger.accepted("telegram") if one.recipient == str(chat)]

            async def all_heard() -> bool:
                return len(heard()) >= REPLIES + 2

            await until(all_heard, 40, "two warnings and every answer")
            await field.over(routine, 40)
            texts = [one.text for one in heard()]
            replies = [text for text in texts if text.startswith("Answer")]
            assert len(texts) == REPLIES + 2
            assert replies == [f"Answer {number}" for number in range(REPLIES)], "in their order"
            for number in (1, 2):
                assert sum(marker(number, "en") in text for text in texts) == 1
            attempts = list(simulator.ledger.attempts("telegram"))
            assert [one for one in attempts if one.status == 429] == []
            assert [one for one in simulator.ledger.violations() if not one.tolerated] == []
            assert len(attempts) == 2 * PEOPLE + REPLIES


async def _answer(field: Front, chat: int) -> None:
    """As many answers at once as somebody gets who pressed every button."""
    core = field.office.core
    to = Address(Channel.TELEGRAM, "main", str(chat))
    async with core.database.durable() as connection:
        for number in range(REPLIES):
            await enqueue(
                connection,
                core.vault,
                key=f"test:{number}",
                address=to,
                lane=lane_of(core.vault, to),
                outbound=Outbound(f"Answer {number}", "en"),
                drill=False,
                now=core.clock.now(),
            )
