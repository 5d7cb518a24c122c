"""What truly happened, put together from ledger and population: copies, refusals, states, answers per
citizen. Pure.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from simulator.audit_channels import (
    ARRIVED,
    BY_RECEIPT,
    LOST,
    SMS,
    TELEGRAM,
    USABLE,
    VIBER,
    WEBCHAT,
    owner_of,
)
from simulator.audit_facts import AlertFacts
from simulator.audit_story import Claim, Story
from simulator.citizen import Citizen, Telling
from simulator.conversation import CHECK_IN
from simulator.geometry import outside_km
from simulator.lines_by_viber import unwrapped
from simulator.population import Population
from simulator.reading import CODE
from simulator.records import Ack, Act, Arrival, Attempt, Entry, Listed, Violation, WebhookPost

MADE_OUT = re.compile(r"@(.+)")  # an answer to a message that named no code: the message itself


@dataclass(frozen=True, slots=True)
class World:
    """All stories, broken limits, copies that lie with nobody of the population, and what was charged for
    copies by channel (thousandths of the fictional unit).
    """

    stories: dict[str, Story]
    violations: tuple[Violation, ...]
    strays: tuple[Attempt, ...]
    cost: dict[str, int]


@dataclass(slots=True)
class _Reading:
    """What one pass through the ledger collects; messages by (channel, id, recipient), which is unique even
    where one id is given to many.
    """

    sends: list[tuple[Story | None, Attempt]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    news: list[WebhookPost] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    answers: list[tuple[Story, Act]] = field(default_factory=list)


def gather(entries: Iterable[Entry], population: Population, facts: AlertFacts) -> World:
    """Read the ledger once."""
    stories = {one.id: Story(one, claim(one, facts)) for one in population.citizens}
    found = _Reading()
    for entry in entries:
        take(entry, found, population, stories, facts)
    settle(found, population, stories)
    sort_sends(found, stories)
    for story, act in found.answers:
        if answers_this(story, act, facts):
            story.answers.append((act.wall, act.value))
    mine = {(one.channel, one.message_id, one.recipient) for _, one in found.sends}
    cost: dict[str, int] = {}
    for one in found.arrivals:
        if (one.channel, one.message_id, one.recipient) in mine:
            cost[one.channel] = cost.get(one.channel, 0) + one.cost
    strays = tuple(one for story, one in found.sends if story is None and one.accepted)
    return World(stories, tuple(found.violations), strays, cost)


def take(
    entry: Entry, found: _Reading, population: Population, stories: dict[str, Story], facts: AlertFacts
) -> None:
    """Sort one entry to its kind."""
    if isinstance(entry, Attempt) and entry.channel == VIBER:
        entry = replace(entry, buttons=tuple(map(unwrapped, entry.buttons)))
    match entry:
        case Attempt() if not entry.again and is_copy(entry, facts):
            found.sends.append((story_of(entry.channel, entry.recipient, population, stories), entry))
        case Violation():
            found.violations.append(entry)
        case Ack() if entry.citizen in stories:
            stories[entry.citizen].acked.setdefault(entry.message_id, entry.wall)
        case Arrival():
            found.arrivals.append(entry)
        case WebhookPost() if entry.channel in BY_RECEIPT and 200 <= entry.status < 300:
            found.news.append(entry)
        case Listed() if entry.status in ARRIVED:
            found.listed.append(entry)
        case Act():
            story = teller(entry, population, stories)
            if story is not None:
                live(story, entry, found, facts)
        case _:
            return


def settle(found: _Reading, population: Population, stories: dict[str, Story]) -> None:
    """Write down for each citizen what arrived, what was lost, and what the service was told."""
    for arrival in found.arrivals:
        story = story_of(arrival.channel, arrival.recipient, population, stories)
        if story is not None:
            kept = story.arrived if arrival.status in ARRIVED else story.lost
            kept.setdefault(arrival.message_id, arrival.wall)
    for post in found.news:
        story = story_of(post.channel, post.chat, population, stories)
        state = post.update.removeprefix("status.")
        if story is not None and state in ARRIVED:
            story.told.setdefault(post.message_id, post.wall)
        elif story is not None and state in LOST:
            story.told_lost.setdefault(post.message_id, post.wall)
    for one in found.listed:
        story = story_of(one.channel, one.chat, population, stories)
        if story is not None:
            story.listed.add(one.message_id)


def sort_sends(found: _Reading, stories: dict[str, Story]) -> None:
    """Give everybody their copies, by the time they were sent."""
    for story, one in sorted(found.sends, key=lambda send: send[1].wall):
        if story is None:
            continue
        if not one.accepted:
            story.refused.append(one)
        elif one.channel in BY_RECEIPT and one.message_id not in story.arrived:
            story.taken.append(one)
        elif is_opened(story, one):
            story.opened.append(one)
        else:
            story.copies.append(one)


def is_opened(story: Story, one: Attempt) -> bool:
    """Whether a copy is the whole text after a short notice, which comes once they pressed one of its
    buttons.
    """
    if one.template:
        return False
    shown = [copy.wall for copy in story.copies if copy.template and copy.channel == one.channel]
    return any(
        channel == one.channel and min(shown) <= when <= one.wall for when, channel in story.pressed if shown
    )


def live(story: Story, act: Act, found: _Reading, facts: AlertFacts) -> None:
    """One thing a citizen did or lived through."""
    match act.what:
        case "registered":
            story.registered_at = act.wall
        case "refused":
            story.refused_at = act.wall
        case "stopped":
            story.stopped_at = act.wall
        case "state":
            story.changes.append((act.wall, act.channel, act.value in USABLE))
        case "online" | "offline":
            story.changes.append((act.wall, WEBCHAT, act.what == "online"))
        case "full" if act.code == facts.code:
            story.asked_full.setdefault(act.channel, act.wall)
            story.pressed.append((act.wall, act.channel))
        case "answer":
            story.pressed.append((act.wall, act.channel))
            found.answers.append((story, act))


def answers_this(story: Story, act: Act, facts: AlertFacts) -> bool:
    """Whether an answer is one to this event: by its code, or by the message that was answered."""
    made_out = MADE_OUT.fullmatch(act.code)
    if made_out is None:
        return act.code == facts.code
    ours = (*story.copies, *story.opened)
    return any(one.message_id == made_out.group(1) and one.channel == act.channel for one in ours)


def is_copy(attempt: Attempt, facts: AlertFacts) -> bool:
    """Whether a message is this alert: its text bears a marker, it offers both answers to its event, or it is
    a text message with its code.
    """
    if any(marker in attempt.text for marker in facts.other_markers):
        return False
    if any(marker in attempt.text for marker in facts.markers.values()):
        return True
    if attempt.channel == SMS and facts.code in CODE.findall(attempt.text):
        return True
    found = [match.groups() for data in attempt.buttons if (match := CHECK_IN.fullmatch(data))]
    return {answer for answer, code in found if code == facts.code} == {"safe", "help"}


def teller(act: Act, population: Population, stories: dict[str, Story]) -> Story | None:
    """Whose act it is; a chat's state is known by the provider's address."""
    if act.citizen or not act.chat:
        return stories.get(act.citizen)
    return story_of(act.channel or TELEGRAM, act.chat, population, stories)


def story_of(channel: str, address: str, population: Population, stories: dict[str, Story]) -> Story | None:
    """The story of whoever is behind a provider's address."""
    citizen = owner_of(channel, address, population)
    return stories.get(citizen.id) if citizen is not None else None


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
