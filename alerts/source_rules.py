"""What a foreign CAP alert must be before its content may become a real alert. Pure.

Status, sender, time, expiry and references of a file are never taken over; what remains is whether it was
meant for the public as a warning at all. As a drill anything goes.
"""

from alerts.draft import Source
from alerts.errors import Reason
from alerts.terms import Status

WARNINGS = frozenset({"Alert", "Update"})
PUBLIC = "Public"
# CAP 1.2 section 3.2.1: no other word of a file is quoted.
_NAMED = frozenset({"Exercise", "System", "Test", "Draft", "Restricted", "Private", "Cancel", "Ack", "Error"})


def not_meant(source: Source) -> Reason | None:
    """It says itself that it is an exercise, a test, a draft, or does not say."""
    if source.status == Status.ACTUAL:
        return None
    return Reason("source_status", f"The file says it is not meant: its status is {_named(source.status)}.")


def not_public(source: Source) -> Reason | None:
    """Its sender did not mean it for everybody."""
    if source.scope == PUBLIC:
        return None
    return Reason("source_scope", f"The file is not for the public: its scope is {_named(source.scope)}.")


def not_a_warning(source: Source) -> Reason | None:
    """It withdraws, acknowledges or rejects another message."""
    if source.msg_type in WARNINGS:
        return None
    return Reason("source_type", f"The file is no warning: its message type is {_named(source.msg_type)}.")


def not_whole(source: Source) -> Reason | None:
    """Shapes of its area could not be read: the rest would leave people out."""
    if source.complete:
        return None
    return Reason("source_area", "Part of the file's area cannot be read: draw the area anew.")


def _named(word: str) -> str:
    return word if word in _NAMED else "missing or unknown"
