"""A whole night at the desk over the forms: two officers, a real gale, a correction, an end."""

from alerts.lifecycle import AlertState
from alerts.store import read_alert
from staff import audit
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty, drafted, submitted
from tests.registry.newcomers import join, telegram


async def state_of(duty: Duty, alert_id: int) -> AlertState:
    async with duty.database.read() as connection:
        return (await read_alert(connection, alert_id)).state


async def test_two_officers_warn_reykjavik(duty: Duty) -> None:
    both = everywhere(Role.AUTHOR, Role.APPROVER, Role.AUDITOR)
    anna = await duty.browser(await duty.officer("anna", *both))
    bjorn = await duty.browser(await duty.officer("bjorn", *both))
    async with duty.database.durable() as connection:
        for number, language in enumerate(["vi", "vi", "en", "th"]):
            await join(connection, duty.vault, telegram(str(number)), language=language, now=duty.clock.at)

    assert "Quiet." in (await (await anna.get("/alerts")).text())
    alert_id = await drafted(anna)
    await anna.get(f"/alerts/{alert_id}")
    assert "<strong>4</strong>" in anna.page
    assert "Southeast gale" in anna.page
    assert "Gió mạnh" in anna.page
    assert '<div class="band live">' in anna.page
    assert "read Thai and have no text of their own" in anna.page

    assert (await anna.post(f"/alerts/{alert_id}/submit", {"seen": "1"})).status == 303
    await anna.get(f"/alerts/{alert_id}")
    assert "own_alert" in anna.codes()
    refused = await anna.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "LIVE"})
    assert refused.status == 409
    assert await state_of(duty, alert_id) is AlertState.SUBMITTED

    await bjorn.get("/alerts")
    assert "Waiting for a second officer" in bjorn.page
    await bjorn.get(f"/alerts/{alert_id}")
    assert "Send to 4 people" in bjorn.page
    assert 'value="th:1"' in bjorn.page
    wrong = await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "DRILL"})
    assert wrong.status == 409
    assert bjorn.codes() >= {"confirm_word"}
    done = await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "LIVE", "accept": "th:1"})
    assert (done.status, done.headers["Location"]) == (303, f"/alerts/{alert_id}?did=approved")
    assert await state_of(duty, alert_id) is AlertState.APPROVED

    await bjorn.get(f"/alerts/{alert_id}")
    event = bjorn.page.split('href="/events/')[1].split('"')[0]
    await bjorn.get(f"/events/{event}")
    assert "Nothing has been sent in this event yet" in bjorn.page

    unsure = await anna.post(f"/alerts/{alert_id}/cancel", {"reason": "Sent by mistake"})
    assert (unsure.status, anna.codes() >= {"not_sure"}) == (409, True)
    stopped = await anna.post(f"/alerts/{alert_id}/cancel", {"reason": "Sent by mistake", "sure": "yes"})
    assert stopped.status == 303
    assert await state_of(duty, alert_id) is AlertState.CANCELLED

    begun = await anna.post(f"/alerts/{alert_id}/follow-up", {"kind": "correction"})
    assert begun.status == 303
    followed = int(begun.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    await anna.get(f"/alerts/{followed}")
    assert "Exactly those who got, or may have got" in anna.page
    assert "The gale warning was a mistake." in anna.page

    await anna.get("/audit?verify=1")
    assert "The chain is whole" in anna.page
    async with duty.database.read() as connection:
        assert (await audit.verify(connection)).intact


async def test_a_second_officer_sends_it_back(duty: Duty) -> None:
    both = everywhere(Role.AUTHOR, Role.APPROVER)
    anna = await duty.browser(await duty.officer("anna", *both))
    bjorn = await duty.browser(await duty.officer("bjorn", *both))
    alert_id = await submitted(anna)
    assert (await bjorn.post(f"/alerts/{alert_id}/reject", {"more": "Say which streets."})).status == 303
    assert await state_of(duty, alert_id) is AlertState.REJECTED
    await anna.get(f"/alerts/{alert_id}")
    assert "Say which streets." in anna.page
    await anna.get(f"/alerts/{alert_id}/edit")
    assert "Southeast gale" in anna.page
