"""WhatsApp templates: which may be used for what, in which language. Values and a pure choice; touches
nothing.

What Meta approved, paused, rejected or moved to another category changes without us: `whatsapp_book` keeps
what was last heard and when. A template that is not approved, or that was made *marketing* (people can
switch that off, and Meta caps it), is not used: the message goes another way, and nobody is told that it was
sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.errors import TemplateError
from bot.slots import Slot

ANY_LANGUAGE = ""
SID = re.compile(r"HX[0-9a-fA-F]{32}")


class Purpose(StrEnum):
    """What a template is for."""

    KNOCK = "knock"  # a warning that asks for an answer
    KNOCK_DRILL = "knock_drill"  # the same in an exercise: the word stands in the template itself
    KNOCK_INFO = "knock_info"  # a warning that asks for none: an all-clear
    WAITING = "waiting"  # an officer's answer waits for the person to write
    BUTTONS = "buttons"  # inside the window: a text with two or three buttons; needs no approval


class Category(StrEnum):
    """What Meta sells it as; it may change a template's category by itself."""

    UTILITY = "utility"
    MARKETING = "marketing"
    AUTHENTICATION = "authentication"
    UNKNOWN = "unknown"


class TemplateState(StrEnum):
    """What Twilio's Content API says of its approval."""

    UNSUBMITTED = "unsubmitted"
    RECEIVED = "received"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    MISSING = "missing"  # the provider does not know it
    UNKNOWN = "unknown"  # a word we do not know: not used


_KNOCK = (Slot.WHAT, Slot.SENDER, Slot.PLACE, Slot.TIME, Slot.CODE)
BUTTON_SLOTS = ("text", "label1", "data1", "label2", "data2")  # three buttons: also label3, data3
THREE_BUTTON_SLOTS = (*BUTTON_SLOTS, "label3", "data3")
SLOTS: dict[Purpose, tuple[str, ...]] = {
    Purpose.KNOCK: _KNOCK,
    Purpose.KNOCK_DRILL: _KNOCK,
    Purpose.KNOCK_INFO: _KNOCK,
    Purpose.WAITING: (),
    Purpose.BUTTONS: BUTTON_SLOTS,
}
"""The variables of the texts in `docs/channels/whatsapp.md`, in their order."""


@dataclass(frozen=True, slots=True)
class Template:
    """One approved (or not) content of one sender account.

    Attributes:
        sid: `HX` and 32 hex digits.
        slots: names of the variables {{1}}, {{2}} ... in their order.
        checked_at: when the provider was last asked, None = never.
    """

    account: str
    purpose: Purpose
    language: str
    name: str
    sid: str
    category: Category
    state: TemplateState
    slots: tuple[str, ...]
    checked_at: datetime | None = None

    @property
    def refusal(self) -> str:
        """Why it must not be used, as a stable code; "" = it may."""
        if self.purpose is Purpose.BUTTONS:  # used inside the window only, where no approval is needed
            return "template_missing" if self.state is TemplateState.MISSING else ""
        if self.state is not TemplateState.APPROVED:
            return f"template_{self.state}"
        return "template_marketing" if self.category is Category.MARKETING else ""


def purposes(*, drill: bool, asks: bool) -> tuple[Purpose, ...]:
    """What may knock for a warning, best first. An exercise never looks like anything else."""
    if drill:
        return (Purpose.KNOCK_DRILL,)
    return (Purpose.KNOCK,) if asks else (Purpose.KNOCK_INFO, Purpose.KNOCK)


def choose(known: Sequence[Template], wanted: Sequence[Purpose], language: str) -> Template:
    """The template for `language`: its own, or the one of the language without its region.

    Raises:
        TemplateError: there is none that may be used; the code names the reason of the best one.
    """
    tags = dict.fromkeys((language, language.partition("-")[0]))
    found = [
        one
        for purpose in wanted
        for tag in tags
        for one in known
        if one.purpose is purpose and one.language == tag
    ]
    for one in found:
        if not one.refusal:
            return one
    raise TemplateError(found[0].refusal if found else "template_none")
