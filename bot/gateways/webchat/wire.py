"""The shapes that travel between a browser and us, and those that lie in the store. Pure; touches nothing."""

import json
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.codec import load_outbound
from bot.errors import MalformedHookError
from bot.gateways.webchat.store import Message
from bot.messages import MAX_BUTTON_DATA, Address, Inbound, InboundKind, Outbound, Pin
from bot.words import clean
from locales.direction import direction

MOST_ACKS = 500
MAX_LABEL = 200

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.-]{1,64}$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


class _Shape(BaseModel):
    # Fields we do not know come from newer pages and are let by.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


Shape = TypeVar("Shape", bound=_Shape)


class Location(_Shape):
    """Degrees, WGS 84."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)


class Said(_Shape):
    """Body of `POST /chat/messages`: an id of the browser's own making and exactly one thing."""

    id: ClientId
    text: str | None = None
    button: str | None = Field(default=None, min_length=1, max_length=MAX_BUTTON_DATA)
    location: Location | None = None
    contact: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()./-]{5,32}$")] | None = None
    start: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.~=-]{0,256}$")] | None = None
    label: str = ""  # the words on a pressed button, to be shown again


class Acks(_Shape):
    """Body of `POST /chat/acks`."""

    ids: list[MessageId] = Field(max_length=MOST_ACKS)


def read_said(body: bytes) -> Said:
    """Read the body of `POST /chat/messages`; raises `MalformedHookError`."""
    return _read(Said, body)


def read_acks(body: bytes) -> list[int]:
    """Read the body of `POST /chat/acks`; raises `MalformedHookError`."""
    return [int(name) for name in _read(Acks, body).ids]


def inbound_of(said: Said, address: Address, language: str) -> Inbound | None:
    """The event of what was said; None for a kind we do not know.

    Raises:
        MalformedHookError: several things at once, or words that are empty once cleaned.
    """
    things = [said.text, said.button, said.location, said.contact, said.start]
    if sum(thing is not None for thing in things) > 1:
        raise MalformedHookError("one_thing")
    key = event_key(address.value, said.id)
    if said.location is not None:
        pin = Pin(said.location.lat, said.location.lon)
        return Inbound(key, address, InboundKind.PIN, pin=pin, language=language)
    if said.button is not None:
        if len(said.button.encode("utf-8", "replace")) > MAX_BUTTON_DATA or clean(said.button) != said.button:
            raise MalformedHookError("bad_fields")
        label = clean(said.label, MAX_LABEL)
        return Inbound(key, address, InboundKind.BUTTON, text=label, button=said.button, language=language)
    if said.contact is not None:
        return Inbound(key, address, InboundKind.CONTACT, contact=said.contact.strip(), language=language)
    if said.start is not None:
        return Inbound(key, address, InboundKind.START, text=said.start, language=language)
    return None if said.text is None else _typed(key, address, said.text, language)


def event_key(chat: str, client_id: str) -> str:
    """Names what a browser said, the same for the same id; tells nothing about the chat."""
    return sha256(f"{chat}\x1f{client_id}".encode()).hexdigest()[:40]


def own_body(inbound: Inbound, client_id: str) -> bytes | None:
    """What the history keeps of a citizen's own message: words, no position and no number; None = nothing."""
    if inbound.kind is InboundKind.START:
        return None
    text = inbound.text or inbound.button
    own = {"what": inbound.kind, "text": text, "button": inbound.button, "client": client_id}
    return json.dumps(own, ensure_ascii=False).encode()


def render(message: Message, body: bytes) -> str:
    """The event-stream text of a stored message whose opened body is `body`."""
    fields = _own(body) if message.from_citizen else _ours(load_outbound(body))
    shape: dict[str, Any] = {
        "id": str(message.id),
        **fields,
        "at": message.created_at.isoformat(timespec="seconds"),
    }
    if message.acked:
        shape["seen"] = True
    data = json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
    return f"id: {message.id}\nevent: message\ndata: {data}\n\n"


def _typed(key: str, address: Address, typed: str, language: str) -> Inbound:
    text = clean(typed)
    if not text:
        raise MalformedHookError("empty")
    command, _, payload = text.partition(" ")
    if command == "/start":
        return Inbound(key, address, InboundKind.START, text=payload.strip(), language=language)
    return Inbound(key, address, InboundKind.TEXT, text=text, language=language)


def _ours(outbound: Outbound) -> dict[str, Any]:
    return {
        "text": outbound.text,
        "buttons": [{"label": button.label, "data": button.data} for button in outbound.buttons],
        "ask": outbound.ask,
        "ask_label": outbound.ask_label,
        "kind": outbound.frame,
        "lang": outbound.language,
        "dir": direction(outbound.language),
    }


def _own(body: bytes) -> dict[str, Any]:
    own = json.loads(body)
    return {"from": "you", **own}


def _read(shape: type[Shape], body: bytes) -> Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        is_json = all(problem["type"] != "json_invalid" for problem in error.errors(include_input=False))
        # Not chained: the original quotes what the citizen wrote.
        raise MalformedHookError("bad_fields" if is_json else "not_json") from None
