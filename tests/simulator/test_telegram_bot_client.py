"""The real python-telegram-bot takes the fake for Telegram."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from simulator.config import DEMO_TOKEN
from simulator.faults import Fault, FaultKind
from simulator.incoming import Action, ActionKind
from simulator.server import Simulator
from simulator.telegram_errors import ChatState

WHO = 10_000_000_001


@pytest.fixture
async def bot(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.ACTIVE)
    client = Bot(
        DEMO_TOKEN, base_url=sim.telegram_base, request=HTTPXRequest(), get_updates_request=HTTPXRequest()
    )
    async with client:
        yield client


async def test_it_introduces_itself_sends_and_edits(sim: Simulator, bot: Bot) -> None:
    assert (await bot.get_me()).username == "muster_demo_bot"
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Safe", callback_data="safe:ABCDEF")]])
    message = await bot.send_message(
        WHO, "<b>Flood</b> &amp; storm", parse_mode="HTML", reply_markup=keyboard
    )
    assert (message.text, message.entities[0].type) == ("Flood & storm", "bold")
    assert message.chat.id == WHO
    edited = await message.edit_text("Over")
    assert not isinstance(edited, bool)
    assert edited.text == "Over"
    located = await bot.send_location(WHO, 64.1, -21.9)
    assert located.location is not None
    keys = ReplyKeyboardMarkup([[KeyboardButton("Here", request_location=True)]])
    await bot.send_message(WHO, "Where?", reply_markup=keys)
    assert [one.ask for one in sim.ledger.accepted()] == ["", "", "location"]


async def test_it_reads_updates(sim: Simulator, bot: Bot) -> None:
    simulated = sim.telegram.bot()
    sent = await bot.send_message(
        WHO,
        "?",
        reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="consent:yes")]]),
    )
    for action in (
        Action(ActionKind.TEXT, "/start"),
        Action(ActionKind.LOCATION, lat=64.1, lon=-21.9),
        Action(ActionKind.CONTACT, "+15550100"),
        Action(ActionKind.BUTTON, "consent:yes", message_id=str(sent.message_id)),
    ):
        sim.telegram.act(simulated, WHO, action)
    sim.telegram.set_state(simulated, WHO, ChatState.BLOCKED)
    start, pin, contact, press, blocked = await bot.get_updates()
    assert isinstance(start, Update)
    assert start.message is not None
    assert start.message.text == "/start"
    assert pin.message is not None
    assert pin.message.location is not None
    assert contact.message is not None
    assert contact.message.contact is not None
    assert press.callback_query is not None
    assert press.callback_query.data == "consent:yes"
    assert await press.callback_query.answer() is True
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"


async def test_it_understands_every_refusal(sim: Simulator, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="parse entities"):
        await bot.send_message(WHO, "<p>", parse_mode="HTML")
    sim.telegram.set_state(sim.telegram.bot(), WHO, ChatState.BLOCKED)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(WHO, "x")
    sim.inject(Fault(FaultKind.STORM, count=1, seconds=7))
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(WHO, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    sim.inject(Fault(FaultKind.ERROR_BEFORE, count=1))
    with pytest.raises(NetworkError):
        await bot.send_message(WHO, "x")
    await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="abc")
    assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"
    with pytest.raises(Conflict):
        await bot.get_updates()
    sim.inject(Fault(FaultKind.REVOKED, count=1))
    with pytest.raises(InvalidToken):
        await bot.send_message(WHO, "x")
