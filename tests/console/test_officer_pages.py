"""Officers over the forms: credentials shown once, roles given, access taken."""

from staff import officers
from staff.officers import Grant, Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty


async def test_credentials_are_shown_once(duty: Duty) -> None:
    admin = await duty.browser(await duty.officer("admin", *everywhere(Role.ADMIN)))
    form = {
        "login": "new.one", "name": "New One", "role.author": "yes", "countries.author": "is, no",
        "role.case": "yes", "countries.case": "*",
    }  # fmt: skip
    answer = await admin.post("/officers", form)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    password = admin.page.split("Password</dt><dd><code>")[1].split("<")[0]
    await admin.get("/officers")
    assert password not in admin.page
    assert "author in IS, NO" in admin.page
    async with duty.database.read() as connection:
        made = await officers.by_login(connection, "new.one")
    assert made is not None
    assert set(made.roles) == {Grant(Role.AUTHOR, frozenset({"IS", "NO"})), Grant(Role.CASE, None)}


async def test_what_cannot_be_added_is_said(duty: Duty) -> None:
    admin = await duty.browser(await duty.officer("admin", *everywhere(Role.ADMIN)))
    for form, code in (
        ({"login": "Ä", "name": "A"}, "login_malformed"),
        ({"login": "admin", "name": "A"}, "login_taken"),
        ({"login": "a2", "name": ""}, "name_length"),
        ({"login": "a2", "name": "A", "role.case": "yes"}, "no_countries"),
        ({"login": "a2", "name": "A", "role.case": "yes", "countries.case": "Iceland"}, "country_malformed"),
    ):
        answer = await admin.post("/officers", form)
        assert (answer.status, admin.codes()) == (422, {code})


async def test_roles_change_at_once(duty: Duty) -> None:
    admin = await duty.browser(await duty.officer("admin", *everywhere(Role.ADMIN)))
    anna = await duty.officer("anna", *everywhere(Role.AUTHOR))
    browser = await duty.browser(anna)
    assert (await browser.get("/alerts/new")).status == 200
    form = {"role.auditor": "yes", "countries.auditor": "*"}
    assert (await admin.post(f"/officers/{anna.id}/grants", form)).status == 303
    assert (await browser.get("/alerts/new")).status == 403
    assert (await browser.get("/audit")).status == 200


async def test_an_admin_does_not_change_their_own_access(duty: Duty) -> None:
    who = await duty.officer("admin", *everywhere(Role.ADMIN))
    admin = await duty.browser(who)
    for act in ("reset", "lock", "grants"):
        form = {"role.approver": "yes", "countries.approver": "*"}
        assert (await admin.post(f"/officers/{who.id}/{act}", form)).status == 403
    assert (await admin.post("/officers/999/reset")).status == 404
