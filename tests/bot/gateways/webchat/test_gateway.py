"""Sending: stored first, shown once, announced without naming anybody."""

import asyncio
import json
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import delete, event, select
from sqlalchemy.engine import Engine

from bot.errors import GoneError, TransientError
from bot.gateway import Prepared
from bot.gateways.webchat.gateway import WebChatGateway
from bot.messages import Outbound
from bot.tables import webchat, webchat_message
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.redis import connect_redis
from storage.vault import Vault
from tests.bot.gateways.webchat.site import Site
from tests.bot.wiring import everything_on_disk, rows

HELLO = "canary-hello"


def gateway(database: Database, vault: Vault, redis: Redis) -> WebChatGateway:
    return WebChatGateway(
        account="main",
        public_url="https://muster.example",
        database=database,
        vault=vault,
        clock=SystemClock(),
        redis=redis,
    )


def hello(door: WebChatGateway) -> Prepared:
    return door.prepare(Outbound(HELLO, "en"))


async def test_the_same_delivery_is_stored_once(database: Database, vault: Vault, redis: Redis) -> None:
    door = gateway(database, vault, redis)
    to = door.address((await door.book.create())[1])
    together = await asyncio.gather(*(door.send(to, hello(door), delivery=7) for _ in range(5)))
    again = await door.send(to, hello(door), delivery=7)
    assert {answer.provider_id for answer in together} == {again.provider_id}
    assert await rows(database, webchat_message) == 1
    other = await door.send(to, hello(door), delivery=8)
    assert int(other.provider_id) > int(again.provider_id)


async def test_the_same_key_is_stored_once_however_long_it_is(
    database: Database, vault: Vault, redis: Redis
) -> None:
    door = gateway(database, vault, redis)
    to = door.address((await door.book.create())[1])
    for key in ("step:1", "k" * 200):
        first = await door.send(to, hello(door), key=key)
        assert await door.send(to, hello(door), key=key) == first
    await door.send(to, hello(door))
    await door.send(to, hello(door))
    assert await rows(database, webchat_message) == 4


async def test_taking_a_message_promises_nothing_yet(sqlite: Database, vault: Vault, redis: Redis) -> None:
    door = gateway(sqlite, vault, redis)
    to = door.address((await door.book.create())[1])
    assert not (await door.send(to, hello(door), delivery=1)).confirmed
    assert door.confirms


async def test_messages_that_wait_share_a_commit(sqlite: Database, vault: Vault, redis: Redis) -> None:
    door = gateway(sqlite, vault, redis)
    to = door.address((await door.book.create())[1])
    commits = []

    def count(_connection: object) -> None:
        commits.append(1)

    event.listen(Engine, "commit", count)
    try:
        await asyncio.gather(*(door.send(to, hello(door), delivery=number) for number in range(200)))
    finally:
        event.remove(Engine, "commit", count)
    assert await rows(sqlite, webchat_message) == 200
    assert len(commits) <= 4


async def test_one_unknown_chat_stops_nobody_else(database: Database, vault: Vault, redis: Redis) -> None:
    door = gateway(database, vault, redis)
    there, gone = [door.address((await door.book.create())[1]) for _ in range(2)]
    async with database.durable() as connection:
        await connection.execute(delete(webchat).where(webchat.c.chat == gone.value))
    nowhere = door.address("0" * 32)
    sends = [door.send(to, hello(door), delivery=n) for n, to in enumerate((gone, there, nowhere, there))]
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "GoneError",
        "Accepted",
        "GoneError",
        "Accepted",
    ]
    with pytest.raises(GoneError):
        await door.send(gone, hello(door))


async def test_without_sql_nothing_is_accepted(tmp_path: Path, vault: Vault, redis: Redis) -> None:
    lost = open_database(f"sqlite:///{tmp_path}/no/such/folder.db")
    door = gateway(lost, vault, redis)
    with pytest.raises(TransientError):
        await door.send(door.address("0" * 32), hello(door), delivery=1)
    await lost.close()


async def test_without_redis_a_message_is_accepted_and_said_once_in_the_log(
    sqlite: Database, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    away = connect_redis("unix:///no/such/redis.sock")
    door = gateway(sqlite, vault, away)
    to = door.address((await door.book.create())[1])
    for number in range(5):
        await door.send(to, hello(door), delivery=number)
    assert await rows(sqlite, webchat_message) == 5
    said = [record for record in caplog.records if record.name.endswith("webchat.bell")]
    assert [json.loads(record.message)["action"] for record in said] == ["webchat.bell.away"]
    assert to.value not in caplog.text
    await away.aclose()


async def test_the_bell_rings_after_the_commit_and_names_nobody(
    sqlite: Database, vault: Vault, redis: Redis
) -> None:
    door = gateway(sqlite, vault, redis)
    token, chat = await door.book.create()
    listener = redis.pubsub(ignore_subscribe_messages=True)
    await listener.psubscribe("*")
    await listener.get_message(timeout=1)
    sent = await door.send(door.address(chat), hello(door), delivery=1)
    rung = None
    while rung is None:
        rung = await listener.get_message(timeout=5)
    await listener.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it without types
    assert rung["data"] == sent.provider_id.encode()
    for word in (chat, token, HELLO):
        assert word.encode() not in rung["channel"] + rung["data"]


async def test_no_word_lies_open_on_the_disk(site: Site, tmp_path: Path) -> None:
    visitor = await site.visitor()
    await visitor.hear(HELLO)
    await visitor.say("m-1", text="canary-text")
    await visitor.say("m-2", location={"lat": 64.123456, "lon": -21.654321})
    await visitor.say("m-3", contact="+354 555 0199")
    disk = everything_on_disk(tmp_path)
    for word in (HELLO, "canary-text", "64.123456", "21.654321", "555 0199", visitor.cookie):
        assert word.encode() not in disk
    async with site.database.read() as connection:
        bodies = list((await connection.execute(select(webchat_message.c.body))).scalars())
    assert len(bodies) == 4
