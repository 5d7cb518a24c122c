"""One stream: each message once, and an end for whoever is too slow."""

from bot.gateways.webchat.stream import REMEMBERED, WAITING, Stream


async def test_what_is_offered_comes_out_once_and_in_order() -> None:
    stream = Stream("chat", own=False)
    assert stream.fresh(1, "a") == "a"
    for number, text in ((1, "a"), (2, "b"), (3, "c"), (2, "b")):
        stream.offer(number, text)
    assert await stream.next(1) == "bc"
    assert await stream.next(0.01) == ""


async def test_whoever_does_not_keep_up_must_connect_again() -> None:
    stream = Stream("chat", own=False)
    for number in range(WAITING):
        stream.offer(number, "x")
    assert not stream.ended
    stream.offer(WAITING, "x")
    assert stream.ended


async def test_a_long_life_needs_no_endless_memory() -> None:
    stream = Stream("chat", own=False)
    for number in range(REMEMBERED * 2):
        stream.fresh(number, "x")
    assert len(stream._got) == REMEMBERED
    assert stream.fresh(REMEMBERED * 2 - 1, "x") == ""
