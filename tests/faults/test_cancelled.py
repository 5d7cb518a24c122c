"""Cancelled and corrected in the middle of a warning, with a provider that leaves some outcomes unknown."""

import time

import pytest
from sqlalchemy import select

from alerts.correction import correction_audience
from alerts.lifecycle import AlertState
from alerts.tables import delivery
from simulator.faults import Fault, FaultKind
from tests.faults.conftest import Opener
from tests.service import until

STOPS_S = 5.0
WORDS = "The warning was wrong"  # of the correction
pytestmark = pytest.mark.usefixtures("haste")


async def test_unsent_copies_stop_and_the_correction_covers_everybody_who_may_have_one(
    front: Opener, either_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with front(either_url, 200) as field, field.at_work():
        # Their bytes leave, and nobody says what became of them: half of them arrived, half did not.
        arrived, lost = field.chats[20:50], field.chats[50:80]
        field.simulator.inject(Fault(FaultKind.RESET_AFTER, recipients=frozenset(arrived)))
        field.simulator.inject(Fault(FaultKind.RESET_BEFORE, recipients=frozenset(lost)))
        alert = await field.warn(policy="never-resend")
        await field.sent_to(60)
        cancelled = time.monotonic()
        await field.office.desk.cancel(field.office.author, alert, "a mistake")
        committed = time.monotonic()
        correction = await field.office.desk.correct(field.office.author, alert)
        await field.office.desk.submit(field.office.author, correction)
        await field.office.approve(correction)

        async def corrected() -> bool:
            return await field.office.state(correction) is AlertState.SENT

        await until(corrected, 60, "the correction is planned")
        await field.over(correction, 60)
        copies = [copy for copy in field.copies() if WORDS not in copy.text]
        last = max(copy.mono for copy in copies)
        got = {copy.recipient for copy in copies}
        assert 60 <= len(got) < 200, "some were stopped"
        late = last - committed
        took = f"cancelling took {committed - cancelled:.1f} s, the last copy left {late:.1f} s later"
        assert late <= STOPS_S, took
        async with field.office.core.database.read() as connection:
            audience = {field.chat_of(person) for person in await correction_audience(connection, alert)}
            query = select(delivery.c.person_id).where(
                delivery.c.revision_id == 1, delivery.c.state == "unknown"
            )
            unknown = {field.chat_of(one) for one in (await connection.execute(query)).scalars()}
        assert got <= audience, "whoever has the wrong one gets the correction"
        assert audience - got <= unknown, "nobody else, but for whom nobody knows"
        assert unknown <= {str(chat) for chat in (*arrived, *lost)}
        assert unknown & got
        assert unknown - got
        told = [one.recipient for one in field.simulator.ledger.accepted("telegram") if WORDS in one.text]
        reached = audience - {str(chat) for chat in (*arrived, *lost)}
        assert reached <= set(told) <= audience
        with capsys.disabled():
            print(  # noqa: T201 - a figure of the guarantees
                f"\n{took}; correction to {len(audience)}: "
                f"{len(got)} had the warning, {len(audience - got)} recorded unknown"
            )
