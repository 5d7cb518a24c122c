"""A request to send a message, checked the way Twilio checks before it answers 201. Reads memory, changes
nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.twilio_accounts import Account
from simulator.twilio_content import Template, values_of
from simulator.twilio_errors import TwilioError
from simulator.twilio_people import REFUSED, Phone
from simulator.twilio_rules import SMS, WHATSAPP, CountryRules, SenderRules
from simulator.twilio_segments import segments, smart

PREFIX = f"{WHATSAPP}:"
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
GEO = re.compile(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)(?:\|(.*))?", re.DOTALL)
MAX_BODY = 1600
MAX_VALIDITY_S = 36_000
LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """A request that passed.

    Attributes:
        segments: parts of a text message, 1 on WhatsApp. place: position sent with it (WhatsApp).
    """

    channel: str
    sender: SenderRules
    service: str
    person: str
    text: str
    buttons: tuple[str, ...]
    labels: tuple[str, ...]
    segments: int
    template: Template | None
    values: Mapping[str, str]
    place: str
    callback: str
    validity_s: float


@dataclass(frozen=True, slots=True)
class Ends:
    """From whom to whom."""

    channel: str
    sender: SenderRules
    service: str
    person: str


def to_of(params: Params) -> tuple[str, str]:
    """Channel and number a message is for; raises `TwilioError`."""
    given = params.get("To", "")
    if not given:
        raise TwilioError(21604)
    channel = WHATSAPP if given.startswith(PREFIX) else SMS
    person = given.removeprefix(PREFIX)
    if not NUMBER.fullmatch(person):
        raise TwilioError(21211)
    return channel, person


def ends_of(params: Params, account: Account) -> Ends:
    """Sender and recipient; raises `TwilioError`."""
    channel, person = to_of(params)
    given, service = params.get("From", ""), params.get("MessagingServiceSid", "")
    if not given and not service:
        raise TwilioError(21603)
    if not given:
        return Ends(channel, account.pool(service, channel), service, person)
    if given.startswith(PREFIX) != (channel == WHATSAPP):
        raise TwilioError(21910)
    name = given.removeprefix(PREFIX)
    if not NUMBER.fullmatch(name) and (channel == WHATSAPP or not NAME.fullmatch(name)):
        raise TwilioError(21212)
    if name == person:
        raise TwilioError(63031 if channel == WHATSAPP else 21266)
    sender = account.sender(name, channel)
    if sender is None:
        raise TwilioError(63007 if channel == WHATSAPP else 21606)
    return Ends(channel, sender, service, person)


def check_route(ends: Ends, phone: Phone, country: CountryRules) -> None:
    """Whether this sender may write to this person at all; raises `TwilioError`."""
    if phone.refusal:
        raise TwilioError(phone.refusal)
    if phone.state in REFUSED:
        raise TwilioError(REFUSED[phone.state])
    if ends.channel != SMS:
        return
    if not country.enabled:
        raise TwilioError(21408)
    if ends.sender.named and not country.names:
        raise TwilioError(21612)
    if ends.sender.sender in phone.stopped:
        raise TwilioError(21610)


def template_of(params: Params, account: Account) -> tuple[Template | None, dict[str, str]]:
    """The template named and its values; raises `TwilioError` 21654, 21655, 21656, 21658."""
    sid, given = params.get("ContentSid", ""), params.get("ContentVariables", "")
    if not sid:
        if given:
            raise TwilioError(21654)
        return None, {}
    return account.content.for_send(sid), values_of(given)


def place_of(params: Params) -> str:
    """A position to send, as `lat,lon label`; raises `TwilioError` 20422."""
    given = params.get("PersistentAction", "")
    if not given:
        return ""
    found = GEO.fullmatch(given)
    if found is None:
        raise TwilioError(20422)
    return f"{found.group(1)},{found.group(2)} {found.group(3) or ''}".strip()


def validity_of(params: Params) -> float:
    """Seconds a message may wait; raises `TwilioError` 20422."""
    given = params.get("ValidityPeriod", "")
    if not given:
        return float(MAX_VALIDITY_S)
    if not given.isdecimal() or not 1 <= int(given) <= MAX_VALIDITY_S:
        raise TwilioError(20422)
    return float(given)


def callback_of(params: Params) -> str:
    """Where receipts go; raises `TwilioError` 21609."""
    url = params.get("StatusCallback", "")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise TwilioError(21609)
    return url


def order_of(params: Params, account: Account, ends: Ends) -> Order:
    """What is to be sent; raises `TwilioError`."""
    template, values = template_of(params, account)
    place, text = place_of(params), params.get("Body", "")
    if params.get("SmartEncoded", "") == "true" and ends.channel == SMS:
        text = smart(text)
    if template is None and not text.strip() and not place:
        raise TwilioError(21619)
    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    if template is not None:
        shown = template.show(values, rich=ends.channel == WHATSAPP)
        text, buttons, labels = shown.text, shown.buttons, shown.labels
    elif len(text) > MAX_BODY:
        raise TwilioError(21617)
    else:
        text = text or place
    return Order(
        channel=ends.channel,
        sender=ends.sender,
        service=ends.service,
        person=ends.person,
        text=text,
        buttons=buttons,
        labels=labels,
        segments=segments(text) if ends.channel == SMS else 1,
        template=template,
        values=values,
        place=place,
        callback=callback_of(params),
        validity_s=validity_of(params),
    )
