"""The audit of one alert: reads ledger, population and plain facts, and says for whom which promise was
broken. Pure.

It never looks into the service: what the ledger does not show did not happen, what the ledger shows did.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.audit_checks import CHECKS
from simulator.audit_facts import AlertFacts, Board
from simulator.audit_figures import Case, figures
from simulator.audit_story import Claim, Story
from simulator.audit_world import gather
from simulator.population import Population
from simulator.records import Entry

SHOWN = 5


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    Attributes:
        failures: check id -> citizen ids or figures it failed for; only failed checks.
        figures: the board as the ledger has it, counted in people.
        seen: how much was looked at: citizens, those who must and must not get it, copies, tolerated
            violations, people by the channel whose copy arrived first, people with a second notice, whole
            texts that were asked for, what copies cost (thousandths of the fictional unit).
    """

    failures: Mapping[str, list[str]]
    figures: Mapping[str, int]
    seen: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return not self.failures

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "ok": self.ok,
            "failures": dict(self.failures),
            "figures": dict(self.figures),
            "seen": dict(self.seen),
        }

    def table(self) -> str:
        """The report for people to read."""
        lines = [f"{name:>22}  {count}" for name, count in {**self.seen, **self.figures}.items()]
        for check in CHECKS:
            failed = self.failures.get(check.id, [])
            verdict = f"FAILED {len(failed)}x" if failed else "ok"
            lines.append(f"{check.id:>22}  {verdict:<12} {check.sentence if failed else ''}".rstrip())
            if failed:
                more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
                lines.append(f"{'':>24}{', '.join(failed[:SHOWN])}{more}")
        return "\n".join(lines)


def audit(
    entries: Iterable[Entry], population: Population, facts: AlertFacts, board: Board | None = None
) -> AuditReport:
    """Check everything there is to check; without a board its checks pass unasked."""
    world = gather(entries, population, facts)
    case = Case(world, facts, board)
    failures = {check.id: found for check in CHECKS if (found := check.find(case))}
    stories = case.stories()
    seen = {
        "citizens": len(stories),
        "must get it": sum(case.owed(story) for story in stories),
        "must not get it": sum(story.claim is Claim.MUST_NOT for story in stories),
        "copies": sum(len(story.copies) for story in stories),
        "refused sends": sum(len(story.refused) for story in stories),
        "tolerated violations": sum(one.tolerated for one in world.violations),
        **reached_by(stories),
        **{f"cost {channel}": charged for channel, charged in sorted(world.cost.items())},
    }
    return AuditReport(failures, figures(case), seen)


def reached_by(stories: Sequence[Story]) -> dict[str, int]:
    """People by the channel of their first copy, people who got another, whole texts."""
    first = Counter(story.copies[0].channel for story in stories if story.copies)
    return {
        **{f"first on {channel}": count for channel, count in sorted(first.items())},
        "second notices": sum(len(story.copies) > 1 for story in stories),
        "whole texts": sum(len(story.opened) for story in stories),
    }
