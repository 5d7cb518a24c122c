"""The main job in a real Chromium: a citizen subscribes in Vietnamese, two officers warn from a real CAP
file, the chat shows it, "I am safe" moves the board, and whoever is elsewhere hears nothing."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from alerts import store
from alerts.lifecycle import AlertState
from alerts.revisions import latest
from staff import audit
from tests.barriers import scan
from tests.journeys.chat_citizen import ChatCitizen
from tests.journeys.console_officer import ConsoleOfficer, typed_time
from tests.service import Service

ICELAND = ZoneInfo("Atlantic/Reykjavik")
MARKER = "Gió mạnh từ đông nam"
WORDS = {
    "headline": MARKER,
    "description": "Gió đông nam 15-20 m/s và mưa. Hãy buộc chặt những vật để ngoài trời.",
    "instruction": "Tránh đi lại ngoài trời nếu không cần thiết.",
}


@pytest.fixture
def alerts(shared_data: Path) -> Path:
    """The folder of real CAP alerts."""
    return shared_data / "cap" / "alerts"


async def submitted_by(author: ConsoleOfficer, service: Service, file: Path) -> int:
    """From a CAP file to an alert that waits for a second officer; returns its id."""
    page = author.page
    await page.get_by_role("link", name="Start from a CAP file").click()
    await author.load_cap(file, "Live alert", Time_zone=str(ICELAND))
    await expect(author.reasons).to_have_text(["The file expired on 2021-09-13 10:00 UTC: set a new expiry."])
    expiry = (service.core.clock.now() + timedelta(hours=5)).astimezone(ICELAND)
    await author.load_cap(file, "Live alert", Expires=typed_time(expiry))
    await expect(author.band).to_contain_text("Real people receive this on their own phones")
    await expect(page.locator("[name=severity]")).to_have_value("Moderate")
    await expect(page.locator("[name=expires_at]")).to_have_value(typed_time(expiry))
    await expect(page.locator(".fields [name^='text.'][name$='.headline']")).to_have_count(2)  # is, en
    await expect(author.look.locator(".headcount .figure strong")).to_have_text("1")
    await expect(author.look.locator(".gaps")).to_contain_text(
        "1 read Vietnamese and have no text of their own: they get English"
    )
    await author.add_language("vi", "Vietnamese", **WORDS)
    await author.look.locator("label", has_text="Vietnamese").click()
    await expect(author.look.locator(".bubble[lang=vi]")).to_contain_text(WORDS["description"])
    await expect(author.look.locator(".bubble[lang=vi]")).to_contain_text("Tôi an toàn")
    await expect(author.look.locator(".gaps")).to_have_count(0)
    await author.press("Save draft")
    await author.press("Submit for approval")
    await expect(page.locator(".head .state")).to_have_text("Waiting for a second officer")
    return int(page.url.partition("?")[0].rpartition("/")[2])


async def test_the_main_job(service: Service, browser: Browser, alerts: Path) -> None:
    here = await ChatCitizen.open(browser, service.url)
    elsewhere = await ChatCitizen.open(browser, service.url)
    await here.subscribe("Reykjavik")
    await elsewhere.subscribe("Osaka")
    for citizen in (here, elsewhere):
        await expect(citizen.exercises).to_have_count(1)
        await expect(citizen.exercises).to_contain_text("Một cảnh báo trông như thế này")
        await expect(citizen.exercises.locator(".flag").first).to_contain_text("Diễn tập – không phải thật")

    author = await ConsoleOfficer.open(browser, service.console)
    await author.sign_in(service.credentials["author"])
    alert = await submitted_by(author, service, alerts / "kelv__iceland_met_office.cap")
    await one_cannot_approve_alone(author, service, alert)

    approver = await ConsoleOfficer.open(browser, service.console)
    await approver.sign_in(service.credentials["approver"])
    await (
        approver.page.get_by_role("link", name=MARKER)
        .or_(approver.page.get_by_role("link", name="Southeast gales"))
        .first.click()
    )
    await expect(approver.page.locator(".consequence")).to_contain_text(
        "Sends to 1 person in 1 country (Iceland)"
    )
    await approver.page.get_by_label("Type LIVE to confirm").fill("LIVE")
    await approver.press("Send to 1 person")
    await expect(here.warnings).to_have_count(1)
    await approver.page.get_by_role("link", name="Live board").click()

    await expect(here.warnings.locator(".flag")).to_have_text("Cảnh báo")
    await expect(here.warnings).to_have_attribute("lang", "vi")
    for text in (MARKER, WORDS["description"], WORDS["instruction"], "Xin trả lời: bạn có an toàn không?"):
        await expect(here.warnings).to_contain_text(text)
    await expect(approver.figure("s-reached")).to_have_text("1")
    await expect(approver.tile("silent")).to_have_text("1")
    await expect(approver.tile("safe")).to_have_text("0")

    await here.press("Tôi an toàn")
    await here.hears("Chúng tôi đã ghi nhận bạn an toàn")
    await expect(approver.tile("safe")).to_have_text("1")  # the page refreshes itself
    await expect(approver.tile("silent")).to_have_text("0")
    await expect(approver.figure("s-safe")).to_have_text("1")
    await expect(approver.page.get_by_text("1 of 1 people warned")).to_be_visible()

    figures = await service.finished(alert)
    assert (figures.people_targeted, figures.reached, figures.safe, figures.outside) == (1, 1, 1, 0)
    assert await service.state(alert) is AlertState.SENT
    await nothing_came(elsewhere)
    async with service.core.database.read() as connection:
        assert (await audit.verify(connection)).intact
    assert author.faults == approver.faults == []


async def one_cannot_approve_alone(author: ConsoleOfficer, service: Service, alert: int) -> None:
    """The page offers the author no way to approve, and a form sent all the same is refused."""
    own = author.page.locator(".act.decide")
    await expect(own).to_contain_text("another officer must approve it")
    await expect(own.get_by_role("button", name="Send")).to_have_count(0)
    answer = await author.page.evaluate(
        """async (path) => {
            const sent = new URLSearchParams({ csrf: document.querySelector("[name=csrf]").value,
                seen: "1", word: "LIVE" });
            const answer = await fetch(path, { method: "POST", body: sent });
            return [answer.status, await answer.text()];
        }""",
        f"/alerts/{alert}/approve",
    )
    assert answer[0] == 409
    assert 'data-code="own_alert"' in answer[1]
    assert await service.state(alert) is AlertState.SUBMITTED


async def nothing_came(citizen: ChatCitizen) -> None:
    """Nothing of the warning is in the chat, which works: it answers, and shows the same when read again."""
    await citizen.say("/where")
    await citizen.hears("Bạn đang được cảnh báo về nơi này")
    await citizen.page.reload()
    await citizen.hears("Bạn đang được cảnh báo về nơi này")
    await expect(citizen.warnings).to_have_count(0)
    await expect(citizen.page.locator("main")).not_to_contain_text(MARKER)


async def test_a_file_that_is_no_warning_becomes_a_drill_only(
    service: Service, browser: Browser, alerts: Path
) -> None:
    file = alerts / "sahana__Myanmar-Flood-MultiLanguage.xml"
    author = await ConsoleOfficer.open(browser, service.console)
    await author.sign_in(service.credentials["author"])
    await author.go("/alerts/from-cap")
    await author.load_cap(file, "Live alert")
    await expect(author.page.locator(".refused h2")).to_have_text("This file cannot become a real alert")
    await expect(author.reasons).to_have_text(
        [
            "The file says it is not meant: its status is Test.",
            "The file is not for the public: its scope is Restricted.",
            "The file expired on 2015-09-12 02:22 UTC: set a new expiry.",
        ]
    )
    await author.load_cap(file, "Live alert")  # a new expiry alone does not help
    await expect(author.reasons).to_have_count(2)

    await author.load_cap(file, "Exercise")
    await expect(author.band).to_contain_text("Simulated people only")
    await expect(author.page.locator("#tab-my")).to_have_count(1)
    await author.press("Save draft")
    await expect(author.page.locator(".head .state")).to_have_text("Draft")
    await expect(author.band).to_contain_text("Drill")
    async with service.core.database.read() as connection:
        saved = await store.read_alert(connection, 1)
        words = (await latest(connection, 1)).texts
    assert (saved.status, saved.drill, saved.state) == ("Exercise", True, AlertState.DRAFT)
    assert set(words) == {"en-US", "my"}
    assert author.faults == []


async def test_nobody_is_shut_out(service: Service, browser: Browser, alerts: Path) -> None:
    citizen = await ChatCitizen.open(browser, service.url)
    await citizen.subscribe("Reykjavik")
    author = await ConsoleOfficer.open(browser, service.console)
    await scan(author.page)  # the sign-in page
    await author.sign_in(service.credentials["author"])
    alert = await submitted_by(author, service, alerts / "kelv__iceland_met_office.cap")
    for path in ("/alerts", "/alerts/new", "/alerts/from-cap", f"/alerts/{alert}"):
        await author.go(path)
        await scan(author.page)
    await service.approve(alert)
    await citizen.press("Tôi an toàn")
    await citizen.hears("Chúng tôi đã ghi nhận bạn an toàn")
    await scan(citizen.page)
    for path in ("/events/1", "/events/1/missing"):
        await author.go(path)
        await scan(author.page)
