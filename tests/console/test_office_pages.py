"""Notices, the audit page, missions."""

from sqlalchemy import update

from staff import notices
from staff.notices import NoticeKind
from staff.officers import Role
from staff.tables import audit as audit_table
from tests.alerts.office import everywhere
from tests.assistance.bench import ask
from tests.console.duty import Duty, drafted
from tests.registry.newcomers import join, telegram


async def test_a_notice_is_seen_and_closed_once(duty: Duty) -> None:
    async with duty.database.durable() as connection:
        await notices.post(
            connection,
            kind=NoticeKind.ACCOUNT_CLOSED,
            subject="telegram:main",
            text="Refused.",
            urgent=True,
            at=duty.clock.at,
        )
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR)))
    await anna.get("/notices")
    assert "Urgent" in anna.page
    number = anna.page.split('action="/notices/')[1].split("/")[0]
    for _ in range(2):
        assert (await anna.post(f"/notices/{number}/close")).status == 303
    assert await duty.acts("notice.close") == 1
    await anna.get("/notices")
    assert "All is well." in anna.page


async def test_the_audit_page_tells_a_whole_chain_from_a_broken_one(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR, Role.AUDITOR)))
    alert_id = await drafted(anna)
    await anna.get(f"/audit?subject=alert:{alert_id}")
    assert "alert.draft" in anna.page
    await anna.get("/audit?verify=1")
    assert "The chain is whole" in anna.page
    async with duty.database.durable() as connection:
        await connection.execute(update(audit_table).where(audit_table.c.seq == 1).values(actor="officer:9"))
    await anna.get("/audit?verify=1")
    assert "The chain is broken at entry 1" in anna.page
    assert "The row was changed after it was written" in anna.page


async def test_the_navigation_says_how_much_waits(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR, Role.CASE)))
    await anna.get("/nav?at=/cases")
    assert "waiting" not in anna.page
    async with duty.database.durable() as connection:
        await notices.post(
            connection, kind=NoticeKind.INBOX_FAILED, subject="b", text="c", urgent=False, at=duty.clock.at
        )
        await ask(connection, await join(connection, duty.vault, telegram("1"), now=duty.clock.at), "press")
    await anna.get("/nav?at=/cases")
    assert anna.page.count('class="badge">1<') == 2
    assert 'href="/cases" aria-current="page"' in anna.page
    assert "/audit" not in anna.page


async def test_missions_are_entered_and_removed(duty: Duty) -> None:
    admin = await duty.browser(await duty.officer("admin", *everywhere(Role.ADMIN)))
    good = {"name": "Embassy", "country": "IS", "phone": "+354 555 0100"}
    for bad in ({"phone": "555 0100"}, {"country": "XX"}, {"name": " "}, {"phone": "+354 <b>"}):
        assert (await admin.post("/missions", {**good, **bad})).status == 400
    assert (await admin.post("/missions", good)).status == 303
    await admin.get("/missions")
    assert "+354 555 0100" in admin.page
    number = admin.page.split('action="/missions/')[1].split("/")[0]
    assert (await admin.post(f"/missions/{number}/remove")).status == 303
    await admin.get("/missions")
    assert "+354 555 0100" not in admin.page
    assert (await duty.acts("mission.add"), await duty.acts("mission.remove")) == (1, 1)
