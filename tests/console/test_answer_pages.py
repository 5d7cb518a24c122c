"""The desk of answers in a browser: written by one, approved by another, published, answered."""

import re
from io import BytesIO

from aiohttp import FormData

from assistance.faq import publishing, questions, store
from assistance.faq.questions import QuestionState
from bot.messages import Address, Channel
from staff.officers import Grant, Role
from tests.alerts.office import everywhere
from tests.console.duty import Browser, Duty
from tests.registry.newcomers import join

FORM = {
    "slug": "parrot",
    "language": "en",
    "countries": "",
    "questions": "Can I bring my parrot home?\nparrot customs",
    "answer": "Ask {mission_name} <first>.",
    "source": "https://mfa.example/parrot",
    "review_on": "2026-01-01",
}


async def two(duty: Duty) -> tuple[Browser, Browser]:
    writer = await duty.browser(await duty.officer("writer", *everywhere(Role.AUTHOR, Role.CASE)))
    return writer, await duty.browser(await duty.officer("second", *everywhere(Role.APPROVER, Role.CASE)))


async def decide(browser: Browser, duty: Duty, entry: int, act: str) -> list[int]:
    """Send `act` for every part that waits; returns the statuses."""
    async with duty.database.read() as connection:
        rows = [row for row in await store.history(connection, entry) if row.decided_at is None]
    return [
        (await browser.post(f"/answers/{entry}/decide", {"revision": str(row.id), "act": act})).status
        for row in rows
    ]


async def test_written_approved_published(duty: Duty) -> None:
    writer, second = await two(duty)
    answer = await writer.post("/answers", FORM)
    assert answer.status == 303, writer.page
    entry = int(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    await writer.get(f"/answers/{entry}")
    assert "Ask {mission_name} &lt;first&gt;." in writer.page
    assert (await second.post("/answers/publish")).status == 409
    assert second.codes() == {"faq_nothing"}
    assert await decide(second, duty, entry, "approve") == [303, 303]
    assert (await second.post("/answers/publish")).status == 303
    await second.get("/answers")
    assert "look again" in second.page
    assert "Published" in second.page
    async with duty.database.read() as connection:
        assert await publishing.newest_id(connection) == 1
    text = await (await second.get("/answers/export/yaml")).text()
    assert "parrot customs" in text
    assert (await second.post(f"/answers/{entry}/retire")).status == 303
    await second.get("/answers")
    assert "parrot" not in second.page


async def test_refusals_are_said(duty: Duty) -> None:
    writer, _ = await two(duty)
    await writer.post("/answers", {**FORM, "answer": "Call {the boss}"})
    assert writer.codes() == {"faq_field"}
    await writer.post("/answers", {**FORM, "slug": "Not An Id"})
    assert writer.codes() == {"faq_id"}
    assert (await writer.get("/answers/99")).status == 404
    both = await duty.browser(await duty.officer("both", *everywhere(Role.AUTHOR, Role.APPROVER)))
    answer = await both.post("/answers", FORM)
    entry = int(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    assert await decide(both, duty, entry, "approve") == [409, 409]
    assert both.codes() == {"faq_own"}


async def test_a_file_comes_in_unreviewed(duty: Duty) -> None:
    writer, second = await two(duty)
    file = b"- {id: parrot, questions: {en: ['Parrots?']}, answers: {en: 'Yes.'}}\n"
    data = FormData({"csrf": writer.csrf})
    data.add_field("file", BytesIO(file), filename="bank.yaml", content_type="application/yaml")
    answer = await writer.client.post("/answers/import", data=data, allow_redirects=False)
    assert answer.status == 303
    await writer.get("/answers/1")
    assert "I read it and stand for it" in writer.page
    assert await decide(second, duty, 1, "approve") == [409, 409]
    assert await decide(writer, duty, 1, "adopt") == [303, 303]
    assert await decide(second, duty, 1, "approve") == [303, 303]


async def test_only_the_countries_of_ones_role_are_read_and_answered(duty: Duty) -> None:
    async with duty.database.durable() as connection:
        asker = await join(connection, duty.vault, Address(Channel.TELEGRAM, "main", "asker"))
        row, beside = [
            await questions.add(
                connection,
                asker.vault,
                text,
                key=text,
                person_id=asker.id,
                country="IS",
                language="en",
                drill=asker.person.drill,
                state=QuestionState.UNANSWERED,
                score=0.1,
                now=duty.clock.now(),
            )
            for text in ("may I bring my parrot home", "birds on the plane?")
        ]
    thai = await duty.officer("thai", *everywhere(Role.AUTHOR), Grant(Role.CASE, frozenset({"TH"})))
    elsewhere = await duty.browser(thai)
    await elsewhere.get("/answers/unanswered")
    assert "parrot" not in elsewhere.page
    writer, _ = await two(duty)
    await writer.get("/answers/unanswered")
    assert "may I bring my parrot home" in writer.page
    assert re.search(rf'name="also.\d" value="{beside}"', writer.page), "another group can be ticked"
    form = {"questions": str(row), "slug": "parrot", "ask.en": "Can I bring a parrot?", "answer.en": "Yes."}
    assert (await elsewhere.post("/answers/unanswered/answer", {**form, "slug": "other"})).status == 303
    await writer.get("/answers/unanswered")
    assert "may I bring my parrot home" in writer.page
    ticked = {**form, "also.1": str(beside)}
    assert (await writer.post("/answers/unanswered/answer", ticked)).status == 303
    await writer.get("/answers/unanswered")
    assert "Nothing waits." in writer.page
    assert await duty.acts("faq.answer") == 2
