"""Web chat behind its own routes keeps the contract of every gateway."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.codec import load_outbound
from bot.gateway import Prepared
from bot.gateways.webchat.gateway import WebChatGateway
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.vault import Vault
from tests.bot.gateway_contract import FLOOD, Door, GatewayContract, Knock
from tests.bot.gateways.webchat.site import open_site, own_headers

LOCAL = "http://127.0.0.1:8080"


def words(prepared: Prepared) -> str:
    return "\n".join(load_outbound(part["body"].encode()).text for part in prepared.parts)


class TestWebChatContract(GatewayContract):
    @pytest.fixture
    async def door(self, sqlite: Database, vault: Vault, redis: Redis, tmp_path: Path) -> AsyncIterator[Door]:
        lost_database = open_database(f"sqlite:///{tmp_path}/no/such/folder.db")

        def build(account: str = "main", public_url: str = LOCAL) -> WebChatGateway:
            return WebChatGateway(
                account=account,
                public_url=public_url,
                database=lost_database,
                vault=vault,
                clock=SystemClock(),
                redis=redis,
            )

        async with open_site(sqlite, vault, redis) as site, open_site(lost_database, vault, redis) as lost:
            # A browser floods its own allowance only, so many browsers come.
            cookies = [visitor.cookie for visitor in await site.crowd(FLOOD + 1)]
            mine = own_headers(cookies[0])
            body = json.dumps({"id": "m-1", "text": "canary-text"}).encode()

            def valid(number: int) -> Knock:
                said = {"id": f"m-{number}", "text": "canary-text"}
                return Knock(json.dumps(said).encode(), own_headers(cookies[number]))

            yield Door(
                gateway=site.gateway,
                url=site.url("/chat/messages"),
                lost_url=lost.url("/chat/messages"),
                database=sqlite,
                valid=valid,
                forged=[
                    Knock(body, own_headers(cookies[0][::-1])),
                    Knock(body, own_headers(cookies[0][:-1])),
                    Knock(body, own_headers(cookies[0] + "A")),
                    Knock(body, own_headers("")),
                    Knock(body, {**mine, "Origin": "https://evil.example"}),
                    Knock(body, {**mine, "Origin": "null"}),
                    Knock(body, {**mine, "Sec-Fetch-Site": "cross-site"}),
                    Knock(body, {**mine, "Sec-Fetch-Site": "same-site"}),
                    Knock(body, {**mine, "X-Muster-Chat": "0"}),
                ],
                unsigned=[
                    Knock(body),
                    Knock(body, {"X-Muster-Chat": "1", "Content-Type": "application/json"}),
                    Knock(body, {"Cookie": mine["Cookie"], "Content-Type": "application/json"}),
                ],
                malformed=[
                    *(Knock(bad, mine) for bad in MALFORMED),
                    Knock(body, {**mine, "Content-Type": "text/plain"}),
                    Knock(body, {**mine, "Content-Type": "application/x-www-form-urlencoded"}),
                ],
                unknown=[
                    Knock(b'{"id":"u-1","sticker":"canary-text"}', mine),
                    Knock(b'{"id":"u-2"}', mine),
                ],
                unknown_status=400,
                stored_status=202,
                half_configured=[
                    lambda: build(account=""),
                    lambda: build(account="Haupt:Konto"),
                    lambda: build(public_url=""),
                    lambda: build(public_url="muster.example"),
                    lambda: build(public_url="http://muster.example"),
                    lambda: build(public_url="https://muster.example/under/a/path"),
                    lambda: build(public_url="http://127.0.0.1@evil.example"),
                    lambda: build(public_url="ftp://127.0.0.1"),
                ],
                secrets=[cookies[0], cookies[1], "canary-text"],
                words=words,
                max_hook_bytes=site.gateway.max_hook_bytes,
            )
        await lost_database.close()


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b"[" * 10_000,
    b'{"text":"canary-text"}',
    b'{"id":7,"text":"canary-text"}',
    b'{"id":"","text":"canary-text"}',
    b'{"id":"has space","text":"canary-text"}',
    b'{"id":"m","text":7}',
    b'{"id":"m","text":"  \\u0007 "}',
    b'{"id":"m","text":"canary-text","button":"canary-text"}',
    b'{"id":"m","button":""}',
    b'{"id":"m","button":"' + b"x" * 65 + b'"}',
    '{"id":"m","button":"ปุ่มปุ่มปุ่มปุ่มปุ่มปุ่ม"}'.encode(),
    b'{"id":"m","location":{"lat":91,"lon":0}}',
    b'{"id":"m","location":{"lat":0,"lon":-181}}',
    b'{"id":"m","location":{"lat":NaN,"lon":0}}',
    b'{"id":"m","location":{"lat":"1","lon":0}}',
    b'{"id":"m","location":[1,2]}',
    b'{"id":"m","contact":"call me"}',
    b'{"id":"m","start":"drill-../x y"}',
]
