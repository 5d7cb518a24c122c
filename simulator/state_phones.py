"""What the fake Twilio and the fake Viber remember of people, kept in the file of a simulated world. Pure but
for the fakes it reads and fills.

Templates and messages are not kept: whoever runs the service registers its templates anew.
"""

from collections.abc import Mapping
from typing import Any

from simulator.twilio import Twilio
from simulator.twilio_people import Phone, PhoneState
from simulator.viber import Viber
from simulator.viber_people import User, UserState

GAP = 1_000_000  # message tokens skipped on a start: those given out since the last save must not come again


def kept_phones(twilio: Twilio, viber: Viber) -> dict[str, Any]:
    """Phones and Viber users as JSON."""
    return {
        "twilio": [
            {
                "channel": phone.channel,
                "number": phone.number,
                "state": phone.state.value,
                "heard": phone.heard,
                "stopped": sorted(phone.stopped),
                "last_from": phone.last_from,
            }
            for phone in twilio.people.phones.values()
        ],
        "viber": {
            account.name: {
                "next_token": account.next_token,
                "users": [
                    {
                        "user_id": user.user_id,
                        "state": user.state.value,
                        "language": user.language,
                        "country": user.country,
                        "heard": user.heard,
                    }
                    for user in account.users.values()
                ],
            }
            for account in viber.accounts.values()
        },
    }


def restore_phones(kept: Mapping[str, Any], twilio: Twilio, viber: Viber) -> None:
    """Put them back; raises `ValueError` for an unknown state."""
    for one in kept.get("twilio", ()):
        values = {**one, "state": PhoneState(one["state"]), "stopped": set(one["stopped"])}
        twilio.people.phones[one["channel"], one["number"]] = Phone(**values)
    for name, account in kept.get("viber", {}).items():
        if name in viber.accounts:
            bot = viber.accounts[name]
            bot.next_token = account["next_token"] + GAP
            for one in account["users"]:
                bot.users[one["user_id"]] = User(**{**one, "state": UserState(one["state"])})
