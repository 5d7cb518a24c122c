"""The contract every channel fulfils. Touches nothing; gateways live in `bot/gateways/<channel>/`.

A gateway knows its provider and nothing of Muster: it verifies and parses what comes in, renders and sends
what goes out, and says what it cannot promise. It owns no limiter, no retry and no storage of ours; intake,
outbox and the fan-out worker do that once for all. Its root never imports it: `app/` plugs it in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.errors import RejectedError, SendError
from bot.messages import Accepted, Address, Channel, Event, Outbound


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider allows one sender account, with the day somebody last checked.

    Attributes:
        per_second: messages a second for the whole account.
        per_recipient_s: seconds between two messages to one recipient; 0 = no limit.
        recipient_burst: messages one recipient may get at once before that counts; a broadcast adds one.
        in_flight: requests under way at once.
        text_units: longest text, UTF-16 units.
        batch: most recipients of one fan-out batch (half a second's worth, 10..100, unless a bulk call takes
            more).
        last_verified: ISO date.
    """

    per_second: float
    per_recipient_s: float
    recipient_burst: int
    in_flight: int
    text_units: int
    batch: int
    last_verified: str


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it arrived: raw bytes, headers with lower-case names, the public URL it was meant for."""

    body: bytes
    headers: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message rendered once for everybody who gets the same words.

    `parts` are the provider's own shapes, in the order in which they are sent, each by a call of its own.

    Attributes:
        weight: slots of the account's limit that sending all of it to one recipient takes at most (text
            messages: their segments).
    """

    parts: tuple[Mapping[str, str], ...]
    outbound: Outbound
    weight: int = 1

    @property
    def slots(self) -> int:
        """Slots that one part takes at most."""
        return -(-self.weight // max(1, len(self.parts)))

    def part(self, number: int) -> Mapping[str, str]:
        """The part with this number, 0 the first; raises `RejectedError` when there is none."""
        if number >= len(self.parts):
            raise RejectedError("empty_text")
        return self.parts[number]

    def more(self, number: int) -> bool:
        """Whether anything follows the part with this number."""
        return number + 1 < len(self.parts)


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What a provider is answered once its webhook is stored."""

    body: str = ""
    content_type: str = "text/plain"


class Door(Protocol):
    """What receives the webhooks of one account of a provider; a gateway, or one for several channels."""

    @property
    def account(self) -> str: ...

    @property
    def hook_paths(self) -> Sequence[str]:
        """Where it listens below `/hooks`, as aiohttp patterns without the account: `/telegram`,
        `/twilio/status/{delivery}`. The first segment is the provider's name, for counters.
        """
        ...

    @property
    def max_hook_bytes(self) -> int:
        """Larger bodies are refused unread."""
        ...

    def verify(self, hook: Hook) -> None:
        """Check secret or signature over the raw bytes in constant time; raises `ForgedHookError`."""
        ...

    def parse(self, hook: Hook) -> Sequence[Event]:
        """Turn a verified body into events, oldest first; unknown kinds give none; raises
        `MalformedHookError`.
        """
        ...

    def answer(self, hook: Hook) -> HookAnswer:
        """What the provider wants to hear once a verified body is stored; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class BulkAccepted:
    """What became of one call for many.

    Attributes:
        provider_id: the id that all who got it share.
        failed: error by the place of the recipient in the call, for those the provider did not take.
        more: as of `Accepted`.
    """

    provider_id: str
    failed: Mapping[int, SendError]
    more: bool = False


class Gateway(Protocol):
    """One sender account on one channel; what its webhooks need is a `Door`, which it may be itself."""

    @property
    def channel(self) -> Channel: ...

    @property
    def account(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def confirms(self) -> bool:
        """Whether receipts tell of arrival; without them a board says *accepted*, never *reached*
        by itself.
        """
        ...

    async def open(self) -> None:
        """Connect and introduce ourselves; raises `ClosedError` if refused. A failure closes this
        channel only.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...

    def prepare(self, outbound: Outbound) -> Prepared:
        """Render once; raises `RejectedError` if it can never fit."""
        ...

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Send one part to one recipient: what fails is sent again, and nothing that was taken.

        The caller keeps to the limits between parts, too, and goes on while the answer says that `more`
        follows; the id of the last part is the message's.

        Args:
            part: how many parts of it this recipient's provider took before.
            delivery: our id of a broadcast's message, which travels along where the provider lets it.
            key: name of a message that is not part of a broadcast; a channel that can shows it once only,
                however often it is sent.

        Raises:
            SendError: one of the family in `bot.errors`.
        """
        ...

    async def acknowledge(self, event: Event) -> None:
        """Tell the provider that a button press was seen (stops a spinner); never raises for a late one."""
        ...


@runtime_checkable
class BulkGateway(Protocol):
    """A gateway whose provider takes one message for many recipients in one call.

    Such a call takes as many slots of `limits.per_second` as a part to one recipient does;
    `limits.in_flight` counts its recipients.
    """

    @property
    def takes_many(self) -> bool:
        """Whether it does so now: a provider may not allow it to this account."""
        ...

    async def send_many(self, to: Sequence[Address], message: Prepared, *, part: int = 0) -> BulkAccepted:
        """Send one part to at most `limits.batch` recipients who read the same language and have the parts
        before it.

        Raises:
            SendError: of the whole call; nobody was sent to, unless it is an `UnknownOutcomeError`.
        """
        ...


@runtime_checkable
class ReconcilingGateway(Protocol):
    """A gateway whose provider does not bring a webhook again but lets us list what happened."""

    async def missed(self, since: datetime) -> Sequence[Event]:
        """What happened since, oldest first, with the same keys as the webhooks': what is stored already is
        stored once.

        Raises:
            SendError: the provider could not be asked.
        """
        ...
