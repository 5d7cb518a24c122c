"""WhatsApp behind Twilio's door keeps the contract of every gateway."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.counters import count_nothing
from bot.gateway import Prepared
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import TwilioDoor
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.whatsapp_book import TemplateBook
from bot.gateways.twilio.whatsapp_gateway import Tier, WhatsAppGateway
from bot.gateways.twilio.whatsapp_rendering import CHOICES
from bot.gateways.twilio.whatsapp_wire import read_whatsapp
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
    WHATSAPP_NUMBER,
    settings_for,
    signed,
)
from tests.bot.gateways.twilio.test_whatsapp_wire import whatsapp_form
from tests.bot.wiring import never_exact, to_origin

URL = f"{PUBLIC_URL}/hooks/twilio/message"


def knock(form: dict[str, str], token: str = TOKEN) -> Knock:
    return Knock(urlencode(form).encode(), signed(URL, form, token))


def settings(**changes: object) -> TwilioSettings:
    return settings_for(**{"sms_from": "", "whatsapp_from": WHATSAPP_NUMBER, **changes})  # type: ignore[arg-type]  # any mixture


def gateway_of(database: Database, **changes: object) -> WhatsAppGateway:
    clock = SystemClock()
    client = TwilioClient(settings(**changes))
    return WhatsAppGateway(client, TemplateBook("main", database, clock), clock, Tier(250, "2026-11-22"))


def server(door: TwilioDoor, database: Database, vault: Vault) -> TestServer:
    inbox = Inbox(
        database, vault, SystemClock(), snap=to_origin, exact_wanted=never_exact, announce=lambda: None
    )
    app = web.Application()
    app.add_routes(Intake([door], inbox.store, public_url=PUBLIC_URL, count=count_nothing).routes())
    return TestServer(app)


def words(prepared: Prepared) -> str:
    """The text of all parts; the last one's without its numbered choices."""
    *first, last = prepared.parts
    return "\n".join(
        [*(part["body"] for part in first), last.get(CHOICES, last["body"].removesuffix("1. Safe"))]
    )


class TestWhatsAppContract(GatewayContract):
    @pytest.fixture
    async def door(self, sqlite: Database, vault: Vault) -> AsyncIterator[Door]:
        gateway = gateway_of(sqlite)
        twilio = TwilioDoor(settings(), {Channel.WHATSAPP: read_whatsapp})
        lost_database = open_database(LOST_DATABASE)
        form = whatsapp_form(1, "canary-text")
        body = urlencode(form).encode()
        wrong_account = {**form, "AccountSid": "AC" + "f" * 32}
        no_sid = {name: value for name, value in form.items() if name not in {"MessageSid", "SmsSid"}}
        unknown = {**form, "From": "messenger:1", "MessageType": "canary-text"}
        async with server(twilio, sqlite, vault) as ours, server(twilio, lost_database, vault) as lost:
            yield Door(
                gateway=gateway,
                url=str(ours.make_url("/hooks/twilio/message")),
                lost_url=str(lost.make_url("/hooks/twilio/message")),
                database=sqlite,
                valid=lambda number: knock(whatsapp_form(100 + number, "canary-text")),
                forged=[
                    knock(form, "wrong-token"),
                    knock(wrong_account),
                    Knock(body + b"&Extra=1", signed(URL, form)),
                    Knock(body, signed(URL + "/other", form)),
                ],
                unsigned=[Knock(body), Knock(body, {"X-Twilio-Signature": ""})],
                malformed=[knock(no_sid), knock({})],
                unknown=[knock(unknown), knock(whatsapp_form(2, "", From="whatsapp:"))],
                half_configured=[
                    lambda: gateway_of(sqlite, whatsapp_from=f"{WHATSAPP_NUMBER},+12025550198"),
                    lambda: gateway_of(sqlite, whatsapp_from="", sms_from="+12025550100"),
                    lambda: settings(whatsapp_from="12025550199"),
                    lambda: settings(auth_token=""),
                    lambda: settings(public_url=""),
                ],
                secrets=[TOKEN, "canary-text", "canary-name", ANN, ANN[1:]],
                words=words,
                max_hook_bytes=twilio.max_hook_bytes,
            )
        await gateway.close()
        await lost_database.close()
