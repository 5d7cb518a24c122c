"""The audit's checks, each with a stable id and a sentence: what must be true of every citizen and every
figure. Pure.

A check returns the citizens (or figures) it fails for; an empty list is a pass.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from simulator.audit_channels import CHANNELS
from simulator.audit_facts import AlertFacts
from simulator.audit_figures import LATEST_HELP, Case, arrivals, figures
from simulator.audit_story import Claim, Story
from simulator.audit_words import answers_one_way, is_altered, is_too_long, spoken
from simulator.citizen import Fate
from simulator.records import Attempt


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, what it says when it fails, and how it is done."""

    id: str
    sentence: str
    find: Callable[[Case], list[str]]


def missing(case: Case) -> list[str]:
    """Inside, reachable all the time, no copy. Not asked of an alert that was cancelled half-way."""
    if case.facts.cancelled_at is not None:
        return []
    return [
        story.citizen.id
        for story in case.stories()
        if case.owed(story) and not story.copies and story.usable_throughout(case.facts.approved_at)
    ]


def extra_copies(story: Story, facts: AlertFacts) -> list[Attempt]:
    """Copies beyond the one a person should get; a labelled second notice on another channel is none of
    them while the first may not have arrived.
    """
    extras: list[Attempt] = []
    for place, one in enumerate(story.copies):
        earlier = story.copies[:place]
        if not earlier:
            continue
        labelled = any(marker in one.text for marker in facts.second_notice_markers)
        elsewhere = all(other.channel != one.channel for other in earlier)
        known = any(story.known_to_have_it(other, one.wall, facts.deadline_s) for other in earlier)
        if not (labelled and elsewhere and not known):
            extras.append(one)
    return extras


def duplicate(case: Case) -> list[str]:
    """More copies than one per person, beyond the number allowed in total."""
    extras = [story.citizen.id for story in case.stories() for _copy in extra_copies(story, case.facts)]
    return extras if len(extras) > case.facts.allowed_duplicates else []


def outside(case: Case) -> list[str]:
    """Copies with people the alert is not for, or with chats of nobody known."""
    found = [story.citizen.id for story in case.stories() if story.claim is Claim.MUST_NOT and story.copies]
    return found + [f"chat {one.recipient}" for one in case.world.strays]


def language(case: Case) -> list[str]:
    """Copies in a language that is neither the person's nor its fallback."""
    facts, found = case.facts, []
    for story in case.stories():
        marker = facts.markers[facts.language_for(story.citizen.language)]
        if any(marker not in one.text and spoken(one, facts) for one in story.copies):
            found.append(story.citizen.id)
    return found


def altered(case: Case) -> list[str]:
    """Copies whose words are not the approved ones, or that lost a button."""
    return [
        story.citizen.id
        for story in case.stories()
        if any(is_altered(one, case.facts) for one in story.copies)
        or any(is_altered(one, case.facts, asks=not story.answered_by(one.wall)) for one in story.opened)
    ]


def rate(case: Case) -> list[str]:
    """Limits broken beyond the tolerance, and sends before a `retry_after` had passed."""
    broken = Counter(
        f"{one.rule} limit of bot {one.account}" for one in case.world.violations if not one.tolerated
    )
    return [f"{name}: {count}x" for name, count in sorted(broken.items())]


def drill(case: Case) -> list[str]:
    """A drill with real people, a real alert with a drill's people, or the drill frame missing or misused."""
    facts, found = case.facts, []
    for story in case.stories():
        wrong_people = story.citizen.drill is not facts.drill and story.copies
        framed = [any(marker in one.text for marker in facts.drill_markers) for one in story.copies]
        if wrong_people or any(has is not facts.drill for has in framed):
            found.append(story.citizen.id)
    return found


def late(case: Case) -> list[str]:
    """Copies accepted after the alert was cancelled and the grace had passed."""
    at = case.facts.cancelled_at
    return [] if at is None else accepted_after(case, at + case.facts.cancel_grace_s)


def expired(case: Case) -> list[str]:
    """Copies accepted after the alert expired."""
    at = case.facts.expires_at
    return [] if at is None else accepted_after(case, at)


def accepted_after(case: Case, moment: float) -> list[str]:
    """Citizens with a copy accepted later than that."""
    return [story.citizen.id for story in case.stories() if any(one.wall > moment for one in story.copies)]


def stopped(case: Case) -> list[str]:
    """Copies with people who had unsubscribed, or never agreed."""
    grace, found = case.facts.stop_grace_s, []
    for story in case.stories():
        times = [at for at in (story.stopped_at, story.refused_at) if at is not None]
        if times and any(one.wall > min(times) + grace for one in story.copies):
            found.append(story.citizen.id)
    return found


def unlisted(case: Case) -> list[str]:
    """People the alert is for who got it nowhere and whom the board does not list as not reached; whose
    copy a provider keeps for a handset that is off counts as sent until it says otherwise.
    """
    if case.board is None:
        return []
    listed = set(case.board.not_reached_people)
    return [
        story.citizen.id
        for story in case.stories()
        if case.owed(story) and not story.copies and not story.confirmed() and story.citizen.id not in listed
    ]


def board(case: Case) -> list[str]:
    """Figures of the board that are not the audit's."""
    if case.board is None:
        return []
    shown: dict[str, int] = {
        name: getattr(case.board, name)
        for name in ("people_targeted", "reached", "not_reached", "safe", "need_help", "silent")
    }
    for channel in CHANNELS:
        shown[f"accepted.{channel}"] = case.board.accepted.get(channel, 0)
    return [
        f"{name}: board {shown[name]}, audit {counted}"
        for name, counted in figures(case).items()
        if shown[name] != counted
    ]


def receipts(case: Case) -> list[str]:
    """Channels on which the board knows of more or fewer people with a copy that arrived."""
    if case.board is None or case.board.delivered is None:
        return []
    shown = case.board.delivered
    return [
        f"delivered.{channel}: board {shown.get(channel, 0)}, audit {counted}"
        for channel, counted in arrivals(case).items()
        if shown.get(channel, 0) != counted
    ]


def answers(case: Case) -> list[str]:
    """Answers on the board that nobody gave, that were given differently, or that are missing."""
    if case.board is None or case.board.answers is None:
        return []
    recorded = {name: LATEST_HELP.get(what, what) for name, what in case.board.answers.items()}
    given = {
        story.citizen.id: LATEST_HELP.get(story.answers[-1][1], "")
        for story in case.stories()
        if story.answers
    }
    return sorted(name for name in recorded.keys() | given.keys() if recorded.get(name) != given.get(name))


def unanswerable(case: Case) -> list[str]:
    """Text messages that ask for an answer from where none finds its way back."""
    return [
        story.citizen.id
        for story in case.stories()
        if any(answers_one_way(one, case.facts) for one in story.copies)
    ]


def parts(case: Case) -> list[str]:
    """Text messages of more parts than a warning may have."""
    return [story.citizen.id for story in case.stories() if any(map(is_too_long, story.copies))]


def unopened(case: Case) -> list[str]:
    """People who asked for the whole text and did not get it, or got it more than once."""
    found = []
    for story in case.stories():
        got = Counter(one.channel for one in story.opened)
        broken = {story.citizen.fate_on} if story.citizen.fate is not Fate.ACTIVE else set()
        wanting = set(story.asked_full) - set(got) - broken if case.facts.cancelled_at is None else set()
        if wanting or any(count > 1 for count in got.values()):
            found.append(story.citizen.id)
    return found


CHECKS: tuple[Check, ...] = (
    Check("missing", "inside and reachable, but got no copy", missing),
    Check("duplicate", "got more than one copy", duplicate),
    Check("outside", "got a copy though the alert is not for them", outside),
    Check("language", "got a copy in a language that is not theirs nor its fallback", language),
    Check("rate", "a limit of the channel was broken, or a 429 ignored", rate),
    Check("drill", "a drill and a real population met, or the drill frame is wrong", drill),
    Check("late", "got a copy after the alert was cancelled", late),
    Check("expired", "got a copy after the alert expired", expired),
    Check("stopped", "got a copy after unsubscribing or refusing", stopped),
    Check("unreached-unlisted", "reached nowhere and not on the board's list of those not reached", unlisted),
    Check("board", "the board's figure is not the ledger's", board),
    Check("altered", "got words or buttons other than the approved ones", altered),
    Check("one-way", "was told to answer a text message from where no answer arrives", unanswerable),
    Check("parts", "got a text message of more parts than allowed", parts),
    Check("unopened", "asked for the whole text and did not get it once", unopened),
    Check("receipts", "the board's figure of copies that arrived is not what the service was told", receipts),
    Check("answers", "the board's answer is not the one the citizen gave", answers),
)
