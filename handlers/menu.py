"""The order of the conversations, all on one screen.

Danger first, commands second, the question at hand third; whoever stopped or has not agreed yet goes no
further than their own guard; the fallback answers whatever is left. Every turn is answered, except that the
provider says somebody blocked us: they could not read it.
"""

from collections.abc import Awaitable, Callable, Mapping

from bot.messages import InboundKind
from bot.turn import Conversation, Turn
from handlers import (
    cases,
    checkin,
    danger,
    fallback,
    full,
    help,  # noqa: A004 - the command's own name
    language,
    link,
    numbers,
    phone,
    phone_code,
    place,
    question,
    start,
    still,
    stop,
    trip_draft,
    trips,
    watching,
    where,
)
from handlers.kit import Kit
from handlers.visit import At, Visit, remember_buttons
from handlers.who import leave, meet

Part = Callable[[Visit], Awaitable[bool]]
"""Handles a visit and says whether it did; the next one is asked otherwise."""

ORDER: tuple[tuple[str, Part], ...] = (
    ("number joined", phone.number_joined),  # the 1 that a text to a given number asked for
    ("link numbers", link.link_numbers),  # makes 1 and 2 the buttons of a question another chat caused
    ("numbers", numbers.typed_numbers),  # makes a typed number the button it means
    ("phone code", phone_code.code_typed),
    ("danger", danger.hear_danger),
    ("stop", stop.stop),
    ("knock", full.knock_answers),  # gives a knock's answer the code of the warning it means
    ("start", start.start),
    ("help", help.help_command),
    ("language", language.language),
    ("link", link.link),
    ("consent", start.consent_answers),
    ("full text", full.full_button),
    ("checkin buttons", checkin.checkin_buttons),
    ("case buttons", cases.case_buttons),
    ("question buttons", question.question_buttons),
    ("checkin words", checkin.checkin_words),
    ("perhaps stop", stop.perhaps_stop),
    ("question beside a case", question.ask_beside_case),
    ("case", cases.write_to_case),
    ("stopped", stop.stopped),
    ("unregistered", start.unregistered),
    ("where", where.where),
    ("still there", still.still_there),
    ("trips", trips.trips),
    ("watching", watching.watching),
    ("phone", phone.phone_answers),
    ("place", place.place_answers),
    ("question", question.ask),
)

QUESTIONS: Mapping[str, Callable[[Visit], None]] = {
    At.CONSENT: start.ask_consent,
    At.PLACE: place.ask_place,
    At.PICK: place.ask_which,
    At.COUNTRY: place.ask_country,
    At.PHONE: phone.ask_phone,
    At.NUMBER: phone.ask_number,
    At.CODE: phone_code.ask_code,
    At.CASE: cases.ask_where,
    At.TRIP_PLACE: trip_draft.ask_place,
    At.TRIP_PICK: trip_draft.ask_which,
    At.TRIP_DAYS: trip_draft.ask_days,
    At.TRIP_UNTIL: trip_draft.ask_until,
    At.TRIP_RIGHT: trip_draft.ask_right,
    At.WATCH: watching.ask_country,
}


def build(kit: Kit) -> Conversation:
    """The whole conversation with a citizen."""

    async def converse(turn: Turn) -> None:
        if turn.inbound.kind is InboundKind.STOPPED:
            await leave(turn)
            return
        visit = await meet(kit, turn)
        for _name, part in ORDER:
            if await part(visit):
                break
        else:
            await fallback.fallback(visit)
        await full.follow(visit)
        if visit.resume and turn.session.step in QUESTIONS:
            QUESTIONS[turn.session.step](visit)
        remember_buttons(turn)

    return converse
