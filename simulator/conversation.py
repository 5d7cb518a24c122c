"""How a simulated citizen reacts to what the service sends: one pure function over a small state.

A citizen knows nothing of the service but what stands on the screen: words, buttons, and whether a position
or a number is asked for. The vocabulary of button data is the one thing agreed with the service.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from simulator.cities import COUNTRIES
from simulator.citizen import Answer, Channel, Citizen, Telling
from simulator.greetings import answer_words, greeting
from simulator.incoming import Action, ActionKind, Incoming
from simulator.languages import OFFERED, guess

LINK_CODE = re.compile(r"(?<!\d)(\d{4})[ \u00a0-]?(\d{4})(?!\d)")
CHECK_IN = re.compile(r"(safe|help):([A-Z0-9]{6}|@.+)")  # @ and the message where no code is shown
WORDS_ONLY = frozenset({Channel.SMS})  # no position, no button: everything is words
TYPED_NUMBER = frozenset({Channel.SMS, Channel.WHATSAPP})  # no key shares one's own number
TALKATIVE = frozenset({Channel.SMS, Channel.WHATSAPP, Channel.VIBER})  # a talk begins with somebody's words
MAX_PLACE_TRIES = 3
MAX_LINK_TRIES = 2
HELP_PLACE = "In the school next to the station"


class Stage(StrEnum):
    """How far the talk on one channel has come."""

    NEW = "new"
    GREETED = "greeted"  # wrote something
    CONSENTED = "consented"  # pressed yes
    TOLD = "told"  # said where
    PROTECTED = "protected"  # will be warned
    REFUSED = "refused"
    LINKING = "linking"  # typed a code from the other channel
    JOINING = "joining"  # agreed to the joining
    WAITING = "waiting"  # was told that the other channel must agree too
    LINKED = "linked"


NEXT_OF_JOINING = {Stage.JOINING: Stage.WAITING, Stage.WAITING: Stage.LINKED}


@dataclass(frozen=True, slots=True)
class Talk:
    """The state of one citizen on one channel.

    Attributes:
        menu: the language menu was opened already.
        place_tries: how often the place was told.
        link_code: code to type on this channel (second channel of a person); link_tries: typed again.
        wants_code: asked for a code on this channel (first channel of a person).
        code: the code that came.
        answered: event codes answered. helping: asked for help, the question where comes next.
        opened: event codes whose whole text was asked for.
        chose: pressed a candidate; where buttons and a share key cannot stand under one message, the key
            comes in a second one that is no new question.
        phone_done: shared or skipped the number.
    """

    stage: Stage = Stage.NEW
    menu: bool = False
    place_tries: int = 0
    link_code: str = ""
    link_tries: int = 0
    wants_code: bool = False
    code: str = ""
    answered: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    helping: bool = False
    chose: bool = False
    phone_done: bool = False


@dataclass(frozen=True, slots=True)
class CheckIn:
    """An answer to a warning the citizen will give after a while."""

    code: str
    answer: Answer
    action: Action


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a message makes a citizen do: the new state, actions in order, and a later answer if any.

    `opens` is the code of a warning whose whole text they ask for by what they do.
    """

    talk: Talk
    actions: tuple[Action, ...] = ()
    check_in: CheckIn | None = None
    opens: str = ""


Rule = Callable[[Citizen, Talk, Incoming], Reaction | None]


def text(words: str) -> Action:
    """Type words."""
    return Action(ActionKind.TEXT, words)


def press(message: Incoming, data: str) -> Action:
    """Press a button under a message."""
    return Action(ActionKind.BUTTON, data, message_id=message.message_id)


def pin(citizen: Citizen) -> Action:
    """Send one's true position."""
    return Action(ActionKind.LOCATION, lat=citizen.lat, lon=citizen.lon)


def first_words(citizen: Citizen, talk: Talk, channel: str = Channel.TELEGRAM) -> tuple[Talk, Action]:
    """How a talk begins: `/start` or a greeting, with the invitation if they have one, or the code of the
    other channel.
    """
    if talk.link_code:
        return replace(talk, stage=Stage.LINKING), text(f"/link {talk.link_code}")
    if channel in TALKATIVE and not citizen.invitation:
        return replace(talk, stage=Stage.GREETED), text(greeting(citizen.client_language))
    return replace(talk, stage=Stage.GREETED), text(f"/start {citizen.invitation}".rstrip())


def react(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction:
    """What the citizen does about a message; nothing when nothing is asked of them."""
    for rule in RULES:
        reaction = rule(citizen, talk, message)
        if reaction is not None:
            return reaction
    return Reaction(talk)


def on_warning(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """A warning offers Safe and Need help; the citizen answers each event once, if they are of the answering
    kind. One that offers its whole text is opened first by those who like to read.
    """
    found = [match.groups() for data in message.buttons if (match := CHECK_IN.fullmatch(data))]
    offers: dict[str, str] = {str(answer): str(code) for answer, code in found}
    if set(offers) != {"safe", "help"}:
        return None
    code = offers["safe"]
    ready = talk.stage in (Stage.PROTECTED, Stage.LINKED)
    full = f"full:{code}"
    if ready and citizen.reads_full and full in message.buttons and code not in talk.opened:
        asked = replace(talk, opened=talk.opened | {code})
        return Reaction(asked, (press(message, full),), opens=code)
    if not ready or code in talk.answered or citizen.answer is Answer.NONE:
        return Reaction(talk)
    opened = talk.opened if code.startswith("@") else frozenset[str]()  # the whole text of a short notice
    answered = replace(talk, answered=talk.answered | {code} | opened)
    return Reaction(answered, check_in=CheckIn(code, citizen.answer, reply(citizen, message, code)))


def reply(citizen: Citizen, message: Incoming, code: str) -> Action:
    """How they answer a warning: by its button or number, or in words where they type anyway."""
    if citizen.types and message.channel in WORDS_ONLY:
        return text(answer_words(citizen.language, helps=citizen.answer is Answer.HELP))
    return press(message, f"{citizen.answer.value}:{code}")


def on_notice(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """The notice: read it in one's own language, then agree or refuse."""
    if "consent:yes" not in message.buttons:
        return None
    language = message.lang.split("-")[0] or guess(message.text)
    best = readable(citizen)
    if language not in ("", best) and not talk.menu:
        own = f"lang:{best}"
        for choice in (own, "lang:menu"):
            if choice in message.buttons:
                return Reaction(replace(talk, menu=True), (press(message, choice),))
    if not citizen.consents:
        return Reaction(replace(talk, stage=Stage.REFUSED), (press(message, "consent:no"),))
    stage = talk.stage if talk.stage is Stage.LINKING else Stage.CONSENTED
    return Reaction(replace(talk, stage=stage), (press(message, "consent:yes"),))


def readable(citizen: Citizen) -> str:
    """The language they choose: their own where it is offered, else English."""
    return citizen.language if citizen.language in OFFERED else OFFERED[0]


def on_menu(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """The language menu: press one's own."""
    own = f"lang:{readable(citizen)}"
    if not talk.menu or own not in message.buttons:
        return None
    return Reaction(talk, (press(message, own),))


def on_candidates(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """Places of the typed name: press the one whose label names the right country, else the first."""
    places = [
        (data, label)
        for data, label in zip(message.buttons, message.labels, strict=True)
        if re.fullmatch(r"place:\d", data)
    ]
    if not places:
        return None
    hint = citizen.place_hint.casefold()
    chosen = next((data for data, label in places if hint and hint in label.casefold()), places[0][0])
    split = message.channel == Channel.TELEGRAM and not message.ask
    return Reaction(replace(talk, stage=Stage.TOLD, chose=split), (press(message, chosen),))


def on_link(_citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """Joining a second channel: take the code here, type it there, agree there, then agree here."""
    agree = next((data for data in message.buttons if re.fullmatch(r"link:yes(:\d+)?", data)), "")
    if agree:
        stage = Stage.JOINING if talk.stage is Stage.LINKING else talk.stage
        return Reaction(replace(talk, stage=stage), (press(message, agree),))
    if talk.stage in NEXT_OF_JOINING:
        return Reaction(replace(talk, stage=NEXT_OF_JOINING[talk.stage]))
    found = LINK_CODE.search(message.text) if talk.wants_code and not talk.code else None
    if found is not None:
        return Reaction(replace(talk, code="".join(found.groups())))
    if talk.stage is Stage.LINKING and talk.link_tries < MAX_LINK_TRIES:
        again = replace(talk, link_tries=talk.link_tries + 1)
        return Reaction(again, (text(f"/link {talk.link_code}"),))
    return None


def on_where(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """Asked for a position: after a call for help that one; else the place, and a pin when words failed
    twice.
    """
    if message.ask != "location":
        return None
    in_words = message.channel in WORDS_ONLY
    if talk.helping:
        words = citizen.help_words or (HELP_PLACE if in_words else "")
        return Reaction(replace(talk, helping=False), (text(words) if words else pin(citizen),))
    if talk.chose:
        return Reaction(replace(talk, chose=False))
    if talk.stage not in (Stage.CONSENTED, Stage.TOLD) or talk.place_tries >= MAX_PLACE_TRIES:
        return None
    typed = citizen.telling is not Telling.PIN and talk.place_tries < MAX_PLACE_TRIES - 1
    told = replace(talk, stage=Stage.TOLD, place_tries=talk.place_tries + 1)
    if in_words and not typed:
        return Reaction(told, (text(COUNTRIES.get(citizen.country, citizen.country)),))
    return Reaction(told, (text(citizen.place) if typed else pin(citizen),))


def on_protected(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """The place is known: skip or share the number, and from here on they count as protected."""
    offers_phone = any(data.startswith("phone:") for data in message.buttons) or message.ask == "contact"
    if talk.stage is not Stage.TOLD and not offers_phone:
        return None
    protected = replace(talk, stage=Stage.PROTECTED if talk.stage is Stage.TOLD else talk.stage)
    if not offers_phone or talk.phone_done:
        return Reaction(protected)
    actions: tuple[Action, ...] = ()
    if citizen.phone:
        typed = message.channel in TYPED_NUMBER
        actions = (text(citizen.phone) if typed else Action(ActionKind.CONTACT, citizen.phone),)
    elif "phone:skip" in message.buttons:
        actions = (press(message, "phone:skip"),)
    elif message.keys:
        actions = (text(message.keys[-1]),)
    return Reaction(replace(protected, phone_done=bool(actions)), actions)


def on_stop(citizen: Citizen, talk: Talk, message: Incoming) -> Reaction | None:
    """Asked whether they really unsubscribe: yes."""
    if not citizen.stops or "stop:yes" not in message.buttons:
        return None
    return Reaction(talk, (press(message, "stop:yes"),))


RULES: tuple[Rule, ...] = (
    on_warning,
    on_stop,
    on_notice,
    on_menu,
    on_candidates,
    on_link,
    on_where,
    on_protected,
)
