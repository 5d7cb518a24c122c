"""Event streams are read as browsers read them."""

from simulator.sse import EventReader, ServerEvent


def read(stream: str) -> list[ServerEvent]:
    reader = EventReader()
    return [event for line in stream.split("\n") if (event := reader.feed(line)) is not None]


def test_events_comments_and_unfinished_ones() -> None:
    stream = (
        ': beat\n\nid: 7\nevent: message\ndata: {"a":\ndata: 1}\n\n'
        "data:x\n\nevent: message\n\nid: 9\ndata: never ended"
    )
    assert read(stream) == [ServerEvent("7", "message", '{"a":\n1}'), ServerEvent("7", "message", "x")]
