"""The web process dies by SIGKILL at named moments of a citizen's message. It is answered once all the same;
twice only where the reply had left and was not written down yet."""

from collections.abc import Sequence

from sqlalchemy import func, select

from bot.tables import inbox, outbox
from simulator.config import WebhookRules
from simulator.incoming import Action, ActionKind
from simulator.records import Attempt
from tests.faults.conftest import Opener
from tests.faults.front import Front, simulated, until_died, until_ready
from tests.faults.nursery import Nursery
from tests.service import until

ONCE = (
    "a message read, not stored",
    "a message stored, not acknowledged",
    "a step done, not committed",
    "a step committed, its reply not sent",
)
PERHAPS_TWICE = "a reply sent, not recorded"
FIRST_NEWCOMER = 5_000_000


def replies(field: Front, chat: int) -> Sequence[Attempt]:
    """What lies in one chat."""
    return [one for one in field.simulator.ledger.accepted("telegram") if one.recipient == str(chat)]


async def rows(field: Front, state: str) -> tuple[int, int]:
    """Messages of citizens that are done, and replies in `state`."""
    async with field.office.core.database.read() as connection:
        done = (
            select(func.count()).select_from(inbox).where(inbox.c.state == "done", inbox.c.kind == "inbound")
        )
        out = select(func.count()).select_from(outbox).where(outbox.c.state == state)
        return (
            (await connection.execute(done)).scalar_one(),
            (await connection.execute(out)).scalar_one(),
        )


async def hooked(field: Front) -> None:
    """Wait until Telegram knows where to post."""

    async def ready() -> bool:
        return all(line.ready() for line in field.simulator.lines() if line.channel == "telegram")

    await until(ready, 30, "Telegram knows where to post")


async def test_a_message_is_answered_once(front: Opener, nursery: Nursery, either_url: str) -> None:
    config = simulated(webhooks=WebhookRules(retry_scale=0.2))
    async with front(either_url, 1, nursery=nursery, config=config) as field:
        for number, point in enumerate([*ONCE, PERHAPS_TWICE]):
            chat = FIRST_NEWCOMER + number
            bot = field.simulator.telegram.bot()
            web = field.spawn("web", point)
            await until_ready(web)
            await hooked(field)
            field.simulator.telegram.act(bot, chat, Action(ActionKind.TEXT, "/start"))
            await until_died(web, point)
            follower = field.spawn("web")

            async def answered(expected: int = number + 1) -> bool:
                done, sent = await rows(field, "sent")
                return done == expected and sent >= expected and (await rows(field, "sending"))[1] == 0

            await until(answered, 40, f"after {point}: answered")
            await field.stop(follower)
            texts = [one.text for one in replies(field, chat)]
            assert texts, point
            extra = len(texts) - len(set(texts))
            assert extra == 0 or (point == PERHAPS_TWICE and extra == 1), (point, texts)
