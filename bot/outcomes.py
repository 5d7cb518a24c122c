"""What becomes of an outbox message that was not accepted. Touches `outbox`, an account's pace and callbacks.

- RetryAfter: the account (or only this recipient) waits as told; no attempt is spent.
- Transient: later, with back-off and jitter, at most `ATTEMPTS` times.
- UnknownOutcome: sent once more, since a reply that comes twice does less harm than none; then given up.
- Gone: given up with everything else for that address, and the registry is told; also of the wish, where
  its owner told the provider that they want nothing from us.
- Rejected: given up; what comes after it is sent.
- Moved: sent to the new name, and the registry is told.
- Closed: the account's messages wait; whoever wired us is told.
- Template: held until the person writes again, who is told once that something waits (`bot.held`).
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.codec import dump_address
from bot.errors import (
    ClosedError,
    GoneError,
    MovedError,
    RetryAfterError,
    SendError,
    StoppedError,
    TemplateError,
    UnknownOutcomeError,
)
from bot.held import (
    NOT_NEEDED,
    Heard,
    OnUnheard,
    heard_never,
    held_keys,
    is_nudge,
    nudge,
    release,
    tell_nobody,
)
from bot.lifecycle import OutboxState
from bot.messages import Address, Channel
from bot.outbox import Claimed, claim_next, fail_lane, settle
from bot.turn import Pace
from bot.window import is_open
from storage.clock import Clock
from storage.database import Database
from storage.vault import Place, Vault

log = structlog.get_logger(__name__)

ATTEMPTS = 12
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0
CLOSED_PAUSE_S = 60.0
CODE_LENGTH = 60

UNKNOWN = "unknown:"

Account = tuple[str, str]  # channel and our name of the sender account

OnGone = Callable[[AsyncConnection, bytes], Awaitable[None]]
"""Told, in the transaction that gives the message up, that the address of a lane is gone."""

OnMoved = Callable[[AsyncConnection, bytes, str], Awaitable[None]]
"""Told, in the same transaction, the new value of a lane's address."""

OnClosed = Callable[[Channel, str, str], Awaitable[None]]
"""Told that an account is refused: channel, account, code. Told again while it stays so."""


class Outcomes:
    """Settles claimed messages; holds no state between them."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        clock: Clock,
        paces: Mapping[Account, Pace],
        on_gone: OnGone,
        on_moved: OnMoved,
        on_closed: OnClosed,
        on_unheard: OnUnheard = tell_nobody,
        on_stopped: OnGone | None = None,
        heard: Heard = heard_never,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._paces = paces
        self._on_gone = on_gone
        self._on_moved = on_moved
        self._on_closed = on_closed
        self._on_unheard = on_unheard
        self._on_stopped = on_stopped or on_gone
        self._heard = heard
        self._jitter = random.SystemRandom()

    async def sent(self, claimed: Claimed, provider_id: str) -> Claimed | None:
        """The provider took it; claim what comes next on its lane in the same transaction."""
        now = self._clock.now()
        values = {"state": OutboxState.SENT, "provider_id": provider_id[:80], "error": None, "done_at": now}
        async with self._database.bulk() as connection:
            await settle(connection, claimed, **values)
            return await claim_next(connection, claimed.lane, now)

    async def fresh(self, claimed: Claimed, address: Address) -> Address:
        """`address` with the time its owner last wrote, read anew where that decides what may be said."""
        if is_open(address, self._clock.now()):
            return address
        async with self._database.read() as connection:
            return replace(address, heard_at=await self._heard(connection, claimed.lane))

    async def wrote_since(self, claimed: Claimed, address: Address) -> bool:
        """Whether the person wrote after the moment that `address` holds."""
        async with self._database.read() as connection:
            heard_at = await self._heard(connection, claimed.lane)
        return heard_at is not None and (address.heard_at is None or heard_at > address.heard_at)

    async def not_needed(self, claimed: Claimed) -> None:
        """The person wrote before they were told that something waits: let it go out instead."""
        now = self._clock.now()
        async with self._database.durable() as connection:
            await settle(connection, claimed, state=OutboxState.FAILED, error=NOT_NEEDED, done_at=now)
            await release(connection, claimed.lane, now)

    async def failed(self, claimed: Claimed, error: SendError) -> bool:
        """Settle by the family of `error`; whether the lane's next message may be tried now."""
        match error:
            case GoneError():
                await self._gone(claimed, error)
                return False
            case MovedError() if claimed.attempts + 1 < ATTEMPTS:
                await self._moved(claimed, error)
                return True
            case TemplateError():
                await self._hold(claimed, error)
                return True
            case RetryAfterError() | ClosedError():
                await self._account_waits(claimed, error)
                return False
            case _ if self._again(claimed, error):
                pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**claimed.attempts)
                code = UNKNOWN + error.code if isinstance(error, UnknownOutcomeError) else error.code
                # An outcome that was unknown stays on record: it may be sent once more, not twice.
                code = claimed.error if claimed.error.startswith(UNKNOWN) else code
                await self.later(
                    claimed, pause * self._jitter.uniform(0.5, 1.5), code, attempts=claimed.attempts + 1
                )
                return False
        await self.give_up(claimed, error.code)
        return True

    async def later(self, claimed: Claimed, seconds: float, code: str, *, attempts: int) -> None:
        """Try again in `seconds`."""
        again = self._clock.now() + timedelta(seconds=seconds)
        values = {
            "state": OutboxState.WAITING,
            "attempts": attempts,
            "next_at": again,
            "error": code[:CODE_LENGTH],
        }
        async with self._database.bulk() as connection:
            await settle(connection, claimed, **values)

    async def give_up(self, claimed: Claimed, code: str) -> None:
        """Never try again."""
        log.warning("a reply was given up", action="reply.given_up", outbox=claimed.id, code=code)
        values = {"state": OutboxState.FAILED, "error": code[:CODE_LENGTH], "done_at": self._clock.now()}
        async with self._database.bulk() as connection:
            await settle(connection, claimed, **values)

    @staticmethod
    def _again(claimed: Claimed, error: SendError) -> bool:
        if not error.retryable or claimed.attempts + 1 >= ATTEMPTS:
            return False
        return not (isinstance(error, UnknownOutcomeError) and claimed.error.startswith(UNKNOWN))

    async def _account_waits(self, claimed: Claimed, error: RetryAfterError | ClosedError) -> None:
        if isinstance(error, ClosedError):
            await self._on_closed(claimed.channel, claimed.account, error.code)
            seconds = CLOSED_PAUSE_S
        else:
            seconds = error.seconds
            if not error.recipient_only:
                await self._paces[claimed.channel, claimed.account].freeze(seconds, claimed.lane)
        code = claimed.error if claimed.error.startswith(UNKNOWN) else error.code
        await self.later(claimed, seconds, code, attempts=claimed.attempts)

    async def _gone(self, claimed: Claimed, error: GoneError) -> None:
        async with self._database.durable() as connection:
            await fail_lane(connection, claimed.lane, error.code[:CODE_LENGTH], self._clock.now())
            told = self._on_stopped if isinstance(error, StoppedError) else self._on_gone
            await told(connection, claimed.lane)

    async def _hold(self, claimed: Claimed, error: TemplateError) -> None:
        """Keep a message until the person writes; a nudge that cannot be sent is given up and reported."""
        now, code = self._clock.now(), error.code[:CODE_LENGTH]
        async with self._database.durable() as connection:
            if is_nudge(claimed.key):
                await settle(connection, claimed, state=OutboxState.FAILED, error=code, done_at=now)
                for key in await held_keys(connection, claimed.lane):
                    await self._on_unheard(connection, key, code)
                return
            address, held = claimed.open(self._vault)
            heard_at = await self._heard(connection, claimed.lane)
            tried, known = (replace(address, heard_at=at) for at in (claimed.heard_at, heard_at))
            if is_open(known, now) and not is_open(tried, now):
                # They wrote while it was under way, and released what was held before this was.
                await settle(connection, claimed, state=OutboxState.WAITING, next_at=now, error=code)
                return
            if not await settle(connection, claimed, state=OutboxState.HELD, error=code):
                return
            await nudge(
                connection,
                self._vault,
                lane=claimed.lane,
                address=known,
                held=held,
                drill=claimed.drill,
                now=now,
            )

    async def _moved(self, claimed: Claimed, error: MovedError) -> None:
        address, _outbound = claimed.open(self._vault)
        moved = dump_address(replace(address, value=error.new_value))
        values = {
            "state": OutboxState.WAITING,
            "attempts": claimed.attempts + 1,
            "address": self._vault.seal(moved, Place("outbox", "address", claimed.key)),
            "next_at": self._clock.now(),
            "error": error.code[:CODE_LENGTH],
        }
        async with self._database.durable() as connection:
            await self._on_moved(connection, claimed.lane, error.new_value)
            await settle(connection, claimed, **values)
