"""Our messages in WhatsApp's shapes, as parameters of twilio's `messages.create`. Pure; touches nothing.

Inside the window: the text in parts of at most 1,600 characters. A text has no buttons of its own on
WhatsApp; they are numbered choices under it, or, where the account has a content for that, real ones under
its last line (a content's variable may hold no line break). Twilio has no way to ask for a position with one
tap: the words of that wish stand under the text.

Text is plain. WhatsApp reads *, _, ~ and ` around words as markup and drops them; there is no escape, so they
are replaced by look-alikes. Of a warning the first line is made bold.
"""

import json
import re
from collections.abc import Mapping, Sequence

from bot.errors import RejectedError, TemplateError
from bot.gateway import Prepared
from bot.gateways.twilio.whatsapp_templates import THREE_BUTTON_SLOTS, Template
from bot.messages import MAX_BUTTON_DATA, Button, Frame, Notice, Outbound
from bot.slots import BODY_UNITS, LABEL_UNITS, Slot, clean, fill
from bot.splitting import split_text
from bot.words import utf16_units

TEXT_UNITS = 1600  # Twilio error 21617: longer bodies are refused
MOST_BOLD = 200  # units of a first line that is still a headline
MOST_REAL_BUTTONS = 3
CHOICES = "choices"  # the part may be sent with real buttons; ours, never sent

_LOOKALIKES = str.maketrans({"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "\u2035"})
# A sign is markup only at the edge of a word: next to a letter on one side and none on the other.
_EDGE = re.compile(r"(?<![^\W_])[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?![^\W_])")


def render(outbound: Outbound) -> Prepared:
    """Return `outbound` as it is said inside the window, one mapping per part.

    Raises:
        RejectedError: it has no text, or a button that is empty or too long.
    """
    text = outbound.text.strip()
    if not text:
        raise RejectedError("empty_text")
    if any(not _is_fine(button) for button in outbound.buttons):
        raise RejectedError("button_data")
    body = _bold_first_line(plain(text)) if outbound.frame in {Frame.ALERT, Frame.DRILL} else plain(text)
    pieces = split_text(body, TEXT_UNITS)
    tail = _tail(outbound)
    bodies = [*pieces[:-1], *split_text(f"{pieces[-1]}\n\n{tail}", TEXT_UNITS)] if tail else list(pieces)
    parts = [{"body": body} for body in bodies]
    if _may_be_real(outbound, pieces[-1]) and len(bodies) == len(pieces):
        parts[-1][CHOICES] = pieces[-1]
    # Real buttons may make it one more, which asks for its own slot; a knock is one, whatever it stands for.
    return Prepared(tuple(parts), outbound, weight=len(parts))


def plain(text: str) -> str:
    """`text` with the signs that WhatsApp would take for markup replaced by look-alikes, outside addresses
    of pages.
    """
    return re.sub(r"\S+", _neutral, text)


def knock(notice: Notice, template: Template) -> Mapping[str, str]:
    """A notice as the parameters of its template.

    Raises:
        TemplateError: a slot would be empty, or the template has a slot we do not know.
    """
    values = {}
    for number, name in enumerate(template.slots, start=1):
        if name not in set(Slot):
            raise TemplateError("template_slots")
        values[str(number)] = fill(notice, Slot(name))
    return content(template, values)


def content(template: Template, values: Mapping[str, str]) -> Mapping[str, str]:
    """A content with its variables, {{1}} as "1"; raises `TemplateError` when one is empty."""
    if not all(values.values()) or len(values) != len(template.slots):
        raise TemplateError("slot_empty")
    parameters = {"content_sid": template.sid}
    if values:
        parameters["content_variables"] = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return parameters


def above(part: Mapping[str, str]) -> str:
    """What stands above the last line of a part that may be sent with real buttons; "" = nothing."""
    return part[CHOICES].rpartition("\n")[0].strip()


def real_buttons(
    part: Mapping[str, str], buttons: Sequence[Button], template: Template
) -> Mapping[str, str] | None:
    """The last line of a part with its choices as real buttons; None when the template has another number of
    them.
    """
    shown = [value for button in buttons for value in (clean(button.label), button.data)]
    if template.slots != THREE_BUTTON_SLOTS[: 1 + len(shown)]:
        return None
    values = [" ".join(part[CHOICES].rpartition("\n")[2].split()), *shown]
    return content(template, {str(number): value for number, value in enumerate(values, start=1)})


def _tail(outbound: Outbound) -> str:
    lines = [f"{number}. {button.label}" for number, button in enumerate(outbound.buttons, start=1)]
    if outbound.ask is not None and outbound.ask_label.strip():
        lines.insert(0, f"\N{PAPERCLIP} {outbound.ask_label.strip()}")
    return plain("\n".join(lines))


def _may_be_real(outbound: Outbound, last: str) -> bool:
    return (
        2 <= len(outbound.buttons) <= MOST_REAL_BUTTONS
        and outbound.ask is None
        and utf16_units(last.rpartition("\n")[2]) <= BODY_UNITS
        and all(utf16_units(button.label) <= LABEL_UNITS for button in outbound.buttons)
    )


def _is_fine(button: Button) -> bool:
    return bool(button.label.strip()) and 0 < len(button.data.encode()) <= MAX_BUTTON_DATA


def _neutral(word: re.Match[str]) -> str:
    text = word.group()
    return text if "://" in text else _EDGE.sub(lambda edge: edge.group().translate(_LOOKALIKES), text)


def _bold_first_line(text: str) -> str:
    line, newline, rest = text.partition("\n")
    line = line.rstrip()
    if not line or utf16_units(line) > MOST_BOLD:
        return text
    return f"*{line}*{newline}{rest}"
