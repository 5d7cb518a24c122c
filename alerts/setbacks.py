"""What broke over a bug of ours, or is not what was approved: the operators are paged, and it is left alone
for longer each time. Touches operators' notices.

A planner does many things that do not depend on each other. One that breaks whenever it is tried must not
keep the others from being done, as it would if it ended the process.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from alerts.errors import AlertRefusedError
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
AGAIN = "It is tried again by itself, less and less often; the log says where it breaks."
TEXTS = {
    NoticeKind.PLAN_REFUSED: "An approved warning was changed behind everybody's back: it is not what two "
    "officers approved, and it is not sent. Find out who changed it, and warn its people by a new alert.",
    NoticeKind.PLAN_BROKEN: "A mistake in our program keeps people of a warning from being planned: they may "
    f"not be warned. Reach them another way. {AGAIN}",
    NoticeKind.RUNGS_BROKEN: "A mistake in our program keeps people of a warning from being tried on their "
    f"next channel. Reach the silent ones another way. {AGAIN}",
    NoticeKind.PLANNER_BROKEN: "A mistake in our program breaks a part of the planner; warnings are planned "
    f"and sent all the same. {AGAIN}",
}

K = TypeVar("K", int, str)
T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Setbacks(Generic[K]):
    """Of one kind of work, each piece by its key.

    Attributes:
        kind: of the notice and of the line in the log, one of `TEXTS`.
        subject: what a key is one of.
    """

    database: Database
    clock: Clock
    kind: NoticeKind
    subject: str
    _pauses: dict[K, tuple[float, float]] = field(default_factory=dict)  # seconds, until when (monotonic)

    def resting(self) -> frozenset[K]:
        """What is left alone for the time being."""
        now = self.clock.monotonic()
        return frozenset(key for key, (_, until) in self._pauses.items() if now < until)

    async def bear(self, key: K, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do some work, or nothing while it is left alone; None when it broke, too.

        Raises:
            StorageUnavailableError: SQL is away, which is nobody's bug.
        """
        if key in self.resting():
            return None
        try:
            done = await work()
        except StorageUnavailableError:
            raise
        except Exception as error:
            await self._broke(key, error)
            return None
        if key in self._pauses:
            async with self.database.durable() as connection:
                for kind in (self.kind, NoticeKind.PLAN_REFUSED):
                    await notices.resolve(
                        connection, kind=kind, subject=self._named(key), at=self.clock.now()
                    )
            del self._pauses[key]
        return done

    async def _broke(self, key: K, error: Exception) -> None:
        name = self._named(key)
        kind = NoticeKind.PLAN_REFUSED if isinstance(error, AlertRefusedError) else self.kind
        log.error("work broke and is tried again later", action=kind, subject=name, exc_info=error)
        before = self._pauses.get(key, (FIRST_PAUSE_S / 2, 0.0))[0]
        pause = min(before * 2, LONGEST_PAUSE_S)
        self._pauses[key] = (pause, self.clock.monotonic() + pause)
        async with self.database.durable() as connection:
            await notices.post(
                connection,
                kind=kind,
                subject=name,
                text=TEXTS[kind],
                urgent=True,
                at=self.clock.now(),
            )

    def _named(self, key: K) -> str:
        return f"{self.subject}:{key}"
