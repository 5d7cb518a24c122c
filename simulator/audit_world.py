"""What truly happened, put together from ledger and population: copies, refusals, states, answers per
citizen. Pure.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.audit_facts import AlertFacts
from simulator.citizen import Citizen, Telling
from simulator.conversation import CHECK_IN
from simulator.geometry import outside_km
from simulator.population import Population
from simulator.records import Ack, Act, Attempt, Entry, Violation

TELEGRAM, WEBCHAT = "telegram", "webchat"


class Claim(StrEnum):
    """Whether somebody must, may or must not get the alert."""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must_not"


@dataclass(slots=True)
class Story:
    """What happened to one citizen, times in seconds since 1970 UTC.

    Attributes:
        copies: messages of this alert that lie in their chats, by arrival, redeliveries left out.
        refused: sends of this alert to them that were not accepted.
        acked: web chat message id -> when the service confirmed the acknowledgement.
        changes: (time, channel, usable) of what became of their channels.
        answers: (time, answer) they gave to this event.
    """

    citizen: Citizen
    claim: Claim
    copies: list[Attempt] = field(default_factory=list)
    refused: list[Attempt] = field(default_factory=list)
    acked: dict[str, float] = field(default_factory=dict)
    registered_at: float | None = None
    refused_at: float | None = None
    stopped_at: float | None = None
    changes: list[tuple[float, str, bool]] = field(default_factory=list)
    answers: list[tuple[float, str]] = field(default_factory=list)

    def confirmed(self, channel: str = "") -> list[Attempt]:
        """Copies the service can know to be accepted: Telegram's by its answer, web chat's by
        acknowledgement.
        """
        return [
            one
            for one in self.copies
            if channel in ("", one.channel) and (one.channel != WEBCHAT or one.message_id in self.acked)
        ]

    def subscribed(self, at: float) -> bool:
        """Whether they were registered by then and had not left."""
        joined = self.registered_at is not None and self.registered_at <= at
        left = self.refused_at is not None or (self.stopped_at is not None and self.stopped_at <= at)
        return joined and not left

    def usable_throughout(self, since: float) -> bool:
        """Whether one of their channels worked from then to the end of the ledger without a break."""
        return any(self._unbroken(channel, since) for channel in (TELEGRAM, WEBCHAT))

    def _unbroken(self, channel: str, since: float) -> bool:
        own = self.citizen.on_telegram if channel == TELEGRAM else self.citizen.on_webchat
        if not own:
            return False
        usable = channel == TELEGRAM
        for when, where, good in self.changes:
            if where != channel:
                continue
            if when > since and not (usable and good):
                return False
            usable = good
        return usable


@dataclass(frozen=True, slots=True)
class World:
    """All stories, broken limits, and copies that lie with nobody of the population."""

    stories: dict[str, Story]
    violations: tuple[Violation, ...]
    strays: tuple[Attempt, ...]


def gather(entries: Iterable[Entry], population: Population, facts: AlertFacts) -> World:
    """Read the ledger once."""
    stories = {one.id: Story(one, claim(one, facts)) for one in population.citizens}
    violations: list[Violation] = []
    strays: list[Attempt] = []
    for entry in entries:
        if isinstance(entry, Attempt):
            if not entry.again and is_copy(entry, facts):
                story = owner(entry, population, stories)
                if story is not None:
                    (story.copies if entry.accepted else story.refused).append(entry)
                elif entry.accepted:
                    strays.append(entry)
        elif isinstance(entry, Violation):
            violations.append(entry)
        elif isinstance(entry, Ack):
            if entry.citizen in stories:
                stories[entry.citizen].acked.setdefault(entry.message_id, entry.wall)
        elif isinstance(entry, Act):
            story = teller(entry, population, stories)
            if story is not None:
                live(story, entry, facts)
    for story in stories.values():
        story.copies.sort(key=lambda one: one.wall)
    return World(stories, tuple(violations), tuple(strays))


def live(story: Story, act: Act, facts: AlertFacts) -> None:
    """One thing a citizen did or lived through."""
    match act.what:
        case "registered":
            story.registered_at = act.wall
        case "refused":
            story.refused_at = act.wall
        case "stopped":
            story.stopped_at = act.wall
        case "state":
            story.changes.append((act.wall, TELEGRAM, act.value == "active"))
        case "online" | "offline":
            story.changes.append((act.wall, WEBCHAT, act.what == "online"))
        case "answer" if act.code == facts.code:
            story.answers.append((act.wall, act.value))


def is_copy(attempt: Attempt, facts: AlertFacts) -> bool:
    """Whether a message is this alert: its text bears a marker, or it offers both answers to its event."""
    if any(marker in attempt.text for marker in facts.other_markers):
        return False
    if any(marker in attempt.text for marker in facts.markers.values()):
        return True
    found = [match.groups() for data in attempt.buttons if (match := CHECK_IN.fullmatch(data))]
    return {answer for answer, code in found if code == facts.code} == {"safe", "help"}


def teller(act: Act, population: Population, stories: dict[str, Story]) -> Story | None:
    """Whose act it is; a chat's state is known by its Telegram id."""
    if act.citizen or not act.chat:
        return stories.get(act.citizen)
    return by_chat(act.chat, population, stories)


def by_chat(chat: str, population: Population, stories: dict[str, Story]) -> Story | None:
    """The citizen of a Telegram chat."""
    citizen = population.by_telegram.get(int(chat)) if chat.lstrip("-").isdecimal() else None
    return stories.get(citizen.id) if citizen is not None else None


def owner(attempt: Attempt, population: Population, stories: dict[str, Story]) -> Story | None:
    """Whose chat a message lies in."""
    if attempt.channel == WEBCHAT:
        return stories.get(attempt.recipient)
    return by_chat(attempt.recipient, population, stories)


def claim(citizen: Citizen, facts: AlertFacts) -> Claim:
    """What the alert owes a citizen, by where they truly are and how exactly they told it."""
    if citizen.drill is not facts.drill:
        return Claim.MUST_NOT
    if citizen.country in facts.area.countries:
        return Claim.MUST
    away = outside_km(facts.area, citizen.lat, citizen.lon)
    if citizen.telling is Telling.COUNTRY:
        touched = citizen.country in facts.area_countries
        return Claim(facts.country_only.value) if touched else Claim.MUST_NOT
    margin = facts.city_margin_km if citizen.telling is Telling.CITY else facts.margin_km
    if away <= 0:
        return Claim.MUST
    return Claim.MAY if away <= margin and math.isfinite(away) else Claim.MUST_NOT
