"""Warnings and replies as text messages. Pure; touches nothing.

A warning is built from its pieces (`Notice`), one on each line, most important first:

    mark, what to do, hazard, place, time, sender, how to answer or whom to call, link, code[, mark]

At most 2 parts in GSM-7, 3 in UCS-2. While it does not fit, the next of these happens, in this order:
1. the link goes, 2. the time goes, 3. the hazard loses words from its end, then goes (what to do says most
of it), 4. the place loses words down to one, 5. the answer goes (digits are understood without it), 6. the
sender goes, 7. the place goes. Words are never cut in the middle; a script without spaces keeps a piece or
drops it. What to do, the mark and the code always stay: a sentence that is too long by itself is sent in more
parts.

A drill carries its mark first and last: carriers may cut a message or show its parts apart, and neither end
may look live.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.errors import RejectedError
from bot.gateways.twilio.sms_segments import budget, is_gsm, plain, segments
from bot.messages import MAX_BUTTON_DATA, Button, Frame, Notice, Outbound
from bot.splitting import split_text

GSM_PARTS, WIDE_PARTS = 2, 3  # of a warning
REPLY_PARTS = 4  # of one message of a reply; longer ones become several messages
DRILL_PARTS = 10  # Twilio's most (1,600 signs): whole messages apart, the middle of a drill could look live
_DIRECTIONS = str.maketrans(dict.fromkeys("\u2066\u2067\u2068\u2069\u200e\u200f"))
_RIGHT_TO_LEFT = range(0x0590, 0x0900)  # Hebrew to Arabic Extended


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What is left of a warning."""

    mark: str
    action: str
    hazard: str
    place: str
    time: str
    sender: str
    answer: str
    link: str
    code: str
    last: str

    def text(self) -> str:
        named = "" if self.code and self.code in self.answer.split() else self.code
        lines = (
            self.mark,
            self.action,
            self.hazard,
            self.place,
            self.time,
            self.sender,
            self.answer,
            self.link,
            named,
            self.last,
        )
        return "\n".join(line for line in lines if line)


def compose(notice: Notice, frame: Frame, *, two_way: bool, url: bool) -> str:
    """The text of a warning.

    Args:
        two_way: the recipient can answer our sender.
        url: messages with a link are let through.

    Raises:
        RejectedError: `no_action`, or `no_drill_mark`: a drill that could be taken for a live warning.
    """
    pieces = _pieces(notice, frame, two_way=two_way, url=url)
    if not pieces.action:
        raise RejectedError("no_action")
    if frame is Frame.DRILL and not pieces.mark:
        raise RejectedError("no_drill_mark")
    text = pieces.text()
    for smaller in _smaller(pieces):
        if segments(text) <= budget(text, gsm=GSM_PARTS, wide=WIDE_PARTS):
            break
        text = smaller.text()
    return text


def render_reply(outbound: Outbound) -> tuple[str, ...]:
    """A reply as messages, in order; buttons are numbered choices under the last one.

    Raises:
        RejectedError: it has no text, or a button that could not be answered.
    """
    if any(not _is_fine(button) for button in outbound.buttons):
        raise RejectedError("button_data")
    text = _tidy(outbound.text)
    if not text:
        raise RejectedError("empty_text")
    choices = "\n".join(f"{number} {_line(each.label)}" for number, each in enumerate(outbound.buttons, 1))
    parts = DRILL_PARTS if outbound.frame is Frame.DRILL else REPLY_PARTS
    if not choices:
        return _messages(text, parts)
    together = _messages(f"{text}\n{choices}", parts)
    if len(together) == 1:
        return together
    *earlier, last = _messages(text, parts)
    closing = f"{last}\n{choices}"
    if len(_messages(closing, parts)) == 1:
        return (*earlier, closing)
    return (*earlier, last, *_messages(choices, parts))


def _pieces(notice: Notice, frame: Frame, *, two_way: bool, url: bool) -> _Pieces:
    answer = _line(notice.reply if two_way else notice.call) if notice.asks or not two_way else ""
    link = _line(notice.link)
    if link and link in answer:  # "Read https://...": the same link need not come twice
        answer, link = (answer, "") if url else ("", "")
    mark = _line(notice.mark)
    return _Pieces(
        mark=mark,
        action=_line(notice.action),
        hazard=_line(notice.hazard),
        place=_line(notice.place),
        time=_line(notice.time),
        sender=_line(notice.sender),
        answer=answer,
        link=link if url else "",
        code=_line(notice.code),
        # A correction or second notice is one of a live warning: only the word "drill" must close, too.
        last=mark.split(". ")[0] if frame is Frame.DRILL else "",
    )


def _smaller(pieces: _Pieces) -> Iterator[_Pieces]:
    """The same warning with less and less, in the order at the top of this file."""
    pieces = replace(pieces, link="")
    yield pieces
    pieces = replace(pieces, time="")
    yield pieces
    for hazard in (*_shortened(pieces.hazard), ""):
        pieces = replace(pieces, hazard=hazard)
        yield pieces
    for place in _shortened(pieces.place):
        pieces = replace(pieces, place=place)
        yield pieces
    pieces = replace(pieces, answer="")
    yield pieces
    pieces = replace(pieces, sender="")
    yield pieces
    yield replace(pieces, place="")


def _shortened(text: str) -> Iterator[str]:
    words = text.split(" ")
    for kept in range(len(words) - 1, 0, -1):
        yield " ".join(words[:kept]).rstrip(" ,;:-(/")


def _messages(text: str, parts: int) -> tuple[str, ...]:
    """`text` in messages of at most so many parts each, cut where it hurts least."""
    units = parts * (153 if is_gsm(text) else 67)
    pieces = split_text(text, units)
    while any(segments(piece) > parts for piece in pieces):  # brackets and emoji count double
        units -= 20
        pieces = split_text(text, units)
    return pieces


def _line(text: str) -> str:
    return " ".join(_tidy(text).split())


def _tidy(text: str) -> str:
    text = plain(text).strip()
    has_rtl = any(ord(sign) in _RIGHT_TO_LEFT for sign in text)
    return text if has_rtl else text.translate(_DIRECTIONS)


def _is_fine(button: Button) -> bool:
    return bool(button.label.strip()) and 0 < len(button.data.encode()) <= MAX_BUTTON_DATA
