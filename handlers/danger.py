"""Words of danger reach an officer whatever is being asked at the moment. Touches cases, through
`handlers.cases`.

They are looked for in every language we speak (somebody in danger writes their own), anywhere in a message,
and also without accents. A false alarm costs an officer a minute; the person can take it back with one tap.
"""

from alerts.checkin_status import CheckinStatus
from alerts.live import PersonalEvent
from bot.messages import CarrierWord
from handlers.cases import ask_for_help, case_of, danger_in_case
from handlers.visit import Visit


async def hear_danger(visit: Visit) -> bool:
    """Open a request with the words themselves when they sound like danger or are a call for help."""
    if not visit.is_text:
        return False
    called = _is_call(visit)
    if not called and not _sounds_dangerous(visit):
        return False
    case = await case_of(visit)
    if case is not None and not called:
        await danger_in_case(visit, case)
        return True
    event = await newest_event(visit)
    event_id = case.event_id if case is not None else event.event_id if event is not None else None
    await ask_for_help(visit, event_id, danger=not called)
    if event is not None:
        await visit.kit.checkin(
            visit.turn.connection,
            person_id=visit.person.id,
            code=event.code,
            status=CheckinStatus.NEED_HELP,
            now=visit.turn.now,
        )
    return True


async def newest_event(visit: Visit) -> PersonalEvent | None:
    """The event help is most probably asked for: that of the newest live warning."""
    live = await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
    return live[0] if live else None


def _is_call(visit: Visit) -> bool:
    if visit.inbound.carrier is CarrierWord.HELP:
        return True  # HELP or INFO by text message: the carrier's own answer helps nobody
    catalog = visit.kit.catalog
    return visit.asked is None and any(
        visit.said.whole in catalog.words(language, "words.help") for language in catalog.languages()
    )


def _sounds_dangerous(visit: Visit) -> bool:
    catalog = visit.kit.catalog
    for language in catalog.languages():
        words = catalog.words(language, "words.danger")
        if visit.said.holds(words) or visit.said.holds_unaccented(words):
            return True
    return False
