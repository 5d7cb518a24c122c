"""What the desk must refuse whatever its rules are asked (they have their own cases in
`tests/alerts/dossiers.py`), each as a small scene that fails when it is not."""

from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy import update

from alerts import store
from alerts.errors import AlertRefusedError
from alerts.lifecycle import AlertAct, AlertState
from alerts.revisions import latest, sign_approved
from alerts.tables import alert
from staff import officers
from tests.alerts.office import draft, lock_out
from tests.journeys.small_house import House


async def refused(work: Awaitable[Any], *codes: str) -> None:
    with pytest.raises(AlertRefusedError) as told:
        await work
    assert not codes or told.value.codes == set(codes)


async def locked(house: House) -> None:
    async with house.database.durable() as connection:
        await lock_out(connection, house.office.anna)


async def the_locked_draft_nothing(house: House) -> None:
    await locked(house)
    await refused(house.office.desk.draft(house.office.anna, draft()), "officer_inactive")


async def the_locked_revise_nothing(house: House) -> None:
    made = await house.office.desk.draft(house.office.anna, draft())
    await locked(house)
    await refused(house.office.desk.revise(house.office.anna, made, draft()), "officer_inactive")


async def the_locked_submit_nothing(house: House) -> None:
    made = await house.office.desk.draft(house.office.anna, draft())
    await locked(house)
    await refused(house.office.desk.submit(house.office.anna, made), "officer_inactive")


async def nobody_approves_alone(house: House) -> None:
    made = await house.office.submitted()
    await refused(house.office.desk.approve(house.office.anna, made, {}), "own_alert", "own_submission")


async def the_locked_stop_nothing(house: House) -> None:
    made = await house.office.approved()
    await locked(house)
    await refused(house.office.desk.cancel(house.office.anna, made, "a mistake"), "officer_inactive")


async def the_locked_follow_nothing_up(house: House) -> None:
    made = await house.office.approved()
    await house.write(update(alert).where(alert.c.id == made).values(state=AlertState.SENT))
    await locked(house)
    await refused(house.office.desk.correct(house.office.anna, made), "officer_inactive")


async def roles_taken_away_are_gone(house: House) -> None:
    async with house.database.durable() as connection:
        await officers.set_grants(connection, house.office.anna.id, [])
    await refused(house.office.desk.draft(house.office.anna, draft()), "not_author")


async def nothing_of_a_locked_author_is_approved(house: House) -> None:
    made = await house.office.submitted()
    await locked(house)
    await refused(house.office.desk.approve(house.office.bjorn, made, {}), "author_locked")


async def a_revision_is_signed_once(house: House) -> None:
    made = await house.office.submitted()
    async with house.database.durable() as connection:
        row = await latest(connection, made)
        first = await sign_approved(connection, row, house.office.bjorn.id, {}, house.clock.at)
        second = await sign_approved(connection, row, house.office.chi.id, {}, house.clock.at)
    assert first is not None
    assert second is None


async def an_alert_moves_once(house: House) -> None:
    made = await house.office.submitted()
    async with house.database.durable() as connection:
        row = await store.read_alert(connection, made)
        await store.move(connection, row, AlertAct.APPROVE)
        await refused(store.move(connection, row, AlertAct.APPROVE), "state")


async def what_was_cancelled_does_not_begin(house: House) -> None:
    made = await house.office.approved()
    await house.office.desk.cancel(house.office.anna, made, "a mistake")
    async with house.database.durable() as connection:
        assert not await store.move_any(connection, made, AlertAct.START)
        assert (await store.read_alert(connection, made)).state is AlertState.CANCELLED
