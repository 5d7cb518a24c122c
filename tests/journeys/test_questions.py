"""Questions through the real gateways: answered in approved words, refused, answered once by an officer for
three people in three languages, and known from then on.
"""

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from assistance.faq import store
from assistance.faq.content import fill
from assistance.faq.lifecycle import WAITING
from console.security import SESSION_COOKIE
from simulator.citizen import Channel
from simulator.incoming import Incoming
from simulator.person import Pace, Person
from simulator.population import Population
from simulator.reading import read
from simulator.records import Attempt
from simulator.server import Simulator
from staff import sessions
from staff.officers import Officer
from tests.assistance.faq.shelf import BANK, SOURCE, fill_shelf
from tests.conftest import OwnRedis
from tests.console.duty import Browser
from tests.journeys.five_channels import plug_in, settings_of_five, simulated
from tests.journeys.test_transcripts import citizen, sent_to
from tests.service import Service, make_settings, running, until

PACE = Pace(speed=1_000.0, think_s=0.0, parallel=4, patience_s=60.0)
PHONE = "+354 555 0100"
ASKERS = ((Channel.WEBCHAT, "en"), (Channel.TELEGRAM, "vi"), (Channel.SMS, "th"))
UNSURE = {
    "en": "something about a passport for my cousin",
    "vi": "hộ chiếu của em họ tôi thì sao nhỉ",
    "th": "เรื่องหนังสือเดินทางของน้องสาว",
}
PARROT = {
    "en": "Does my parrot need a passport?",
    "vi": "Con vẹt của tôi có cần hộ chiếu không?",
    "th": "นกแก้วของฉันต้องมีหนังสือเดินทางไหม",
}
TOLD = {
    "en": "No passport. A parrot needs a health certificate of a vet.",
    "vi": "Không cần hộ chiếu. Vẹt cần giấy chứng nhận sức khỏe của bác sĩ thú y.",
}
GROUP = re.compile(r'name="questions" value="([0-9,]+)"')


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody on one channel, and what they read there."""

    person: Person
    simulator: Simulator

    @property
    def channel(self) -> Channel:
        return self.person.citizen.first

    @property
    def read(self) -> list[Attempt]:
        return sent_to(self.simulator, self.person.citizen)

    async def asks(self, words: str, expected: str) -> Attempt:
        """Type something; returns what is read after it and begins as expected."""
        before = len(self.read)
        await self.person.write(self.channel, words)
        return await self.reads(before, expected)

    async def presses(self, shown: Attempt, choice: int, expected: str) -> Attempt:
        """Choose by position, -1 = the last; returns what is read after it and begins as expected."""
        message = read(Incoming(shown.channel, shown.message_id, shown.text, shown.buttons, shown.buttons))
        before = len(self.read)
        await self.person.press(self.channel, message, message.buttons[choice])
        return await self.reads(before, expected)

    async def reads(self, before: int, expected: str) -> Attempt:
        """The first message behind the first `before` that begins as expected."""

        async def arrived() -> Attempt | None:
            return next((one for one in self.read[before:] if one.text.startswith(expected)), None)

        try:
            found: Attempt = await until(arrived, 30, f"{expected!r} on {self.channel}")
        except AssertionError as error:
            read = [one.text for one in self.read[before:]]
            raise AssertionError(f"{error}, but {read}") from None
        return found


def approved(slug: str, language: str) -> str:
    """What must be sent, sign for sign."""
    words = BANK[slug][language]
    values = {"mission_phone": PHONE, "mission_name": "Ministry of Testing", "link": SOURCE.source}
    return f"{words.questions[0]}\n\n{fill(words.answer, values)}"


def same(shown: Attempt, words: str) -> bool:
    """Whether exactly these words are shown; where there are no buttons the choices follow as lines."""
    return shown.text == words if shown.buttons else shown.text.startswith(f"{words}\n")


@asynccontextmanager
async def town(
    folder: Path, template: Path, redis_url: str, gazetteer: Path
) -> AsyncIterator[tuple[Service, list[Asker]]]:
    """The whole service with a small bank in force, three people with a channel each, and a fourth."""
    shutil.copy(template, folder / "muster.db")
    citizens = [citizen(number, *pair) for number, pair in enumerate((*ASKERS, (Channel.TELEGRAM, "en")))]
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            folder,
            database_url=f"sqlite:///{folder / 'muster.db'}",
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator, ministry_phone=PHONE),
        )
        async with running(settings) as service:
            await fill_shelf(service.core.database, service.core.clock)
            await plug_in(service, simulator)
            progress = await simulator.register(Population(tuple(citizens)), service.url, PACE)
            assert progress.registered == len(citizens), progress
            people = [Asker(simulator.crowd.people[one.id], simulator) for one in citizens]
            for one in people:
                if one.channel is not Channel.SMS:  # there the number is known, and nobody asks for it
                    await one.reads(0, service.core.catalog.say(one.person.citizen.language, "phone.skipped"))
            await service.quiet()
            yield service, people


@asynccontextmanager
async def browser_of(service: Service, officer: Officer) -> AsyncIterator[Browser]:
    """A browser in which the officer is signed in at the console."""
    core = service.core
    async with core.database.durable() as connection:
        made = await sessions.start_console(connection, officer.id, core.clock.now())
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(service.console, cookie_jar=jar) as session:
        jar.update_cookies({SESSION_COOKIE: made.token}, URL(service.console))
        yield Browser(session, made.csrf)  # type: ignore[arg-type]  # a session speaks like a test client


async def answer_once(desk: Browser, texts: Sequence[str]) -> None:
    """The officer sees what waits and answers all of it in one form, in two languages."""
    await desk.get("/answers/unanswered")
    assert all(text in desk.page for text in texts), desk.page
    first, *others = dict.fromkeys(GROUP.findall(desk.page))
    form = {"questions": first, "slug": "parrot-passport"}
    form |= {
        f"also.{number}": ids for number, ids in enumerate(others, 1)
    }  # ticked: not joined by themselves
    form |= {f"ask.{language}": PARROT[language] for language in TOLD}
    form |= {f"answer.{language}": words for language, words in TOLD.items()}
    sent = await desk.post("/answers/unanswered/answer", form)
    assert sent.status == 303, desk.codes()


async def decide(service: Service, desk: Browser) -> list[int]:
    """Approve everything that waits; returns the statuses."""
    async with service.core.database.read() as connection:
        rows = await store.in_state(connection, WAITING)
    statuses = []
    for row in rows:
        form = {"revision": str(row.id), "act": "approve"}
        statuses.append((await desk.post(f"/answers/{row.entry_id}/decide", form)).status)
    return statuses


async def test_asked_chosen_refused_answered_once_and_known(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    async with town(tmp_path, sqlite_template, own_redis.url, gazetteer) as (service, people):
        catalog, (*askers, stranger) = service.core.catalog, people
        for asker, (_, language) in zip(askers, ASKERS, strict=True):
            offered = await asker.asks(UNSURE[language], catalog.say(language, "faq.which"))
            chosen = await asker.presses(offered, 0, approved("passport-lost", language))
            assert same(chosen, approved("passport-lost", language)), (asker.channel, chosen.text)

        for asker, (_, language) in zip(askers, ASKERS, strict=True):
            offered = await asker.asks(PARROT[language], catalog.say(language, "faq.which"))
            await asker.presses(offered, -1, catalog.say(language, "faq.handed_over", code=""))

        before = [len(asker.read) for asker in askers]
        async with browser_of(service, service.author) as author:
            await answer_once(author, list(PARROT.values()))
            for asker, (_, language), seen in zip(askers, ASKERS, before, strict=True):
                words = TOLD.get(language, TOLD["en"])
                told = catalog.say(language, "faq.officer", ministry="Ministry of Testing", text=words)
                if language not in TOLD:
                    told = f"{catalog.say(language, 'faq.only_in', tongue='English')}\n\n{told}"
                assert (await asker.reads(seen, told)).text == told
            assert set(await decide(service, author)) == {409}, "nobody approves their own words"

        early = await stranger.asks(PARROT["en"], catalog.say("en", "faq.which"))
        assert TOLD["en"] not in early.text
        async with browser_of(service, service.approver) as approver:
            assert set(await decide(service, approver)) == {303}
            assert (await approver.post("/answers/publish")).status == 303
        known = await stranger.asks(PARROT["en"], PARROT["en"])
        assert same(known, f"{PARROT['en']}\n\n{TOLD['en']}"), known.text
