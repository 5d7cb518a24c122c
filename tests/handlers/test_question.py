"""Somebody asks: answered, asked back, refused, handed over, and told in their language by an officer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts.live import PersonalEvent
from assistance.faq import publishing, store
from assistance.faq.answering import Fields
from assistance.faq.content import Facts, Wording, fill
from assistance.faq.desk import FaqDesk
from assistance.faq.files import FileEntry
from assistance.faq.intake import take
from assistance.faq.learning import FaqLearning
from assistance.faq.search import FaqSearch
from assistance.tables import faq_question
from bot import outbox
from bot.codec import load_outbound
from bot.inbox import lane_of
from bot.messages import Channel, Frame, Inbound, InboundKind, Outbound
from bot.sessions import load_session, save_session
from bot.tables import outbox as outbox_table
from bot.turn import BeforehandError, Turn
from handlers.kit import Faq
from handlers.menu import build
from staff import audit
from storage.vault import Place
from tests.assistance.faq.shelf import BANK, SOURCE, WRITER, approve_all, fill_shelf

VALUES = {
    "mission_phone": "+354 555 0100",
    "mission_name": "Ministry of Foreign Affairs of Utopia",
    "link": SOURCE.source,
    "emergency_number": "112",
}


@dataclass
class StandingClock:
    """The world's clock, and a counter that always says: look for a newer publication."""

    world: Any
    ticks: float = 0.0

    def now(self) -> Any:
        return self.world.now

    def monotonic(self) -> float:
        self.ticks += 10
        return self.ticks


@dataclass
class Asking:
    """A citizen of the town whose conversation has answers."""

    citizen: Any
    faq: Faq

    async def do(self, kind: InboundKind, *, text: str = "", button: str = "") -> str:
        """One event as the step runner handles it: what must be found before is found outside."""
        world, citizen = self.citizen.world, self.citizen
        world.now += timedelta(minutes=1)
        world.number += 1
        key = f"{citizen.channel}:main:{world.number}"
        inbound = Inbound(key, citizen.address, kind, text, button)
        kit = replace(world.kit, faq=self.faq, full_texts=self.full_texts)
        brought: object = None
        for _ in range(2):
            try:
                async with world.database.durable() as connection:
                    session = await load_session(connection, world.vault, citizen.lane)
                    turn = Turn(inbound, citizen.lane, key, connection, world.now, session, brought=brought)
                    await build(kit)(turn)
                    await save_session(connection, world.vault, citizen.lane, session, world.now)
                break
            except BeforehandError as first:
                brought = await first.work()
        citizen.heard = turn.replies
        return "\n---\n".join(reply.text for reply in turn.replies)

    async def say(self, text: str) -> str:
        return await self.do(InboundKind.TEXT, text=text)

    async def tap(self, data: str) -> str:
        return await self.do(InboundKind.BUTTON, button=data)

    async def full_texts(self, _connection: Any, *, code: str, language: str, **_more: Any) -> Any:
        return (Outbound(f"WARNING {code}", language, frame=Frame.ALERT),)


@pytest.fixture
async def faq(world: Any) -> AsyncIterator[Faq]:
    clock = StandingClock(world)
    await fill_shelf(world.database, clock)
    search = FaqSearch(world.database, clock, demo=False, semantic=False)
    fields = Fields(
        lambda _country: ("112",), ministry=VALUES["mission_name"], ministry_phone=VALUES["mission_phone"]
    )
    yield Faq(search, fields)
    search.close()


@pytest.fixture
async def asking(citizen: Any, protected: Any, faq: Faq) -> Asking:
    await protected(citizen)
    return Asking(citizen, faq)


def approved(slug: str, language: str) -> str:
    """What must be sent, sign for sign."""
    words = BANK[slug][language]
    body = fill(words.answer, VALUES)
    assert body is not None
    return f"{words.questions[0]}\n\n{body}"


async def states(world: Any) -> list[tuple[str, bool]]:
    async with world.database.read() as connection:
        rows = await connection.execute(select(faq_question).order_by(faq_question.c.id))
        return [(row.state, row.direct) for row in rows]


async def test_a_sure_answer_is_the_approved_words_and_can_be_refused(asking: Asking) -> None:
    assert await asking.say("I lost my passport") == approved("passport-lost", "en")
    [button] = asking.citizen.choices
    assert asking.citizen.labels == ["Not this?"]
    assert await states(asking.citizen.world) == [("answered", True)]
    said = await asking.tap(button)
    assert said == "Sorry. Perhaps one of these?"
    assert asking.citizen.labels[-1] == "None of these"
    said = await asking.tap(asking.citizen.choices[-1])
    [case] = await asking.citizen.cases()
    assert case.code in said
    assert await asking.citizen.thread() == ["I lost my passport"]
    assert await states(asking.citizen.world) == [("refused", True)]
    assert asking.citizen.world.pages == [("question", case.code)]


async def test_an_unsure_question_is_asked_back_and_a_number_chooses(asking: Asking) -> None:
    said = await asking.say("something about a passport for my cousin")
    assert said == "Did you mean one of these?"
    assert "I lost my passport" in asking.citizen.labels
    number = asking.citizen.labels.index("I lost my passport") + 1
    assert await asking.say(str(number)) == approved("passport-lost", "en")
    assert await states(asking.citizen.world) == [("answered", False)]


async def test_none_of_these_goes_to_an_officer_with_the_question(asking: Asking) -> None:
    await asking.say("something about a passport for my cousin")
    said = await asking.say("None of these")
    [case] = await asking.citizen.cases()
    assert case.code in said
    assert await asking.citizen.thread() == ["something about a passport for my cousin"]


async def test_what_nobody_approved_is_said_not_to_be_known(asking: Asking) -> None:
    said = await asking.say("zzyx qwrk plmv bgtd")
    assert said.startswith("I do not know the answer.")
    assert await states(asking.citizen.world) == [("unanswered", False)]
    assert await asking.citizen.thread() == ["zzyx qwrk plmv bgtd"]


async def test_beside_a_waiting_question_another_is_answered(asking: Asking) -> None:
    await asking.say("zzyx qwrk plmv bgtd")
    assert await asking.say("I lost my passport") == approved("passport-lost", "en")
    await asking.say("qqqq wwww zzzz")
    assert await asking.citizen.thread() == ["zzyx qwrk plmv bgtd", "qqqq wwww zzzz"]


async def test_words_of_danger_reach_an_officer_first(asking: Asking) -> None:
    said = await asking.say("I lost my passport and I am bleeding")
    assert approved("passport-lost", "en") not in said
    [case] = await asking.citizen.cases()
    assert asking.citizen.world.pages == [("danger", case.code)]
    assert await states(asking.citizen.world) == []


async def test_a_live_warning_is_said_first_and_soon_after_in_a_line(asking: Asking) -> None:
    world = asking.citizen.world
    world.live = {"ABC234": PersonalEvent(1, "ABC234", "Flood", False, world.now - timedelta(hours=2), True)}
    assert await asking.say("I lost my passport") == "WARNING ABC234\n---\n" + approved("passport-lost", "en")
    again = await asking.say("Do I need a visa?")
    assert again.startswith("Remember: a warning is in force where you are: Flood\n---\n")
    assert again.endswith(approved("visa-needed", "en"))


async def test_typed_without_marks_it_is_found_in_vietnamese(asking: Asking) -> None:
    await asking.tap("do:language")
    await asking.say("Tiếng Việt")
    assert await asking.say("toi bi mat ho chieu") == approved("passport-lost", "vi")


async def test_a_language_without_words_gets_the_nearest_and_is_told(asking: Asking) -> None:
    world = asking.citizen.world
    other = Asking(type(asking.citizen)(world, "citizen-2", hint="th"), asking.faq)
    await other.citizen.start()
    await other.citizen.tap("consent:yes")
    await other.citizen.pin(13.75, 100.5)
    await other.citizen.tap("phone:skip")
    said = await other.say("how do I register a marriage")
    if other.citizen.labels[-1] != other.citizen.world.catalog.say("th", "faq.not_this"):
        said = await other.tap(other.citizen.choices[0])
    first, _, rest = said.partition("\n---\n")
    assert first == world.catalog.say("th", "faq.only_in", tongue="English")
    assert rest == approved("marriage", "en")


async def test_in_a_demonstration_words_nobody_reviewed_say_so(asking: Asking, world: Any) -> None:
    async with world.database.durable() as connection:
        entry = FileEntry("parrot", Facts(), {"en": Wording.of(["can I bring my parrot home"], "Yes.")})
        await take(connection, [entry], origin="import", now=world.now)
    await publishing.publish(world.database, None, None, world.now, demo=True)
    asking.faq = Faq(
        FaqSearch(world.database, StandingClock(world), demo=True, semantic=False), asking.faq.fields
    )
    said = await asking.say("can I bring my parrot home")
    assert said == world.catalog.say("en", "faq.unreviewed") + "\n---\ncan I bring my parrot home\n\nYes."
    assert await asking.say("I lost my passport") == approved("passport-lost", "en")
    asking.faq.search.close()


async def test_a_retired_entry_answers_nobody_from_that_moment(asking: Asking) -> None:
    world = asking.citizen.world
    await asking.say("I lost my passport")
    desk = FaqDesk(StandingClock(world), audit=audit.append)
    async with world.database.durable() as connection:
        [entry] = [one for one in await store.entries(connection) if one.subject == "passport-lost"]
        await desk.retire(connection, WRITER, entry.id)
    assert approved("passport-lost", "en") not in await asking.say("I lost my passport")


async def test_an_answer_whose_field_nobody_can_fill_is_none(asking: Asking) -> None:
    bare = Faq(asking.faq.search, Fields(lambda _country: (), ministry="", ministry_phone=""))
    asking.faq = bare
    assert "Tell the police" not in await asking.say("I lost my passport")
    assert len(await asking.citizen.cases()) == 1


async def test_another_persons_button_is_over(asking: Asking, protected: Any) -> None:
    await asking.say("I lost my passport")
    [button] = asking.citizen.choices
    thief = Asking(type(asking.citizen)(asking.citizen.world, "citizen-9"), asking.faq)
    await protected(thief.citizen)
    assert await thief.tap(button) == "\n---\n".join(reply.text for reply in thief.citizen.heard)
    assert "already over" in thief.citizen.heard[0].text
    assert await states(asking.citizen.world) == [("answered", True)]


async def test_an_officer_answers_once_and_three_people_read_it_in_three_languages(
    asking: Asking, world: Any
) -> None:
    asked = {
        "en": "can I bring my parrot home",
        "vi": "mang vẹt về nước được không ạ",
        "th": "พานกแก้วกลับบ้านได้ไหม",
    }
    people = {}
    for number, (language, text) in enumerate(asked.items()):
        channel = (Channel.TELEGRAM, Channel.WEBCHAT, Channel.SMS)[number]
        one = Asking(type(asking.citizen)(world, f"parrot-{number}", channel, language), asking.faq)
        await one.citizen.start()
        await one.citizen.tap("consent:yes")
        await one.citizen.pin(64.14, -21.93)
        if "phone:skip" in one.citizen.choices:
            await one.citizen.tap("phone:skip")
        await one.say(text)
        if one.citizen.choices:
            await one.tap(one.citizen.choices[-1])
        people[language] = one
    clock = StandingClock(world)
    desk = FaqDesk(clock, audit=audit.append)
    learning = FaqLearning(
        world.vault,
        clock,
        desk,
        asking.faq.search,
        asking.faq.fields,
        send=outbox.enqueue,
        audit=audit.append,
        compose=lambda text, _language, reader, _drill: Outbound(text, reader),
    )
    async with world.database.read() as connection:
        waiting = await learning.waiting(connection, WRITER)
    clusters = await learning.clusters(waiting)
    assert sorted(one.text for cluster in clusters for one in cluster.questions) == sorted(asked.values())
    words = {
        language: Wording.of([text], {"en": "Yes.", "vi": "Được.", "th": "ได้"}[language])
        for language, text in asked.items()
    }
    ids = [one.row.id for one in waiting]
    async with world.database.durable() as connection:
        assert await learning.answer(connection, WRITER, ids, "parrot", words, None) == 3
    async with world.database.durable() as connection:  # again: nobody waits any more
        assert await learning.answer(connection, WRITER, ids, "parrot", words, None) == 0
    assert await sent_to(world, people["en"]) == ["Yes."]
    assert await sent_to(world, people["vi"]) == ["Được."]
    assert await sent_to(world, people["th"]) == ["ได้"]
    assert (await people["vi"].citizen.thread())[-1] == "Được."

    other = Asking(type(asking.citizen)(world, "citizen-5"), asking.faq)
    await other.citizen.start()
    await other.citizen.tap("consent:yes")
    await other.citizen.pin(64.14, -21.93)
    assert "Yes." not in await asking.say("can I bring my parrot home")
    await approve_all(world.database, clock)
    await publishing.publish(world.database, None, 2, world.now, demo=False)
    assert await Asking(asking.citizen, asking.faq).say("can I bring my parrot home") == (
        "can I bring my parrot home\n\nYes."
    )


async def sent_to(world: Any, asker: Asking) -> list[str]:
    lane = lane_of(world.vault, asker.citizen.address)
    async with world.database.read() as connection:
        rows = await connection.execute(select(outbox_table).where(outbox_table.c.lane == lane))
        return [
            load_outbound(world.vault.open(row.body, Place("outbox", "body", row.key))).text for row in rows
        ]


async def test_nothing_published_changes_nothing(citizen: Any, protected: Any, world: Any) -> None:
    await protected(citizen)
    clock = StandingClock(world)
    search = FaqSearch(world.database, clock, demo=False, semantic=False)
    alone = Asking(citizen, Faq(search, Fields(lambda _c: (), ministry="", ministry_phone="")))
    assert "did not understand" in await alone.say("my passport is lost")
    search.close()
