"""A simulated world kept in a file, so that a demonstration finds its citizens again. Touches that one file.

Kept are the citizens, how far each one is, their cookies, the chats and the counters of the bots, phones and
Viber users; not the ledger.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from simulator.citizen import Channel, Moment
from simulator.citizens import Crowd
from simulator.conversation import Stage, Talk
from simulator.person import Person
from simulator.population import Population, population_of
from simulator.state_phones import kept_phones, restore_phones
from simulator.telegram import Telegram
from simulator.telegram_bots import Bot, Chat
from simulator.telegram_errors import ChatState
from simulator.twilio import Twilio
from simulator.viber import Viber

FINAL = frozenset({"registered", "refused", "stopped"})
SAVE_EVERY_S = 5.0
GAP = 1_000_000  # numbers skipped on a start: those given out since the last save must not come again


class Fakes(Protocol):
    """The providers of a running simulator."""

    telegram: Telegram
    twilio: Twilio
    viber: Viber


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file held: a population, how often it was started, and the rest as JSON."""

    population: Population
    people: dict[str, Any]
    bots: dict[str, Any]
    struck: tuple[Moment, ...]
    phones: dict[str, Any]
    starts: int


def load_state(path: Path) -> Saved | None:
    """The world kept in a file, None when there is none; raises `ValueError` when it is not one."""
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    try:
        struck = tuple(Moment(one) for one in data["struck"])
        return Saved(
            population_of(data["citizens"]),
            data["people"],
            data["bots"],
            struck,
            data.get("phones", {}),
            int(data.get("starts", 1)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not the state of a simulated world") from error


def restore(saved: Saved, crowd: Crowd, fakes: Fakes) -> None:
    """Put a kept world back: chats, counters, and how far everybody was."""
    restore_phones(saved.phones, fakes.twilio, fakes.viber)
    for bot in fakes.telegram.bots.values():
        if bot.account in saved.bots:
            restore_bot(bot, saved.bots[bot.account])
    for name, kept in saved.people.items():
        if name in crowd.people:
            restore_person(crowd.people[name], kept)
    crowd.struck.update(saved.struck)


def restore_bot(bot: Bot, kept: dict[str, Any]) -> None:
    """A bot's chats and counters, with a gap for what was given out after the last save."""
    bot.next_update, bot.next_message = kept["next_update"] + GAP, kept["next_message"] + GAP
    for one in kept["chats"]:
        chat = Chat(**{**one, "state": ChatState(one["state"])})
        bot.chats[chat.chat_id] = chat


def kept_person(person: Person) -> dict[str, Any]:
    """What must be remembered of somebody, as JSON; a registration half-way is forgotten."""
    if person.outcome not in FINAL:
        return {}
    talks = {
        channel: {"stage": talk.stage.value, "answered": sorted(talk.answered), "helping": talk.helping}
        for channel, talk in person.talks.items()
    }
    token = person.chat.token if person.chat is not None else person.token
    return {"outcome": person.outcome, "talks": talks, "token": token}


def restore_person(person: Person, kept: Mapping[str, Any]) -> None:
    """Somebody takes up where the last run ended."""
    if not kept:
        return
    person.outcome, person.token = str(kept["outcome"]), str(kept["token"])
    for channel, talk in kept["talks"].items():
        person.talks[Channel(channel)] = Talk(
            Stage(talk["stage"]),
            answered=frozenset(talk["answered"]),
            helping=talk["helping"],
            phone_done=True,
        )


class Keeper:
    """Writes the world to its file every few seconds while something happens, and once at the end."""

    def __init__(self, path: Path, crowd: Crowd, fakes: Fakes, starts: int) -> None:
        self._path, self._crowd, self._fakes, self._starts = path, crowd, fakes, starts
        self._citizens = [one.to_json() for one in crowd.population.citizens]
        self._written = ""

    async def run(self) -> None:
        """Save until cancelled."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            self.save()

    def save(self) -> None:
        """Write the file anew if anything changed; it is whole or it is the old one."""
        text = json.dumps(
            {
                "citizens": self._citizens,
                "people": {name: kept_person(person) for name, person in self._crowd.people.items()},
                "bots": {bot.account: kept_bot(bot) for bot in self._fakes.telegram.bots.values()},
                "struck": sorted(self._crowd.struck),
                "phones": kept_phones(self._fakes.twilio, self._fakes.viber),
                "starts": self._starts,
            },
            ensure_ascii=False,
        )
        if text == self._written:
            return
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._path)
        self._written = text


def kept_bot(bot: Bot) -> dict[str, Any]:
    """A bot's chats and counters as JSON."""
    return {
        "next_update": bot.next_update,
        "next_message": bot.next_message,
        "chats": [asdict(chat) for chat in bot.chats.values()],
    }
