"""Every rule of the desk, and which acts it watches. Pure.

A guard is one small function: it looks at a dossier and names what stands in the way, or returns None. The
desk carries out an act only when no guard of that act objects, and tells all objections at once. Each guard's
docstring is its rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

from alerts import guard_content as content
from alerts import guard_draft as drafts
from alerts import guard_people as people
from alerts.dossier import DeskAct, Dossier
from alerts.errors import AlertRefusedError, Reason


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule and the acts it watches."""

    check: Callable[[Dossier], Reason | None]
    acts: frozenset[DeskAct]

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.check.__name__


_A = DeskAct
_WRITE = frozenset({_A.DRAFT, _A.REVISE})
_SEND = frozenset({_A.SUBMIT, _A.APPROVE})
_APPROVE = frozenset({_A.APPROVE})
_STOP = frozenset({_A.CANCEL, _A.REJECT})

GUARDS: tuple[Guard, ...] = (
    Guard(people.officer_is_active, frozenset(_A)),
    Guard(content.state_allows, frozenset({_A.REVISE, _A.SUBMIT, _A.APPROVE, _A.REJECT, _A.CANCEL})),
    Guard(people.author_holds_role, _WRITE | {_A.SUBMIT, _A.FOLLOW_UP}),
    Guard(people.approver_holds_role, _APPROVE),
    Guard(people.approver_is_no_author, _APPROVE),
    Guard(people.approver_is_not_submitter, _APPROVE),
    Guard(people.writers_are_active, _APPROVE),
    Guard(people.approver_was_not_made_by_writer, _APPROVE),
    Guard(people.writer_was_not_made_by_approver, _APPROVE),
    Guard(people.no_common_maker, _APPROVE),
    Guard(people.stopper_has_a_say, frozenset({_A.CANCEL})),
    Guard(people.rejecter_holds_role, frozenset({_A.REJECT})),
    Guard(content.reason_is_given, _STOP),
    Guard(content.seen_is_newest, _STOP | _SEND | {_A.REVISE}),
    Guard(drafts.source_is_meant, _WRITE),
    Guard(drafts.source_is_public, _WRITE),
    Guard(drafts.source_is_a_warning, _WRITE),
    Guard(drafts.source_area_is_whole, _WRITE),
    Guard(drafts.area_lies_where_it_is_meant, _WRITE | _SEND),
    Guard(drafts.regions_are_known, _WRITE | _SEND),
    Guard(drafts.event_has_a_name, frozenset({_A.DRAFT})),
    Guard(drafts.event_is_of_this_kind, frozenset({_A.DRAFT})),
    Guard(drafts.event_is_open, frozenset({_A.DRAFT})),
    Guard(drafts.kind_is_kept, frozenset({_A.REVISE})),
    Guard(drafts.audience_is_kept, frozenset({_A.REVISE})),
    Guard(drafts.followed_is_of_this_kind, frozenset({_A.DRAFT})),
    Guard(drafts.followed_was_sent, frozenset({_A.DRAFT, _A.FOLLOW_UP})),
    Guard(content.texts_are_written, _SEND),
    Guard(content.first_sentence_fits, _SEND),
    Guard(content.pieces_knock, _SEND),
    Guard(content.area_is_drawn, _SEND),
    Guard(content.expiry_is_ahead, _SEND),
    Guard(content.expiry_is_near, _SEND),
    Guard(content.times_are_in_order, _SEND),
    Guard(content.correction_is_ready, _SEND),
    Guard(content.all_clear_is_ready, _SEND),
    Guard(content.fallbacks_are_accepted, _APPROVE),
)


def objections(dossier: Dossier) -> tuple[Reason, ...]:
    """What stands in the way of the act, in the order of `GUARDS`."""
    asked = (guard.check(dossier) for guard in GUARDS if dossier.act in guard.acts)
    return tuple(reason for reason in asked if reason is not None)


def examine(dossier: Dossier) -> None:
    """Let the act pass, or not.

    Raises:
        AlertRefusedError: with all objections.
    """
    found = objections(dossier)
    if found:
        raise AlertRefusedError(found)
