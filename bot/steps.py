"""One step of one person's conversation: one durable transaction from the claimed inbox row to its replies.

Touches `inbox`, `conversation`, `outbox` and, through the conversation handed in, whatever the handlers own.
All of it commits together, or nothing does and the message waits for another try.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels import FACTS
from bot.codec import CodecError
from bot.counters import Count
from bot.held import release
from bot.inbox import lane_of
from bot.leases import fence_stands
from bot.messages import Frame, Inbound, InboundKind, Outbound
from bot.outbox import enqueue
from bot.sessions import load_session, save_session
from bot.turn import BeforehandError, Conversation, Turn
from bot.waiting import WaitingRow, mark_done, set_aside
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.vault import Vault

log = structlog.get_logger(__name__)

Apology = Callable[[AsyncConnection, Inbound], Awaitable[Outbound]]
"""Words for somebody whose message broke something: what happened, and the emergency number where they are.
"""


class GivenUp(Protocol):
    """Told, in the same transaction, that an inbox row failed for good; `error` is the name of an error
    class.
    """

    async def __call__(self, connection: AsyncConnection, *, row: int, error: str, at: datetime) -> None: ...


class StepEnd(StrEnum):
    """How a step ended."""

    DONE = "done"
    LOST = "lost"  # somebody else has the lane or was faster; nothing was written
    ASIDE = "aside"  # it broke; kept for another try
    FAILED = "failed"  # it broke for the last time


class _LaneLostError(Exception):
    """Rolls a step back whose lane is no longer ours."""


class StepRunner:
    """Runs steps; holds no state between them."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        clock: Clock,
        conversation: Conversation,
        apology: Apology,
        given_up: GivenUp,
        count: Count,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._conversation = conversation
        self._apology = apology
        self._given_up = given_up
        self._count = count

    async def run(self, row: WaitingRow) -> tuple[StepEnd, Inbound | None]:
        """Handle `row`; return how it ended and what it was.

        Raises:
            StorageUnavailableError: nothing happened and no try was spent.
        """
        inbound: Inbound | None = None
        try:
            event = row.event(self._vault)
            if not isinstance(event, Inbound):
                raise CodecError("a receipt lies where somebody's words should be")
            inbound = event
            try:
                await self._step(row, inbound)
            except BeforehandError as first:
                await self._step(row, inbound, await first.work())
            end = StepEnd.DONE
        except StorageUnavailableError:
            raise
        except _LaneLostError:
            end = StepEnd.LOST
        except Exception as error:
            # The one boundary at which any error of ours is caught: behind it stands a person in danger who
            # would otherwise get no answer at all, and whose next messages would wait behind this one for
            # ever. Nothing goes on as if it had worked: the step is rolled back, said sorry for, kept,
            # tried again, reported.
            log.error("a step broke and was rolled back", action="step.broken", inbox=row.id, exc_info=error)
            end = await self._after_error(row, inbound, type(error).__name__)
        self._count("steps", outcome=end)
        return end, inbound

    async def _step(self, row: WaitingRow, inbound: Inbound, brought: object = None) -> None:
        now = self._clock.now()
        async with self._database.durable() as connection:
            if not await mark_done(connection, [row], now):
                raise _LaneLostError
            session = await load_session(connection, self._vault, row.lane)
            before = (session.step, dict(session.data))
            if FACTS[inbound.address.channel].has_window and inbound.kind is not InboundKind.STOPPED:
                await release(connection, row.lane, now)
            turn = Turn(inbound, row.lane, row.key, connection, now, session, brought=brought)
            await self._conversation(turn)
            for number, reply in enumerate(turn.replies):
                await self._reply(connection, row, inbound, str(number), reply, now)
            if (turn.session.step, turn.session.data) != before:
                await save_session(connection, self._vault, row.lane, turn.session, now)
            if not await fence_stands(connection, row.partition, row.fence):
                raise _LaneLostError

    async def _after_error(self, row: WaitingRow, inbound: Inbound | None, name: str) -> StepEnd:
        """Say sorry once, keep the message for another try, or report that there will be none."""
        try:
            return await self._set_aside(row, inbound, name)
        except StorageUnavailableError:
            raise
        except Exception as error:
            # The apology itself is broken: the message must be kept all the same.
            log.error(
                "the apology or the report broke", action="apology.broken", inbox=row.id, exc_info=error
            )
            async with self._database.durable() as connection:
                again = await set_aside(connection, row, self._clock.now())
            return StepEnd.ASIDE if again else StepEnd.FAILED

    async def _set_aside(self, row: WaitingRow, inbound: Inbound | None, name: str) -> StepEnd:
        now = self._clock.now()
        async with self._database.durable() as connection:
            if inbound is not None and row.attempts == 0:
                sorry = await self._apology(connection, inbound)
                await self._reply(connection, row, inbound, "sorry", sorry, now)
            if await set_aside(connection, row, now):
                return StepEnd.ASIDE
            await self._given_up(connection, row=row.id, error=name, at=now)
        return StepEnd.FAILED

    async def _reply(
        self,
        connection: AsyncConnection,
        row: WaitingRow,
        inbound: Inbound,
        number: str,
        reply: Outbound,
        now: datetime,
    ) -> None:
        await enqueue(
            connection,
            self._vault,
            key=f"in:{row.key}:{number}",
            address=replace(inbound.address, heard_at=row.received_at),
            lane=lane_of(self._vault, inbound.address),
            outbound=reply,
            drill=reply.frame is Frame.DRILL,
            now=now,
        )
