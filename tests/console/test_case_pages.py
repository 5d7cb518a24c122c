"""Cases over the forms: read, answered once, closed, handed on; looking is recorded."""

from sqlalchemy import select

from assistance import cases
from assistance.tables import case_message, help_case
from assistance.thread import MessageKind
from staff import missions
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.assistance.bench import ask, sent
from tests.console.duty import Duty
from tests.registry.newcomers import join, telegram

WORDS = "Chúng tôi bị kẹt <b>tầng hai</b>."


async def asked(duty: Duty) -> int:
    """Somebody in Iceland asks for help; returns the case."""
    async with duty.database.durable() as connection:
        who = await join(connection, duty.vault, telegram("1"), now=duty.clock.at)
        case = await ask(connection, who, "press")
        await cases.add_message(
            connection, who.vault, case.id, "citizen", MessageKind.TEXT, WORDS, key="m", now=duty.clock.at
        )
        await missions.add(connection, name="Embassy", country="IS", phone="+354 555 0100")
    return case.id


async def test_an_officer_reads_answers_and_closes(duty: Duty) -> None:
    case_id = await asked(duty)
    asta = await duty.browser(await duty.officer("asta", *everywhere(Role.CASE)))
    await asta.get("/cases")
    assert "Waits for you" in asta.page
    await asta.get(f"/cases/{case_id}")
    assert "tầng hai" in asta.page
    assert "<b>tầng" not in asta.page, "a citizen's words are never markup"
    assert "Embassy: +354 555 0100" in asta.page
    assert await duty.acts("case.read") == 1

    form = {"text": "Help is on its way.", "key": asta.hidden("key")}
    assert (await asta.post(f"/cases/{case_id}/answer", form)).status == 303
    again = await asta.post(f"/cases/{case_id}/answer", form)
    assert again.status == 303
    async with duty.database.read() as connection:
        messages = await sent(connection, duty.vault)
    assert len(messages) == 1, "the same form twice sends one message"
    assert "Help is on its way." in messages[0][1]

    await asta.get(f"/cases/{case_id}")
    assert "Help is on its way." in asta.page
    assert (await asta.post(f"/cases/{case_id}/close")).status == 303
    await asta.get(f"/cases/{case_id}")
    assert "Your answer" not in asta.page
    late = await asta.post(f"/cases/{case_id}/answer", {"text": "Still there?", "key": "another-key"})
    assert (late.status, asta.codes()) == (409, {"case_closed"})
    await asta.get("/cases")
    assert "Nobody waits." in asta.page


async def test_a_closed_case_is_deleted_with_its_thread(duty: Duty) -> None:
    case_id = await asked(duty)
    page, act = f"/cases/{case_id}", f"/cases/{case_id}/delete"
    asta = await duty.browser(await duty.officer("asta", *everywhere(Role.CASE)))
    await asta.get(page)
    assert act not in asta.page
    refused = await asta.post(act, {"sure": "yes"})
    assert (refused.status, asta.codes()) == (409, {"case_still_open"})
    assert "Close this case before you delete it." in asta.page

    await asta.post(f"{page}/close")
    await asta.get("/cases")
    assert f'href="{page}"' in asta.page, "closed cases are found again"
    await asta.get(page)
    assert act in asta.page
    assert "Nobody brings it back." in asta.page
    unsure = await asta.post(act)
    assert (unsure.status, asta.codes()) == (409, {"not_sure"})
    assert "tầng hai" in asta.page

    deleted = await asta.post(act, {"sure": "yes"})
    assert (deleted.status, deleted.headers["Location"].split("?")[0]) == (303, "/cases")
    assert (await asta.get(page)).status == 404
    assert (await asta.post(act, {"sure": "yes"})).status == 404
    await asta.get("/cases")
    assert page not in asta.page
    assert await duty.acts("case.delete") == 1
    async with duty.database.read() as connection:
        left = [(await connection.execute(select(table.c.id))).all() for table in (help_case, case_message)]
    assert left == [[], []]


async def test_an_empty_or_endless_answer_is_refused_and_kept(duty: Duty) -> None:
    case_id = await asked(duty)
    asta = await duty.browser(await duty.officer("asta", *everywhere(Role.CASE)))
    for text in (" ", "x" * 4001):
        answer = await asta.post(f"/cases/{case_id}/answer", {"text": text, "key": "form-key-1"})
        assert (answer.status, asta.codes()) == (409, {"message_length"})
    assert "x" * 4001 in asta.page
    assert (await asta.post(f"/cases/{case_id}/answer", {"text": "Hello"})).status == 400


async def test_a_case_is_handed_to_another_country(duty: Duty) -> None:
    case_id = await asked(duty)
    asta = await duty.browser(await duty.officer("asta", *everywhere(Role.CASE)))
    assert (await asta.post(f"/cases/{case_id}/locate", {"country": "Atlantis"})).status == 400
    assert (await asta.post(f"/cases/{case_id}/locate", {"country": "TH"})).status == 303
    await asta.get(f"/cases/{case_id}")
    assert "Thailand" in asta.page


async def test_a_case_that_is_none_does_not_exist(duty: Duty) -> None:
    asta = await duty.browser(await duty.officer("asta", *everywhere(Role.CASE)))
    for case_id in ("1", "0", "x", "99999999999999999999"):
        assert (await asta.get(f"/cases/{case_id}")).status == 404
