"""Whether a copy holds the approved words, on each channel in the shape that channel can carry. Pure.

On a chat it is the whole text with its two buttons (or numbered lines with their words). A text message
holds what to do, where, who says so and the code, within its parts. Outside the window of a day WhatsApp
shows a template whose every slot is known.
"""

import hashlib

from simulator.audit_channels import BY_RECEIPT, SMS, is_two_way
from simulator.audit_facts import AlertFacts
from simulator.reading import latin_digits
from simulator.records import Attempt
from simulator.twilio_segments import gsm, segments

GSM_PARTS, WIDE_PARTS = 2, 3


def spoken(copy: Attempt, facts: AlertFacts) -> list[str]:
    """Languages whose marker a copy bears."""
    return [name for name, marker in facts.markers.items() if marker in copy.text]


def is_altered(copy: Attempt, facts: AlertFacts, *, asks: bool = True) -> bool:
    """Whether a copy is not what was approved; one that comes after an answer need not ask again."""
    languages = spoken(copy, facts)
    if not languages:
        return True
    if copy.channel == SMS:
        return not any(is_whole_short(copy.text, name, facts) for name in languages)
    if copy.template and copy.text in knocks_of(languages, facts):
        return not buttons_of(facts, full=True) <= set(copy.buttons)
    if asks and not (buttons_of(facts) <= set(copy.buttons) or has_lines(copy, languages, facts)):
        return True
    if not any(all(part in copy.text for part in facts.texts.get(name, ())) for name in languages):
        return True
    wanted = [facts.hashes[name] for name in languages if name in facts.hashes]
    return bool(wanted) and hashlib.sha256(copy.text.encode()).hexdigest() not in wanted


def buttons_of(facts: AlertFacts, *, full: bool = False) -> set[str]:
    """Data of the buttons a copy must have."""
    return {f"{name}:{facts.code}" for name in ("safe", "help", *(("full",) if full else ()))}


def knocks_of(languages: list[str], facts: AlertFacts) -> set[str]:
    """What may stand on the screen outside the window, in these languages."""
    return {text for name in languages for text in facts.knocks.get(name, ())}


def has_lines(copy: Attempt, languages: list[str], facts: AlertFacts) -> bool:
    """Whether both answers stand as numbered lines, on a channel without buttons in free text."""
    if copy.channel not in BY_RECEIPT:
        return False
    lines = [line.strip() for line in latin_digits(copy.text).splitlines()]
    for name in languages:
        wanted = facts.labels.get(name, ())
        numbered = [
            any(line.startswith(str(number)) and line.endswith(label) for line in lines)
            for number, label in enumerate(wanted, start=1)
        ]
        if numbered and all(numbered):
            return True
    return False


def is_whole_short(text: str, language: str, facts: AlertFacts) -> bool:
    """Whether a text message holds everything it must, in that language."""
    return facts.code in text and all(part in text for part in facts.short.get(language, ()))


def is_too_long(copy: Attempt) -> bool:
    """Whether a text message has more parts than a warning may have."""
    if copy.channel != SMS:
        return False
    return segments(copy.text) > (GSM_PARTS if gsm(copy.text) else WIDE_PARTS)


def answers_one_way(copy: Attempt, facts: AlertFacts) -> bool:
    """Whether a text message asks for an answer from where none finds its way back."""
    if copy.channel != SMS or is_two_way(copy.recipient):
        return False
    return any(marker in copy.text for marker in facts.reply_markers)
