"""Which URL opens what, and a cluster that answers to everything one server answers to."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from storage.errors import ConfigurationError
from storage.keys import CHAT_BELL, EPOCH, GROUP, AccountKeys
from storage.redis import connect_redis
from tests.conftest import on_both_kinds


@pytest.mark.parametrize("url", ["redis://h", "rediss://h:1/0", "unix:///tmp/s"])
async def test_one_server(url: str) -> None:
    assert isinstance(connect_redis(url), Redis)


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("redis+cluster://h", [("h", 6379)]),
        ("redis+cluster://h:7000,i:7001", [("h", 7000), ("i", 7001)]),
        ("rediss+cluster://user:p%40ss@h:7000,[::1]:7001", [("h", 7000), ("::1", 7001)]),
    ],
)
async def test_a_cluster_by_any_of_its_nodes(url: str, nodes: list[tuple[str, int]]) -> None:
    client = connect_redis(url)
    assert isinstance(client, RedisCluster)
    assert [(node.host, node.port) for node in client.nodes_manager.startup_nodes.values()] == nodes
    assert client.connection_kwargs.get("password") == ("p@ss" if "@" in url else None)


@pytest.mark.parametrize(
    "url", ["http://h", "h:6379", "", "redis+cluster://", "redis+cluster://h:x", "redis+cluster://h/1"]
)
def test_what_is_no_redis_is_refused_in_words(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Redis"):
        connect_redis(url)


def test_all_keys_of_an_account_lie_in_one_slot() -> None:
    keys = AccountKeys("whatsapp", "main")
    names = [
        *(keys.stream(priority) for priority in range(4)), keys.enqueued("life"), keys.marks("1:0"),
        keys.provider_ids("1:0"), keys.bulk, keys.granted, keys.reserve, keys.recipient("00ff"), keys.frozen,
        keys.left_alone,
    ]  # fmt: skip
    tags = {name[name.index("{") + 1 : name.index("}")] for name in names}
    assert tags == {"whatsapp:main"}
    members = {name for name in vars(AccountKeys) if not name.startswith("_")} - {"channel", "account"}
    assert members == {
        *("stream", "enqueued", "marks", "provider_ids", "limiter", "bulk", "granted"),
        *("reserve", "recipient", "frozen", "left_alone"),
    }


@on_both_kinds
async def test_what_is_called_out_is_heard(redis: Redis) -> None:
    ear = redis.pubsub(ignore_subscribe_messages=True)
    await ear.psubscribe(CHAT_BELL.format(chat="*"))

    async def ring_until_heard() -> object:
        while True:
            await redis.publish(CHAT_BELL.format(chat="abc"), "7")
            heard = await ear.get_message(timeout=0.1)
            if heard is not None:
                return heard

    async with asyncio.timeout(10):
        heard = await ring_until_heard()
    assert isinstance(heard, dict)
    assert heard["data"] == b"7"
    await ear.aclose()


@on_both_kinds
async def test_accounts_spread_and_each_keeps_to_its_slot(redis: Redis) -> None:
    await redis.set(EPOCH, "life")
    for number in range(12):
        keys = AccountKeys("sms", f"sender-{number}")
        await redis.xgroup_create(keys.stream(0), GROUP, id="0", mkstream=True)
        async with redis.pipeline(transaction=False) as pipe:
            pipe.setrange(keys.marks("1:0"), 0, b"\x01")
            pipe.expire(keys.marks("1:0"), 60)
            assert (await pipe.execute())[1]
    assert await redis.get(EPOCH) == b"life"
