"""What is sealed in inbox and outbox comes back as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.codec import (
    CodecError,
    dump_address,
    dump_event,
    dump_outbound,
    load_address,
    load_event,
    load_outbound,
)
from bot.messages import (
    Address,
    Button,
    CarrierWord,
    Channel,
    Event,
    Inbound,
    InboundKind,
    Outbound,
    Pin,
    Receipt,
)

texts = st.text(max_size=40)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
addresses = st.builds(Address, st.sampled_from(Channel), texts, texts)
pins = st.builds(Pin, st.floats(-90, 90), st.floats(-180, 180))
inbounds = st.builds(
    Inbound,
    key=texts,
    address=addresses,
    kind=st.sampled_from(InboundKind),
    text=st.text(st.characters(codec=None), max_size=60),  # halves of characters included
    button=texts,
    pin=st.none() | pins,
    contact=texts,
    language=texts,
    callback=texts,
    carrier=st.none() | st.sampled_from(CarrierWord),
)
receipts = st.builds(Receipt, delivery=st.none() | st.integers(0, 2**62))
outbounds = st.builds(
    Outbound, buttons=st.lists(st.builds(Button), max_size=4).map(tuple), urgent=st.booleans()
)


@settings(deadline=None)
@given(inbounds | receipts)
def test_an_event_comes_back(event: Event) -> None:
    assert load_event(dump_event(event)) == event


@settings(deadline=None)
@given(outbounds)
def test_an_outbound_comes_back(outbound: Outbound) -> None:
    assert load_outbound(dump_outbound(outbound)) == outbound


@settings(deadline=None)
@given(addresses)
def test_an_address_comes_back(address: Address) -> None:
    assert load_address(dump_address(address)) == address


@given(st.none() | st.integers(0, 7 * 10**15).map(lambda past: EPOCH + timedelta(microseconds=past)))
def test_when_somebody_was_heard_comes_back(heard_at: datetime | None) -> None:
    to = Address(Channel.WHATSAPP, "main", "+84912345678", heard_at)
    assert load_address(dump_address(to)).heard_at == heard_at


def test_what_is_at_its_default_takes_no_room() -> None:
    event = Inbound("7", Address(Channel.TELEGRAM, "main", "42"), InboundKind.TEXT, "hi")
    assert dump_event(event) == (
        b'{"v":1,"t":"i","k":"7","c":"telegram","n":"main","w":"42","d":"text","x":"hi"}'
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"v":2,"t":"i"}',
        b'{"v":1}',
        b'{"v":1,"t":"i","c":"telegram","d":"dance"}',
        b'{"v":1,"t":"i","c":"telegram","d":"pin","p":[1]}',
        b'{"v":1,"t":"r","c":"pigeon","s":"read"}',
    ],
)
def test_other_bytes_are_refused_without_being_quoted(data: bytes) -> None:
    with pytest.raises(CodecError) as caught:
        load_event(data)
    assert "pigeon" not in str(caught.value)


@pytest.mark.parametrize("data", [b'{"v":1,"a":"money"}', b'{"v":1,"b":[["one"]]}', b"null"])
def test_other_outbounds_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        load_outbound(data)


@pytest.mark.parametrize("data", [b'{"v":1}', b'{"v":1,"c":"pigeon"}', b"1"])
def test_other_addresses_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        load_address(data)
