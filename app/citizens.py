"""Plugs the conversations into alerts, cases and staff: what a handler may call, and nothing more of those
folders."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts import checkins, full, live, merging, receipts
from alerts.checkin_status import CheckinSource, CheckinStatus
from alerts.rendering import Compose
from app import invitations
from app.core import Core
from app.faq import fields_of
from app.geography import Geography
from assistance import cases
from assistance.faq import questions
from assistance.store import CaseRow
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.messages import Outbound
from handlers.kit import Faq, Kit, RecordedCheckin
from locales.guess import LanguageGuesser
from registry import people
from staff import missions, notices
from staff.notices import NoticeKind


def build_kit(core: Core, geography: Geography, *, telegram_name: str) -> Kit:
    """Everything a conversation is handed in this installation."""
    settings = core.settings
    return Kit(
        vault=core.vault,
        catalog=core.catalog,
        guesser=LanguageGuesser(core.catalog),
        find_place=geography.find,
        locate=geography.around,
        emergency_numbers=geography.emergency_numbers,
        country_name=geography.country_name,
        mission_phone=_mission_phone,
        live_events=live.events_of_person,
        checkin=_check_in,
        page=_page,
        carry=(cases.carry, questions.carry, merging.carry),
        ministry=settings.ministry,
        consent_version=settings.consent_version,
        demo=settings.demo,
        drill_token=lambda token: invitations.is_good(core.vault, token, core.clock.now().date()),
        telegram_bot=telegram_name,
        default_language=settings.ministry_language,
        text_account=partial(_text_account, core),
        one_way_account=partial(_one_way_account, core),
        faq=Faq(core.faq, fields_of(core, geography)),
        full_texts=partial(_full_texts, core.wording.compose),
        knocked=full.knocked,
    )


async def _full_texts(
    compose: Compose,
    connection: AsyncConnection,
    *,
    person_id: int,
    code: str,
    language: str,
    now: datetime,
) -> Sequence[Outbound]:
    return await full.full_texts(
        connection, compose, person_id=person_id, code=code, language=language, now=now
    )


def _text_account(core: Core, number: str) -> str | None:
    gateways = (one for one in core.gateways.all.values() if isinstance(one, SmsGateway))
    return next((gateway.account for gateway in gateways if gateway.can_hear(number)), None)


def _one_way_account(core: Core, number: str) -> str | None:
    gateways = (one for one in core.gateways.all.values() if isinstance(one, SmsGateway))
    return next((gateway.account for gateway in gateways if gateway.can_reach(number)), None)


async def _mission_phone(connection: AsyncConnection, country: str) -> str | None:
    mission = await missions.for_country(connection, country)
    return mission.phone if mission else None


async def _check_in(
    connection: AsyncConnection, *, person_id: int, code: str, status: CheckinStatus, now: datetime
) -> RecordedCheckin | None:
    event = await checkins.event_by_code(connection, code)
    person = await people.get(connection, person_id)
    # An answer to a drill says nothing of a real event, and the other way round.
    if event is None or person is None or person.drill != event.drill:
        return None
    await checkins.record(
        connection,
        event_id=event.id,
        person_id=person_id,
        status=status,
        source=CheckinSource.SELF,
        at=now,
    )
    await receipts.record_answer(connection, event.id, person_id, now)
    return RecordedCheckin(event.id, event.code, event.title, event.drill)


async def _page(connection: AsyncConnection, *, kind: str, case: CaseRow, now: datetime) -> None:
    words = {
        "help": f"Somebody asked for help: case {case.code}.",
        "danger": f"Somebody wrote of danger: case {case.code}.",
        "question": f"Somebody asks what nobody approved an answer to: case {case.code}.",
    }
    await notices.post(
        connection,
        kind=NoticeKind(f"case.{kind}"),
        subject=f"case:{case.code}",
        text=words[kind] + (" This is a drill." if case.drill else ""),
        urgent=kind != "question" and not case.drill,
        at=now,
    )
