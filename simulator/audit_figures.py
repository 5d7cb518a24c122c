"""What one audit looks at, and the board as the ledger has it. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.audit_channels import BY_RECEIPT, CHANNELS
from simulator.audit_facts import AlertFacts, Board
from simulator.audit_story import Claim, Story
from simulator.audit_world import World

LATEST_HELP = {"help": "need_help", "need_help": "need_help", "safe": "safe"}


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one audit looks at; `board` is None when no figures were given."""

    world: World
    facts: AlertFacts
    board: Board | None

    def stories(self) -> list[Story]:
        """All stories, by citizen id."""
        return [self.world.stories[name] for name in sorted(self.world.stories)]

    def owed(self, story: Story) -> bool:
        """Whether somebody was subscribed in time and must get the alert."""
        return story.claim is Claim.MUST and story.subscribed(self.facts.approved_at)


def figures(case: Case) -> Mapping[str, int]:
    """The audit's own board, counted from the ledger.

    People near the border may or may not be targeted: they count when the service turned to them, which shows
    as a copy, a refused send, or a place on the list of those not reached.
    """
    listed = set(case.board.not_reached_people) if case.board is not None else set()
    targeted = [
        story
        for story in case.stories()
        if case.owed(story) or story.copies or story.taken or story.refused or story.citizen.id in listed
    ]
    reached = [story for story in targeted if story.confirmed()]
    answers = Counter(LATEST_HELP.get(story.answers[-1][1], "") for story in targeted if story.answers)
    answered = sum(1 for story in reached if story.answers)
    channels = {
        f"accepted.{channel}": sum(1 for story in targeted if story.confirmed(channel))
        for channel in CHANNELS
    }
    return {
        "people_targeted": len(targeted),
        "reached": len(reached),
        "not_reached": len(targeted) - len(reached),
        "safe": answers["safe"],
        "need_help": answers["need_help"],
        "silent": len(reached) - answered,
        **channels,
    }


def arrivals(case: Case) -> Mapping[str, int]:
    """People by channel whose copy the service knows to have arrived."""
    return {
        channel: sum(any(map(story.is_known_to_arrive, story.confirmed(channel))) for story in case.stories())
        for channel in sorted(BY_RECEIPT)
    }
