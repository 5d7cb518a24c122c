"""One simulated person at work: walks the service's conversation on their channels, answers, meets their
fate.

Touches the fake providers (as the person in a chat) and the service's web chat; writes what they did to the
ledger.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from simulator.citizen import Answer, Channel, Citizen
from simulator.conversation import CheckIn, Stage, Talk, first_words, press, react, text
from simulator.incoming import Action, Incoming
from simulator.ledger import Ledger
from simulator.lines import Line
from simulator.reading import read, spoken
from simulator.webchat import Browsers, RefusedError, WebChat

WEBCHAT = Channel.WEBCHAT
WALKED = frozenset({Stage.PROTECTED, Stage.LINKED, Stage.REFUSED})
GREETS = frozenset({Channel.VIBER})  # opening the chat is enough: the service speaks first
QUIET_S = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly people act.

    Attributes:
        speed: factor on all waits of people (10 = ten times as fast).
        think_s: longest moment before the next step while registering; the shortest is a fifth of it.
        parallel: people registering at once.
        patience_s: a registration that takes longer is given up and reported (not scaled).
        fate_window_s: fates that strike *during* a warning are spread over this time (not scaled).
    """

    speed: float = 1.0
    think_s: float = 1.5
    parallel: int = 50
    patience_s: float = 120.0
    fate_window_s: float = 10.0


@dataclass(frozen=True, slots=True)
class World:
    """What every person needs around them; `spawn` runs something in the background."""

    lines: Mapping[Channel, Line]
    ledger: Ledger
    rng: random.Random
    pace: Pace
    spawn: Callable[[Coroutine[Any, Any, None]], None]


class Person:
    """One citizen's live state: a talk on each channel.

    Attributes:
        outcome: registered, refused, stopped or stuck:<stages>; empty while registering is not over.
        token: web chat cookie of an earlier run, empty if none.
    """

    def __init__(self, citizen: Citizen, world: World) -> None:
        self.citizen, self._world = citizen, world
        self.talks: dict[Channel, Talk] = {channel: Talk() for channel in citizen.channels}
        self.chat: WebChat | None = None
        self.outcome = ""
        self.answers_waiting = 0
        self.token = ""
        self._moved = asyncio.Event()

    def busy(self) -> bool:
        """Whether an acknowledgement of theirs is on its way."""
        return self.chat is not None and self.chat.online and self.chat.waiting()

    def settled(self) -> bool:
        """Whether nothing is left to do: registered or not, and the chat page open if they have one."""
        returning = self.outcome == "registered" and self.chat is None and bool(self.token)
        return bool(self.outcome) and not returning

    def forgive(self) -> None:
        """They got stuck: be ready to go on where they are through, and to begin anew on other channels."""
        if self.outcome.startswith("stuck"):
            self.outcome = ""
            self.talks = {
                channel: replace(talk, wants_code=False, code="") if talk.stage in WALKED else Talk()
                for channel, talk in self.talks.items()
            }

    async def register(self, browsers: Browsers | None) -> None:
        """Walk to being protected on all their channels; sets `outcome`. Who was protected in an earlier run
        only opens the chat page again."""
        citizen = self.citizen
        if self.outcome == "registered":
            await self._come_back(browsers)
            return
        try:
            async with asyncio.timeout(self._world.pace.patience_s):
                self.outcome = await self._register(browsers)
        except TimeoutError:
            stages = [talk.stage.value for talk in self.talks.values() if talk.stage is not Stage.NEW]
            self.outcome = f"stuck:{'/'.join(stages) or Stage.NEW.value}"
            self._note("", "stuck", self.outcome.removeprefix("stuck:"))
            return
        self._note("", self.outcome)
        if self.outcome == "registered" and citizen.stops:
            await self._quiet()
            await self._do(citizen.first, text("STOP" if citizen.first is Channel.SMS else "/stop"))
            self.outcome = "stopped"
            self._note("", "stopped")

    def hear(self, message: Incoming) -> None:
        """A message lies in their chat."""
        channel = Channel(message.channel)
        if channel not in self.talks:
            return
        seen = message if channel in (Channel.TELEGRAM, WEBCHAT) else read(message)
        before = self.talks[channel]
        reaction = react(self.citizen, before, seen)
        self._set_talk(channel, reaction.talk)
        if reaction.talk.stage is Stage.PROTECTED and before.stage is not Stage.PROTECTED:
            self._note(channel, "protected")
        if before.helping and not reaction.talk.helping and reaction.actions:
            self._note(channel, "place", reaction.actions[0].kind.value)
        if reaction.opens:
            self._note(channel, "full", code=reaction.opens)
        if reaction.actions:
            self._world.spawn(self._act(channel, reaction.actions, seen))
        if reaction.check_in is not None:
            self.answers_waiting += 1
            self._world.spawn(self._check_in(channel, reaction.check_in, seen))

    async def meet_fate(self, wait_s: float) -> None:
        """One of their channels is blocked or gone, after `wait_s` seconds."""
        await asyncio.sleep(wait_s)
        line = self._world.lines.get(self.citizen.fate_on)
        if line is not None and self.citizen.has(self.citizen.fate_on):
            line.strike(self.citizen, self.citizen.fate)

    async def close_chat(self) -> None:
        """They close the web chat page."""
        if self.chat is not None and self.chat.online:
            await self.chat.close()
            self._note(WEBCHAT, "offline")

    async def leave(self) -> None:
        """The run is over; nothing is noted."""
        if self.chat is not None:
            await self.chat.close()

    async def open_chat(self) -> None:
        """They come back to the web chat page they had."""
        if self.chat is not None and not self.chat.online:
            await self.chat.open()
            self._note(WEBCHAT, "online")

    async def write(self, channel: Channel, words: str) -> None:
        """They write something of their own accord."""
        await self._do(channel, text(words))

    async def press(self, channel: Channel, seen: Incoming, data: str) -> None:
        """They choose one of the buttons of a message unasked; by its number where there is none."""
        await self._do(channel, self._said(press(seen, data), seen))

    async def _come_back(self, browsers: Browsers | None) -> None:
        if browsers is None:
            return
        self.chat = WebChat(browsers, self.citizen.id, self.citizen.client_language, self.hear)
        self.chat.token = self.token
        with suppress(TimeoutError):
            async with asyncio.timeout(self._world.pace.patience_s):
                await self.open_chat()

    async def _register(self, browsers: Browsers | None) -> str:
        citizen = self.citizen
        if browsers is not None and citizen.has(WEBCHAT) and self.chat is None:
            self.chat = WebChat(browsers, citizen.id, citizen.client_language, self.hear)
        if self.talks[citizen.first].stage not in WALKED:
            await self._walk(citizen.first)
        if self.talks[citizen.first].stage is Stage.REFUSED:
            return "refused"
        for channel in citizen.channels[1:]:
            if channel is Channel.SMS and citizen.phone:
                continue  # shared with one tap while registering
            if self.talks[channel].stage not in WALKED:
                await self._join(channel)
        return "registered"

    async def _join(self, channel: Channel) -> None:
        """Take a code on the first channel and type it on another one."""
        first = self.citizen.first
        self._set_talk(first, replace(self.talks[first], wants_code=True, code=""))
        await self._do(first, text("/link"))
        await self._until(first, lambda talk: bool(talk.code))
        code = self.talks[first].code
        self._set_talk(first, replace(self.talks[first], wants_code=False))
        self._set_talk(channel, replace(self.talks[channel], link_code=code))
        await self._walk(channel)
        self._note(channel, "linked")

    async def _walk(self, channel: Channel) -> None:
        """Begin a talk and wait until it is over."""
        if channel is WEBCHAT:
            await self.open_chat()
        talk, action = first_words(self.citizen, self.talks[channel], channel)
        self._set_talk(channel, talk)
        self._note(channel, "joined")
        if channel in GREETS and talk.stage is Stage.GREETED:
            self._world.lines[channel].open(self.citizen)
        else:
            await self._do(channel, action)
        await self._until(channel, lambda talk: talk.stage in WALKED)

    async def _until(self, channel: Channel, reached: Callable[[Talk], bool]) -> None:
        while not reached(self.talks[channel]):
            self._moved.clear()
            await self._moved.wait()

    async def _quiet(self) -> None:
        """Wait until nothing new came for a moment: nobody unsubscribes in the middle of a sentence."""
        with suppress(TimeoutError):
            while True:
                self._moved.clear()
                await asyncio.wait_for(self._moved.wait(), QUIET_S)

    def _set_talk(self, channel: Channel, talk: Talk) -> None:
        """A talk moved on; what was answered on one channel is answered on all."""
        self.talks[channel] = talk
        answered = frozenset[str]().union(*(one.answered for one in self.talks.values()))
        for name, one in self.talks.items():
            if one.answered != answered:
                self.talks[name] = replace(one, answered=answered)
        self._moved.set()

    async def _act(self, channel: Channel, actions: tuple[Action, ...], seen: Incoming) -> None:
        """Do things one after the other, each after a moment of thinking."""
        pace, rng = self._world.pace, self._world.rng
        for action in actions:
            await asyncio.sleep(pace.think_s * (0.2 + 0.8 * rng.random()) / pace.speed)
            await self._do(channel, self._said(action, seen))

    async def _check_in(self, channel: Channel, check_in: CheckIn, seen: Incoming) -> None:
        """Answer a warning after a while, if the channel still works by then."""
        try:
            await asyncio.sleep(self.citizen.answer_s / self._world.pace.speed)
            if not self._can_act(channel):
                return
            if check_in.answer is Answer.HELP:
                self._set_talk(channel, replace(self.talks[channel], helping=True))
            self._note(channel, "answer", check_in.answer.value, check_in.code)
            await self._do(channel, self._said(check_in.action, seen))
        finally:
            self.answers_waiting -= 1

    def _said(self, action: Action, seen: Incoming) -> Action:
        """A press as it is done where there are no buttons: by typing its number."""
        return spoken(action, seen, self.citizen.digits)

    def _can_act(self, channel: Channel) -> bool:
        if channel is WEBCHAT:
            return self.chat is not None and self.chat.online
        return self._world.lines[channel].works(self.citizen)

    async def _do(self, channel: Channel, action: Action) -> None:
        """Do something on a channel; a service that turns it away for good is noted."""
        if channel is not WEBCHAT:
            self._world.lines[channel].act(self.citizen, action)
        elif self.chat is not None:
            try:
                await self.chat.say(action)
            except RefusedError as error:
                self._note(channel, "turned_away", str(error))

    def _note(self, channel: str, what: str, value: str = "", code: str = "") -> None:
        self._world.ledger.act(self.citizen.id, channel, what, value, code)
