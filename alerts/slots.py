"""Slots for the messages of one batch: asked for by weight, used in time. Touches the limiter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.room import Room
from bot.limiter import Limiter
from storage.clock import Clock

# Paced at 96 % of a limit, what leaves within 41 ms of its slot cannot make any second hold more than that.
LATE_S = 0.04
PACED_S = 0.01  # slots spread over less are not what holds us back
# On a machine that is always late, so much between two messages that leave all the same.
NEVER_SILENT_S = 0.25


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to send.

    Attributes:
        count: how many messages; 0 = none yet.
        at: monotonic time of the first slot; each lasts `spacing_s` for every slot its message takes.
        wait_s: seconds to wait before asking again, when `count` is 0.
        early: messages passed over, since their recipient must be left alone: seconds by place.
    """

    count: int
    at: float
    spacing_s: float
    wait_s: float
    early: Mapping[int, float] = field(default_factory=dict)


@dataclass(slots=True)
class Slots:
    """Those of one batch; `room` is shared by all batches of the account."""

    limiter: Limiter
    clock: Clock
    room: Room
    _paced: bool = False

    async def ask(self, weights: Sequence[int], lanes: Sequence[bytes] = ()) -> Turn:
        """Ask for messages that take so many slots each, at least one message, in their order, to `lanes`.

        Counted from the answer: the limiter granted them somewhere between question and answer, and a message
        must rather be late than early.

        Raises:
            RedisError, OSError: nothing was granted.
        """
        grant = await self.limiter.bulk(len(weights), weights if max(weights) > 1 else (), lanes)
        self._paced = grant.first_s + grant.count * grant.spacing_s > PACED_S
        at = self.clock.monotonic() + grant.first_s
        return Turn(grant.count, at, grant.spacing_s, grant.wait_s, grant.early)

    def missed(self, at: float, *, asked_again: bool) -> bool:
        """Whether the slot at `at` is over, so that another one must be asked for; if not, it is used now.

        Late messages of a held-up process would otherwise leave beside those that are on time, and more than
        the limit in one second.

        Args:
            asked_again: may this message ask again? (Not what SQL names as being attempted.)
        """
        now = self.clock.monotonic()
        late = self._paced and asked_again and now - at > LATE_S
        if late and now - self.room.left_at < NEVER_SILENT_S:
            return True
        self.room.left_at = now
        return False
