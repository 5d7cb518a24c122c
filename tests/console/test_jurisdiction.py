"""What an officer sees and does ends at their countries: pages, acts, boards, people, cases, API."""

from alerts.store import alerts_of_event
from assistance import cases
from bot.messages import Pin
from registry import phones
from staff.officers import Grant, Role
from tests.alerts.office import deliver, everywhere, only_in
from tests.assistance.bench import ask
from tests.console.duty import Duty, submitted, typed
from tests.console.test_compose import stored
from tests.registry.newcomers import BANGKOK, join, telegram

ACTING = (Role.AUTHOR, Role.APPROVER, Role.CASE)
BANGKOK_AREA = {"circles": "13.75, 100.5, 30", "time_zone": "Asia/Bangkok", "area_name": "Bangkok"}


async def test_an_alert_elsewhere_does_not_exist(duty: Duty) -> None:
    chief = await duty.browser(await duty.officer("chief", *everywhere(*ACTING)))
    thai = await duty.officer("somsak", *only_in("TH", *ACTING))
    browser, headers = await duty.browser(thai), await duty.bearer(thai)
    iceland = await submitted(chief)
    bangkok = await submitted(chief, **BANGKOK_AREA)

    await browser.get("/alerts")
    assert f'href="/alerts/{bangkok}"' in browser.page
    assert f'href="/alerts/{iceland}"' not in browser.page
    assert (await browser.get(f"/alerts/{bangkok}")).status == 200
    for path in (
        f"/alerts/{iceland}",
        f"/alerts/{iceland}/edit",
        "/events/1",
        "/events/1/live",
        "/events/1/missing",
    ):
        assert (await browser.get(path)).status == 404, path
    for act, form in (
        ("edit", typed(seen="1")),
        ("submit", {"seen": "1"}),
        ("approve", {"seen": "1", "word": "LIVE"}),
        ("reject", {"more": "No, thank you"}),
        ("cancel", {"reason": "Wrong area", "sure": "yes"}),
        ("follow-up", {"kind": "correction"}),
    ):
        assert (await browser.post(f"/alerts/{iceland}/{act}", form)).status == 404, act
        answer = await browser.client.post(f"/api/v1/alerts/{iceland}/{act}", json={}, headers=headers)
        assert answer.status in {404, 405}, act
    assert (await browser.client.get(f"/api/v1/alerts/{iceland}", headers=headers)).status == 404
    assert (await browser.client.get("/api/v1/events/1/board", headers=headers)).status == 404
    listed = await (await browser.client.get("/api/v1/alerts", headers=headers)).json()
    assert [one["alert_id"] for one in listed["alerts"]] == [bangkok]
    assert (await stored(duty, iceland))[0].state == "submitted"
    assert (await browser.post(f"/alerts/{bangkok}/approve", {"seen": "1", "word": "LIVE"})).status == 303


async def test_an_area_that_reaches_further_is_not_drawn(duty: Duty) -> None:
    thai = await duty.browser(await duty.officer("somsak", *only_in("TH", Role.AUTHOR)))
    answer = await thai.post("/alerts/new", typed(circles="13.75, 100.5, 30\n64.13, -21.9, 30"))
    assert (answer.status, thai.codes()) == (422, {"not_author"})
    answer = await thai.post("/alerts/new", typed(countries="Iceland", circles=""))
    assert answer.status == 422


async def test_seeing_is_not_deciding(duty: Duty) -> None:
    """An alert in two countries is seen from each, approved only by somebody for both."""
    chief = await duty.browser(await duty.officer("chief", *everywhere(*ACTING)))
    thai = await duty.browser(await duty.officer("somsak", *only_in("TH", *ACTING)))
    both = await submitted(chief, circles="13.75, 100.5, 30\n64.13, -21.9, 30")
    assert (await thai.get(f"/alerts/{both}")).status == 200
    assert "not_approver" in thai.codes()
    answer = await thai.post(f"/alerts/{both}/approve", {"seen": "1", "word": "LIVE"})
    assert (answer.status, "not_approver" in thai.codes()) == (409, True)


async def test_people_on_the_list_are_opened_only_for_their_country(duty: Duty) -> None:
    chief = await duty.browser(await duty.officer("chief", *everywhere(*ACTING)))
    iceland = await duty.browser(await duty.officer("asta", *only_in("IS", *ACTING)))
    author = await duty.browser(await duty.officer("pen", *only_in("IS", Role.AUTHOR)))
    alert_id = await submitted(chief, circles="13.75, 100.5, 30\n64.13, -21.9, 30")
    _, revision = await stored(duty, alert_id)
    async with duty.database.durable() as connection:
        near = await join(connection, duty.vault, telegram("1"), now=duty.clock.at)
        far = await join(
            connection, duty.vault, telegram("2"), place=BANGKOK, language="th", now=duty.clock.at
        )
        for who, number in ((near, "+3545550101"), (far, "+6625550101")):
            given = phones.Phone(number, None)
            await phones.save(connection, duty.vault, who.vault, who.id, given, duty.clock.at)
        await deliver(connection, revision.id, [(near.id, "failed"), (far.id, "failed")])
        event_id = (await alerts_of_event(connection, revision.event_id))[0].event_id
    await iceland.get(f"/events/{event_id}/missing")
    assert "+3545550101" in iceland.page
    assert "+6625550101" not in iceland.page
    assert str(far.id) in iceland.page, "that somebody is missing is known to all"
    assert "shown to the case officers of that country" in iceland.page
    await author.get(f"/events/{event_id}/missing")
    assert "+3545550101" not in author.page
    await chief.get(f"/events/{event_id}/missing")
    assert "+6625550101" in chief.page
    assert await duty.acts("missing.read") == 2, "looking at somebody is recorded, looking at ids is not"


async def test_cases_and_pins_stay_with_the_country(duty: Duty) -> None:
    asta = await duty.browser(await duty.officer("asta", *only_in("IS", Role.CASE)))
    somsak = await duty.officer("somsak", *only_in("TH", Role.CASE))
    thai, headers = await duty.browser(somsak), await duty.bearer(somsak)
    async with duty.database.durable() as connection:
        who = await join(connection, duty.vault, telegram("1"), now=duty.clock.at)
        case = await ask(connection, who, "press")
        await cases.add_pin(
            connection, who.vault, case.id, Pin(64.14661, -21.94262), key="p", now=duty.clock.at
        )
    await asta.get(f"/cases/{case.id}")
    assert "64.14661, -21.94262" in asta.page
    assert (await thai.get(f"/cases/{case.id}")).status == 404
    for act, form in (
        ("answer", {"text": "Hello", "key": "12345678"}),
        ("close", {}),
        ("locate", {"country": "TH"}),
        ("delete", {}),
        ("delete", {"sure": "yes"}),
    ):
        assert (await thai.post(f"/cases/{case.id}/{act}", form)).status == 404, act
    assert (await asta.post(f"/cases/{case.id}/close")).status == 303
    assert (await thai.post(f"/cases/{case.id}/delete", {"sure": "yes"})).status == 404
    await asta.get("/cases")
    assert case.code in asta.page
    await thai.get("/cases")
    assert case.code not in thai.page
    assert "64.14661" not in thai.page
    listed = await (await thai.client.get("/api/v1/cases", headers=headers)).json()
    assert listed == {"cases": []}


async def test_an_admin_of_one_country_gives_no_more_than_that(duty: Duty) -> None:
    local = await duty.browser(await duty.officer("local", *only_in("IS", Role.ADMIN)))
    other = await duty.officer("other", Grant(Role.APPROVER, frozenset({"TH"})))
    for countries in ("*", "TH", "IS,TH"):
        answer = await local.post(
            "/officers",
            {"login": "new", "name": "New", "role.approver": "yes", "countries.approver": countries},
        )
        assert answer.status == 403, countries
    for act in ("reset", "lock", "grants"):
        form = {"role.case": "yes", "countries.case": "IS"}
        assert (await local.post(f"/officers/{other.id}/{act}", form)).status == 403
    answer = await local.post(
        "/officers", {"login": "new", "name": "New", "role.approver": "yes", "countries.approver": "is"}
    )
    assert answer.status == 200
