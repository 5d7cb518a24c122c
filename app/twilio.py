"""Twilio's accounts as this installation has them: SMS and WhatsApp of one account behind one door. Plugs, no
rules.
"""

from collections.abc import Sequence

from app.accounts import MAIN, Entry
from app.settings import Settings
from bot.gateway import Door, Gateway
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.door import Reader, TwilioDoor
from bot.gateways.twilio.errors import CODES, code_name
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.sms_countries import read_countries
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.sms_wire import read_sms
from bot.gateways.twilio.whatsapp_book import TemplateBook
from bot.gateways.twilio.whatsapp_gateway import Tier, WhatsAppGateway
from bot.gateways.twilio.whatsapp_wire import read_whatsapp
from bot.messages import Channel, Failure
from storage.clock import Clock
from storage.database import Database

# Of a message that came back because only a template may open the conversation now.
WINDOW_CLOSED = frozenset(
    code_name(code) for code, meaning in CODES.items() if meaning.failure is Failure.TEMPLATE
)


def build_twilio(
    settings: Settings, entries: Sequence[Entry], *, database: Database, clock: Clock
) -> tuple[list[Gateway], list[Door]]:
    """Make gateways and a door for each account that is set up; one account's channels share a client.

    Args:
        entries: those of the file of accounts.

    Raises:
        HalfConfiguredError: an account has some of its settings and not all, or the table of countries is
            wrong.
    """
    main = twilio_settings(settings)
    tiers = [(main, _tier(settings))] if main else []
    tiers += [(_entry(settings, entry), _tier(settings, entry)) for entry in entries]
    countries = read_countries(settings.sms_countries)
    gateways: list[Gateway] = []
    doors: list[Door] = []
    for account, tier in tiers:
        client = TwilioClient(account)
        readers: dict[Channel, Reader] = {}
        if account.sms_senders:
            gateways.append(SmsGateway(client, countries, clock))
            readers[Channel.SMS] = read_sms
        if account.whatsapp_senders:
            book = TemplateBook(account.account, database, clock)
            gateways.append(WhatsAppGateway(client, book, clock, tier))
            readers[Channel.WHATSAPP] = read_whatsapp
        doors.append(TwilioDoor(account, readers))
    return gateways, doors


def twilio_settings(settings: Settings) -> TwilioSettings | None:
    """The main Twilio account's settings, None when Twilio is off.

    Raises:
        HalfConfiguredError: some are set and not all.
    """
    token = settings.twilio_auth_token.get_secret_value()
    named = (settings.twilio_account_sid, token, settings.twilio_sms_from, settings.twilio_whatsapp_from)
    if not any(named):
        return None
    return TwilioSettings(
        account_sid=settings.twilio_account_sid,
        auth_token=token,
        sms_from=settings.twilio_sms_from,
        whatsapp_from=settings.twilio_whatsapp_from,
        api_base=settings.twilio_api_base,
        public_url=settings.public_url,
        account=MAIN,
        segments_per_second=settings.twilio_sms_per_second,
        whatsapp_per_second=settings.twilio_whatsapp_per_second,
    )


def _entry(settings: Settings, entry: Entry) -> TwilioSettings:
    return TwilioSettings(
        account_sid=entry.text("account_sid"),
        auth_token=entry.text("auth_token"),
        sms_from=entry.text("sms_from"),
        whatsapp_from=entry.text("whatsapp_from"),
        api_base=entry.text("api_base", settings.twilio_api_base),
        public_url=settings.public_url,
        account=entry.account,
        segments_per_second=entry.number("sms_per_second", 0.0),
        whatsapp_per_second=entry.number("whatsapp_per_second", 0.0),
    )


def _tier(settings: Settings, entry: Entry | None = None) -> Tier:
    """How many people a day one account may begin a conversation with on WhatsApp."""
    people: float = settings.twilio_whatsapp_people_per_day
    if entry is not None:
        people = entry.number("whatsapp_people_per_day", people)
    return Tier(round(people) or None, settings.twilio_whatsapp_tier_checked)
