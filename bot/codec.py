"""Events and outbound messages as compact, versioned JSON bytes, ready to be sealed. Pure; touches nothing.

A field at its default is left out, so that old bytes stay readable when a field is added. `v` rises only when
the meaning of a field changes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from bot.messages import (
    Address,
    Ask,
    Button,
    CarrierWord,
    Channel,
    Event,
    Failure,
    Frame,
    Inbound,
    InboundKind,
    Notice,
    Outbound,
    Pin,
    Receipt,
    ReceiptState,
)

VERSION = 1


class CodecError(ValueError):
    """These bytes are not a message of a version we know; the text holds none of them."""


def dump_event(event: Event) -> bytes:
    """Return `event` as bytes."""
    return _dump(_inbound_fields(event) if isinstance(event, Inbound) else _receipt_fields(event))


def load_event(data: bytes) -> Event:
    """Return the event that `dump_event` wrote; raises `CodecError`."""
    fields = _load(data)
    try:
        return _inbound(fields) if fields["t"] == "i" else _receipt(fields)
    except (KeyError, ValueError, TypeError) as error:
        raise CodecError("an event cannot be read") from error


def dump_outbound(message: Outbound) -> bytes:
    """Return `message` as bytes."""
    return _dump(
        {
            "x": message.text,
            "g": message.language,
            "b": [[button.label, button.data] for button in message.buttons],
            "a": message.ask,
            "l": message.ask_label,
            "f": None if message.frame is Frame.REPLY else message.frame,
            "n": None if message.notice is None else asdict(message.notice),
            "u": message.urgent or None,
        }
    )


def load_outbound(data: bytes) -> Outbound:
    """Return the message that `dump_outbound` wrote; raises `CodecError`."""
    fields = _load(data)
    try:
        return Outbound(
            text=fields.get("x", ""),
            language=fields.get("g", ""),
            buttons=tuple(Button(label, press) for label, press in fields.get("b", ())),
            ask=Ask(fields["a"]) if "a" in fields else None,
            ask_label=fields.get("l", ""),
            frame=Frame(fields.get("f", Frame.REPLY)),
            notice=Notice(**fields["n"]) if "n" in fields else None,
            urgent=bool(fields.get("u", False)),
        )
    except (ValueError, TypeError) as error:
        raise CodecError("an outbound message cannot be read") from error


def dump_address(address: Address) -> bytes:
    """Return `address` as bytes."""
    heard = None if address.heard_at is None else address.heard_at.timestamp()
    return _dump({"c": address.channel, "n": address.account, "w": address.value, "u": heard})


def load_address(data: bytes) -> Address:
    """Return the address that `dump_address` wrote; raises `CodecError`."""
    try:
        fields = _load(data)
        heard = None if fields.get("u") is None else datetime.fromtimestamp(fields["u"], UTC)
        return replace(_address(fields), heard_at=heard)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise CodecError("an address cannot be read") from error


def _inbound_fields(event: Inbound) -> dict[str, Any]:
    return {
        "t": "i",
        "k": event.key,
        "c": event.address.channel,
        "n": event.address.account,
        "w": event.address.value,
        "d": event.kind,
        "x": event.text,
        "b": event.button,
        "p": None if event.pin is None else [event.pin.lat, event.pin.lon],
        "o": event.contact,
        "g": event.language,
        "h": event.callback,
        "q": event.carrier,
    }


def _inbound(fields: Mapping[str, Any]) -> Inbound:
    pin = fields.get("p")
    return Inbound(
        key=fields.get("k", ""),
        address=_address(fields),
        kind=InboundKind(fields["d"]),
        text=fields.get("x", ""),
        button=fields.get("b", ""),
        pin=None if pin is None else Pin(*pin),
        contact=fields.get("o", ""),
        language=fields.get("g", ""),
        callback=fields.get("h", ""),
        carrier=CarrierWord(fields["q"]) if "q" in fields else None,
    )


def _receipt_fields(event: Receipt) -> dict[str, Any]:
    return {
        "t": "r",
        "k": event.key,
        "c": event.channel,
        "n": event.account,
        "i": event.provider_id,
        "s": event.state,
        "y": event.delivery,
        "e": event.error,
        "f": event.failure,
        "r": event.recipient,
    }


def _receipt(fields: Mapping[str, Any]) -> Receipt:
    return Receipt(
        key=fields.get("k", ""),
        channel=Channel(fields["c"]),
        account=fields.get("n", ""),
        provider_id=fields.get("i", ""),
        state=ReceiptState(fields["s"]),
        delivery=fields.get("y"),
        error=fields.get("e", ""),
        failure=Failure(fields["f"]) if "f" in fields else None,
        recipient=fields.get("r", ""),
    )


def _address(fields: Mapping[str, Any]) -> Address:
    return Address(Channel(fields["c"]), fields.get("n", ""), fields.get("w", ""))


def _dump(fields: Mapping[str, Any]) -> bytes:
    kept = {"v": VERSION, **{key: value for key, value in fields.items() if value not in ("", None, [])}}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _load(data: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(data.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise CodecError("these bytes are not JSON") from error
    if not isinstance(fields, dict) or fields.get("v") != VERSION:
        raise CodecError("these bytes are of another version")
    return fields
