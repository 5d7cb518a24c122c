"""What replies and broadcasts leave each other, and both of them one recipient. A real Redis; no waiting:
what is granted is counted by its own clock."""

from redis.asyncio import Redis

from bot.limiter import HORIZON_US, PACE, REPLY_SHARE, Limiter
from storage.keys import AccountKeys
from tests.bot.test_limiter import limiter
from tests.conftest import on_both_kinds


async def test_a_broadcast_leaves_alone_whoever_had_their_share(redis: Redis) -> None:
    source = limiter(redis, 1000.0, per_recipient_s=PACE, burst=2)
    ann, bob = b"a" * 16, b"b" * 16
    assert (await source._reply_slot(ann))[0]
    assert (await source._reply_slot(ann))[0]
    granted, wait = await source._reply_slot(ann)
    assert not granted
    assert 0.5 < wait <= 1.0, "two replies at once, then one a second"
    grant = await source.bulk(4, lanes=[ann, bob, ann, bob])
    assert grant.count == 3
    assert list(grant.early) == [2], "a warning does not wait for two replies, the next one does"
    assert 0.5 < grant.early[2] <= 1.0
    again = await source.bulk(3, lanes=[ann, bob, ann])
    assert (again.count, list(again.early)) == (1, [0, 2])
    only = await source.bulk(1, lanes=[ann])
    assert (only.count, only.wait_s) == (0, 0.0), "the account itself is free"
    assert not (await source._reply_slot(bob))[0], "what a broadcast sent counts for replies, too"


async def test_who_is_left_alone_takes_no_slot(redis: Redis) -> None:
    source = limiter(redis, 10.0 / PACE, per_recipient_s=PACE, burst=0)  # a slot each 100 ms
    lanes = [b"a" * 16] * 5 + [b"b" * 16]
    grant = await source.bulk(6, [1] * 6, lanes)
    assert (grant.count, list(grant.early)) == (2, [1, 2, 3, 4])
    assert 0.1 < (await source.bulk(1)).wait_s <= 0.2, "two slots are taken, and no more"
    assert all(0.5 < seconds <= 1.0 for seconds in grant.early.values())


async def test_a_recipient_is_remembered_as_long_as_they_must_be_left_alone(redis: Redis) -> None:
    source = limiter(redis, 1000.0, per_recipient_s=6.0 * PACE, burst=30)
    lane = b"a" * 16
    for _message in range(20):
        assert (await source._reply_slot(lane))[0]
    assert (await source.bulk(1, lanes=[lane])).count == 1
    key = AccountKeys("telegram", "main").recipient(lane.hex())
    assert 120_000 < await redis.pttl(key) <= 21 * 6_000, "and no longer"
    quick = limiter(redis, 1000.0)
    assert (await quick.bulk(2, lanes=[b"b" * 16] * 2)).count == 2
    assert not await redis.exists(AccountKeys("telegram", "main").recipient((b"b" * 16).hex()))


async def moment(source: Limiter) -> float:
    """The time of Redis, which the scripts go by."""
    seconds, microseconds = await source._redis.time()
    return float(seconds) + float(microseconds) / 1e6


async def replies_until_refused(source: Limiter) -> tuple[int, float]:
    """How many replies are let through without a pause between them, and the seconds that took."""
    begun, count = await moment(source), 0
    while (await source._reply_slot(b"lane"))[0]:
        count += 1
        assert count < 2_000
    return count, await moment(source) - begun


HORIZON_S = HORIZON_US / 1e6
PER_SECOND = 200  # a slot each 5 ms
SHARE = PER_SECOND * REPLY_SHARE


async def test_beside_a_broadcast_replies_get_their_share_and_bulk_what_they_leave(redis: Redis) -> None:
    source = limiter(redis, PER_SECOND / PACE)
    begun = await moment(source)
    assert (await source.bulk(1)).count == 1
    replies, seconds = await replies_until_refused(source)
    assert HORIZON_S * SHARE <= replies <= (HORIZON_S + seconds) * SHARE + 1
    bulk = (await source.bulk(1_000)).count
    seconds = await moment(source) - begun
    together = 1 + replies + bulk
    assert HORIZON_S * PER_SECOND <= together <= (HORIZON_S + seconds) * PER_SECOND + 1
    assert bulk > replies


async def test_a_share_that_is_used_up_comes_back_with_time(redis: Redis) -> None:
    source = limiter(redis, PER_SECOND / PACE)
    begun, replies, bulk, seconds = await moment(source), 0, 0, 0.0
    while seconds < 0.6:
        bulk += (await source.bulk(1_000)).count
        replies += (await replies_until_refused(source))[0]
        seconds = await moment(source) - begun
    assert replies <= (HORIZON_S + seconds) * SHARE + 1
    assert replies + bulk <= (HORIZON_S + seconds) * PER_SECOND + 1
    assert 0.8 * REPLY_SHARE <= replies / (replies + bulk) <= 1.4 * REPLY_SHARE


async def test_without_replies_bulk_gets_everything(redis: Redis) -> None:
    source = limiter(redis, PER_SECOND / PACE)
    assert (await source.bulk(1_000)).count >= HORIZON_S * PER_SECOND


async def test_without_a_broadcast_replies_get_everything(redis: Redis) -> None:
    source = limiter(redis, PER_SECOND / PACE)
    replies, seconds = await replies_until_refused(source)
    assert PER_SECOND * 10 * HORIZON_S <= replies <= (10 * HORIZON_S + seconds) * PER_SECOND + 1


async def test_after_a_broadcast_replies_get_everything_again(redis: Redis) -> None:
    source, keys = limiter(redis, PER_SECOND / PACE), AccountKeys("telegram", "main")
    await source.bulk(1)
    few, _seconds = await replies_until_refused(source)
    assert 0 < await redis.pttl(keys.bulk) <= 1000
    await redis.delete(keys.bulk)  # as it goes by itself, a second after the last grant of bulk
    assert (await replies_until_refused(source))[0] > PER_SECOND * 10 * HORIZON_S - few - 2


@on_both_kinds
async def test_who_had_a_message_a_moment_ago_is_meant_by_a_429_alone(redis: Redis) -> None:
    source, other = (limiter(redis, 1000.0, per_recipient_s=PACE, burst=2) for _process in range(2))
    ann, bob = b"a" * 16, b"b" * 16
    assert (await source.bulk(2, lanes=[ann, ann])).count == 2
    assert not await source.freeze(20.0, ann), "they had two at once"
    grant = await other.bulk(2, lanes=[ann, bob])
    assert (grant.count, list(grant.early)) == (1, [0]), "nobody else waits"
    assert 18.0 < grant.early[0] <= 20.0
    granted, wait = await other._reply_slot(ann)
    assert not granted
    assert wait > 18.0, "a reply waits, too"
    assert not await source.freeze(1.0, ann), "the same one again says nothing of others"
    assert (await other.bulk(1, lanes=[ann])).early[0] > 17.0, "a longer wait is never shortened"


@on_both_kinds
async def test_a_429_to_who_had_nothing_else_or_to_a_second_one_means_everybody(redis: Redis) -> None:
    source = limiter(redis, 1000.0, per_recipient_s=PACE, burst=2)
    ann, bob, eve = (bytes([number]) * 16 for number in range(3))
    assert (await source.bulk(1, lanes=[ann])).count == 1
    assert await source.freeze(0.1, ann)
    assert (await limiter(redis, 1000.0).bulk(1)).count == 0
    await redis.flushdb()
    source = limiter(redis, 1000.0, per_recipient_s=PACE, burst=2)
    assert (await source.bulk(4, lanes=[bob, bob, eve, eve])).count == 4
    assert not await source.freeze(20.0, bob)
    assert await source.freeze(20.0, eve), "two different ones within that time"
    assert (await limiter(redis, 1000.0).bulk(1)).count == 0


async def test_where_one_recipient_has_no_limit_a_429_means_everybody(redis: Redis) -> None:
    source = limiter(redis, 1000.0)
    assert (await source.bulk(2, lanes=[b"a" * 16] * 2)).count == 2
    assert await source.freeze(20.0, b"a" * 16)
