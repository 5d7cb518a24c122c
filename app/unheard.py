"""Tells officers of an answer that its recipient will not hear, or not soon. Touches notices, reads cases."""

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import store
from assistance.errors import CaseUnknownError
from bot.held import UNHEARD, OnUnheard
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock

CASE = "case:"  # begins the outbox key of an officer's answer: case:<id>:<key of the form>


def build_on_unheard(clock: Clock) -> OnUnheard:
    """What `bot.held` and `bot.outcomes` call."""

    async def on_unheard(connection: AsyncConnection, key: str, why: str) -> None:
        code = await _case_code(connection, key)
        if code is None:
            return  # an answer of ours by itself, to something written days ago
        if why == UNHEARD:
            text = (
                f"An answer in case {code} was given up: the person did not write on that channel for 7 "
                "days. Try to call them."
            )
        else:
            text = (
                f"An answer in case {code} waits until the person writes again, and we cannot tell them that "
                f"it waits ({why}): see `muster template list`. Try to call them."
            )
        await notices.post(
            connection,
            kind=NoticeKind.ANSWER_UNHEARD,
            subject=f"case:{code}",
            text=text,
            urgent=True,
            at=clock.now(),
        )

    return on_unheard


async def _case_code(connection: AsyncConnection, key: str) -> str | None:
    number = key.removeprefix(CASE).split(":", 1)[0]
    if not key.startswith(CASE) or not number.isdecimal():
        return None
    try:
        return (await store.get(connection, int(number))).code
    except CaseUnknownError:
        return None
