"""Our messages in Telegram's shapes. Pure; touches nothing.

Plain text always, never a parse mode: what an officer or a citizen typed can then not be misread as markup.
A text of more than 4,096 UTF-16 units becomes several messages. Telegram allows one kind of keyboard per
message:
- buttons are an inline keyboard under the last part;
- a wish (location, phone number) is a reply keyboard, the only kind that can share with one tap. It is not
  "one-time": who dismisses the phone's question must find the button again;
- with both, the wish follows in a short message of its own whose text is the label of its button;
- a reply with neither takes an old reply keyboard away, so the message with a wish comes last in a turn.
"""

import json
from collections.abc import Sequence
from typing import Any

from bot.errors import RejectedError
from bot.gateway import Prepared
from bot.messages import MAX_BUTTON_DATA, Ask, Button, Frame, Outbound
from bot.splitting import split_text
from bot.words import utf16_units

TEXT_UNITS = 4096
SHORT_LABEL = 18  # UTF-16 units: two buttons of this fit into one row of a small phone

# A preview would have Telegram fetch our links, and push the words off a small screen.
_NO_PREVIEW = '{"is_disabled":true}'
_REQUEST = {Ask.LOCATION: "request_location", Ask.CONTACT: "request_contact"}
_WITHOUT_LABEL = {Ask.LOCATION: "\N{ROUND PUSHPIN}", Ask.CONTACT: "\N{TELEPHONE RECEIVER}"}


def render(outbound: Outbound) -> Prepared:
    """Return `outbound` as parameters of `sendMessage`, one mapping per part.

    Raises:
        RejectedError: it has no text, or a button Telegram would refuse.
    """
    texts = split_text(outbound.text, TEXT_UNITS)
    if not texts:
        raise RejectedError("empty_text")
    if any(not _is_fine(button) for button in outbound.buttons):
        raise RejectedError("button_data")
    parts: list[dict[str, str]] = [{"text": text, "link_preview_options": _NO_PREVIEW} for text in texts]
    if outbound.buttons:
        parts[-1]["reply_markup"] = _dump({"inline_keyboard": _rows(outbound.buttons)})
    if outbound.ask is not None:
        if outbound.buttons:
            parts.append({"text": _ask_label(outbound, outbound.ask), "link_preview_options": _NO_PREVIEW})
        parts[-1]["reply_markup"] = _reply_keyboard(outbound, outbound.ask)
    elif not outbound.buttons and outbound.frame is Frame.REPLY:
        parts[-1]["reply_markup"] = '{"remove_keyboard":true}'
    return Prepared(tuple(parts), outbound, weight=len(parts))


def _is_fine(button: Button) -> bool:
    return bool(button.label.strip()) and 0 < len(button.data.encode()) <= MAX_BUTTON_DATA


def _rows(buttons: Sequence[Button]) -> list[list[dict[str, str]]]:
    keys = [{"text": button.label, "callback_data": button.data} for button in buttons]
    width = 2 if all(utf16_units(button.label) <= SHORT_LABEL for button in buttons) else 1
    return [keys[start : start + width] for start in range(0, len(keys), width)]


def _reply_keyboard(outbound: Outbound, ask: Ask) -> str:
    key = {"text": _ask_label(outbound, ask), _REQUEST[ask]: True}
    return _dump({"keyboard": [[key]], "resize_keyboard": True})


def _ask_label(outbound: Outbound, ask: Ask) -> str:
    return outbound.ask_label.strip() or _WITHOUT_LABEL[ask]


def _dump(markup: dict[str, Any]) -> str:
    return json.dumps(markup, ensure_ascii=False, separators=(",", ":"))
