"""The board and the list of the missing show what `alerts.board` counts, refresh themselves, and page."""

import pytest
from sqlalchemy import update

from alerts import board, checkins
from alerts.checkin_status import CheckinStatus
from alerts.lifecycle import AlertState
from alerts.tables import alert
from console import board_pages
from staff.officers import Role
from tests.alerts.office import deliver, everywhere, only_in
from tests.console import duty as desk
from tests.console.duty import Duty, submitted
from tests.console.test_compose import stored
from tests.registry.newcomers import join, telegram


async def broadcast(duty: Duty, states: list[str]) -> tuple[int, list[int], desk.Browser]:
    """An alert that was sent to one person per state; returns event, people and a chief's browser."""
    chief = await duty.browser(await duty.officer("chief", *everywhere(*Role)))
    alert_id = await submitted(chief)
    _, revision = await stored(duty, alert_id)
    async with duty.database.durable() as connection:
        people = [
            (await join(connection, duty.vault, telegram(str(number)), now=duty.clock.at)).id
            for number in range(len(states))
        ]
        await deliver(connection, revision.id, zip(people, states, strict=True))
        await connection.execute(update(alert).values(state=AlertState.SENT))
    return revision.event_id, people, chief


async def test_every_figure_of_the_board_is_on_the_page(duty: Duty) -> None:
    states = ["read", "delivered", "accepted", "accepted", "unknown", "failed", "queued", "attempting"]
    event_id, people, chief = await broadcast(duty, states)
    async with duty.database.durable() as connection:
        for person, status in ((people[0], CheckinStatus.SAFE), (people[2], CheckinStatus.NEED_HELP)):
            await checkins.record(
                connection,
                event_id=event_id,
                person_id=person,
                status=status,
                source="self",
                at=duty.clock.at,
            )
        figures = await board.read(connection, event_id)
    await chief.get(f"/events/{event_id}")
    page = " ".join(chief.page.split())
    for kind, count in (
        ("help", 1), ("safe", 1), ("silent", figures.silent),
        ("not-reached", 1), ("unknown", 1), ("waiting", 2),
    ):  # fmt: skip
        assert f'<li class="{kind}"><strong>{count}</strong>' in page, kind
    assert f"<strong>{figures.warned}</strong> <span>of 8 people warned" in page
    assert '<progress max="8" value="6">' in page
    assert "people (registrations)" in page
    assert f"{figures.missing} still to be found or helped" in page
    live = await chief.get(f"/events/{event_id}/live")
    assert live.status == 200
    assert "<html" not in chief.page
    assert f"<strong>{figures.warned}</strong>" in chief.page


async def test_the_page_refreshes_itself_without_scripts(duty: Duty) -> None:
    event_id, _, chief = await broadcast(duty, ["read"])
    await chief.get(f"/events/{event_id}")
    assert '<meta http-equiv="refresh" content="5">' in chief.page
    assert "hx-get" not in chief.page


async def test_the_list_of_the_missing_has_those_in_need_first_and_pages(
    duty: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_pages, "PER_PAGE", 5)
    event_id, people, chief = await broadcast(duty, ["failed"] * 7)
    async with duty.database.durable() as connection:
        await checkins.record(
            connection,
            event_id=event_id,
            person_id=people[-1],
            status=CheckinStatus.NEED_HELP,
            source="self",
            at=duty.clock.at,
        )
    await chief.get(f"/events/{event_id}/missing")
    rows = chief.page.split("<tbody>")[1].split("<tr")[1:]
    assert len(rows) == 5
    assert "Asked for help" in rows[0]
    assert str(people[-1]) in rows[0]
    assert "1 to 5 of 7" in chief.page
    await chief.get(f"/events/{event_id}/missing?from=5")
    assert "6 to 7 of 7" in chief.page
    await chief.get(f"/events/{event_id}/missing?from=<script>")
    assert "1 to 5 of 7" in chief.page


async def test_what_an_officer_found_out_is_recorded_with_their_name(duty: Duty) -> None:
    event_id, people, chief = await broadcast(duty, ["failed", "accepted"])
    thai = await duty.browser(await duty.officer("somsak", *only_in("TH", *Role)))
    url = f"/events/{event_id}/people"
    assert (await thai.post(f"{url}/{people[0]}", {"status": "LOCATED"})).status == 404
    for status, code in (("", 400), ("FLYING", 400), ("safe", 400)):
        assert (await chief.post(f"{url}/{people[0]}", {"status": status})).status == code
    for stranger in ("1", "x", "9" * 20):
        assert (await chief.post(f"{url}/{stranger}", {"status": "LOCATED"})).status == 404
    assert await duty.acts("checkin.officer") == 0
    assert (await chief.post(f"{url}/{people[0]}", {"status": "LOCATED"})).status == 303
    async with duty.database.read() as connection:
        known = await checkins.latest(connection, event_id, people[0])
    assert known is not None
    assert (known.status, known.source, known.officer_id) == ("LOCATED", "officer", 1)
    assert await duty.acts("checkin.officer") == 1
    await chief.get(f"/events/{event_id}/missing")
    assert str(people[0]) not in chief.page


async def test_a_closed_event_takes_no_new_alert(duty: Duty) -> None:
    event_id, _, chief = await broadcast(duty, ["read"])
    assert (await chief.post(f"/events/{event_id}/close")).status == 303
    answer = await chief.post("/alerts/new", desk.typed(event_id=str(event_id)))
    assert (answer.status, chief.codes()) == (422, {"event_closed"})
    assert await duty.acts("event.close") == 1
