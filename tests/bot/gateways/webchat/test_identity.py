"""Cookies: random, stored hashed, forgotten when never used."""

from datetime import timedelta

from sqlalchemy import delete, select

from bot.gateways.webchat.identity import REMEMBERED_S, UNUSED_FOR, ChatBook, forget_unused
from bot.gateways.webchat.store import note_use
from bot.tables import webchat
from storage.clock import SystemClock
from storage.database import Database
from tests.bot.wiring import MovableClock


async def test_a_cookie_is_recognised_in_another_process(database: Database, clock: SystemClock) -> None:
    token, chat = await ChatBook(database, clock).create()
    other = ChatBook(database, clock)
    assert other.known(token) is None
    assert await other.recognise(token) == chat
    assert other.known(token) == chat


async def test_tokens_and_chats_are_long_and_never_alike(sqlite: Database, clock: SystemClock) -> None:
    book = ChatBook(sqlite, clock)
    made = [await book.create() for _ in range(20)]
    assert len({token for token, _ in made}) == len({chat for _, chat in made}) == 20
    assert all(len(token) == 43 and len(chat) == 32 for token, chat in made)  # 256 and 128 bits


async def test_the_token_itself_is_stored_nowhere(sqlite: Database, clock: SystemClock) -> None:
    token, chat = await ChatBook(sqlite, clock).create()
    async with sqlite.read() as connection:
        row = (await connection.execute(select(webchat))).one()
    assert row.chat == chat
    assert len(row.token_hash) == 32
    assert token.encode() not in row.token_hash


async def test_a_forged_cookie_is_nobody(sqlite: Database, clock: SystemClock) -> None:
    book = ChatBook(sqlite, clock)
    token, chat = await book.create()
    for forged in ("", chat, token[:-1], token + "A", token.swapcase(), "x" * 43, "é" * 43, token + "\n"):
        assert book.known(forged) is None
        assert await book.recognise(forged) is None


async def test_an_erased_chat_is_refused_within_a_minute(sqlite: Database) -> None:
    clock = MovableClock()
    book = ChatBook(sqlite, clock)
    token, _ = await book.create()
    async with sqlite.durable() as connection:
        await connection.execute(delete(webchat))
    clock.ahead = REMEMBERED_S + 1
    assert await book.recognise(token) is None


async def test_only_chats_never_used_are_forgotten(database: Database, clock: SystemClock) -> None:
    book = ChatBook(database, clock)
    (_, idle), (used_token, used) = await book.create(), await book.create()
    now = clock.now()
    async with database.durable() as connection:
        await note_use(connection, {used}, now + timedelta(seconds=1))
        assert await forget_unused(connection, now + UNUSED_FOR - timedelta(minutes=1)) == 0
        assert await forget_unused(connection, now + UNUSED_FOR + timedelta(minutes=1)) == 1
        assert list((await connection.execute(select(webchat.c.chat))).scalars()) == [used]
    assert idle != used
    assert await ChatBook(database, clock).recognise(used_token) == used
