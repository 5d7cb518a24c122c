"""One message to one recipient, or to many in one call: what to try, what an answer means. Touches a gateway;
decides on error classes only.

Rules, with their reasons:
- 429 spends no attempt: it says nothing about this recipient. Who alone must wait longer than a minute
  (Viber: until the next hour) is tried on their next channel instead; no batch is kept open for them.
- Transient errors are tried again a few times with growing, jittered pauses, then the next rung takes over.
- An unknown outcome is sent again for alerts: a warning read twice beats one never read. Under
  `never-resend` it is recorded and nothing more.
- A long message goes part by part; what fails is a part, and the parts before it are never sent again.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.deadlines import Deadlines
from alerts.delivery import PARTLY, DeliveryState
from alerts.outcomes import Outcome
from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    MovedError,
    RejectedError,
    RetryAfterError,
    SendError,
    StoppedError,
    UnknownOutcomeError,
)
from bot.gateway import BulkGateway, Gateway, Prepared
from bot.messages import Accepted, Address

MAX_TRANSIENT = 6
MAX_UNKNOWN = 2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
LONGEST_WAIT_S = 60.0  # for one recipient whom the provider wants left alone


@dataclass(slots=True)
class Item:
    """A delivery on its way: where to, what, and what was tried so far."""

    position: int
    delivery: int
    address_id: int
    person_id: int
    language: str
    to: Address
    lane: bytes = field(default=b"", repr=False)
    attempts: int = 0
    taken: int = 0  # parts of a long message that the provider has
    transient: int = 0
    unknown: int = 0
    doubt: str = ""  # code of a server that broke over it, and may have taken it
    earlier: bool = False  # whoever had its batch before us may have sent it, and did not say so
    named: bool = False  # SQL was told, or nearly told, that we are about to send it (`never-resend`)

    @property
    def perhaps(self) -> bool:
        """Whether an earlier try, or some of it, may have arrived."""
        return bool(self.unknown or self.doubt or self.earlier or self.taken)

    @property
    def unsent(self) -> DeliveryState:
        """Where it stands when nobody tries it any more."""
        return DeliveryState.UNKNOWN if self.perhaps else DeliveryState.FAILED


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more after `pause_s`."""

    pause_s: float


@dataclass(frozen=True, slots=True)
class Further:
    """A part of a long message was taken; now the next one."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Everybody on this account waits for `seconds`, unless the provider turns out to mean this one only;
    then this one is tried once more.
    """

    seconds: float
    code: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The account is refused; nobody can be sent to through it."""

    code: str


@dataclass(frozen=True, slots=True)
class Told:
    """The end of one item as the provider told it."""

    item: Item
    state: DeliveryState
    error: str = ""
    provider_id: str = ""
    stopped: bool = False

    def outcome(self, severity: str, now: datetime, deadlines: Deadlines, *, confirms: bool) -> Outcome:
        """The row to write, with the time of the next rung."""
        due = deadlines.after(self.state, severity, now, confirms=confirms)
        return Outcome(
            self.item.delivery,
            self.state,
            now,
            self.item.attempts,
            self.provider_id,
            self.error,
            due,
            self.stopped,
        )


@dataclass(frozen=True, slots=True)
class Alone:
    """A call for many did not take this one; what that means is seen when it is tried alone."""


Verdict = Told | Further | Again | Freeze | Closed


async def attempt(gateway: Gateway, item: Item, message: Prepared, *, resend: bool) -> Verdict:
    """Try once. The caller has checked cancel, expiry, drill and lease immediately before.

    Args:
        resend: an unknown outcome may be sent again.
    """
    item.attempts += 1
    try:
        accepted = await gateway.send(item.to, message, part=item.taken, delivery=item.delivery)
    except SendError as error:
        return verdict_on(item, error, resend=resend)
    return _taken(item, accepted)


async def attempt_many(
    gateway: BulkGateway, items: Sequence[Item], message: Prepared, *, resend: bool
) -> list[Verdict | Alone]:
    """Try once for all of `items`, who have the same parts of it, in one call; as `attempt` for each of them,
    in their order.

    Where the whole call fails every item is judged by that one error. Content that is rejected here may pass
    alone: one bad recipient can spoil a call, and a gateway can say the same more plainly to one.
    """
    for item in items:
        item.attempts += 1
    taken = Accepted("")
    errors: Mapping[int, SendError]
    try:
        answer = await gateway.send_many([item.to for item in items], message, part=items[0].taken)
        taken, errors = Accepted(answer.provider_id, more=answer.more), answer.failed
    except SendError as error:
        errors = dict.fromkeys(range(len(items)), error)
    verdicts: list[Verdict | Alone] = []
    for place, item in enumerate(items):
        problem = errors.get(place)
        if problem is None:
            verdicts.append(_taken(item, taken))
        elif isinstance(problem, RejectedError):
            verdicts.append(Alone())
        else:
            verdicts.append(verdict_on(item, problem, resend=resend))
    return verdicts


def verdict_on(item: Item, error: SendError, *, resend: bool) -> Verdict:
    """What an error means for an item that was just tried."""
    match error:
        case RetryAfterError():
            if not error.recipient_only:
                item.attempts -= 1
                return Freeze(error.seconds, error.code)
            verdict = left_alone(item, error.seconds, error.code)
            item.attempts -= isinstance(verdict, Again)
            return verdict
        case ClosedError():
            return Closed(error.code)
        case MovedError():
            item.to = replace(item.to, value=error.new_value)
            return Again(0.0)
    return _judge(item, error, resend=resend)


def left_alone(item: Item, seconds: float, code: str) -> Told | Again:
    """What it means for an item that the provider wants its recipient left alone for `seconds`."""
    return _refused(item, code) if seconds > LONGEST_WAIT_S else Again(seconds)


def _taken(item: Item, accepted: Accepted) -> Told | Further:
    if accepted.more:
        item.attempts -= 1
        item.taken += 1
        return Further()
    state = DeliveryState.ACCEPTED if accepted.confirmed else DeliveryState.ATTEMPTING
    return Told(item, state, "resent_unknown" if item.unknown or item.doubt else "", accepted.provider_id)


def _judge(item: Item, error: SendError, *, resend: bool) -> Verdict:
    if isinstance(error, GoneError):
        code = PARTLY if item.taken else error.code
        return Told(item, DeliveryState.GONE, code, stopped=isinstance(error, StoppedError))
    if isinstance(error, UnknownOutcomeError):
        item.unknown += 1
        if resend and item.unknown <= MAX_UNKNOWN:
            return Again(_pause(item.unknown))
        return Told(item, DeliveryState.UNKNOWN, error.code)
    if isinstance(error, BrokenServerError):
        item.doubt = error.code
        if not resend:
            return Told(item, DeliveryState.UNKNOWN, error.code)
    if error.retryable:
        item.transient += 1
        if item.transient <= MAX_TRANSIENT:
            return Again(_pause(item.transient))
    return _refused(item, error.code)


def _refused(item: Item, code: str) -> Told:
    # An earlier try without an answer may have arrived: what is refused now cannot unsay it.
    # Whom a server broke over, or who has the beginning only, is tried on their next channel at once all the
    # same; a correction goes to them.
    state = DeliveryState.UNKNOWN if item.unknown or item.earlier else DeliveryState.FAILED
    return Told(item, state, item.doubt or (PARTLY if item.taken else code))


def _pause(tries: int) -> float:
    longest = min(FIRST_PAUSE_S * 2 ** (tries - 1), LONGEST_PAUSE_S)
    return float(longest * 0.5 * (1.0 + random.random()))  # noqa: S311 - spreads retries, guards nothing
