"""What a send holds, checked the way Viber checks before it answers status 0. Pure.

A keyboard that an app cannot show is found only on the phone: it becomes a *failed* event, not a refusal.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.viber_errors import ViberError

MAX_BODY = 30 * 1024  # bytes of the whole JSON
MAX_TEXT, MAX_NAME, MAX_TRACKING, MAX_URL = 7000, 28, 4000, 2000
MAX_API = 10
TYPES = frozenset({"text", "picture", "video", "file", "location", "contact", "sticker", "url", "rich_media"})
ACTIONS = frozenset({"reply", "open-url", "location-picker", "share-phone", "none"})
NEEDS_3 = frozenset({"location-picker", "share-phone"})
TAG = re.compile(r"<[^>]*>")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A checked message.

    Attributes:
        buttons, labels: what pressing sends, and the words on it. ask: location, contact or empty.
        broken: why a phone cannot show it, empty when it can.
    """

    text: str
    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    ask: str = ""
    min_api: int = 1
    tracking: str = ""
    broken: str = ""


def content_of(data: Data, *, sender: bool = True) -> Content:
    """The message in a request; raises `ViberError` 3, 4, 13."""
    kind = data.get("type")
    if not kind:
        raise ViberError(4)
    if kind not in TYPES:
        raise ViberError(3)
    if sender:
        check_sender(data.get("sender"))
    tracking = data.get("tracking_data", "")
    if not isinstance(tracking, str) or len(tracking) > MAX_TRACKING:
        raise ViberError(3)
    min_api = data.get("min_api_version", 1)
    if not isinstance(min_api, int):
        raise ViberError(3)
    if min_api > MAX_API:
        raise ViberError(13)
    text = words_of(str(kind), data)
    buttons, labels, ask, broken = keyboard_of(data.get("keyboard"), min_api)
    return Content(text, buttons, labels, ask, min_api, tracking, broken)


def check_sender(sender: object) -> None:
    """The name shown with a message; raises `ViberError`."""
    if not isinstance(sender, dict) or not sender.get("name"):
        raise ViberError(4)
    if len(str(sender["name"])) > MAX_NAME:
        raise ViberError(3)


def words_of(kind: str, data: Data) -> str:
    """What is read on the phone; raises `ViberError`."""
    if kind == "location":
        place = data.get("location")
        if not isinstance(place, dict) or not {"lat", "lon"} <= set(place):
            raise ViberError(4)
        return f"{place['lat']},{place['lon']}"
    if kind == "url":
        link = data.get("media")
        if not isinstance(link, str) or not link:
            raise ViberError(4)
        if len(link) > MAX_URL:
            raise ViberError(3)
        return link
    text = data.get("text")
    if kind == "text" and not text:
        raise ViberError(4)
    if text is not None and (not isinstance(text, str) or len(text) > MAX_TEXT):
        raise ViberError(3)
    return text or ""


def keyboard_of(keyboard: object, min_api: int) -> tuple[tuple[str, ...], tuple[str, ...], str, str]:
    """Buttons, labels, what is asked for, and why an app cannot show them; raises `ViberError` 3."""
    if keyboard is None:
        return (), (), "", ""
    if not isinstance(keyboard, dict) or not isinstance(keyboard.get("Buttons"), list):
        raise ViberError(3)
    buttons: list[str] = []
    labels: list[str] = []
    ask, broken, rows = "", "", 0
    if keyboard.get("Type") != "keyboard" or not keyboard["Buttons"]:
        broken = "keyboard is not valid"
    for one in keyboard["Buttons"]:
        action = one.get("ActionType", "reply")
        if action not in ACTIONS or not one.get("ActionBody"):
            broken = broken or "keyboard is not valid"
        if action in NEEDS_3 and min_api < 3:
            broken = broken or "min_api_version is too low for this keyboard"
        if not 1 <= int(one.get("Columns", 6)) <= 6 or not 1 <= int(one.get("Rows", 1)) <= 2:
            broken = broken or "keyboard is not valid"
        rows += int(one.get("Columns", 6)) * int(one.get("Rows", 1))
        if action == "location-picker":
            ask = "location"
        elif action == "share-phone":
            ask = ask or "contact"
        elif action == "reply":
            buttons.append(str(one.get("ActionBody", "")))
            labels.append(html.unescape(TAG.sub("", str(one.get("Text", "")))))
    if rows > 6 * 24:
        broken = broken or "keyboard is too high"
    return tuple(buttons), tuple(labels), ask, broken
