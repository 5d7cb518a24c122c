"""The desk from draft to correction, on both kinds of database."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from alerts import store
from alerts.desk import Desk
from alerts.digest import digest_of, verify_digest
from alerts.dossier import DeskAct
from alerts.errors import AlertRefusedError, UnknownAlertError
from alerts.lifecycle import AlertAct, AlertState
from alerts.revisions import expire_due, latest
from alerts.store import AlertRow, RevisionRow, read_alert
from alerts.tables import alert, event, revision
from places.region import Region
from staff import audit
from staff.officers import Officer, Role
from tests.alerts.office import NOW, Office, draft, everywhere, lock_out, only_in, touch


async def read(office: Office, alert_id: int) -> tuple[AlertRow, RevisionRow]:
    async with office.database.read() as connection:
        return await read_alert(connection, alert_id), await latest(connection, alert_id)


async def audited(office: Office, alert_id: int) -> list[tuple[str, str]]:
    async with office.database.read() as connection:
        assert (await audit.verify(connection)).intact
        entries = await audit.newest(connection, subject=f"alert:{alert_id}")
    return [(entry.actor, entry.action) for entry in reversed(entries)]


async def machine(office: Office, alert_id: int, *acts: AlertAct) -> None:
    async with office.database.durable() as connection:
        for act in acts:
            assert await store.move_any(connection, alert_id, act)


async def refused(work: object) -> frozenset[str]:
    with pytest.raises(AlertRefusedError) as error:
        await work  # type: ignore[misc] # any awaitable
    return error.value.codes


async def test_two_officers_send_an_alert(office: Office) -> None:
    alert_id = await office.submitted()
    await office.desk.approve(office.bjorn, alert_id, {}, seen=1)
    row, written = await read(office, alert_id)
    assert row.state is AlertState.APPROVED
    assert (row.status, row.msg_type, row.audience, row.corrects) == ("Actual", "Alert", "Public", None)
    assert (written.authors, written.submitted_by, written.approved_by) == (
        (office.anna.id,), office.anna.id, office.bjorn.id,
    )  # fmt: skip
    assert written.approved_at == NOW
    assert written.useful_until == written.expires_at
    assert written.include_maybe
    assert written.digest == digest_of(written)
    verify_digest(written)
    actors = [f"officer:{who.id}" for who in (office.anna, office.anna, office.bjorn)]
    acts = ["alert.draft", "alert.submit", "alert.approve"]
    assert await audited(office, alert_id) == list(zip(actors, acts, strict=True))
    async with office.database.read() as connection:
        opened = (await connection.execute(select(event))).one()
    assert (opened.title, opened.drill, len(opened.code)) == ("Gale, Reykjavik", False, 6)


async def test_nobody_approves_what_they_wrote_or_submitted(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.submitted()
    assert await refused(office.desk.approve(office.anna, alert_id, {})) == {"own_alert", "own_submission"}
    await office.desk.revise(office.bjorn, alert_id, draft(severity="Extreme"))
    assert (await read(office, alert_id))[0].state is AlertState.DRAFT
    await office.desk.submit(office.anna, alert_id)
    assert await refused(office.desk.approve(office.bjorn, alert_id, {})) == {"own_alert"}
    await office.desk.approve(office.chi, alert_id, {})
    row, written = await read(office, alert_id)
    assert (row.state, written.number) == (AlertState.APPROVED, 2)
    assert written.authors == (office.anna.id, office.bjorn.id)


async def test_submitting_makes_a_hand_in_it_too(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.desk.draft(office.anna, draft())
    await office.desk.submit(office.bjorn, alert_id)
    assert await refused(office.desk.approve(office.bjorn, alert_id, {})) == {"own_submission"}
    assert await refused(office.desk.approve(office.anna, alert_id, {})) == {"own_alert"}


async def test_an_officer_in_another_coat_is_refused(quick_office: Office) -> None:
    """One person with an admin's power makes a second self, as writer, as approver, or both."""
    office = quick_office
    roles = everywhere(Role.AUTHOR, Role.APPROVER)
    recently = NOW - timedelta(hours=2)
    puppet = await office.hire("puppet", *roles, by=office.anna, at=recently)
    other = await office.hire("other", *roles, by=office.anna, at=recently)
    mine = await office.submitted()
    assert await refused(office.desk.approve(puppet, mine, {})) == {"made_by_author"}
    theirs = await office.desk.draft(puppet, draft())
    await office.desk.submit(puppet, theirs)
    assert await refused(office.desk.approve(office.anna, theirs, {})) == {"made_author"}
    assert await refused(office.desk.approve(other, theirs, {})) == {"same_maker"}
    async with office.database.durable() as connection:
        await lock_out(connection, puppet)  # hiding the second self does not help
    assert await refused(office.desk.approve(office.anna, theirs, {})) == {"author_locked"}
    office.clock.at = NOW + timedelta(hours=23)
    assert "expired" in await refused(office.desk.approve(other, mine, {}))
    await office.desk.revise(office.anna, mine, draft(expires_at=office.clock.at + timedelta(hours=5)))
    await office.desk.submit(office.anna, mine)
    await office.desk.approve(other, mine, {})  # 25 h after they were made


async def test_a_locked_officer_or_a_stale_role_does_nothing(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.submitted()
    flattering = replace(office.chi, id=office.anna.id)  # what a caller believes does not count
    assert "own_alert" in await refused(office.desk.approve(flattering, alert_id, {}))
    async with office.database.durable() as connection:
        await lock_out(connection, office.bjorn)
    assert await refused(office.desk.approve(office.bjorn, alert_id, {})) == {"officer_inactive"}
    assert await refused(office.desk.cancel(office.bjorn, alert_id, "a mistake")) == {"officer_inactive"}


async def test_jurisdiction_follows_the_area(quick_office: Office) -> None:
    office = quick_office
    local = await office.hire("local", *only_in("IS", Role.AUTHOR, Role.APPROVER))
    hanoi = {"circles": [{"lat": 21.0, "lon": 105.8, "radius_km": 20.0}]}
    assert await refused(office.desk.draft(local, draft(area=hanoi))) == {"not_author"}
    assert await refused(office.desk.draft(local, draft(area={"countries": ["IS", "VN"]}))) == {"not_author"}
    unfinished = await office.desk.draft(local, draft(area={}))
    assert await refused(office.desk.submit(local, unfinished)) == {"no_area"}
    here = await office.submitted()
    there = await office.submitted(area=hanoi)
    assert await refused(office.desk.approve(local, there, {})) == {"not_approver"}
    # nobody pulls an alert of another country into their own
    assert await refused(office.desk.revise(local, there, draft())) == {"not_author"}
    await office.desk.approve(local, here, {})
    both = await office.approved(area={"countries": ["IS", "VN"]})
    await office.desk.cancel(local, both, "the wind has turned")
    assert (await read(office, both))[0].cancelled_by == local.id
    assert await refused(office.desk.cancel(local, there, "not mine")) == {"not_in_charge"}


async def test_of_two_approvals_at_once_one_wins(office: Office) -> None:
    for _ in range(3):
        alert_id = await office.submitted()
        results = await asyncio.gather(
            *(office.desk.approve(who, alert_id, {}) for who in (office.bjorn, office.chi)),
            return_exceptions=True,
        )
        errors = [error for error in results if error is not None]
        assert [type(error) for error in errors] == [AlertRefusedError]
        assert (await audited(office, alert_id)).count((f"officer:{office.bjorn.id}", "alert.approve")) + (
            await audited(office, alert_id)
        ).count((f"officer:{office.chi.id}", "alert.approve")) == 1
        verify_digest((await read(office, alert_id))[1])


async def test_approval_and_cancel_or_change_at_once_leave_one_truth(office: Office) -> None:
    for _ in range(3):
        alert_id = await office.submitted()
        await asyncio.gather(
            office.desk.approve(office.bjorn, alert_id, {}),
            office.desk.cancel(office.chi, alert_id, "not now"),
            office.desk.revise(office.anna, alert_id, draft(event_name="Storm")),
            return_exceptions=True,
        )
        row, written = await read(office, alert_id)
        assert (written.approved_by is not None) == (written.digest is not None)
        if row.state is AlertState.APPROVED:
            verify_digest(written)
            assert written.event_name == "Gale"
        if row.state is AlertState.DRAFT:
            assert written.approved_by is None


async def test_what_is_approved_is_what_was_seen(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.submitted()
    await office.desk.revise(office.anna, alert_id, draft(event_name="Hurricane"))
    await office.desk.submit(office.anna, alert_id)
    assert await refused(office.desk.approve(office.bjorn, alert_id, {}, seen=1)) == {"changed_meanwhile"}
    assert await refused(office.desk.revise(office.bjorn, alert_id, draft(), seen=1)) == {"changed_meanwhile"}
    await office.desk.approve(office.bjorn, alert_id, {}, seen=2)


async def test_a_row_changed_after_approval_is_not_sent(office: Office) -> None:
    alert_id = await office.approved()
    _, written = await read(office, alert_id)
    tampering = [
        update(revision).where(revision.c.id == written.id).values(severity="Minor"),
        update(revision).where(revision.c.id == written.id).values(texts={"en": {"headline": "x"}}),
        update(revision).where(revision.c.id == written.id).values(area={"countries": ["VN"]}),
        update(revision).where(revision.c.id == written.id).values(approved_by=office.chi.id),
        update(alert).where(alert.c.id == alert_id).values(status="Exercise"),
        update(alert).where(alert.c.id == alert_id).values(corrects=alert_id),
    ]
    for change in tampering:
        async with office.database.durable() as connection:
            attempt = await connection.begin_nested()
            await connection.execute(change)
            changed = await latest(connection, alert_id)
            await attempt.rollback()
        with pytest.raises(AlertRefusedError) as refusal:
            verify_digest(changed)
        assert refusal.value.codes == {"digest"}
    verify_digest((await read(office, alert_id))[1])


async def test_the_language_gate_counts_and_keeps_what_was_accepted(office: Office) -> None:
    office.audience.by_language = {"en": 5, "vi-VN": 3, "th": 40, "id": 2}
    grave = await office.submitted()
    gaps = await office.desk.gaps(grave)
    assert [(gap.language, gap.people, gap.fallback_language) for gap in gaps] == [
        ("th", 40, "en"), ("id", 2, "en"),
    ]  # fmt: skip
    await office.desk.approve(office.bjorn, grave, {"th": 40})
    assert (await read(office, grave))[1].accepted_fallbacks == {"th": 40}
    async with office.database.read() as connection:
        entry = (await audit.newest(connection, subject=f"alert:{grave}", limit=1))[0]
    assert entry.detail["not_accepted"] == {"id": 2}
    plain = await office.submitted(severity="Moderate")
    assert await refused(office.desk.approve(office.bjorn, plain, {"th": 40, "id": 1})) == {"fallbacks"}
    await office.desk.approve(office.bjorn, plain, {"th": 41, "id": 2})
    assert (await read(office, plain))[1].accepted_fallbacks == {"th": 40, "id": 2}
    assert not any(office.audience.drills_asked)


async def test_a_drill_takes_the_same_way_and_counts_simulated_people(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.submitted(status="Exercise", correction={}, all_clear={})
    assert "own_alert" in await refused(office.desk.approve(office.anna, alert_id, {}))
    await office.desk.approve(office.bjorn, alert_id, {})
    row, written = await read(office, alert_id)
    assert row.drill
    assert written.drill
    assert all(office.audience.drills_asked)
    async with office.database.read() as connection:
        assert (await connection.execute(select(event.c.drill))).scalar_one() is True
    real = draft(event_id=row.event_id)
    assert await refused(office.desk.draft(office.anna, real)) == {"event_kind"}


async def test_rejecting_and_revising(office: Office) -> None:
    alert_id = await office.submitted()
    assert await refused(office.desk.reject(office.bjorn, alert_id, " ")) == {"no_reason"}
    await office.desk.reject(office.bjorn, alert_id, "The area is too small.")
    assert (await read(office, alert_id))[0].state is AlertState.REJECTED
    assert await refused(office.desk.submit(office.anna, alert_id)) == {"state"}
    await office.desk.revise(office.anna, alert_id, draft(area={"countries": ["IS"]}))
    await office.desk.submit(office.anna, alert_id)
    await office.desk.approve(office.bjorn, alert_id, {})
    async with office.database.read() as connection:
        numbers = (await connection.execute(select(revision.c.number).order_by(revision.c.number))).scalars()
        assert list(numbers) == [1, 2]


@pytest.mark.parametrize("acts", [[], [AlertAct.START], [AlertAct.START, AlertAct.FINISH]])
async def test_one_officer_stops_it_wherever_it_stands(quick_office: Office, acts: list[AlertAct]) -> None:
    office = quick_office
    alert_id = await office.approved()
    await machine(office, alert_id, *acts)
    await office.desk.cancel(office.anna, alert_id, "It was the wrong place.")
    row, _ = await read(office, alert_id)
    assert (row.state, row.cancelled_at, row.cancelled_by) == (AlertState.CANCELLED, NOW, office.anna.id)
    assert await refused(office.desk.cancel(office.bjorn, alert_id, "again")) == {"state"}


async def test_a_correction_follows_with_its_prepared_words(office: Office) -> None:
    alert_id = await office.approved()
    assert await refused(office.desk.correct(office.anna, alert_id)) == {"never_sent"}
    await machine(office, alert_id, AlertAct.START, AlertAct.FINISH)
    first, _ = await read(office, alert_id)
    follow_id = await office.desk.correct(office.anna, alert_id)
    row, written = await read(office, follow_id)
    assert (row.corrects, row.msg_type, row.event_id) == (alert_id, "Update", first.event_id)
    assert written.texts["vi"].description == "Cảnh báo là nhầm lẫn."
    assert written.texts["vi"].headline == "Gió mạnh"
    assert written.severity == "Severe"
    await office.desk.submit(office.anna, follow_id)
    assert (await read(office, alert_id))[0].state is AlertState.SENT
    await office.desk.approve(office.bjorn, follow_id, {})
    assert (await read(office, alert_id))[0].state is AlertState.UPDATED
    assert (await read(office, follow_id))[0].state is AlertState.APPROVED


async def test_words_written_by_an_author_stay_theirs_in_the_follow_up(quick_office: Office) -> None:
    office = quick_office
    alert_id = await office.approved()
    await machine(office, alert_id, AlertAct.START)
    follow_id = await office.desk.all_clear(office.bjorn, alert_id)
    _, written = await read(office, follow_id)
    assert (written.severity, written.urgency) == ("Minor", "Past")
    assert written.texts["en"].description == "The gale is over."
    await office.desk.submit(office.bjorn, follow_id)
    assert "own_alert" in await refused(office.desk.approve(office.anna, follow_id, {}))
    await office.desk.approve(office.chi, follow_id, {"en": 5})


async def test_a_cancelled_or_expired_alert_can_be_corrected_if_it_was_approved(quick_office: Office) -> None:
    office = quick_office
    never = await office.submitted()
    await office.desk.cancel(office.anna, never, "a mistake")
    assert await refused(office.desk.correct(office.anna, never)) == {"never_sent"}
    sent = await office.approved()
    await machine(office, sent, AlertAct.START)
    await office.desk.cancel(office.anna, sent, "a mistake")
    follow_id = await office.desk.correct(office.anna, sent)
    await office.desk.submit(office.anna, follow_id)
    await office.desk.approve(office.bjorn, follow_id, {})
    assert (await read(office, sent))[0].state is AlertState.CANCELLED


async def test_expiry_is_noticed_only_when_it_is_due(office: Office) -> None:
    waiting = await office.submitted()
    alert_id = await office.approved()
    await machine(office, alert_id, AlertAct.START)
    async with office.database.durable() as connection:
        assert await expire_due(connection, NOW + timedelta(hours=12, seconds=-1)) == []
        assert await expire_due(connection, NOW + timedelta(hours=12)) == [alert_id]
        assert await expire_due(connection, NOW + timedelta(hours=12)) == []
    assert (await read(office, alert_id))[0].state is AlertState.EXPIRED
    assert (await read(office, waiting))[0].state is AlertState.SUBMITTED


async def test_a_refused_act_leaves_nothing_behind(quick_office: Office) -> None:
    office = quick_office
    with pytest.raises(AlertRefusedError):
        await office.desk.draft(office.chi, draft())
    with pytest.raises(UnknownAlertError):
        await office.desk.submit(office.anna, 999)
    with pytest.raises(UnknownAlertError):
        await office.desk.draft(office.anna, draft(event_id=999))
    async with office.database.read() as connection:
        for table in (event, alert, revision):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
        assert await audit.newest(connection) == []


async def test_lists_show_the_newest_revision(quick_office: Office) -> None:
    office = quick_office
    first = await office.submitted()
    second = await office.submitted(event_title="Flood", event_name="Flood")
    await office.desk.revise(office.anna, first, draft(event_name="Storm"))
    async with office.database.read() as connection:
        found = await store.newest_alerts(connection)
        older = await store.newest_alerts(connection, before=second)
    assert [(row.id, written.event_name, group.title) for row, written, group in found] == [
        (second, "Flood", "Flood"), (first, "Storm", "Gale, Reykjavik"),
    ]  # fmt: skip
    assert [row.id for row, _, _ in older] == [first]


async def test_a_turned_area_is_refused_wherever_it_comes_in(office: Office) -> None:
    turned = {"circles": [{"lat": -21.9, "lon": 64.13, "radius_km": 30.0}], "countries": ["IS"]}
    assert await refused(office.desk.draft(office.anna, draft(area=turned))) == {"swapped"}
    reason = await office.desk.misplaced(draft(area=turned))
    assert reason is not None
    assert reason.code == "swapped"
    right = {**turned, "circles": [{"lat": 64.13, "lon": -21.9, "radius_km": 30.0}]}
    assert await office.desk.misplaced(draft(area=right)) is None
    alert_id = await office.desk.draft(office.anna, draft(area=right))
    assert await refused(office.desk.revise(office.anna, alert_id, draft(area=turned))) == {"swapped"}
    # Written before there was such a rule, or changed by hand: neither submitted nor approved.
    async with office.database.durable() as connection:
        await connection.execute(update(revision).where(revision.c.alert_id == alert_id).values(area=turned))
    assert await refused(office.desk.submit(office.anna, alert_id)) == {"swapped"}


async def test_an_unknown_region_is_refused_wherever_it_comes_in(office: Office) -> None:
    somewhere = Region("IS-1", "IS", frozenset({"IS"}), frozenset({"IS-1"}), (64.1, -21.9), tuple)
    known = {"IS-1": somewhere}
    desk = Desk(office.database, office.clock, office.audience, touch=touch, regions=known.get)
    unknown, right = draft(area={"regions": ["IS-1", "IS-99"]}), draft(area={"regions": ["IS-1"]})
    with pytest.raises(AlertRefusedError) as refusal:
        await desk.draft(office.anna, unknown)
    (reason,) = refusal.value.reasons
    assert reason.code == "region_unknown"
    assert "IS-99" in reason.text
    assert "IS-1," not in reason.text
    assert await desk.misplaced(unknown) == reason
    assert await desk.misplaced(right) is None
    alert_id = await desk.draft(office.anna, right)
    assert await refused(desk.revise(office.anna, alert_id, unknown)) == {"region_unknown"}
    known.clear()  # the gazetteer was compiled anew, from newer data
    assert await refused(desk.submit(office.anna, alert_id)) == {"region_unknown"}


async def test_writing_of_a_region_needs_the_role_in_its_country_only(office: Office) -> None:
    author = await office.hire("reg", *only_in("IS", Role.AUTHOR))
    assert await office.desk.draft(author, draft(area={"regions": ["IS-1"]}))
    assert await refused(office.desk.draft(author, draft(area={"regions": ["TH-83"]}))) == {"not_author"}


async def test_the_country_of_a_region_says_where_shapes_are_meant(office: Office) -> None:
    turned = {"circles": [{"lat": -21.9, "lon": 64.13, "radius_km": 30.0}], "regions": ["IS-1"]}
    assert await refused(office.desk.draft(office.anna, draft(area=turned))) == {"swapped"}


async def test_the_name_of_an_area_says_where_it_is_meant(office: Office) -> None:
    places = {"Reykjavik": frozenset({"IS"}), "North Sea": frozenset[str]()}
    desk = Desk(office.database, office.clock, office.audience, touch=touch, known=lambda name: places[name])
    turned = {"circles": [{"lat": -21.9, "lon": 64.13, "radius_km": 30.0}]}
    assert await refused(desk.draft(office.anna, draft(area=turned))) == {"swapped"}
    assert await desk.draft(office.anna, draft(area=turned, area_name="North Sea"))
    assert await desk.draft(office.anna, draft())


async def test_what_is_possible_is_what_the_desk_then_allows(office: Office) -> None:
    async def possible(who: Officer, alert_id: int) -> dict[DeskAct, set[str]]:
        row, written = await read(office, alert_id)
        found = await office.desk.possible(who, row, written, await office.desk.gaps(alert_id))
        return {act: {reason.code for reason in why} for act, why in found.items()}

    alert_id = await office.submitted()
    mine, others = await possible(office.anna, alert_id), await possible(office.bjorn, alert_id)
    assert set(mine) == {DeskAct.REVISE, DeskAct.APPROVE, DeskAct.REJECT, DeskAct.CANCEL} == set(others)
    assert mine[DeskAct.APPROVE] == await refused(office.desk.approve(office.anna, alert_id, {}))
    assert others[DeskAct.APPROVE] == set()
    await office.desk.approve(office.bjorn, alert_id, {})
    await machine(office, alert_id, AlertAct.START)
    assert await possible(office.anna, alert_id) == {DeskAct.CANCEL: set(), DeskAct.FOLLOW_UP: set()}
    async with office.database.durable() as connection:
        await lock_out(connection, office.anna)
    assert "officer_inactive" in (await possible(office.anna, alert_id))[DeskAct.CANCEL]
