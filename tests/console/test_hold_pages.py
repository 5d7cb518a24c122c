"""An officer sees who is held, reads what a release does, and releases; nobody else can."""

from sqlalchemy import update

from alerts import holds
from alerts.delivery import DeliveryState
from alerts.silence import Doubt
from alerts.tables import delivery
from staff import audit, notices
from staff.officers import Role
from tests.alerts.office import everywhere, only_in
from tests.console.duty import Browser, Duty
from tests.console.test_board_pages import broadcast
from tests.console.test_compose import stored

ACCOUNT = ("telegram", "main")


async def held(duty: Duty) -> tuple[int, int, Browser]:
    """An event whose people on one account are held; returns event, revision and a chief's browser."""
    event_id, _, chief = await broadcast(duty, ["accepted"] * 3 + ["read"])
    _, revision = await stored(duty, event_id)
    async with duty.database.durable() as connection:
        await connection.execute(
            update(delivery).where(delivery.c.state == DeliveryState.ACCEPTED).values(next_at=duty.clock.at)
        )
        await holds.hold(connection, revision.id, ACCOUNT, Doubt.RECEIPTS, 3, duty.clock.at)
    return event_id, revision.id, chief


async def test_the_board_and_the_notices_lead_to_the_release(duty: Duty) -> None:
    event_id, revision_id, chief = await held(duty)
    await chief.get(f"/events/{event_id}")
    assert "3 people are held on Telegram" in chief.page
    assert f'href="/holds/{revision_id}/telegram/main"' in chief.page
    assert "Try their next channel: 3 people" in chief.page
    await chief.get("/notices")
    assert f'href="/holds/{revision_id}/telegram/main"' in chief.page
    await chief.get(f"/holds/{revision_id}/telegram/main")
    assert "3 people get" in " ".join(chief.page.split())
    assert "a second time" in chief.page


async def test_a_release_needs_the_tick_and_is_recorded(duty: Duty) -> None:
    event_id, revision_id, chief = await held(duty)
    path = f"/holds/{revision_id}/telegram/main"
    answer = await chief.post(path, {})
    assert answer.status == 400
    assert await duty.acts("rungs.release") == 0
    answer = await chief.post(path, {"sure": "yes"})
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"/events/{event_id}")
    assert await duty.acts("rungs.release") == 1
    async with duty.database.read() as connection:
        assert await holds.was_released(connection, revision_id, ACCOUNT)
        entry = (await audit.newest(connection, limit=1))[0]
        kinds = [one.kind for one in await notices.open_notices(connection)]
    assert entry.detail == {"channel": "telegram", "account": "main", "people": 3}
    assert kinds == ["rungs.released"]
    await chief.get(path)
    assert "Released" in chief.page
    await chief.post(path, {"sure": "yes"})
    assert await duty.acts("rungs.release") == 1


async def test_who_works_elsewhere_sees_nothing(duty: Duty) -> None:
    _, revision_id, _ = await held(duty)
    far = await duty.browser(await duty.officer("far", *only_in("VN", Role.APPROVER)))
    path = f"/holds/{revision_id}/telegram/main"
    assert (await far.get(path)).status == 404
    assert (await far.post(path, {"sure": "yes"})).status == 404
    here = await duty.browser(await duty.officer("here", *everywhere(Role.AUTHOR)))
    assert (await here.get(f"/holds/{revision_id}/sms/main")).status == 404
    assert (await here.get("/holds/999/telegram/main")).status == 404
    assert (await here.get(path)).status == 200


async def test_the_board_says_who_has_one_channel_only(duty: Duty) -> None:
    event_id, _, chief = await broadcast(duty, ["accepted", "read"])
    await chief.get(f"/events/{event_id}")
    assert "2 can be reached on one channel only (Telegram 2)" in " ".join(chief.page.split())
