"""A connection to SQLite whose short statements run where they are called. Touches one SQLite file.

The usual driver hands every call to a thread, and one statement is four calls: each time the event loop goes
round once, so a step of fifteen statements holds the one write lock for sixty rounds of everybody else's
work. A statement of a step takes some 30 us. Only what may take long goes to the thread here: waiting for the
lock (BEGIN IMMEDIATE), the disk (COMMIT), statements with many values, deletions in bulk, and reading outside
a writing transaction unless it is said to be brief: a thread waits for the interpreter at every row.
"""

import sqlite3
from collections.abc import Awaitable, Callable, MutableSet
from typing import Any

from aiosqlite import Connection

MANY_VALUES = 200
GONE_S = 1.0
FETCHED_AT_ONCE = 64  # rows, when aiosqlite is iterated
MAY_TAKE_LONG = ("BEGIN", "DELETE", "PRAGMA")


class QuickConnection(Connection):
    """Fulfils what SQLAlchemy wants of aiosqlite.

    Nothing runs at once while something is with the thread: after a cancellation it may still wait for the
    lock there, and whoever touched the connection then would wait with it, the whole process included.
    """

    def __init__(
        self, connector: Callable[[], sqlite3.Connection], *, writes: bool, at_once: bool = False
    ) -> None:
        """
        Args:
            writes: a connection for writing transactions; their statements run at once.
            at_once: a connection for reading whose statements do so, too: they are brief.
        """
        super().__init__(connector, FETCHED_AT_ONCE)
        self._thread.daemon = True  # as SQLAlchemy has it with aiosqlite's own
        self._writes = writes
        self._at_once = writes or at_once
        self._handed = 0  # calls given to the thread
        self._ended = 0  # calls the thread came to the end of; only it counts them

    @property
    def is_ending(self) -> bool:
        """Whether its thread was told to end and did not yet."""
        return not self._running and self._thread.is_alive()

    def ended(self) -> None:
        """Wait for the thread, which was told to end: what it has to say is for the loop that runs now."""
        self._thread.join(GONE_S)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._handed == self._ended and self._running and self._is_quick(fn, args):
            return fn(*args, **kwargs)

        def work() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._ended += 1

        self._handed += 1
        return await super()._execute(work)  # type: ignore[no-untyped-call]  # aiosqlite left it untyped

    def _is_quick(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
        of = getattr(fn, "__self__", None)
        match fn.__name__:
            case "cursor":
                return True
            case "close":
                return isinstance(of, sqlite3.Cursor)  # closing the connection itself may write a checkpoint
            case "fetchone" | "fetchmany" | "fetchall":
                return self._at_once
            case "execute":
                return self._is_short(*args)
            case "commit":
                return not self._writes
            case "rollback":
                return not self._conn.in_transaction
        return False

    def _is_short(self, sql: str, values: Any = ()) -> bool:
        if sql == "BEGIN":
            return not self._writes  # takes no lock
        if not self._at_once:
            return False
        return len(values) <= MANY_VALUES and not sql.lstrip()[:6].upper().startswith(MAY_TAKE_LONG)


def connector(
    path: str, *, writes: bool, at_once: bool = False, opened: MutableSet[QuickConnection] | None = None
) -> Callable[[], Awaitable[QuickConnection]]:
    """What SQLAlchemy calls to connect (`async_creator`).

    Args:
        opened: every connection is added to it.
    """

    async def connect() -> QuickConnection:
        # Two threads use it, never at the same time.
        connection = QuickConnection(
            lambda: sqlite3.connect(path, check_same_thread=False), writes=writes, at_once=at_once
        )
        if opened is not None:
            opened.add(connection)
        try:
            await connection
        except sqlite3.Error:
            # Its thread is told to end, and would tell a loop that may be closed by then.
            connection.ended()
            raise
        return connection

    return connect
