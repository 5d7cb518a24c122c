"""WhatsApp templates of the demonstration: submitted to its simulator, which approves them, and put into the
register. Touches the simulator over loopback, and SQL.

The simulator forgets its templates when it stops, so this is done at every start.
"""

import asyncio
from typing import Any

import aiohttp

from app.settings import Settings
from bot.gateways.twilio import whatsapp_book
from bot.gateways.twilio.whatsapp_templates import SLOTS, Category, Purpose, Template, TemplateState
from bot.gateways.twilio.whatsapp_texts import contents
from storage.clock import SystemClock
from storage.database import open_database

TRIES, WAIT_S = 100, 0.1


async def supply_templates(settings: Settings) -> None:
    """Submit every template that ships with us; raises `aiohttp.ClientError` when the simulator is away."""
    clock, database = SystemClock(), open_database(settings.sql_url)
    auth = aiohttp.encode_basic_auth(
        settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    )
    try:
        async with aiohttp.ClientSession(
            settings.twilio_api_base, headers={"Authorization": auth}, raise_for_status=True
        ) as session:
            await _listening(session)
            rows = [await _submit(session, *key, body) for key, body in contents().items()]
        async with database.durable() as connection:
            for row in rows:
                await whatsapp_book.write(connection, row, clock.now())
    finally:
        await database.close()


async def _listening(session: aiohttp.ClientSession) -> None:
    for left in reversed(range(TRIES)):
        try:
            async with session.get("/__sim/stats"):
                return
        except aiohttp.ClientError:
            if not left:
                raise
        await asyncio.sleep(WAIT_S)


async def _submit(
    session: aiohttp.ClientSession, purpose: Purpose, language: str, body: dict[str, Any]
) -> Template:
    async with session.post("/v1/Content", json=body) as answer:
        made = await answer.json()
    name = body["friendly_name"].replace("-", "_").lower()
    state = TemplateState.UNSUBMITTED
    if purpose is not Purpose.BUTTONS:  # used inside the window only, where nobody need approve it
        wish = {"name": name, "category": "UTILITY"}
        path = f"/v1/Content/{made['sid']}/ApprovalRequests/whatsapp"
        async with session.post(path, json=wish) as answer:
            state = TemplateState((await answer.json())["status"])
    return Template(
        account="main",
        purpose=purpose,
        language=language,
        name=name,
        sid=made["sid"],
        category=Category.UTILITY,
        state=state,
        slots=SLOTS[purpose],
    )
