"""Telegram behind the hook routes keeps the contract of every gateway."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.counters import count_nothing
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.inbox import Inbox
from bot.intake import Intake
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.vault import Vault
from tests.bot.gateway_contract import LOST_DATABASE, Door, GatewayContract, Knock
from tests.bot.gateways.telegram.conftest import SECRET, TOKEN
from tests.bot.wiring import never_exact, to_origin

AUTHENTIC = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
CHAT = {"id": 777000111, "type": "private", "first_name": "canary-name"}
SENDER = {"id": 777000111, "is_bot": False, "first_name": "canary-name", "language_code": "vi"}


def message(number: int, **content: object) -> bytes:
    parts = {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, **content}
    return json.dumps({"update_id": number, "message": parts}).encode()


def server(gateway: TelegramGateway, database: Database, vault: Vault) -> TestServer:
    inbox = Inbox(
        database, vault, SystemClock(), snap=to_origin, exact_wanted=never_exact, announce=lambda: None
    )
    app = web.Application()
    app.add_routes(
        Intake([gateway], inbox.store, public_url="https://muster.example", count=count_nothing).routes()
    )
    return TestServer(app)


class TestTelegramContract(GatewayContract):
    @pytest.fixture
    async def door(self, sqlite: Database, vault: Vault) -> AsyncIterator[Door]:
        gateway = TelegramGateway(TelegramSettings(TOKEN, SECRET, "https://muster.example"))
        lost_database = open_database(LOST_DATABASE)
        body = message(1, text="canary-text")
        unknown = {"update_id": 5, "chat_boost": {"chat": CHAT}}
        async with server(gateway, sqlite, vault) as door, server(gateway, lost_database, vault) as lost:
            yield Door(
                gateway=gateway,
                url=str(door.make_url("/hooks/telegram")),
                lost_url=str(lost.make_url("/hooks/telegram/main")),
                database=sqlite,
                valid=lambda number: Knock(message(100 + number, text="canary-text"), AUTHENTIC),
                forged=[
                    Knock(body, {"X-Telegram-Bot-Api-Secret-Token": wrong})
                    for wrong in ("wrong", SECRET[:-1], SECRET + "x", SECRET.upper())
                ],
                unsigned=[Knock(body), Knock(body, {"X-Telegram-Bot-Api-Secret-Token": ""})],
                malformed=[
                    Knock(bad, AUTHENTIC)
                    for bad in (b"", b"{", b"[]", b"null", b'{"update_id":"1"}', b"\xff", b"[" * 100_000)
                ],
                unknown=[
                    Knock(json.dumps(unknown).encode(), AUTHENTIC),
                    Knock(b'{"update_id":6}', AUTHENTIC),
                    Knock(b'{"update_id":7,"message":{"canary-text":[1]}}', AUTHENTIC),
                ],
                half_configured=[
                    lambda: TelegramSettings(""),
                    lambda: TelegramSettings("no-token"),
                    lambda: TelegramSettings(TOKEN, "", "https://muster.example"),
                    lambda: TelegramSettings(TOKEN, f"{SECRET} with spaces"),
                    lambda: TelegramSettings(TOKEN, "x" * 257),
                    lambda: TelegramSettings(TOKEN, SECRET, api_base="http://api.telegram.org"),
                    lambda: TelegramSettings(TOKEN, SECRET, api_base="http://127.0.0.1@evil.example"),
                    lambda: TelegramSettings(TOKEN, SECRET, api_base="ftp://127.0.0.1"),
                    lambda: TelegramSettings(TOKEN, SECRET, "http://muster.example"),
                    lambda: TelegramSettings(TOKEN, SECRET, account="Haupt:Konto"),
                    lambda: TelegramSettings(TOKEN, SECRET, per_second=0),
                ],
                secrets=[TOKEN, SECRET, "canary-text", "canary-name", "777000111"],
                words=lambda prepared: "\n".join(part["text"] for part in prepared.parts),
                max_hook_bytes=gateway.max_hook_bytes,
            )
        await lost_database.close()
