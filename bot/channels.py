"""What the rest of Muster asks of a channel, one row each. Values only, touches nothing.

What a provider allows one account stands in its gateway (`bot.gateway`). Here is what holds for a channel as
a whole, also where it is switched off. Nobody else asks which channel it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.messages import Channel


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel.

    Attributes:
        name: in English, for officers.
        is_brand: whether it is called so in every language; else the catalog has words for it.
        wakes: whether a message rings where its owner is not looking at it.
        free: whether the provider charges nothing for a message.
        on_a_budget: every message counts against a monthly budget, so it stands behind its equals.
        has_window: anything may be said for a day after the person wrote, later only templates
            (`bot.window`).
        tells_number: whoever writes there has told a number that officers may call or text.
        to_warn: place in the order in which people who have none of their own are warned; 0 = first.
        to_ask: likewise when something is asked that nobody waits for.
    """

    name: str
    is_brand: bool
    wakes: bool
    free: bool
    on_a_budget: bool
    has_window: bool
    tells_number: bool
    to_warn: int
    to_ask: int


FACTS: Mapping[str, ChannelFacts] = MappingProxyType(
    {
        Channel.TELEGRAM: ChannelFacts(
            name="Telegram",
            is_brand=True,
            wakes=True,
            free=True,
            on_a_budget=False,
            has_window=False,
            tells_number=False,
            to_warn=0,
            to_ask=0,
        ),
        Channel.WEBCHAT: ChannelFacts(
            name="Web chat",
            is_brand=False,
            wakes=False,
            free=True,
            on_a_budget=False,
            has_window=False,
            tells_number=False,
            to_warn=3,
            to_ask=4,
        ),
        Channel.WHATSAPP: ChannelFacts(
            name="WhatsApp",
            is_brand=True,
            wakes=True,
            free=False,
            on_a_budget=False,
            has_window=True,
            tells_number=False,  # it need not be one that can be called or texted
            to_warn=1,
            to_ask=2,
        ),
        Channel.SMS: ChannelFacts(
            name="SMS",
            is_brand=True,
            wakes=True,
            free=False,
            on_a_budget=False,
            has_window=False,
            tells_number=True,
            to_warn=2,
            to_ask=3,
        ),
        Channel.VIBER: ChannelFacts(
            name="Viber",
            is_brand=True,
            wakes=True,
            free=False,
            on_a_budget=True,
            has_window=False,
            tells_number=False,
            to_warn=4,
            to_ask=1,
        ),
    }
)

CHANNEL_ORDER = tuple(sorted(Channel, key=lambda channel: FACTS[channel].to_warn))
"""Whom to try first when a person has no order of their own: what wakes people up comes first."""
