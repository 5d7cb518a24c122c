"""People who break one channel on purpose, each in one way; the audit must catch every one of them.

As in `saboteurs`: our code is patched from outside for the length of one alert; `catches` is the check that
must fail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from alerts import receipts
from bot.gateway import BulkAccepted, Prepared
from bot.gateways.twilio import sms_gateway, whatsapp_gateway
from bot.gateways.twilio.sms_senders import Choice, choose_sender
from bot.gateways.twilio.sms_text import compose
from bot.gateways.twilio.whatsapp_rendering import knock
from bot.gateways.twilio.whatsapp_templates import Template
from bot.gateways.viber.gateway import ViberGateway
from bot.messages import Address, Failure, Notice, Receipt
from handlers import full
from simulator.citizen import Channel as Way
from simulator.citizen import Citizen, Fate
from simulator.population import Population
from simulator.server import Simulator
from simulator.viber_people import UserState

Patch = pytest.MonkeyPatch
Prepare = Callable[[Simulator, Population], None]


@dataclass(frozen=True, slots=True)
class ChannelSaboteur:
    """One way to break one channel.

    Attributes:
        before: what happens to the world just before the alert.
        severity: of the alert.
        rested: a day passed since the alert before, so that windows are closed and its event is over.
    """

    name: str
    catches: str
    sabotage: Callable[[Patch], None]
    before: Prepare = lambda _simulator, _people: None
    severity: str = "Severe"
    rested: bool = True


def wrong_slot(patch: Patch) -> None:
    """Puts the place where the sender belongs."""

    def swapped(notice: Notice, template: Template) -> Any:
        return knock(replace(notice, sender=notice.place, place=notice.sender), template)

    patch.setattr(whatsapp_gateway, "knock", swapped)


def keep_the_text(patch: Patch) -> None:
    """Never sends the whole text to whoever asks for it."""

    async def nothing(*_arguments: Any, **_more: Any) -> bool:
        return True

    patch.setattr(full, "_texts", nothing)


def say_reply(patch: Patch) -> None:
    """Asks for an answer where none arrives."""

    def choose(*arguments: Any, **more: Any) -> Choice:
        return replace(choose_sender(*arguments, **more), two_way=True)

    patch.setattr(sms_gateway, "choose_sender", choose)


def cut_the_end(patch: Patch) -> None:
    """Cuts a text message where it no longer fits into one part, the code with it."""
    patch.setattr(sms_gateway, "compose", lambda *given, **more: compose(*given, **more)[:60])


def trust_viber(patch: Patch) -> None:
    """Counts everybody of a call for many as sent to, whatever Viber says."""
    real = ViberGateway.send_many

    async def send_many(
        self: ViberGateway, to: Sequence[Address], message: Prepared, *, part: int = 0
    ) -> BulkAccepted:
        return replace(await real(self, to, message, part=part), failed={})

    patch.setattr(ViberGateway, "send_many", send_many)


def credit_another(patch: Patch) -> None:
    """Gives every receipt of a Viber message to the first person one came for."""
    real = ViberGateway.parse
    first: list[str] = []

    def parse(self: ViberGateway, hook: Any) -> Any:
        events = []
        for event in real(self, hook):
            if isinstance(event, Receipt):
                first.append(event.recipient)
                events.append(replace(event, recipient=first[0]))
            else:
                events.append(event)
        return events

    patch.setattr(ViberGateway, "parse", parse)


def forget_late_failures(patch: Patch) -> None:
    """Takes no notice of a message that WhatsApp refuses after it was accepted."""
    real = receipts.apply

    async def apply(connection: Any, news: Sequence[Receipt], *rest: Any) -> set[str]:
        kept = [one for one in news if one.failure is not Failure.TEMPLATE]
        ignored = {one.key for one in news} - {one.key for one in kept}
        return await real(connection, kept, *rest) | ignored

    patch.setattr(receipts, "apply", apply)


def leave_viber(simulator: Simulator, people: Population) -> None:
    """Some who have Viber only delete it; nobody tells the service."""
    for citizen in living(simulator, people, (Way.VIBER,))[:3]:
        simulator.viber.set_state(citizen.viber_id, UserState.NOT_ON_CHANNEL)


def close_windows(simulator: Simulator, people: Population) -> None:
    """WhatsApp counts the day of people's windows from another moment than the service does."""
    for citizen in people.citizens:
        if citizen.has(Way.WHATSAPP):
            simulator.twilio.set_heard("whatsapp", citizen.number, None)


def living(simulator: Simulator, people: Population, channels: tuple[Way, ...]) -> list[Citizen]:
    """Registered citizens inside the area with exactly these channels, all of them working."""
    return [
        one
        for one in people.citizens
        if one.channels == channels
        and one.country == "IS"
        and one.fate is Fate.ACTIVE
        and simulator.crowd.people[one.id].outcome == "registered"
    ]


CHANNEL_SABOTEURS = (
    ChannelSaboteur("puts the place into the sender's slot", "altered", wrong_slot),
    ChannelSaboteur("keeps the whole text to itself", "unopened", keep_the_text),
    ChannelSaboteur("says reply where no answer arrives", "one-way", say_reply),
    ChannelSaboteur("cuts a text message's end", "altered", cut_the_end),
    ChannelSaboteur("ignores whom Viber did not take", "board", trust_viber, before=leave_viber),
    ChannelSaboteur("credits receipts to another", "receipts", credit_another),
    ChannelSaboteur(
        "forgets a late refusal",
        "unreached-unlisted",
        forget_late_failures,
        before=close_windows,
        severity="Moderate",
        rested=False,
    ),
)
