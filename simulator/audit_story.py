"""What truly happened to one citizen under an alert. Values and questions about them; pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from simulator.audit_channels import BY_RECEIPT, CHANNELS, SMS, WEBCHAT
from simulator.citizen import Citizen
from simulator.records import Attempt

NEWS_S = 3.0  # news that a provider brought so shortly before may not have been worked on yet
EARLY_S = 1.0  # a deadline is counted from what the service noted, which differs a little from arrival here
TAKEN = frozenset({200, 201})


class Claim(StrEnum):
    """Whether somebody must, may or must not get the alert."""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must_not"


@dataclass(slots=True)
class Story:
    """What happened to one citizen, times in seconds since 1970 UTC.

    Attributes:
        copies: messages of this alert that lie in their chats, by the time they were sent, redeliveries left
            out.
        taken: messages of this alert that a provider took and that never arrived (yet).
        opened: whole texts they asked for after a short notice.
        refused: sends of this alert to them that were not accepted.
        acked: web chat message id -> when the service confirmed the acknowledgement.
        arrived, lost: message id -> when it lay on the phone, when its provider gave it up.
        told: message id -> when the service first took the news that it arrived. told_lost: that it is lost.
        listed: ids of messages whose arrival the service found in its provider's list.
        changes: (time, channel, usable) of what became of their channels.
        answers: (time, answer) they gave to this event.
        asked_full: when they asked for the whole text, by channel.
        pressed: when they asked for it or answered, and on which channel, whatever the event.
    """

    citizen: Citizen
    claim: Claim
    copies: list[Attempt] = field(default_factory=list)
    taken: list[Attempt] = field(default_factory=list)
    opened: list[Attempt] = field(default_factory=list)
    refused: list[Attempt] = field(default_factory=list)
    acked: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    told_lost: dict[str, float] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    registered_at: float | None = None
    refused_at: float | None = None
    stopped_at: float | None = None
    changes: list[tuple[float, str, bool]] = field(default_factory=list)
    answers: list[tuple[float, str]] = field(default_factory=list)
    asked_full: dict[str, float] = field(default_factory=dict)
    pressed: list[tuple[float, str]] = field(default_factory=list)

    def confirmed(self, channel: str = "") -> list[Attempt]:
        """Sends the service can know to be accepted: by the answer of the provider, who has not given them
        up since; web chat's by acknowledgement.
        """
        return [
            one for one in (*self.copies, *self.taken) if channel in ("", one.channel) and self._holds(one)
        ]

    def _holds(self, one: Attempt) -> bool:
        if one.channel == WEBCHAT:
            return one.message_id in self.acked
        return one.message_id not in self.lost if one.channel in BY_RECEIPT else True

    def known_to_have_it(self, copy: Attempt, at: float, deadline_s: float) -> bool:
        """Whether the service had no reason then to try another channel: a copy that was confirmed, or one
        that was accepted and may still be confirmed. News of the last moments may not be worked on yet.
        """
        by = at - NEWS_S
        if any(when <= by for when, _ in self.answers):
            return True
        if copy.channel == WEBCHAT:
            return self.acked.get(copy.message_id, inf) <= by
        if self.told.get(copy.message_id, inf) <= by:
            return True
        if min(self.told_lost.get(copy.message_id, inf), self.lost.get(copy.message_id, inf)) <= at:
            return False
        return copy.status in TAKEN and not copy.fault and at < copy.wall + deadline_s - EARLY_S

    def is_known_to_arrive(self, one: Attempt) -> bool:
        """Whether the service knows by now that a copy arrived: it was told, it asked, or they answered."""
        return bool(self.answers) or one.message_id in self.told or one.message_id in self.listed

    def answered_by(self, at: float) -> bool:
        """Whether they had answered by then."""
        return any(when <= at for when, _ in self.answers)

    def subscribed(self, at: float) -> bool:
        """Whether they were registered by then and had not left."""
        joined = self.registered_at is not None and self.registered_at <= at
        left = self.refused_at is not None or (self.stopped_at is not None and self.stopped_at <= at)
        return joined and not left

    def usable_throughout(self, since: float) -> bool:
        """Whether one of their channels worked from then to the end of the ledger without a break."""
        return any(self._unbroken(channel, since) for channel in CHANNELS)

    def _unbroken(self, channel: str, since: float) -> bool:
        if not self.citizen.has(channel) or (channel == SMS and self.citizen.phone):
            return False  # a number that was only told proves nothing before it is written to
        usable = channel != WEBCHAT
        for when, where, good in self.changes:
            if where != channel:
                continue
            if when > since and not (usable and good):
                return False
            usable = good
        return usable
