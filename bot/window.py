"""The window in which a channel lets us say anything: how long after its owner last wrote. Pure; touches
nothing.

WhatsApp: 24 hours since the last message of the person to this sender, whatever kind it was (Twilio error
63016; Meta "customer service window"). A margin is kept, because what we think is open at 23:59 h may be
closed when the provider gets to it, and its refusal comes late and costs a warning.
"""

from datetime import datetime, timedelta

from bot.channels import FACTS
from bot.messages import Address

SESSION = timedelta(hours=24)
MARGIN = timedelta(minutes=15)


def is_open(to: Address, now: datetime) -> bool:
    """Whether anything may be said to `to` at `now`; a time in the future counts as just now."""
    if not FACTS[to.channel].has_window:
        return True
    return to.heard_at is not None and now - to.heard_at < SESSION - MARGIN
