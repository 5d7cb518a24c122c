"""The crowd: a population that registers through the service's real doors and lives through a warning.

Touches the fake Telegram and, through people's browsers, the service's web chat.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from simulator.citizen import Fate, Moment
from simulator.conversation import CHECK_IN
from simulator.incoming import Incoming
from simulator.ledger import Ledger
from simulator.person import TELEGRAM, WEBCHAT, Pace, Person, World
from simulator.population import Population
from simulator.telegram import Telegram
from simulator.telegram_bots import Bot
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
        self, population: Population, telegram: Telegram, ledger: Ledger, rng: random.Random, pace: Pace
    ) -> None:
        self.population = population
        self._pace, self._ledger, self._rng = pace, ledger, rng
        world = World(telegram, ledger, rng, pace, self._spawn)
        bots = list(telegram.bots.values())
        self.people = {one.id: Person(one, world, bots[one.bot]) for one in population.citizens}
        self._by_chat = {
            (bots[one.bot].account, one.telegram_id): self.people[one.id]
            for one in population.citizens
            if one.telegram_id is not None
        }
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self.struck: set[Moment] = set()
        self._browsers: Browsers | None = None
        telegram.listen(self._heard)

    async def register(self, service_url: str) -> Progress:
        """Everybody walks the service's conversation; returns when all are done or out of patience.

        Args:
            service_url: base address of the service's public listener (for web chat; loopback only).
        """
        chatters = sum(person.citizen.on_webchat for person in self.people.values())
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
        """For each citizen the addresses the service may know them by: Telegram chat id, web chat cookie."""
        known: dict[str, dict[str, str]] = {}
        for name, person in self.people.items():
            known[name] = {}
            if person.citizen.telegram_id is not None:
                known[name][TELEGRAM] = str(person.citizen.telegram_id)
            if person.chat is not None and person.chat.token:
                known[name][WEBCHAT] = person.chat.token
        return known

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

    def _heard(self, bot: Bot, chat_id: int, message: Incoming) -> None:
        person = self._by_chat.get((bot.account, chat_id))
        if person is None:
            return
        armed = Moment.BEFORE in self.struck and Moment.DURING not in self.struck
        if armed and any(map(CHECK_IN.fullmatch, message.buttons)):
            self._spawn(self._strike_during())
        person.hear(message)

    async def _strike_during(self) -> None:
        await self.strike(Moment.DURING)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
