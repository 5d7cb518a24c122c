"""A warning in pieces, for channels that cannot carry its whole text. Pure; words come from the catalog.

Every word is either in the approved revision or in the catalog; the only other thing is a telephone number
or an address of ours. All pieces are in the language of the text, so that one template fits them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alerts.draft import Text
from alerts.followup import FollowUp
from alerts.store import RevisionRow
from bot.messages import Notice
from bot.words import utf16_units
from locales import times
from locales.catalog import Catalog

PLAIN_UNITS = 160  # what to do, in letters that a text message packs most densely
WIDE_UNITS = 90  # in any other script: half of three segments of 67, beside place, sender and answer
MARKS = {FollowUp.CORRECTION: "notice.mark.correction", FollowUp.ALL_CLEAR: "notice.mark.all_clear"}

_ENDS = re.compile(
    r"[.!?\u2026\u0589\u061f\u06d4\u0964\u104b\u17d4\u3002\uff01\uff0e\uff1f]+[\"'\u201d\u2019)\]]*"
)
_NO_SPACE = frozenset("\u3002\uff01\uff0e\uff1f\u104b\u17d4\u0964")  # these end a sentence without a blank
_SHORT = re.compile(r"(?:^|[\s(])(?:[^\W\d_]|[A-Z][a-z]{1,2})\.$")  # "St.", "Mt.", "P.": more follows


@dataclass(frozen=True, slots=True)
class ContactInfo:
    """What a warning tells people to turn to beside answering.

    Attributes:
        phone: number to call, "" = none is known.
        link: our public page of the warning, "" = there is none.
    """

    phone: str = ""
    link: str = ""


def first_sentence(text: str) -> str:
    """The first sentence, or the first line where a script marks no sentences; blanks made one.

    A full stop behind an initial or a short name ("St.") ends nothing: rather a sentence too much than half
    a place.
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = " ".join(line.split())
    for found in _ENDS.finditer(line):
        head, rest = line[: found.end()], line[found.end() :]
        apart = not rest or rest[0].isspace() or found.group()[0] in _NO_SPACE
        if apart and not (found.group() == "." and _SHORT.search(head)):
            return head
    return line


def action_of(text: Text) -> str:
    """What to do, in one sentence: of the instruction, else of the description, else the headline."""
    return first_sentence(text.instruction) or first_sentence(text.description) or text.headline


def room_for(action: str) -> int:
    """How many UTF-16 units that sentence may have, so that the rest of a text message fits beside it."""
    return PLAIN_UNITS if action.isascii() else WIDE_UNITS


def too_long(action: str) -> int:
    """UTF-16 units by which a first sentence is too long for a text message; 0 = it fits."""
    return max(0, utf16_units(action) - room_for(action))


def overlong(revision: RevisionRow) -> Mapping[str, int]:
    """By where it stands ("vi", "correction vi"): units by which a first sentence is too long."""
    actions = {tag: action_of(text) for tag, text in revision.texts.items()}
    for name, notes in (("correction", revision.correction), ("all-clear", revision.all_clear)):
        actions |= {f"{name} {tag}": first_sentence(words) for tag, words in notes.items()}
    return {where: over for where, action in actions.items() if (over := too_long(action))}


def notice_of(
    catalog: Catalog,
    revision: RevisionRow,
    language: str,
    *,
    sender: str,
    code: str,
    kind: FollowUp | None,
    drill: bool,
    second: bool,
    turn_to: ContactInfo,
) -> Notice:
    """The pieces of a revision in `language`, which has a text.

    Args:
        code: the event's answer code.
        second: the same warning goes out again, on another channel.
    """
    text = revision.texts[language]

    def say(key: str, **values: str) -> str:
        return catalog.say(language, key, **values)

    marks = [
        say("notice.mark.drill") if drill else "",
        say("notice.mark.second") if second else "",
        say(MARKS[kind]) if kind else "",
    ]
    if turn_to.phone:
        call = say("notice.call", phone=turn_to.phone)
    else:
        call = say("notice.read", link=turn_to.link) if turn_to.link else ""
    return Notice(
        mark=". ".join(mark for mark in marks if mark),
        action=action_of(text),
        hazard=text.headline or revision.event_name,
        place=revision.area_name,
        sender=sender,
        time=times.moment(catalog, language, revision.expires_at, revision.time_zone),
        code=code,
        safe=say("alert.button.safe"),
        help=say("alert.button.help"),
        full=say("notice.full"),
        reply=say("notice.reply"),
        call=call,
        link=turn_to.link,
        asks=kind is not FollowUp.ALL_CLEAR,
    )
