"""Guards: who may write, submit, approve, refuse and stop. Pure; see `alerts.gate`.

The two-officer rule: whoever changed text, area or audience is an author, no author approves, nobody may
override it, and one person alone never gets an alert approved, not even through officers they made.
"""

from alerts.dossier import Dossier
from alerts.errors import Reason
from staff.officers import PROBATION, Officer, Role


def officer_is_active(d: Dossier) -> Reason | None:
    """A locked or removed officer does nothing, whatever a browser still believes."""
    return None if d.active else Reason("officer_inactive", "This officer is not active any more.")


def author_holds_role(d: Dossier) -> Reason | None:
    """Writing and submitting need the author role in every country the area touches."""
    has = d.officer.may(Role.AUTHOR, d.countries) if d.has_area else d.officer.has(Role.AUTHOR)
    return None if has else Reason("not_author", f"Needs the author role in {_where(d)}.")


def approver_holds_role(d: Dossier) -> Reason | None:
    """Approving needs the approver role in every country the area touches."""
    has = d.officer.may(Role.APPROVER, d.countries)
    return None if has else Reason("not_approver", f"Needs the approver role in {_where(d)}.")


def approver_is_no_author(d: Dossier) -> Reason | None:
    """Nobody approves what they changed, in any of its revisions."""
    wrote = d.revision is not None and d.officer.id in d.revision.authors
    return (
        Reason("own_alert", "You wrote or changed this alert; another officer must approve it.")
        if wrote
        else None
    )


def approver_is_not_submitter(d: Dossier) -> Reason | None:
    """Nobody approves what they submitted; the UK's Emergency Alerts has the same rule."""
    did = d.revision is not None and d.revision.submitted_by == d.officer.id
    return (
        Reason("own_submission", "You submitted this alert; another officer must approve it.")
        if did
        else None
    )


def writers_are_active(d: Dossier) -> Reason | None:
    """Nobody can say any more who was behind a locked author: write it anew."""
    if d.lost_writers == 0:
        return None
    return Reason("author_locked", "An author of this alert was locked or removed: write the alert anew.")


def approver_was_not_made_by_writer(d: Dossier) -> Reason | None:
    """Who was added or reset by a writer less than 24 h ago may be the writer in another coat."""
    if d.officer.made_by_any([writer.id for writer in d.writers], d.now):
        return Reason(
            "made_by_author", "You were added or reset by an author of this alert less than 24 h ago."
        )
    return None


def writer_was_not_made_by_approver(d: Dossier) -> Reason | None:
    """The same the other way round: an approver who just made the writer could be both."""
    if any(writer.made_by_any([d.officer.id], d.now) for writer in d.writers):
        return Reason("made_author", "You added or reset an author of this alert less than 24 h ago.")
    return None


def no_common_maker(d: Dossier) -> Reason | None:
    """Two officers whom one person added or reset less than 24 h ago may both be that person."""
    mine = _recent_makers(d.officer, d)
    if any(mine & _recent_makers(writer, d) for writer in d.writers):
        return Reason(
            "same_maker", "You and an author of this alert were added by one officer less than 24 h ago."
        )
    return None


def stopper_has_a_say(d: Dossier) -> Reason | None:
    """Stopping needs one officer only: author or approver in any of the countries."""
    if any(_somewhere(d, role) for role in (Role.AUTHOR, Role.APPROVER)):
        return None
    return Reason("not_in_charge", f"Needs the author or approver role in one of {_where(d)}.")


def rejecter_holds_role(d: Dossier) -> Reason | None:
    """Saying no needs the approver role in any of the countries."""
    return (
        None
        if _somewhere(d, Role.APPROVER)
        else Reason("not_approver", f"Needs the approver role in {_where(d)}.")
    )


def _somewhere(d: Dossier, role: Role) -> bool:
    if not d.countries:
        return d.officer.has(role)
    return any(d.officer.may(role, [country]) for country in d.countries)


def _recent_makers(officer: Officer, d: Dossier) -> frozenset[int]:
    return frozenset(maker.officer_id for maker in officer.makers if d.now - maker.at < PROBATION)


def _where(d: Dossier) -> str:
    if d.countries:
        return ", ".join(sorted(d.countries))
    return "all countries (the area touches none)" if d.has_area else "some country"
