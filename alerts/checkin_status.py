"""What can be known of a person in an event, and who may say so. Pure.

What only officers may say is never shown in a chat.
"""

from enum import StrEnum


class CheckinStatus(StrEnum):
    """The newest thing known of a person in an event."""

    SAFE = "SAFE"
    NEED_HELP = "NEED_HELP"
    NOT_THERE = "NOT_THERE"  # was not in the area
    LEFT = "LEFT"  # has left the area
    LOCATED = "LOCATED"
    HOSPITALISED = "HOSPITALISED"
    DETAINED = "DETAINED"
    DECEASED = "DECEASED"
    CLOSED = "CLOSED"


class CheckinSource(StrEnum):
    """Who said so."""

    SELF = "self"
    HOUSEHOLD = "household"
    WARDEN = "warden"
    OFFICER = "officer"
    PARTNER = "partner"


SELF_REPORTABLE = frozenset(
    {CheckinStatus.SAFE, CheckinStatus.NEED_HELP, CheckinStatus.NOT_THERE, CheckinStatus.LEFT}
)
"""What anybody may report; the others only an officer."""

SILENCING = frozenset(
    {CheckinStatus.HOSPITALISED, CheckinStatus.DETAINED, CheckinStatus.DECEASED, CheckinStatus.CLOSED}
)
"""Outcomes that stop every automatic message to the person and household; no chat answer undoes them."""


def may_report(source: CheckinSource, status: CheckinStatus) -> bool:
    """Whether `source` may say `status`."""
    return source is CheckinSource.OFFICER or status in SELF_REPORTABLE


def displaces(known: CheckinStatus, source: CheckinSource) -> bool:
    """Whether news from `source` replaces `known`: a silencing outcome yields to officers only."""
    return known not in SILENCING or source is CheckinSource.OFFICER
