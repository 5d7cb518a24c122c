"""Every guard alone: it refuses its case, nothing else does, and without it the case would pass."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import gate
from alerts.dossier import Bearings, DeskAct, Gap
from alerts.errors import AlertRefusedError
from alerts.guard_draft import swap_in
from alerts.lifecycle import AlertState
from alerts.terms import Severity
from places.area import Readings
from staff.officers import Maker, Role
from tests.alerts.dossiers import ALERT, APPROVER, AUTHOR, TURNED, Case, cases, drafted, good, written
from tests.alerts.office import NOW, only_in

CASES = list(cases())


@pytest.mark.parametrize("act", DeskAct)
def test_a_good_act_passes(act: DeskAct) -> None:
    assert gate.objections(good(act)) == ()
    gate.examine(good(act))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_guard_is_the_only_one_that_refuses_its_case(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [reason.code for reason in gate.objections(case.dossier)] == [case.code]
    with pytest.raises(AlertRefusedError) as refused:
        gate.examine(case.dossier)
    assert refused.value.codes == {case.code}
    without = tuple(guard for guard in gate.GUARDS if guard.name != case.guard)
    assert len(without) == len(gate.GUARDS) - 1
    monkeypatch.setattr(gate, "GUARDS", without)
    assert gate.objections(case.dossier) == ()


def test_every_guard_has_a_case_for_every_act_it_watches() -> None:
    watched = {(guard.name, act) for guard in gate.GUARDS for act in guard.acts}
    assert watched == {(case.guard, case.dossier.act) for case in CASES}


def test_every_guard_says_its_rule() -> None:
    rules = [guard.check.__doc__ or "" for guard in gate.GUARDS]
    assert all(len(rule.split()) >= 4 and rule.rstrip().endswith(".") for rule in rules), rules
    assert len(set(rules)) == len(rules)


def test_all_objections_are_told_at_once() -> None:
    dossier = written(good(DeskAct.APPROVE, officer=replace(APPROVER, roles=())), texts={}, area={})
    assert {reason.code for reason in gate.objections(dossier)} == {"not_approver", "no_text", "no_area"}


def test_a_language_gap_never_holds_up_a_grave_alert() -> None:
    gaps = (Gap("th", 40, "en"),)
    for severity in Severity:
        dossier = written(good(DeskAct.APPROVE, gaps=gaps), severity=severity)
        blocked = severity not in {Severity.EXTREME, Severity.SEVERE}
        assert bool(gate.objections(dossier)) is blocked
        accepted = replace(dossier, accepted={"th": 40})
        assert gate.objections(accepted) == ()


def test_a_drill_needs_no_correction_and_may_come_from_any_source() -> None:
    drill = written(good(DeskAct.SUBMIT), status="Exercise", correction={}, all_clear={})
    assert gate.objections(drill) == ()
    source = {
        "identifier": "", "sender": "", "sent": "", "status": "Test", "msg_type": "Ack", "scope": "",
        "complete": False,
    }  # fmt: skip
    start = drafted(DeskAct.DRAFT, status="Test", source=source, corrects=None, event_id=None)
    assert gate.objections(replace(start, event=None, corrected=None)) == ()


def test_probation_ends_after_a_day() -> None:
    for hours, refused in ((23.99, True), (24.0, False)):
        then = NOW - timedelta(hours=hours)
        made = replace(APPROVER, makers=(Maker(AUTHOR.id, then), Maker(50, then)))
        puppet = replace(AUTHOR, makers=(Maker(APPROVER.id, then), Maker(50, then)))
        codes = {
            reason.code for reason in gate.objections(good(DeskAct.APPROVE, officer=made, writers=(puppet,)))
        }
        assert codes == ({"made_by_author", "made_author", "same_maker"} if refused else set())


def test_open_sea_needs_a_role_everywhere_to_send_but_not_to_stop() -> None:
    here = replace(APPROVER, roles=only_in("IS", Role.APPROVER))
    at_sea = good(DeskAct.APPROVE, officer=here, countries=frozenset())
    assert [reason.code for reason in gate.objections(at_sea)] == ["not_approver"]
    assert gate.objections(good(DeskAct.APPROVE, countries=frozenset())) == ()
    assert gate.objections(good(DeskAct.CANCEL, officer=here, countries=frozenset())) == ()


def test_one_country_is_enough_to_stop() -> None:
    here = replace(APPROVER, roles=only_in("IS", Role.AUTHOR))
    assert gate.objections(good(DeskAct.CANCEL, officer=here, countries=frozenset({"IS", "GL"}))) == ()


def test_swapped_coordinates_are_told_with_both_readings() -> None:
    found = swap_in(
        Bearings(readings=Readings(frozenset({"AQ"}), frozenset({"EC", "PE"})), meant=frozenset({"PE"}))
    )
    assert found is not None
    assert found.text.startswith(
        "Latitude and longitude look swapped: as given the area lies in AQ, swapped it lies in PE"
    )
    at_sea = swap_in(Bearings(readings=Readings(frozenset(), frozenset({"PE"})), meant=frozenset({"PE"})))
    assert at_sea is not None
    assert "as given the area lies in no country" in at_sea.text


@pytest.mark.parametrize(
    ("given", "turned", "meant"),
    [
        ({"AQ"}, {"PE"}, set()),  # nobody said where it is meant for: nothing to judge by
        (set(), {"PE"}, set()),
        ({"AQ"}, {"PE"}, {"AQ"}),
        ({"PE", "EC"}, {"PE"}, {"PE"}),  # right as given
        ({"AQ"}, {"PE"}, {"VN"}),  # wrong either way: another fault, or none
        ({"AQ"}, set(), {"PE"}),
    ],
)
def test_only_a_clear_swap_is_one(given: set[str], turned: set[str], meant: set[str]) -> None:
    both = Readings(frozenset(given), frozenset(turned))
    assert swap_in(Bearings(readings=both, meant=frozenset(meant))) is None


def test_what_takes_a_turned_warning_back_is_never_held_up() -> None:
    """The alert went out before anybody noticed: its correction carries the same area."""
    assert gate.objections(good(DeskAct.DRAFT, bearings=TURNED)) == ()
    assert gate.objections(good(DeskAct.FOLLOW_UP, bearings=TURNED)) == ()
    for act, state in ((DeskAct.SUBMIT, "draft"), (DeskAct.APPROVE, "submitted")):
        follows = replace(ALERT, corrects=6, msg_type="Update", state=AlertState(state))
        assert gate.objections(good(act, bearings=TURNED, alert=follows)) == ()
