"""A bare number is the answer to what was asked last; where that is not certain it is asked back. Reads SQL.

Three may have asked last: we (the buttons of our last message), a warning (its two buttons; it did not pass
through this conversation), or an officer in an open request. Channels without buttons show all of them as
numbered choices.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.live import PersonalEvent
from assistance.lifecycle import CaseState
from assistance.store import CaseRow
from bot.messages import Button
from handlers.cases import case_of
from handlers.checkin import answers, ask, live_events
from handlers.phone_code import is_code
from handlers.visit import At, Visit, shown_buttons
from handlers.who import pressed, typed_number

GOOD_FOR = timedelta(hours=24)  # a number answers only what was asked since


async def typed_numbers(visit: Visit) -> bool:
    """Make a typed number the press it means, for the parts behind; True when it was asked back instead."""
    number = typed_number(visit)
    if number is None or visit.at(At.NUMBER) or is_code(visit):
        return False
    shown, asked = shown_buttons(visit.session), visit.session.data.get("asked")
    since = datetime.fromisoformat(asked) if asked else None
    case = await case_of(visit)
    warnings = _asking(await live_events(visit), since, case)
    if _officer_asked_last(case, warnings, since):
        return False
    if warnings:
        return _answer_warning(visit, number, warnings, shown)
    if not shown or since is None:
        return False
    if visit.turn.now - since > GOOD_FOR:
        visit.reply(visit.say("fallback.old_number"), shown)
        return True
    if 1 <= number <= len(shown):
        visit.inbound = pressed(visit.inbound, shown[number - 1])
    return False


def _asking(
    live: Sequence[PersonalEvent], since: datetime | None, case: CaseRow | None
) -> list[PersonalEvent]:
    """Warnings that came after our last question; with a request open only those not answered yet."""
    newer = (event for event in live if since is None or event.at >= since)
    return [event for event in newer if case is None or not event.answered]


def _officer_asked_last(
    case: CaseRow | None, warnings: Sequence[PersonalEvent], since: datetime | None
) -> bool:
    if case is None or case.state is not CaseState.ANSWERED:
        return False
    asked = [event.at for event in warnings] + ([since] if since is not None else [])
    return all(at <= case.changed_at for at in asked)


def _answer_warning(
    visit: Visit, number: int, live: Sequence[PersonalEvent], shown: Sequence[Button]
) -> bool:
    choices = answers(visit, live[0].code)
    fresh = visit.turn.now - live[0].at <= GOOD_FOR
    alone = not shown and visit.at(At.NOTHING) and live[0].certain
    # Whichever of the two asked last: the same was asked.
    same = [button.data for button in shown] == [button.data for button in choices]
    if (alone or same) and fresh and len(live) == 1 and number in {1, 2}:
        visit.inbound = pressed(visit.inbound, choices[number - 1])
        return False
    ask(visit, live)
    return True
