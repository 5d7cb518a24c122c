"""One turn of one person whom we know: who, in which language, what is said back. Touches the turn only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.messages import Ask, Button, Frame, Inbound, InboundKind, Outbound
from bot.turn import Session, Turn
from handlers.commands import Asked, Command, read_command
from handlers.kit import Kit
from handlers.typed import Typed, typed
from registry.addresses import AddressRow
from registry.people import PersonRow
from registry.whereabouts import WhereaboutsRow
from storage.vault import PersonVault

DO = "do:"  # begins the data of buttons that stand for a command
SAID, SAID_AT = "said", "said_at"
MAX_KEPT_WORDS = 1_000  # characters of a message kept in case it should go to an officer
KEEP_WORDS_FOR = timedelta(hours=24)


class At(StrEnum):
    """The question a conversation waits at (`Session.step`); empty when it waits for nothing."""

    NOTHING = ""
    CONSENT = "consent"
    PLACE = "place"
    PICK = "pick"  # one of up to three places
    COUNTRY = "country"  # only the country is asked for now
    PHONE = "phone"  # add a number?
    NUMBER = "number"  # type it
    CODE = "code"  # the code that we texted there
    CASE = "case"  # where are you, for an open case
    TRIP_PLACE = "trip place"
    TRIP_PICK = "trip pick"  # one of up to three places
    TRIP_DAYS = "trip days"
    TRIP_UNTIL = "trip until"  # only the last day is missing
    TRIP_RIGHT = "trip right"  # read back: is it right?
    WATCH = "watch"  # of which country is news wanted


@dataclass(slots=True)
class Visit:
    """What every part of the conversation works on.

    Attributes:
        inbound: what the person did; a number or label that answers our buttons is a button here already.
        place: the open base of the person, None when unknown.
        joined: they have just answered from a number that somebody gave us, and it is theirs.
        resume: a part sets this to have the question asked again that the conversation still waits at.
        told: codes of events whose whole warnings were said in this turn.
        heard_at: when they had last written here before this turn, None = never.
    """

    kit: Kit
    turn: Turn
    inbound: Inbound
    person: PersonRow
    address: AddressRow
    place: WhereaboutsRow | None
    resume: bool = False
    joined: bool = False
    told: set[str] = field(default_factory=set)
    heard_at: datetime | None = field(init=False)
    said: Typed = field(init=False)

    def __post_init__(self) -> None:
        self.heard_at = self.address.last_inbound_at
        self.said = typed(self.inbound.text if self.inbound.kind is InboundKind.TEXT else "")

    @property
    def language(self) -> str:
        return self.person.language

    @property
    def session(self) -> Session:
        return self.turn.session

    @property
    def vault(self) -> PersonVault:
        """The person's own; raises `SealError` once they were erased."""
        return self.person.unlocked(self.kit.vault)

    @property
    def country(self) -> str:
        """ISO-2 of where the person is, "" when unknown."""
        return self.place.country if self.place else ""

    @property
    def is_text(self) -> bool:
        return self.inbound.kind is InboundKind.TEXT

    @property
    def asked(self) -> Asked | None:
        """The command the person gave: typed, or by a button of ours."""
        if self.inbound.kind is InboundKind.START:
            return Asked(Command.START)
        if self.button.startswith(DO):
            name = self.button.removeprefix(DO)
            return Asked(Command(name)) if name in set(Command) else None
        return read_command(self.kit.catalog, self.language, self.inbound.text) if self.is_text else None

    def asks_for(self, command: Command) -> Asked | None:
        """The command with what stands behind it when it is `command`."""
        asked = self.asked
        return asked if asked is not None and asked.command is command else None

    @property
    def button(self) -> str:
        """Data of the pressed button, "" when none was."""
        return self.inbound.button if self.inbound.kind is InboundKind.BUTTON else ""

    def at(self, *steps: At) -> bool:
        """Whether the conversation waits at one of `steps`."""
        return self.session.step in steps

    def wait_at(self, step: At) -> None:
        """Wait for the answer to `step` from now on."""
        self.session.step = step.value

    def say(self, key: str, **values: str) -> str:
        """Words of the catalog in the person's language, as they fit the channel they write on."""
        catalog = self.kit.catalog
        return catalog.say(self.language, catalog.fitted(key, self.address.channel), **values)

    def choice(self, key: str, data: str) -> Button:
        """A button with words of the catalog."""
        return Button(self.say(key), data)

    def reply(
        self,
        text: str,
        buttons: Sequence[Button] = (),
        *,
        ask: Ask | None = None,
        ask_label: str = "",
        frame: Frame = Frame.REPLY,
    ) -> None:
        """Answer in the person's language."""
        self.turn.reply(Outbound(text, self.language, tuple(buttons), ask, ask_label, frame))

    def keep_words(self) -> None:
        """Remember what was typed, so that it can still go to an officer."""
        if self.said.whole and self.asked is None:
            self.session.data[SAID] = self.inbound.text[:MAX_KEPT_WORDS]
            self.session.data[SAID_AT] = self.turn.now.isoformat()

    def take_words(self) -> str:
        """What `keep_words` remembered in the last day, "" when nothing; forgotten now."""
        words, at = self.session.data.pop(SAID, ""), self.session.data.pop(SAID_AT, "")
        return words if at and self.turn.now - datetime.fromisoformat(at) <= KEEP_WORDS_FOR else ""


def shortened(label: str, most: int) -> str:
    """`label`, cut where it has more than `most` characters."""
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"


def shown_buttons(session: Session) -> tuple[Button, ...]:
    """The buttons of the last question, as they were shown."""
    return tuple(Button(label, data) for label, data in json.loads(session.data.get("buttons", "[]")))


def remember_buttons(turn: Turn) -> None:
    """Keep the buttons of this turn's last message that has some, so that a typed number or label can mean
    one.
    """
    shown = next((reply.buttons for reply in reversed(turn.replies) if reply.buttons), ())
    if shown:
        pairs = [[button.label, button.data] for button in shown]
        turn.session.data["buttons"] = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
        turn.session.data["asked"] = turn.now.isoformat()
    elif turn.replies:
        turn.session.data.pop("buttons", None)
        turn.session.data.pop("asked", None)
