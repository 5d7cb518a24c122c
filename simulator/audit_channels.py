"""What an audit must know of each channel: whose address it is, what counts as taken, as arrived, as told.
Pure; data about the simulated providers, nothing of the service.
"""

from simulator.citizen import Channel, Citizen
from simulator.population import Population
from simulator.twilio_rules import COUNTRIES, ELSEWHERE

CHANNELS: tuple[str, ...] = tuple(Channel)
TELEGRAM, WEBCHAT, SMS, WHATSAPP, VIBER = CHANNELS
BY_RECEIPT = frozenset({SMS, WHATSAPP, VIBER})  # a provider takes a message, what became of it is told later
ARRIVED = frozenset({"delivered", "read", "seen"})
LOST = frozenset({"failed", "undelivered"})
USABLE = frozenset({"active", "never_started", "old_device"})  # of a provider's words for a chat


def owner_of(channel: str, address: str, population: Population) -> Citizen | None:
    """The citizen behind a provider's address; web chats bear the citizen's id."""
    match channel:
        case Channel.WEBCHAT:
            return population.by_id.get(address)
        case Channel.SMS | Channel.WHATSAPP:
            return population.by_number.get(address)
        case Channel.VIBER:
            return population.by_viber.get(address)
        case _:
            number = int(address) if address.lstrip("-").isdecimal() else 0
            return population.by_telegram.get(number)


def is_two_way(number: str) -> bool:
    """Whether text messages from that number find their way to a foreign one."""
    fitting = [one for one in COUNTRIES if number.startswith(one.prefix)]
    return max(fitting, key=lambda one: len(one.prefix), default=ELSEWHERE).two_way
