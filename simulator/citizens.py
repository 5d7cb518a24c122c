"""The crowd: a population that registers through the service's real doors and lives through a warning.

Touches the fake providers and, through people's browsers, the service's web chat.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from simulator.citizen import BY_NUMBER, Channel, Fate, Moment
from simulator.conversation import CHECK_IN
from simulator.greetings import daily
from simulator.incoming import Incoming
from simulator.ledger import Ledger
from simulator.lines import Line
from simulator.person import Pace, Person, World
from simulator.population import Population
from simulator.reading import read
from simulator.webchat import Browsers, open_browsers


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a registration is: counts of people; `stuck` by the stage they are stuck in."""

    total: int
    registered: int
    refused: int
    stopped: int
    stuck: dict[str, int]
    under_way: int
    answers_waiting: int


class Crowd:
    """All people of one population. `struck`: the moments whose fates have happened."""

    def __init__(
        self, population: Population, lines: Iterable[Line], ledger: Ledger, rng: random.Random, pace: Pace
    ) -> None:
        self.population = population
        self._pace, self._ledger, self._rng = pace, ledger, rng
        self._lines = {line.channel: line for line in lines}
        needed = {one for citizen in population.citizens for one in citizen.channels} - {Channel.WEBCHAT}
        if needed - set(self._lines):
            raise ValueError("somebody has a channel that is not simulated here")
        world = World(self._lines, ledger, rng, pace, self._spawn)
        self.people = {one.id: Person(one, world) for one in population.citizens}
        self._by_chat: dict[tuple[Channel, str], Person] = {
            (channel, self._lines[channel].key(one)): self.people[one.id]
            for one in population.citizens
            for channel in one.channels
            if channel is not Channel.WEBCHAT
        }
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self.struck: set[Moment] = set()
        self._browsers: Browsers | None = None
        for line in self._lines.values():
            line.listen(self._heard)

    async def register(self, service_url: str) -> Progress:
        """Everybody walks the service's conversation; returns when all are done or out of patience.

        Args:
            service_url: base address of the service's public listener (for web chat; loopback only).
        """
        chatters = sum(person.citizen.has(Channel.WEBCHAT) for person in self.people.values())
        if chatters and self._browsers is None:
            self._browsers = open_browsers(service_url, self._ledger, self._rng, chatters)
        gate = asyncio.Semaphore(self._pace.parallel)

        async def one(person: Person) -> None:
            async with gate:
                self._under_way += 1
                try:
                    await person.register(self._browsers)
                finally:
                    self._under_way -= 1

        await asyncio.gather(*(one(person) for person in self.people.values() if not person.settled()))
        return self.progress()

    def forgive(self) -> None:
        """Whoever got stuck may register anew."""
        for person in self.people.values():
            person.forgive()

    def progress(self) -> Progress:
        """Counts so far."""
        done = Counter(person.outcome for person in self.people.values())
        stuck = {name.removeprefix("stuck:"): n for name, n in done.items() if name.startswith("stuck:")}
        waiting = sum(person.answers_waiting for person in self.people.values())
        return Progress(
            len(self.people),
            done["registered"],
            done["refused"],
            done["stopped"],
            stuck,
            self._under_way,
            waiting,
        )

    def addresses(self) -> dict[str, dict[str, str]]:
        """For each citizen the addresses the service may know them by, by channel: Telegram chat id, web chat
        cookie, number, Viber id.
        """
        known: dict[str, dict[str, str]] = {}
        for name, person in self.people.items():
            citizen, mine = person.citizen, known.setdefault(name, {})
            if citizen.telegram_id is not None:
                mine[Channel.TELEGRAM] = str(citizen.telegram_id)
            if person.chat is not None and person.chat.token:
                mine[Channel.WEBCHAT] = person.chat.token
            if citizen.viber_id:
                mine[Channel.VIBER] = citizen.viber_id
            mine |= {channel: citizen.number for channel in citizen.channels if channel in BY_NUMBER}
        return known

    async def write_daily(self) -> int:
        """Whoever writes to us every day does so on WhatsApp now, and waits for no answer; returns how many.

        It is what keeps the window of a day open for them when a warning comes.
        """
        chosen = [
            person
            for person in self.people.values()
            if person.citizen.writes_daily
            and person.citizen.has(Channel.WHATSAPP)
            and person.outcome == "registered"
        ]
        await asyncio.gather(*(one.write(Channel.WHATSAPP, daily(one.citizen.language)) for one in chosen))
        return len(chosen)

    async def strike(self, moment: Moment) -> int:
        """Let the fates of that moment happen, once; returns how many.

        Call it with *before* when everybody is registered: from then on the fates *during* strike by
        themselves when the first warning arrives. Web chats that will be away close *before*.
        """
        if moment in self.struck:
            return 0
        self.struck.add(moment)
        doomed = [
            person
            for person in self.people.values()
            if person.citizen.fate is not Fate.ACTIVE and person.citizen.fate_at is moment
        ]
        if moment is Moment.DURING:
            for person in doomed:
                self._spawn(person.meet_fate(self._rng.random() * self._pace.fate_window_s))
            return len(doomed)
        away = [person for person in self.people.values() if person.citizen.away]
        await asyncio.gather(*(person.meet_fate(0.0) for person in doomed))
        await asyncio.gather(*(person.close_chat() for person in away))
        return len(doomed) + len(away)

    def busy(self) -> bool:
        """Whether somebody is about to do something or an acknowledgement is on its way."""
        return bool(self._tasks) or any(person.busy() for person in self.people.values())

    async def close(self) -> None:
        """Everybody goes home."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(person.leave() for person in self.people.values()))
        if self._browsers is not None:
            await self._browsers.session.close()

    def _heard(self, key: str, message: Incoming) -> None:
        person = self._by_chat.get((Channel(message.channel), key))
        if person is None:
            return
        armed = Moment.BEFORE in self.struck and Moment.DURING not in self.struck
        if armed and any(map(CHECK_IN.fullmatch, read(message).buttons)):
            self._spawn(self._strike_during())
        person.hear(message)

    async def _strike_during(self) -> None:
        await self.strike(Moment.DURING)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
