"""The words and exact pins of a case. Touches SQL; everything is sealed with the person's own key.

Deleting the case deletes its thread. Erasing the person makes it unreadable in the live database at once; a
backup made before holds their sealed key until that backup is destroyed or the erased list is replayed after
a restore.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.errors import MessageRefusedError
from assistance.tables import case_message
from bot.messages import Pin
from bot.naming import short_key
from storage.database import insert_new
from storage.vault import PersonVault, Place

CITIZEN = "citizen"
SYSTEM = "system"
MAX_TEXT = 4_000


class MessageKind(StrEnum):
    """What a message of a thread holds."""

    TEXT = "text"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message, opened. `author` is citizen, system or officer:<id>; `pin` is exact."""

    author: str
    kind: MessageKind
    at: datetime
    text: str = field(repr=False)
    pin: Pin | None = field(repr=False)


def pin_text(pin: Pin) -> str:
    """A pin as the text of a message of the kind `pin`: nothing of it is rounded."""
    return json.dumps([pin.lat, pin.lon])


async def write(
    connection: AsyncConnection,
    person_vault: PersonVault,
    case_id: int,
    *,
    author: str,
    kind: MessageKind,
    text: str,
    key: str,
    now: datetime,
) -> bool:
    """Add a message; False when `key` (of what caused it) is there already, then nothing is added.

    Raises:
        MessageRefusedError: it is empty, longer than 4,000 characters, or a pin that is none.
    """
    if not text.strip() or len(text) > MAX_TEXT:
        raise MessageRefusedError("message_length", "A message must have 1 to 4,000 characters.")
    if kind is MessageKind.PIN:
        _pin_of(text)
    key = short_key(key)
    row = {
        "case_id": case_id,
        "key": key,
        "author": author,
        "kind": kind.value,
        "body": person_vault.seal_text(text, _place(key)),
        "at": now,
    }
    return await insert_new(connection, case_message, [row], ["key"]) == 1


async def read(connection: AsyncConnection, person_vault: PersonVault, case_id: int) -> list[ThreadMessage]:
    """Every message of a case, oldest first.

    Raises:
        SealError: the person was erased, or the thread is another person's.
    """
    query = select(case_message).where(case_message.c.case_id == case_id).order_by(case_message.c.id)
    messages = []
    for row in (await connection.execute(query)).all():
        text, kind = person_vault.open_text(row.body, _place(row.key)), MessageKind(row.kind)
        is_pin = kind is MessageKind.PIN
        messages.append(
            ThreadMessage(row.author, kind, row.at, "" if is_pin else text, _pin_of(text) if is_pin else None)
        )
    return messages


async def reseal(connection: AsyncConnection, case_id: int, former: PersonVault, new: PersonVault) -> None:
    """Open a thread with one person's key and seal it with another's."""
    query = select(case_message.c.id, case_message.c.key, case_message.c.body)
    for row in (await connection.execute(query.where(case_message.c.case_id == case_id))).all():
        body = new.seal_text(former.open_text(row.body, _place(row.key)), _place(row.key))
        await connection.execute(update(case_message).where(case_message.c.id == row.id).values(body=body))


def _place(key: str) -> Place:
    return Place("case_message", "body", key)


def _pin_of(text: str) -> Pin:
    try:
        lat, lon = json.loads(text)
        pin = Pin(float(lat), float(lon))
    except (ValueError, TypeError):
        raise MessageRefusedError("pin_form", "This is not a position.") from None
    if not (-90 <= pin.lat <= 90 and -180 <= pin.lon <= 180):
        raise MessageRefusedError("pin_form", "This position does not exist.")
    return pin
