"""A message as others see it: the form of a status callback, what stands on the phone. Pure."""

from datetime import UTC, datetime

from simulator.incoming import Incoming
from simulator.twilio_messages import API, Message
from simulator.twilio_rules import WHATSAPP


def status_form(message: Message, status: str) -> list[tuple[str, str]]:
    """The form of a status callback."""
    form = {
        "AccountSid": message.account,
        "ApiVersion": API,
        "From": message.address(message.sender),
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.address(message.person),
    }
    if message.service:
        form["MessagingServiceSid"] = message.service
    if status in ("failed", "undelivered"):
        form["ErrorCode"] = str(message.code)
    if message.channel == WHATSAPP:
        form["ChannelPrefix"] = WHATSAPP
        form["ChannelInstallSid"] = "XE" + message.account[2:]
        if status == "read":
            form["EventType"] = "READ"
        if status == "undelivered":
            form["ChannelStatusMessage"] = "not delivered"
    elif status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = datetime.fromtimestamp(message.updated, UTC).strftime("%y%m%d%H%M")
    return list(form.items())


def incoming(message: Message) -> Incoming:
    """The message as the person sees it."""
    return Incoming(
        channel=message.channel,
        message_id=message.sid,
        text=message.body,
        buttons=message.buttons,
        labels=message.labels,
    )
