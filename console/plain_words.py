"""What a model found wrong with a draft, in the words of the form. Pure.

The API tells paths and the model's own messages; somebody at a form should not have to read either.
"""

import re

from alerts.errors import Reason
from console import names

FIELDS = {
    "event_title": "Name of the new event",
    "event_name": "Hazard in a few words",
    "status": "Is it real",
    "audience": "May be seen by",
    "severity": "Severity",
    "urgency": "Urgency",
    "certainty": "Certainty",
    "category": "Category",
    "area": "Where",
    "area_name": "Name of the place",
    "time_zone": "Time zone",
    "onset": "Begins",
    "expires_at": "Expires",
    "useful_until": "For newcomers until",
    "policy": "When nobody knows if a copy left",
    "correction": "Correction",
    "all_clear": "All-clear",
}
PARTS = {"headline": "headline", "description": "what is happening", "instruction": "what to do"}
_MESSAGES = (
    (re.compile(r"at least 1 (item|character)|Field required"), "is missing"),
    (re.compile(r"at most (\d+) (?:item|character)s?"), r"is longer than \1 characters"),
    (re.compile(r"Input should be '"), "is not one of the choices"),
)


def plain(reason: Reason) -> Reason:
    """The same reason, with the field named as the form names it."""
    if not reason.code.startswith("draft."):
        return reason
    path = reason.code.removeprefix("draft.").split(".")
    message = reason.text.removeprefix(f"{'.'.join(path)}: ")
    return Reason(reason.code, f"{_field(path)}: {_message(message)}.")


def _field(path: list[str]) -> str:
    first, *rest = path
    if first == "texts" and rest:
        part = PARTS.get(rest[1], rest[1]) if len(rest) > 1 else "language"
        return f"{names.language(rest[0])}, {part}"
    label = FIELDS.get(first, first.replace("_", " "))
    return f"{label}, {names.language(rest[0])}" if first in {"correction", "all_clear"} and rest else label


def _message(message: str) -> str:
    for pattern, words in _MESSAGES:
        found = pattern.search(message)
        if found:
            return found.expand(words)
    return message.rstrip(".")
