"""Warnings for an installation with five channels: drafts in four languages, templates for the knock, what
officers approved, written down for the audit.

The bodies of the templates and the words people may see are data of this test; what stands in their slots is
what the draft says.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts.draft import Draft
from bot.gateways.twilio import whatsapp_book
from bot.gateways.twilio.whatsapp_templates import SLOTS, Category, Purpose, Template, TemplateState
from locales import times
from simulator.reading import MEANINGS
from simulator.server import Simulator
from tests.journeys.audited import LANGUAGES, Sent, marker, send_audited
from tests.journeys.audited import draft_of_test as plain_draft
from tests.journeys.five_channels import Tomorrow
from tests.service import Service

PLACE, MINISTRY, ZONE = "Reykjavik and the south-west", "Ministry of Testing", "Atlantic/Reykjavik"
ACTIONS = {
    "en": "Stay inside and keep away from windows",
    "vi": "Hãy ở trong nhà và tránh xa cửa sổ",
    "th": "อยู่ในอาคารและอยู่ห่างจากหน้าต่าง",
    "id": "Tetap di dalam ruangan dan jauhi jendela",
}
KNOCKS = {
    "en": "{{1}}. {{2}} warns people in {{3}} until {{4}}. Code {{5}}. Are you safe?",
    "vi": "{{1}}. {{2}} cảnh báo người ở {{3}} đến {{4}}. Mã {{5}}. Bạn có an toàn không?",
    "th": "{{1}} จาก {{2}} ถึงผู้ที่อยู่ใน {{3}} จนถึง {{4}} รหัส {{5}} คุณปลอดภัยหรือไม่",
    "id": "{{1}}. {{2}} memperingatkan orang di {{3}} sampai {{4}}. Kode {{5}}. Apakah Anda selamat?",
}
DRILL_WORDS = {"en": "EXERCISE", "vi": "DIỄN TẬP", "th": "ฝึกซ้อม", "id": "LATIHAN"}
SECOND = {"en": "2nd notice", "vi": "Nhắc lần 2", "th": "แจ้งครั้งที่ 2", "id": "Pemberitahuan ke-2"}
DRILL_MARKS = {"en": "DRILL", "vi": "DIỄN TẬP", "th": "ฝึกซ้อม", "id": "LATIHAN"}
REPLIES = ("Reply 1", "Trả lời 1", "ตอบ 1", "Balas 1")
KNOCK_PURPOSES = (Purpose.KNOCK, Purpose.KNOCK_DRILL)


def labels_of(language: str) -> tuple[str, str, str]:
    """Safe, in need of help, the whole text: as people know them."""
    place = LANGUAGES.index(language)
    safe, help_, full = (MEANINGS[name][place] for name in ("safe", "help", "full"))
    return safe, help_, full


def body_of(purpose: Purpose, language: str) -> str:
    """A template as Meta would have approved it."""
    words = KNOCKS[language]
    return f"{DRILL_WORDS[language]}: {words}" if purpose is Purpose.KNOCK_DRILL else words


async def approve_templates(service: Service, simulator: Simulator) -> dict[tuple[Purpose, str], str]:
    """Templates for every language, approved by the simulated WhatsApp and in our register; their ids."""
    now, made = service.core.clock.now(), {}
    for purpose in KNOCK_PURPOSES:
        for language in LANGUAGES:
            names = ("safe", "help", "full")
            sid = simulator.twilio.add_template(
                f"{purpose}_{language}",
                language,
                body_of(purpose, language),
                buttons=tuple(
                    (f"{name}:{{{{5}}}}", label)
                    for name, label in zip(names, labels_of(language), strict=True)
                ),
            )
            made[purpose, language] = sid
            row = Template(
                account="main",
                purpose=purpose,
                language=language,
                name=f"{purpose}_{language}",
                sid=sid,
                category=Category.UTILITY,
                state=TemplateState.APPROVED,
                slots=SLOTS[purpose],
                checked_at=now,
            )
            async with service.core.database.bulk() as connection:
                await whatsapp_book.write(connection, row, now)
    return made


def draft_of_five(number: int, now: datetime, **more: Any) -> Draft:
    """A draft in four languages; each text bears a marker of its own in its first sentence too."""
    texts = {
        language: {
            "headline": marker(number, language),
            "description": f"{marker(number, language)}.",
            "instruction": f"{ACTIONS[language]} ({marker(number, language)}).",
        }
        for language in LANGUAGES
    }
    values = {
        "texts": texts,
        "area_name": PLACE,
        "time_zone": ZONE,
        "expires_at": now + timedelta(hours=6),
        **more,
    }
    return (
        plain_draft(number)
        .model_copy(update={})
        .model_validate({**plain_draft(number).model_dump(), **values})
    )


def knocks_of(service: Service, draft: Draft, number: int, code: str) -> dict[str, tuple[str, ...]]:
    """All that WhatsApp may show outside the window: as a first and as a second notice."""
    drill = draft.status != "Actual"
    purpose = Purpose.KNOCK_DRILL if drill else Purpose.KNOCK
    shown = {}
    for language in LANGUAGES:
        until = times.moment(service.core.catalog, language, draft.expires_at, ZONE)
        headline, drilled = marker(number, language), DRILL_MARKS[language]
        first = f"{drilled}: {headline}" if drill else headline
        marks = f"{drilled}. {SECOND[language]}" if drill else SECOND[language]
        shown[language] = tuple(
            filled(body_of(purpose, language), (what, MINISTRY, PLACE, until, code))
            for what in (first, f"{marks}: {headline}")
        )
    return shown


def filled(body: str, values: tuple[str, ...]) -> str:
    """A template with its slots filled."""
    for place, value in enumerate(values, start=1):
        body = body.replace(f"{{{{{place}}}}}", value)
    return body


async def send_five(service: Service, clock: Tomorrow, draft: Draft, number: int) -> Sent:
    """Send, and write down what was approved; the audit's times are those of the ledger."""
    began = time.time()
    sent = await send_audited(service, draft, number)
    code = sent.facts.code
    parts = {
        language: (f"{marker(number, language)}.", f"{ACTIONS[language]} ({marker(number, language)}).")
        for language in LANGUAGES
    }
    drill = DRILL_MARKS if draft.status != "Actual" else {}
    sent.began = began
    sent.facts = replace(
        sent.facts,
        approved_at=began,
        texts=parts,
        short={
            language: (
                f"{ACTIONS[language]} ({marker(number, language)}).",
                PLACE,
                MINISTRY,
                *([drill[language]] if drill else []),
            )
            for language in LANGUAGES
        },
        labels={language: labels_of(language)[:2] for language in LANGUAGES},
        knocks=knocks_of(service, draft, number, code),
        reply_markers=REPLIES,
        drill_markers=(*sent.facts.drill_markers, *DRILL_MARKS.values()),
        second_notice_markers=(*sent.facts.second_notice_markers, *SECOND.values()),
        deadline_s=service.settings.deadline_severe_s,
        expires_at=(draft.expires_at - clock.ahead).timestamp(),
    )
    return sent
