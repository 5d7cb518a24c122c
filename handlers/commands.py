"""The commands of the chat and how people type them. Pure.

A command works with its slash, without it, and in the words of the person's language (`words.*` in the
catalogs):

    /start     begin, register, come back           words.start
    /stop      no more warnings                     words.stop
    /language  another language                     words.language
    /where     say where one is                     words.where
    /help      what the service can do              words.menu   ("help" without a slash calls for help)
    /link      join a second chat, or use a code    words.link
    /trip      tell of a journey, change it         words.trip
    /watch     news of a country from afar          words.watch
"""

from dataclasses import dataclass
from enum import StrEnum

from handlers.typed import Typed, typed
from locales.catalog import Catalog


class Command(StrEnum):
    """What can be asked for at any time; the value is its name after the slash."""

    START = "start"
    STOP = "stop"
    LANGUAGE = "language"
    WHERE = "where"
    HELP = "help"
    LINK = "link"
    TRIP = "trip"
    WATCH = "watch"


WORDS = {
    Command.START: "words.start",
    Command.STOP: "words.stop",
    Command.LANGUAGE: "words.language",
    Command.WHERE: "words.where",
    Command.HELP: "words.menu",
    Command.LINK: "words.link",
    Command.TRIP: "words.trip",
    Command.WATCH: "words.watch",
}
_BARE = {command.value: command for command in Command if command is not Command.HELP}


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and what was typed behind it."""

    command: Command
    payload: str = ""


def read_command(catalog: Catalog, language: str, text: str) -> Asked | None:
    """The command `text` is, or None; the words count only as the whole message, in `language` or as the
    name.
    """
    stripped = text.strip()
    if stripped.startswith("/"):
        name, _, payload = stripped[1:].partition(" ")
        name = name.partition("@")[0].casefold()  # Telegram appends the bot's name in some apps
        return Asked(Command(name), payload.strip()) if name in set(Command) else None
    said = typed(stripped)
    if not said.questioning and said.whole in _BARE:
        return Asked(_BARE[said.whole])
    for command, key in WORDS.items():
        if said.is_one_of(catalog.words(language, key)):
            return Asked(command)
    return _link_with_code(catalog, language, said)


def _link_with_code(catalog: Catalog, language: str, said: Typed) -> Asked | None:
    for name in (Command.LINK.value, *catalog.words(language, WORDS[Command.LINK])):
        payload = said.whole.removeprefix(name)
        digits = payload.replace(" ", "").replace("-", "")
        if payload != said.whole and digits.isdecimal():
            return Asked(Command.LINK, digits)
    return None
