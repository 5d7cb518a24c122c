"""SMS behind the hook routes keeps the contract of every gateway."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.counters import count_nothing
from bot.gateway import Prepared
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_wire import read_sms
from bot.inbox import Inbox
from bot.intake import Intake
from bot.messages import Channel
from storage.clock import SystemClock
from storage.database import Database, open_database
from storage.vault import Vault
from tests.bot.gateway_contract import LOST_DATABASE, Door, GatewayContract, Knock
from tests.bot.gateways.twilio.conftest import (
    ANN,
    PUBLIC_URL,
    TOKEN,
    message_form,
    settings_for,
    signed,
    status_form,
)
from tests.bot.wiring import never_exact, to_origin

URL = f"{PUBLIC_URL}/hooks/twilio/message"


def knock(form: dict[str, str], *, token: str = TOKEN, url: str = URL, **headers: str) -> Knock:
    return Knock(urlencode(form).encode(), {**signed(url, form, token), **headers})


def raw(body: bytes) -> Knock:
    """Authentic bytes that are no form: signed over the address alone."""
    return Knock(body, signed(URL, {}))


def server(door: TwilioDoor, database: Database, vault: Vault) -> TestServer:
    inbox = Inbox(
        database, vault, SystemClock(), snap=to_origin, exact_wanted=never_exact, announce=lambda: None
    )
    app = web.Application()
    app.add_routes(Intake([door], inbox.store, public_url=PUBLIC_URL, count=count_nothing).routes())
    return TestServer(app)


def words(prepared: Prepared) -> str:
    """What is said, without the numbered choice under the last message."""
    texts = [part["text"] for part in prepared.parts]
    assert texts[-1].endswith("\n1 Safe")
    return "\n".join([*texts[:-1], texts[-1].removesuffix("\n1 Safe")])


class TestSmsContract(GatewayContract):
    @pytest.fixture
    async def door(self, sqlite: Database, vault: Vault) -> AsyncIterator[Door]:
        gateway = SmsGateway(TwilioClient(settings_for()), read_countries(), SystemClock())
        hooks = TwilioDoor(settings_for(), {Channel.SMS: read_sms})
        lost_database = open_database(LOST_DATABASE)
        body = "canary-text"
        genuine = knock(message_form(1, body))
        async with server(hooks, sqlite, vault) as here, server(hooks, lost_database, vault) as lost:
            yield Door(
                gateway=gateway,
                url=str(here.make_url("/hooks/twilio/message")),
                lost_url=str(lost.make_url("/hooks/twilio/message")),
                database=sqlite,
                valid=lambda number: knock(message_form(100 + number, body)),
                forged=[
                    knock(message_form(1, body), token=TOKEN[:-1]),
                    knock(message_form(1, body), token=TOKEN.upper()),
                    knock(message_form(1, body), url=URL.replace("https", "http")),
                    knock(message_form(1, body), url="https://evil.example/hooks/twilio/message"),
                    knock(message_form(1, body), url=f"{URL}?x=1"),
                    Knock(genuine.body + b"&Body=other", genuine.headers),
                    Knock(genuine.body.replace(b"canary", b"kanary"), genuine.headers),
                    knock(message_form(1, body, AccountSid="AC" + "f" * 32)),
                    knock(
                        message_form(1, body),
                        **{"X-Twilio-Webhooks-Signature-Settings": "key=x,algorithm=HMAC_SHA256"},
                    ),
                ],
                unsigned=[
                    Knock(genuine.body),
                    Knock(genuine.body, {**genuine.headers, "X-Twilio-Signature": ""}),
                ],
                malformed=[
                    raw(b""),
                    raw(b"\xff\xfe"),
                    raw(b"Body=%ff"),
                    raw(b"&".join(b"a%d=1" % number for number in range(400))),
                    knock({**message_form(1, body), "MessageSid": "", "SmsSid": ""}),
                    knock({**message_form(1, body), "MessageSid": "canary-text/../1"}),
                    knock({**message_form(1, body), "AccountSid": ""}),
                ],
                unknown=[
                    knock(message_form(3, body, From="CANARY")),
                    knock(message_form(4, "Hi", From=f"whatsapp:{ANN}", To="whatsapp:+12025550199")),
                    knock({**message_form(5, body), "SomethingNew": "canary-text"}),
                    knock(status_form("dreaming")),
                ],
                half_configured=[
                    lambda: settings_for(account_sid=""),
                    lambda: settings_for(auth_token=""),
                    lambda: settings_for(account_sid="SK" + "0" * 32),
                    lambda: settings_for(auth_token=f"{TOKEN} with spaces"),
                    lambda: settings_for(sms_from="", whatsapp_from=""),
                    lambda: settings_for(sms_from="12025550100x"),
                    lambda: settings_for(sms_from="+12025550100,+12025550100"),
                    lambda: settings_for(sms_from="MG" + "0" * 32 + ",+12025550100"),
                    lambda: settings_for(sms_from="", whatsapp_from="whatsapp:12025550100"),
                    lambda: settings_for(public_url=""),
                    lambda: settings_for(public_url="http://muster.example"),
                    lambda: settings_for(public_url="http://127.0.0.1:8080"),
                    lambda: settings_for("http://api.twilio.com"),
                    lambda: settings_for("http://127.0.0.1@evil.example"),
                    lambda: settings_for("ftp://127.0.0.1"),
                    lambda: settings_for(account="Haupt:Konto"),
                    lambda: settings_for(segments_per_second=-1),
                    lambda: settings_for(warning_validity_s=36_001),
                ],
                secrets=[TOKEN, body, ANN, ANN.removeprefix("+")],
                words=words,
                max_hook_bytes=hooks.max_hook_bytes,
            )
        await lost_database.close()
        await gateway.close()
