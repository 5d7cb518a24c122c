"""Officers hear of an answer that its recipient will not hear; of anything else nobody need."""

from datetime import UTC, datetime

import pytest

from app.tidying import tidy_up
from app.unheard import build_on_unheard
from assistance import cases
from bot.held import GIVE_UP_AFTER, UNHEARD
from bot.inbox import lane_of
from bot.messages import Address, Channel, Outbound
from bot.outbox import enqueue
from bot.tables import outbox
from staff import audit, notices
from storage.clock import SystemClock
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import join

PHONE = Address(Channel.WHATSAPP, "main", "+84912345678")


async def case_of(database: Database, vault: Vault) -> tuple[int, str]:
    async with database.durable() as connection:
        person = await join(connection, vault, PHONE)
        case = await cases.open_case(
            connection,
            person_id=person.id,
            event_id=None,
            country="VN",
            drill=False,
            key="k",
            now=datetime.now(UTC),
            audit=audit.append,
        )
    return case.id, case.code


@pytest.mark.parametrize(("why", "words"), [(UNHEARD, "was given up"), ("template_none", "template_none")])
async def test_the_officer_is_told_which_case(sqlite: Database, vault: Vault, why: str, words: str) -> None:
    number, code = await case_of(sqlite, vault)
    tell = build_on_unheard(SystemClock())
    async with sqlite.durable() as connection:
        for key in (f"case:{number}:form-1", f"case:{number}:form-2", "in:whatsapp:main:SM1:0", "case:9:x"):
            await tell(connection, key, why)
        (told,) = await notices.open_notices(connection)
    assert (told.kind, told.subject, told.urgent) == ("answer.unheard", f"case:{code}", True)
    assert words in told.text
    assert PHONE.value not in told.text


async def test_tidying_up_gives_up_what_was_held_for_a_week(sqlite: Database, vault: Vault) -> None:
    number, code = await case_of(sqlite, vault)
    clock = SystemClock()
    async with sqlite.durable() as connection:
        for key, age in ((f"case:{number}:old", GIVE_UP_AFTER), (f"case:{number}:new", GIVE_UP_AFTER / 2)):
            await enqueue(
                connection,
                vault,
                key=key,
                address=PHONE,
                lane=lane_of(vault, PHONE),
                outbound=Outbound("An answer", "en"),
                drill=False,
                now=clock.now() - age,
            )
        await connection.execute(outbox.update().values(state="held"))
    await tidy_up(sqlite, clock)
    async with sqlite.read() as connection:
        rows = (await connection.execute(outbox.select().order_by(outbox.c.id))).all()
        (told,) = await notices.open_notices(connection)
    assert [row.state for row in rows] == ["failed", "held"]
    assert told.subject == f"case:{code}"
