"""An alert exactly as citizens get it, per language, with its length per channel. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.draft import Draft
from alerts.lifecycle import AlertState
from alerts.store import AlertRow, RevisionRow
from bot.messages import Outbound
from bot.words import utf16_units
from console.services import Compose, Sender
from locales.direction import direction


@dataclass(frozen=True, slots=True)
class Length:
    """How one text fits one channel: UTF-16 units of the whole message, and how many messages that makes."""

    channel: str
    units: int
    limit: int

    @property
    def messages(self) -> int:
        return max(1, -(-self.units // self.limit))


@dataclass(frozen=True, slots=True)
class Preview:
    """An alert as somebody reads it.

    Attributes:
        language: of the reader; without a text in it they get another one, labelled (`is_fallback`).
    """

    language: str
    is_fallback: bool
    outbound: Outbound
    right_to_left: bool
    lengths: tuple[Length, ...]


def previews(
    compose: Compose,
    alert: AlertRow,
    revision: RevisionRow,
    event_code: str,
    senders: Sequence[Sender],
    lacking: Sequence[str] = (),
) -> list[Preview]:
    """Every language that has a text, then those that lack one; nothing while there is no text at all."""
    found = []
    for tag in (*sorted(revision.texts), *(lacking if revision.texts else ())):
        outbound = compose(alert, revision, event_code, tag)
        units = utf16_units(outbound.text)
        limits = {sender.channel: sender.text_units for sender in senders}
        lengths = tuple(Length(channel, units, limit) for channel, limit in limits.items())
        found.append(Preview(tag, tag not in revision.texts, outbound, direction(tag) == "rtl", lengths))
    return found


def alert_of(revision: RevisionRow, now: datetime) -> AlertRow:
    """The alert of a revision as far as its words need it."""
    return AlertRow(
        id=revision.alert_id,
        event_id=revision.event_id,
        identifier=revision.identifier,
        status=revision.status,
        audience=revision.audience,
        msg_type=revision.msg_type,
        corrects=revision.corrects,
        state=AlertState.DRAFT,
        created_by=0,
        created_at=now,
        cancelled_at=None,
        cancelled_by=None,
    )


def unsaved(draft: Draft, now: datetime) -> tuple[AlertRow, RevisionRow]:
    """A draft as rows that were never stored, for looking at it only."""
    alert = AlertRow(
        id=0,
        event_id=draft.event_id or 0,
        identifier="",
        status=draft.status,
        audience=draft.audience,
        msg_type="Alert" if draft.corrects is None else "Update",
        corrects=draft.corrects,
        state=AlertState.DRAFT,
        created_by=0,
        created_at=now,
        cancelled_at=None,
        cancelled_by=None,
    )
    return alert, RevisionRow(**_facts(alert), **_words(draft))


def _facts(alert: AlertRow) -> Mapping[str, Any]:
    same = ("event_id", "identifier", "status", "audience", "msg_type", "corrects")
    unsigned = dict.fromkeys(("submitted_by", "submitted_at", "approved_by", "approved_at", "digest"))
    nothing_yet = {"id": 0, "alert_id": 0, "number": 0, "authors": (), "accepted_fallbacks": {}}
    return {**{name: getattr(alert, name) for name in same}, **unsigned, **nothing_yet}


def _words(draft: Draft) -> Mapping[str, Any]:
    plain = (
        "event_name", "category", "severity", "urgency", "certainty", "texts", "correction", "all_clear",
        "area", "area_name", "time_zone", "onset", "expires_at", "policy",
    )  # fmt: skip
    decided = {"useful_until": draft.useful_until or draft.expires_at, "include_maybe": draft.with_maybe}
    return {**{name: getattr(draft, name) for name in plain}, **decided}
