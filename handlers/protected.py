"""You will be warned: said plainly, with a sample, and with what this channel cannot do. What is live there
comes from the planner.
"""

from bot.channels import FACTS
from bot.messages import Frame
from handlers import phone
from handlers.emergency import emergency_words
from handlers.visit import At, Visit
from handlers.who import cannot_be_woken
from locales.framing import as_drill
from registry import phones


async def tell_protected(visit: Visit, *, label: str, whole_country: bool, first: bool) -> None:
    """Say what the person is warned about from now on; the first time also how a warning looks.

    Args:
        label: the place as the person knows it.
        whole_country: nothing nearer is known than the country.
    """
    visit.wait_at(At.NOTHING)
    key = "protected.country" if whole_country else "protected.place"
    following = visit.say("protected.next", emergency=await emergency_words(visit))
    visit.reply(f"{visit.say(key, place=label)}\n{following}")
    if not first:
        return
    _show_sample(visit, label)
    if await cannot_be_woken(visit):
        visit.reply(visit.say("protected.web"), (visit.choice("protected.link", "do:link"),))
    if await _has_no_number(visit):
        phone.ask_phone(visit)


async def _has_no_number(visit: Visit) -> bool:
    """Whether nobody could call this person; who writes text messages has told a number already."""
    if FACTS[visit.inbound.address.channel].tells_number:
        return False
    return await phones.of_person(visit.turn.connection, visit.vault, visit.person.id) is None


def _show_sample(visit: Visit, label: str) -> None:
    sample = visit.say(
        "protected.sample",
        place=label,
        safe=visit.say("alert.button.safe"),
        help=visit.say("alert.button.help"),
    )
    visit.reply(as_drill(visit.kit.catalog, visit.language, sample), frame=Frame.DRILL)
