"""What WhatsApp users do, in our words. Pure; touches nothing.

Twilio posts a form for each message. Of its parameters only those below are read: the name in a profile
(`ProfileName`) is never kept.

| parameters | becomes |
|---|---|
| `Latitude`, `Longitude` | a pin |
| `ButtonPayload` or `ListId` (data of a button of ours) | a button |
| `ButtonText` alone | typed words: the conversation knows its labels |
| `Body` | typed words, also under a photo |
| anything else (photo, voice, contact card, reaction) | somebody did something |
"""

import math
from collections.abc import Sequence

from bot.gateways.twilio.form import Form
from bot.messages import MAX_BUTTON_DATA, Address, Channel, Inbound, InboundKind, Pin
from bot.words import clean

PREFIX = "whatsapp:"
_UNFILLED = "{{"  # a template that was submitted without a variable in its button's id


def read_whatsapp(form: Form, account: str) -> Sequence[Inbound]:
    """What somebody did, from a message's form; nothing when it names no message or nobody.

    Args:
        account: our name of the account it came to.
    """
    sid, address = form.get("MessageSid") or form.get("SmsSid"), _address(form.get("From"), account)
    if not sid or address is None:
        return ()
    pin = _pin(form)
    if pin is not None:
        return (Inbound(sid, address, InboundKind.PIN, pin=pin),)
    words = clean(form.get("Body") or form.get("ButtonText"))
    data = button_data(form.get("ButtonPayload") or form.get("ListId"))
    if data:
        label = clean(form.get("ButtonText") or form.get("ListTitle")) or words
        return (Inbound(sid, address, InboundKind.BUTTON, text=label, button=data),)
    if form.get("MessageType") == "reaction":  # an emoji on an old message answers nothing
        words = ""
    return (_said(sid, address, words),)


def whatsapp_event(sid: str, sender: str, body: str, *, account: str) -> Sequence[Inbound]:
    """The same from its pieces, as a listed message has them: buttons are known by their label, and a
    position that was missed is only known to have been something.
    """
    address = _address(sender, account)
    return () if address is None else (_said(sid, address, clean(body)),)


def button_data(payload: str) -> str:
    """A button's data as our conversations know it; "" when it cannot be of ours.

    A knock's button whose variable was not filled in is known by its action alone (`safe`).
    """
    data = payload.strip()
    action, _, rest = data.partition(":")
    if _UNFILLED in rest:
        data = action
    return data if len(data.encode("utf-8", "replace")) <= MAX_BUTTON_DATA else ""


def _address(sender: str, account: str) -> Address | None:
    """`whatsapp:+4915...`, or `whatsapp:US.123...` for somebody who hides their number."""
    value = sender.removeprefix(PREFIX).strip()
    return Address(Channel.WHATSAPP, account, value) if sender.startswith(PREFIX) and value else None


def _said(sid: str, address: Address, words: str) -> Inbound:
    kind = InboundKind.TEXT if words else InboundKind.OTHER
    return Inbound(sid, address, kind, text=words)


def _pin(form: Form) -> Pin | None:
    try:
        lat, lon = float(form.get("Latitude")), float(form.get("Longitude"))
    except ValueError:
        return None
    inside = math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180
    return Pin(lat, lon) if inside else None
