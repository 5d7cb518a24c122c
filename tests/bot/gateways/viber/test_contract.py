"""Viber behind the hook routes keeps the contract of every gateway."""

import hmac
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.counters import count_nothing
from bot.gateways.viber.gateway import ViberGateway
from bot.gateways.viber.settings import ViberSettings
from bot.inbox import Inbox
from bot.intake import Intake
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.vault import Vault
from tests.bot.gateway_contract import LOST_DATABASE, Door, GatewayContract, Knock
from tests.bot.gateways.viber.conftest import ANN, PUBLIC_URL, TOKEN, Account
from tests.bot.wiring import never_exact, to_origin

SENDER = {"id": ANN, "name": "canary-name", "language": "vi", "country": "VN", "api_version": 8}


def signed(body: bytes, token: str = TOKEN) -> Knock:
    signature = hmac.new(token.encode(), body, "sha256").hexdigest()
    return Knock(body, {"X-Viber-Content-Signature": signature, "Content-Type": "application/json"})


def message(number: int, **content: object) -> bytes:
    fields = {
        "event": "message",
        "timestamp": 1481142112807,
        "message_token": 4987381189870374000 + number,
        "sender": SENDER,
        "message": {"type": "text", "text": "canary-text", **content},
        "silent": False,
    }
    return json.dumps(fields).encode()


def server(gateway: ViberGateway, database: Database, vault: Vault) -> TestServer:
    inbox = Inbox(
        database, vault, SystemClock(), snap=to_origin, exact_wanted=never_exact, announce=lambda: None
    )
    app = web.Application()
    app.add_routes(Intake([gateway], inbox.store, public_url=PUBLIC_URL, count=count_nothing).routes())
    return TestServer(app)


class TestViberContract(GatewayContract):
    @pytest.fixture
    async def door(self, sqlite: Database, vault: Vault) -> AsyncIterator[Door]:
        gateway = Account().gateway("https://chatapi.viber.com/pa")
        lost_database = open_database(LOST_DATABASE)
        body = message(1)
        genuine = signed(body).headers["X-Viber-Content-Signature"]
        async with server(gateway, sqlite, vault) as door, server(gateway, lost_database, vault) as lost:
            yield Door(
                gateway=gateway,
                url=str(door.make_url("/hooks/viber")),
                lost_url=str(lost.make_url("/hooks/viber/main")),
                database=sqlite,
                valid=lambda number: signed(message(100 + number)),
                forged=[
                    signed(body, TOKEN[:-1]),
                    Knock(body + b" ", signed(body).headers),
                    Knock(body, signed(body.replace(b"canary", b"kanary")).headers),
                    *(
                        Knock(body, {"X-Viber-Content-Signature": wrong})
                        for wrong in (genuine.upper(), f"sha256={genuine}", genuine[:-1], "\u00e9")
                    ),
                ],
                unsigned=[Knock(body), Knock(body, {"X-Viber-Content-Signature": ""})],
                malformed=[
                    signed(bad)
                    for bad in (b"", b"{", b"[]", b"null", b'{"event":1}', b"\xff", b"[" * 100_000, b"{}")
                ],
                unknown=[
                    signed(b'{"event":"canary-event","message_token":5}'),
                    signed(b'{"event":"webhook","timestamp":1,"message_token":6}'),
                    signed(
                        b'{"event":"message","message_token":7,"sender":{"id":[]},"message":"canary-text"}'
                    ),
                    signed(b'{"event":"delivered","message_token":8}'),
                    signed(b'{"event":"message","message_token":{}}'),
                ],
                half_configured=[
                    lambda: ViberSettings("", "Ministry", PUBLIC_URL),
                    lambda: ViberSettings("no token", "Ministry", PUBLIC_URL),
                    lambda: ViberSettings(TOKEN, "", PUBLIC_URL),
                    lambda: ViberSettings(TOKEN, "x" * 29, PUBLIC_URL),
                    lambda: ViberSettings(TOKEN, "Ministry", ""),
                    lambda: ViberSettings(TOKEN, "Ministry", "http://muster.example"),
                    lambda: ViberSettings(TOKEN, "Ministry", PUBLIC_URL, "http://chatapi.viber.com/pa"),
                    lambda: ViberSettings(TOKEN, "Ministry", PUBLIC_URL, "http://127.0.0.1@evil.example"),
                    lambda: ViberSettings(TOKEN, "Ministry", PUBLIC_URL, account="Haupt:Konto"),
                    lambda: ViberSettings(TOKEN, "Ministry", PUBLIC_URL, per_second=0),
                    lambda: ViberSettings(TOKEN, "Ministry", PUBLIC_URL, per_second=51),
                ],
                secrets=[TOKEN, "canary-text", "canary-name", "canary-event", ANN],
                words=lambda prepared: "\n".join(json.loads(part["rich"])["text"] for part in prepared.parts),
                max_hook_bytes=gateway.max_hook_bytes,
            )
        await lost_database.close()
