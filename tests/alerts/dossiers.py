"""For each act a dossier no guard objects to, and for each guard one that only it refuses. Values only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.dossier import Bearings, DeskAct, Dossier, Gap, Rules
from alerts.draft import Draft, Text
from alerts.lifecycle import AlertState
from alerts.store import AlertRow, EventRow, RevisionRow
from alerts.terms import Severity
from places.area import Readings
from staff.officers import Grant, Maker, Officer, Role
from tests.alerts.office import LONG_AGO, NOW, REYKJAVIK, draft, everywhere, only_in

AUTHOR = Officer(1, "anna", "Anna", everywhere(Role.AUTHOR))
APPROVER = Officer(2, "bjorn", "Björn", everywhere(Role.APPROVER))
ICELAND = frozenset({"IS"})
TURNED = Bearings(ICELAND, Readings(given=frozenset({"AQ"}), turned=ICELAND), meant=ICELAND)
YESTERDAY = NOW - timedelta(hours=23)

ALERT = AlertRow(
    id=7, event_id=3, identifier="muster-7", status="Actual", audience="Public", msg_type="Alert",
    corrects=None, state=AlertState.DRAFT, created_by=1, created_at=LONG_AGO,
    cancelled_at=None, cancelled_by=None,
)  # fmt: skip
REVISION = RevisionRow(
    id=9, alert_id=7, number=2, event_id=3, identifier="muster-7", status="Actual", audience="Public",
    msg_type="Alert", corrects=None, event_name="Gale", category="Met", severity=Severity.SEVERE,
    urgency="Expected", certainty="Likely", texts={"en": Text(headline="Gale", description="Wind.")},
    correction={"en": "It was a mistake."}, all_clear={"en": "It is over."}, area=REYKJAVIK,
    area_name="Reykjavik", time_zone="Atlantic/Reykjavik", onset=None, expires_at=NOW + timedelta(hours=6),
    useful_until=NOW + timedelta(hours=6), include_maybe=True, policy="at-least-once", authors=(1,),
    accepted_fallbacks={}, submitted_by=1, submitted_at=LONG_AGO, approved_by=None, approved_at=None,
    digest=None,
)  # fmt: skip
EVENT = EventRow(3, "ABCDEF", "Gale", drill=False, created_at=LONG_AGO, closed_at=None)
SENT = replace(ALERT, id=6, state=AlertState.SENT)
SENT_REVISION = replace(REVISION, id=8, alert_id=6, approved_by=2, approved_at=LONG_AGO)
SOURCE = {
    "identifier": "x",
    "sender": "y",
    "sent": "z",
    "status": "Actual",
    "msg_type": "Alert",
    "scope": "Public",
}
STATE_OF = {
    DeskAct.REVISE: AlertState.DRAFT,
    DeskAct.SUBMIT: AlertState.DRAFT,
    DeskAct.APPROVE: AlertState.SUBMITTED,
    DeskAct.REJECT: AlertState.SUBMITTED,
    DeskAct.CANCEL: AlertState.SENT,
}


def good(act: DeskAct, **changes: Any) -> Dossier:
    """A dossier of `act` that passes."""
    who = AUTHOR if act in {DeskAct.DRAFT, DeskAct.REVISE, DeskAct.SUBMIT, DeskAct.FOLLOW_UP} else APPROVER
    dossier = Dossier(
        act=act, officer=who, now=NOW, rules=Rules(), countries=ICELAND, seen=2, reason="It is over."
    )
    match act:
        case DeskAct.DRAFT:
            dossier = replace(
                dossier, draft=draft(event_id=3, corrects=6), event=EVENT,
                corrected=SENT, corrected_revision=SENT_REVISION,
            )  # fmt: skip
        case DeskAct.REVISE:
            dossier = replace(dossier, draft=draft(), alert=ALERT, revision=REVISION)
        case DeskAct.FOLLOW_UP:
            dossier = replace(dossier, alert=SENT, revision=SENT_REVISION)
        case _:
            dossier = replace(
                dossier, alert=replace(ALERT, state=STATE_OF[act]), revision=REVISION, writers=(AUTHOR,)
            )
    return replace(dossier, **changes)


@dataclass(frozen=True)
class Case:
    """A dossier that only the guard called `guard` refuses, with this code."""

    guard: str
    code: str
    dossier: Dossier

    def __str__(self) -> str:
        return f"{self.guard}-{self.dossier.act}"


def written(dossier: Dossier, **changes: Any) -> Dossier:
    """The same dossier about a revision that says something else."""
    assert dossier.revision is not None
    return replace(dossier, revision=replace(dossier.revision, **changes))


def drafted(act: DeskAct, **changes: Any) -> Dossier:
    """A dossier of `act` with a draft that says something else."""
    dossier = good(act)
    assert dossier.draft is not None
    values = dossier.draft.model_dump(mode="json") | changes
    return replace(dossier, draft=Draft.model_validate(values))


def cases() -> Iterator[Case]:
    """One case for every guard and every act it watches."""
    for act in DeskAct:
        yield Case("officer_is_active", "officer_inactive", good(act, active=False))
    yield from _people()
    yield from _drafts()
    for act, state in (
        (DeskAct.REVISE, AlertState.APPROVED), (DeskAct.SUBMIT, AlertState.SUBMITTED),
        (DeskAct.APPROVE, AlertState.DRAFT), (DeskAct.REJECT, AlertState.APPROVED),
        (DeskAct.CANCEL, AlertState.EXPIRED),
    ):  # fmt: skip
        yield Case("state_allows", "state", good(act, alert=replace(ALERT, state=state)))
    for act in STATE_OF:
        yield Case("seen_is_newest", "changed_meanwhile", good(act, seen=1))
    for act in (DeskAct.CANCEL, DeskAct.REJECT):
        yield Case("reason_is_given", "no_reason", good(act, reason="  . "))
    for act in (DeskAct.DRAFT, DeskAct.REVISE, DeskAct.SUBMIT, DeskAct.APPROVE):
        turned = good(act, bearings=TURNED)
        if act is DeskAct.DRAFT:  # what follows an alert is not asked
            turned = replace(drafted(act, corrects=None), bearings=TURNED, corrected=None)
        yield Case("area_lies_where_it_is_meant", "swapped", turned)
        unknown = replace(turned, bearings=Bearings(unknown=("XX-1", "XX-2")))
        yield Case("regions_are_known", "region_unknown", unknown)
    for act in (DeskAct.SUBMIT, DeskAct.APPROVE):
        yield from _content(good(act))
    gaps = (Gap("th", 40, "en"), Gap("id", 3, "en"))
    moderate = written(
        good(DeskAct.APPROVE, gaps=gaps, accepted={"th": 40, "id": 2}), severity=Severity.MODERATE
    )
    yield Case("fallbacks_are_accepted", "fallbacks", moderate)


def _people() -> Iterator[Case]:
    elsewhere = replace(AUTHOR, roles=only_in("VN", Role.AUTHOR, Role.APPROVER))
    for act in (DeskAct.DRAFT, DeskAct.REVISE, DeskAct.SUBMIT, DeskAct.FOLLOW_UP):
        yield Case("author_holds_role", "not_author", good(act, officer=elsewhere))
    half = replace(APPROVER, roles=only_in("IS", Role.APPROVER))
    both_sides = frozenset({"IS", "GL"})
    approve = DeskAct.APPROVE
    yield Case("approver_holds_role", "not_approver", good(approve, officer=half, countries=both_sides))
    yield Case("approver_is_no_author", "own_alert", written(good(approve), authors=(1, 2), submitted_by=1))
    yield Case("approver_is_not_submitter", "own_submission", written(good(approve), submitted_by=2))
    yield Case("writers_are_active", "author_locked", good(approve, writers=(), lost_writers=1))
    made = replace(APPROVER, makers=(Maker(AUTHOR.id, YESTERDAY),))
    yield Case("approver_was_not_made_by_writer", "made_by_author", good(approve, officer=made))
    puppet = replace(AUTHOR, makers=(Maker(APPROVER.id, YESTERDAY),))
    yield Case("writer_was_not_made_by_approver", "made_author", good(approve, writers=(puppet,)))
    mine = replace(APPROVER, makers=(Maker(50, YESTERDAY),))
    theirs = replace(AUTHOR, makers=(Maker(50, YESTERDAY),))
    yield Case("no_common_maker", "same_maker", good(approve, officer=mine, writers=(theirs,)))
    yield Case("stopper_has_a_say", "not_in_charge", good(DeskAct.CANCEL, officer=elsewhere))
    writer = replace(AUTHOR, roles=(Grant(Role.AUTHOR, None),))
    yield Case("rejecter_holds_role", "not_approver", good(DeskAct.REJECT, officer=writer))


def _drafts() -> Iterator[Case]:
    for act in (DeskAct.DRAFT, DeskAct.REVISE):
        for guard, code, changes in (
            ("source_is_meant", "source_status", {"status": "Exercise"}),
            ("source_is_public", "source_scope", {"scope": "Restricted"}),
            ("source_is_a_warning", "source_type", {"msg_type": "Cancel"}),
            ("source_area_is_whole", "source_area", {"complete": False}),
        ):
            yield Case(guard, code, drafted(act, source=SOURCE | changes))
    start, revise = DeskAct.DRAFT, DeskAct.REVISE
    nameless = replace(
        drafted(start, event_title="", event_id=None, corrects=None), event=None, corrected=None
    )
    yield Case("event_has_a_name", "no_event", nameless)
    other_kind = replace(EVENT, drill=True)
    yield Case("event_is_of_this_kind", "event_kind", good(start, event=other_kind))
    closed = replace(drafted(start, corrects=None), corrected=None, event=replace(EVENT, closed_at=LONG_AGO))
    yield Case("event_is_open", "event_closed", closed)
    drill_alert = replace(SENT, status="Exercise")
    yield Case("followed_is_of_this_kind", "followed_kind", good(start, corrected=drill_alert))
    unsent = replace(SENT_REVISION, approved_at=None)
    cancelled = replace(SENT, state=AlertState.CANCELLED)
    yield Case("followed_was_sent", "never_sent", good(start, corrected=cancelled, corrected_revision=unsent))
    yield Case("followed_was_sent", "never_sent", good(DeskAct.FOLLOW_UP, alert=cancelled, revision=unsent))
    yield Case("kind_is_kept", "status_changed", drafted(revise, status="Exercise"))
    yield Case("audience_is_kept", "audience_changed", drafted(revise, corrects=6))
    yield Case("audience_is_kept", "audience_changed", drafted(revise, audience="Registered"))
    yield Case("audience_is_kept", "audience_changed", drafted(revise, event_id=4))


def _content(dossier: Dossier) -> Iterator[Case]:
    wordless = {"en": Text(headline="Gale"), "vi": Text(headline="Gió", description="25 m/s")}
    yield Case("texts_are_written", "no_text", written(dossier, texts={}))
    yield Case("texts_are_written", "no_text", written(dossier, texts=wordless))
    endless = {"en": Text(headline="Gale", instruction="Stay in " + "a very solid house " * 12 + "today.")}
    yield Case("first_sentence_fits", "first_sentence", written(dossier, texts=endless))
    yield Case("first_sentence_fits", "first_sentence", written(dossier, all_clear={"vi": "hết " * 40}))
    waves = {"en": Text(headline="\N{WATER WAVE}" * 91, instruction="Stay in.")}
    yield Case("pieces_knock", "knock", written(dossier, texts=waves))
    yield Case("pieces_knock", "knock", written(dossier, area_name="Delta\nand coast"))
    yield Case("area_is_drawn", "no_area", written(dossier, area={}))
    yield Case("expiry_is_ahead", "expired", written(dossier, expires_at=NOW, useful_until=NOW))
    far: datetime = NOW + timedelta(days=7, seconds=1)
    yield Case("expiry_is_near", "expires_too_late", written(dossier, expires_at=far))
    late = NOW + timedelta(hours=7)
    yield Case("times_are_in_order", "times", written(dossier, onset=late))
    yield Case("times_are_in_order", "times", written(dossier, useful_until=late))
    yield Case("correction_is_ready", "no_correction", written(dossier, correction={"en": " "}))
    yield Case("all_clear_is_ready", "no_all_clear", written(dossier, all_clear={}))
