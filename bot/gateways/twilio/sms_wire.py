"""Text messages from Twilio in our words. Pure; touches nothing.

| message | event |
|---|---|
| a word after which the carrier blocks us (STOP ...) | STOPPED; Twilio has confirmed it, we say nothing |
| a word that lifts that (START, UNSTOP) | START |
| HELP, INFO | TEXT with `carrier` = help: it opens a request whatever Twilio answered |
| any other words, digits of every script untouched | TEXT |
| a picture without words | OTHER |
| from something that is no telephone number | nothing |
"""

import re
from collections.abc import Sequence

from bot.gateways.twilio.carrier import carrier_word, kind_of
from bot.gateways.twilio.form import Form
from bot.messages import Address, Channel, Inbound, InboundKind
from bot.words import clean

_NUMBER = re.compile(r"\+?[0-9]{3,15}")  # short codes of some countries come without +


def read_sms(form: Form, account: str) -> Sequence[Inbound]:
    """What somebody wrote to a number of ours."""
    return sms_event(
        form.get("MessageSid") or form.get("SmsSid"),
        form.get("From"),
        form.get("Body"),
        account=account,
        opt_out_type=form.get("OptOutType"),
    )


def sms_event(sid: str, sender: str, body: str, *, account: str, opt_out_type: str = "") -> Sequence[Inbound]:
    """The same from its pieces, as a listed message has them."""
    if not _NUMBER.fullmatch(sender):
        return ()
    text = clean(body)
    word = carrier_word(opt_out_type, text)
    return (
        Inbound(
            key=sid,
            address=Address(Channel.SMS, account, sender),
            kind=kind_of(word, text) if text else InboundKind.OTHER,
            text=text,
            carrier=word,
        ),
    )
