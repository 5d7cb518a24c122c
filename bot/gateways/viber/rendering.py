"""Our messages in Viber's shapes. Pure; touches nothing.

A text of more than 7,000 characters, or one that with 300 recipients would not fit into 30 KB, becomes
several messages; buttons and wishes (location, phone) are a keyboard under the last one. Pressing sends
what `pressing` made. Each part is prepared twice: `rich`, and `plain` without a keyboard, its choices
numbered, for apps that are too old. Both lack only the recipients.
"""

import html
import json
from typing import Any

from bot.errors import RejectedError
from bot.gateway import Prepared
from bot.gateways.viber.pressing import action_body
from bot.messages import MAX_BUTTON_DATA, Ask, Button, Outbound
from bot.splitting import split_text
from bot.words import utf16_units

TEXT_UNITS = 7_000
MAX_BYTES = 30_000  # of a whole call (send_message, broadcast_message: "maximum total JSON size 30kb")
LIST_BYTES = 9_000  # of them for 300 recipients of 24 characters each, in quotes, with commas
PARTS_BYTES = MAX_BYTES - LIST_BYTES
SHORTEST_UNITS = 500
ASKED_CONTACT = "ask:contact"  # comes back with the next message: only then a contact is the sender's own
ROWS = 12
COLUMNS = 6
SHORT_LABEL = 18  # UTF-16 units: two buttons of this fit into one row of a small phone
MIN_VERSION_ASK = 3  # API version of location-picker and share-phone: Viber 7.6

_ACTION = {Ask.LOCATION: "location-picker", Ask.CONTACT: "share-phone"}
_WITHOUT_LABEL = {Ask.LOCATION: "\N{ROUND PUSHPIN}", Ask.CONTACT: "\N{TELEPHONE RECEIVER}"}


def render(outbound: Outbound, *, sender: str, token: str) -> Prepared:
    """Return `outbound` as bodies of `send_message` and `broadcast_message`, one mapping per part.

    Args:
        sender: name above the message, at most 28 characters.
        token: key of the buttons' tags.

    Raises:
        RejectedError: it has no text, or more or longer buttons than Viber shows.
    """
    if any(not _is_fine(button) for button in outbound.buttons):
        raise RejectedError("button_data")
    units = TEXT_UNITS - utf16_units(_choices(outbound))
    if units < SHORTEST_UNITS:
        raise RejectedError("buttons_too_long")
    while True:
        texts = split_text(outbound.text, units)
        if not texts:
            raise RejectedError("empty_text")
        parts = tuple(
            _part(text, outbound, sender=sender, token=token, last=text is texts[-1]) for text in texts
        )
        if all(len(body.encode()) <= PARTS_BYTES for part in parts for body in part.values()):
            return Prepared(parts, outbound, len(parts))
        if units == SHORTEST_UNITS:
            raise RejectedError("too_long")
        units = max(SHORTEST_UNITS, units * 3 // 4)


def _part(text: str, outbound: Outbound, *, sender: str, token: str, last: bool) -> dict[str, str]:
    plain: dict[str, Any] = {"type": "text", "text": text, "sender": {"name": sender}}
    rich = dict(plain)
    if last and (outbound.buttons or outbound.ask):
        rich["keyboard"] = _keyboard(outbound, token)
        plain["text"] += _choices(outbound)
        if outbound.ask:
            rich["min_api_version"] = MIN_VERSION_ASK
        if outbound.ask is Ask.CONTACT:
            rich["tracking_data"] = ASKED_CONTACT
    return {"rich": _dump(rich), "plain": _dump(plain)}


def _choices(outbound: Outbound) -> str:
    """What an old app shows instead of buttons; a typed number means the button."""
    lines = [f"{number}. {button.label}" for number, button in enumerate(outbound.buttons, 1)]
    return "\n\n" + "\n".join(lines) if lines else ""


def _keyboard(outbound: Outbound, token: str) -> dict[str, Any]:
    short = all(utf16_units(button.label) <= SHORT_LABEL for button in outbound.buttons)
    columns = COLUMNS // 2 if short and len(outbound.buttons) > 1 else COLUMNS
    keys = [_reply(button, token, columns) for button in outbound.buttons]
    if columns < COLUMNS and len(keys) % 2:
        keys[-1]["Columns"] = COLUMNS  # alone in its row
    if outbound.ask is not None:
        label = outbound.ask_label.strip() or _WITHOUT_LABEL[outbound.ask]
        keys.append(_key(_ACTION[outbound.ask], outbound.ask.value, label, COLUMNS))
    if sum(key["Columns"] for key in keys) > ROWS * COLUMNS:
        raise RejectedError("too_many_buttons")
    return {"Type": "keyboard", "DefaultHeight": False, "Buttons": keys}


def _reply(button: Button, token: str, columns: int) -> dict[str, Any]:
    # Silent: the app does not show the body as words of the person (API version 6; older apps show it).
    return {**_key("reply", action_body(token, button.data), button.label, columns), "Silent": True}


def _key(action: str, body: str, label: str, columns: int) -> dict[str, Any]:
    # The app reads a label as HTML.
    return {
        "ActionType": action,
        "ActionBody": body,
        "Text": html.escape(label, quote=False),
        "TextSize": "regular",
        "Columns": columns,
        "Rows": 1,
    }


def _is_fine(button: Button) -> bool:
    return bool(button.label.strip()) and 0 < len(button.data.encode()) <= MAX_BUTTON_DATA


def _dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
