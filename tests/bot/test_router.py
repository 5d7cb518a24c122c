"""The first step that wants a turn handles it, and somebody always does."""

from datetime import UTC, datetime

import pytest

from bot.messages import Outbound
from bot.router import Router
from bot.turn import Session, Step, Turn
from storage.database import Database
from tests.bot.wiring import said


def step(word: str, asked: list[str]) -> Step:
    async def answer(turn: Turn) -> bool:
        asked.append(word)
        if turn.inbound.text != word:
            return False
        turn.reply(Outbound(f"this is {word}", "en"))
        return True

    return answer


async def last_resort(turn: Turn) -> None:
    turn.reply(Outbound("I can help with this and that", "en"))


async def ask(router: Router, database: Database, text: str) -> list[str]:
    async with database.read() as connection:
        turn = Turn(said(1, text=text), b"", "key", connection, datetime.now(UTC), Session())
        await router(turn)
    return [reply.text for reply in turn.replies]


async def test_the_first_willing_step_ends_the_turn(sqlite: Database) -> None:
    asked: list[str] = []
    router = Router([(word, step(word, asked)) for word in ("one", "two", "three")], last_resort)
    assert await ask(router, sqlite, "two") == ["this is two"]
    assert asked == ["one", "two"]
    assert router.order == ("one", "two", "three")


async def test_the_last_resort_answers_what_nobody_wanted(sqlite: Database) -> None:
    router = Router([("one", step("one", []))], last_resort)
    assert await ask(router, sqlite, "seven") == ["I can help with this and that"]


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Router([("one", step("one", [])), ("one", step("two", []))], last_resort)
