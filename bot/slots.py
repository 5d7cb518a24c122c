"""What goes into the slots of a template that knocks: one line each, nothing a provider refuses, nothing it
reads as markup. Pure; touches nothing.

Outside its window (`bot.window`) WhatsApp shows only an approved template; a parameter that is empty, has a
newline, a tab or more than four spaces in a row is refused (Meta error 132018), and Twilio then fails the
message for good. So pieces are judged while a warning is composed (`knock_problems`, `piece_problems`), and
cleaned again before sending.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.messages import Notice
from bot.words import utf16_units

BODY_UNITS = 1024  # Twilio: body of a quick-reply content, with its slots filled in
FIXED_UNITS = 300  # of it are left for the template's own words, in any language
LABEL_UNITS = 20  # Meta: title of a reply button

_NEWLINE = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\u200b\u2060\ufeff]")
_MARKERS = re.compile(r"[*_~`]")
_LINK = re.compile(r"\S+://\S+")
NO_MARK = "\N{WARNING SIGN}"  # stands for a live warning, in every language
NO_PLACE = "\N{EN DASH}"  # nobody named the place: better a warning without it than none


class Slot(StrEnum):
    """A piece of a notice that a template may show."""

    MARK = "mark"  # drill, correction ...; a live warning shows a sign
    WHAT = "what"  # the mark, if any, and the hazard: for templates without a slot of its own for the mark
    SENDER = "sender"
    HAZARD = "hazard"
    PLACE = "place"
    TIME = "time"
    CODE = "code"


# UTF-16 units. Twilio advises at most 250 for a variable; all together must leave the template its own words.
LIMITS: Mapping[Slot, int] = {
    Slot.MARK: 60,
    Slot.WHAT: 240,
    Slot.SENDER: 80,
    Slot.HAZARD: 180,
    Slot.PLACE: 200,
    Slot.TIME: 80,
    Slot.CODE: 12,
}


@dataclass(frozen=True, slots=True)
class SlotProblem:
    """Why a notice cannot knock: which piece, a stable code, and words for an officer."""

    slot: Slot
    code: str
    text: str


def knock_problems(notice: Notice) -> list[SlotProblem]:
    """What would keep WhatsApp from showing `notice` outside the window; empty = nothing.

    To be asked while a warning is composed. `mark` may be empty: that is a live warning.
    """
    found = [problem for slot, raw in _pieces(notice).items() for problem in piece_problems(slot, raw)]
    if not found and utf16_units(_what(notice)) > LIMITS[Slot.WHAT]:
        text = f"mark and hazard together are longer than {LIMITS[Slot.WHAT]} characters"
        found.append(SlotProblem(Slot.WHAT, "slot_long", text))
    return found


def piece_problems(slot: Slot, raw: str) -> list[SlotProblem]:
    """The same of one piece."""
    found = []
    if slot is not Slot.MARK and not clean(raw):
        found.append(SlotProblem(slot, "slot_empty", f"{slot}: must not be empty"))
    if _NEWLINE.search(raw.strip()) or "\t" in raw.strip():
        found.append(SlotProblem(slot, "slot_lines", f"{slot}: must be one line, without tabs"))
    if "    " in raw:
        found.append(SlotProblem(slot, "slot_spaces", f"{slot}: has four or more spaces in a row"))
    if utf16_units(clean(raw)) > LIMITS[slot]:
        text = f"{slot}: is longer than {LIMITS[slot]} characters"
        found.append(SlotProblem(slot, "slot_long", text))
    return found


def fill(notice: Notice, slot: Slot) -> str:
    """One slot's text, cleaned; "" when the notice has nothing for it."""
    if slot is Slot.WHAT:
        return _what(notice)
    if slot is Slot.MARK:
        return clean(notice.mark) or NO_MARK
    if slot is Slot.PLACE:
        return clean(notice.place) or NO_PLACE
    return clean(_pieces(notice)[slot])


def clean(text: str) -> str:
    """`text` on one line, without signs that WhatsApp takes for markup; addresses of pages stay whole."""
    plain = _SPACES.sub(" ", _CONTROL.sub("", _NEWLINE.sub(" ", text))).strip()
    words = (_without_markers(word) for word in plain.split(" "))
    return " ".join(word for word in words if word)


def _without_markers(word: str) -> str:
    bare = word.lstrip("*_~`").rstrip("*~`")
    return bare if _LINK.fullmatch(bare) else _MARKERS.sub("", bare)


def _pieces(notice: Notice) -> dict[Slot, str]:
    return {
        Slot.MARK: notice.mark,
        Slot.SENDER: notice.sender,
        Slot.HAZARD: notice.hazard,
        Slot.PLACE: notice.place,
        Slot.TIME: notice.time,
        Slot.CODE: notice.code,
    }


def _what(notice: Notice) -> str:
    mark, hazard = clean(notice.mark).rstrip(":"), clean(notice.hazard)
    return f"{mark}: {hazard}" if mark and hazard else hazard
