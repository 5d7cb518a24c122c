"""Answers many questions with one query: what is asked while a query runs shares the next. Touches nothing.

After a restart thousands of browsers come back at once, and a broadcast reaches thousands of chats; one by
one, each would cost a transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.errors import StorageError

Question = TypeVar("Question")
Reply = TypeVar("Reply")


@dataclass(slots=True)
class _Waiting(Generic[Question, Reply]):
    question: Question
    reply: asyncio.Future[Reply]


class Together(Generic[Question, Reply]):
    """Owns one short-lived task while somebody waits.

    Args:
        answer: answers questions in their order, in one transaction.
        most: how many questions it is given at once.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Reply]]], most: int) -> None:
        self._answer = answer
        self._most = most
        self._waiting: list[_Waiting[Question, Reply]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Reply:
        """Return the answer to `question`; raises the `StorageError` that `answer` raised for its group."""
        waiting = _Waiting(question, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        reply: Reply = await waiting.reply
        return reply

    async def close(self) -> None:
        """Return once nobody waits any more."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                replies = await self._answer([waiting.question for waiting in group])
            except StorageError as error:
                for waiting in group:
                    if not waiting.reply.done():
                        waiting.reply.set_exception(error)
            except BaseException:
                # A bug or a stop: nobody may wait for ever for this group.
                for waiting in group:
                    waiting.reply.cancel()
                raise
            else:
                for waiting, reply in zip(group, replies, strict=True):
                    if not waiting.reply.done():
                        waiting.reply.set_result(reply)
