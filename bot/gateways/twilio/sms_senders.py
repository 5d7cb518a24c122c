"""Which sender of ours writes to whom. Pure; touches nothing.

A Messaging Service picks the number itself. Otherwise a name (alphanumeric sender) writes where the country's
table asks for one, since many such countries drop foreign numbers; numbers write everywhere else. With
several numbers one recipient always sees the same one: the conversation stays in one thread, and its STOP
counts for the number that writes. Taking a number away moves only its own recipients.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.gateways.twilio.settings import can_be_answered, is_service
from bot.gateways.twilio.sms_countries import Country, Sender


@dataclass(frozen=True, slots=True)
class Choice:
    """A sender for one recipient.

    Attributes:
        parameter: twilio's name of it in `messages.create`.
        two_way: the recipient can answer it.
    """

    parameter: str
    value: str
    two_way: bool


def choose_sender(senders: Sequence[str], to: str, country: Country, *, answers: bool = False) -> Choice:
    """The sender for the number `to`; `senders` is not empty.

    Args:
        answers: what is sent answers something they wrote: from a number wherever there is one, since that
            is what they wrote to, and a name could not be answered again.
    """
    if is_service(senders[0]):
        return Choice("messaging_service_sid", senders[0], country.two_way)
    numbers = [sender for sender in senders if can_be_answered(sender)]
    names = [sender for sender in senders if not can_be_answered(sender)]
    wanted = names if country.sender is Sender.ALNUM and not answers else numbers
    fitting = wanted or list(senders)
    chosen = max(fitting, key=lambda sender: blake2b(f"{sender}\x1f{to}".encode(), digest_size=8).digest())
    return Choice("from_", chosen, country.two_way and can_be_answered(chosen))
