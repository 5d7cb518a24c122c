"""What people with phones do: write, press, send a position, tell a sender to stop. Forms go to the service.

The operator answers STOP, START and HELP itself and blocks the sender, whatever the service thinks of it
(twilio.com/docs/messaging/tutorials/advanced-opt-out); the message is posted to the service all the same.
"""

from collections.abc import Callable

from simulator.incoming import Action, ActionKind, Incoming
from simulator.records import Arrival
from simulator.twilio_accounts import Account
from simulator.twilio_delivery import Carrier, PhoneListener
from simulator.twilio_form import Order
from simulator.twilio_hooks import Form
from simulator.twilio_messages import API, Message
from simulator.twilio_people import Phone, PhoneState
from simulator.twilio_rules import SMS, WHATSAPP, SenderRules
from simulator.twilio_scene import Scene
from simulator.twilio_segments import segments

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class Inbound:
    """Turns what people do into forms."""

    def __init__(self, scene: Scene, carrier: Carrier, listener: PhoneListener) -> None:
        self._scene, self._carrier, self._listener = scene, carrier, listener

    def act(self, account: Account, sender: SenderRules, phone: Phone, action: Action) -> bool:
        """Somebody does something towards a sender; False when there is no way to.

        Raises:
            ValueError: a text message has no buttons and no positions, WhatsApp no contacts here.
        """
        extra, body = self._content(account, sender.channel, phone, action)
        country = self._scene.rules.country(phone.number)
        if sender.channel == SMS and (sender.named or not country.two_way):
            self._scene.ledger.act("", SMS, "unreachable", sender.sender, chat=phone.number)
            return False
        if phone.state is not PhoneState.ACTIVE:
            phone.state = PhoneState.ACTIVE
        now = self._scene.now()
        phone.heard[sender.sender] = now
        opt = self._keyword(sender, phone, body)
        message = Message(
            sid=self._carrier.sid("SM"),
            account=account.sid,
            channel=sender.channel,
            sender=sender.sender,
            person=phone.number,
            body=body,
            ours=False,
            status="received",
            created=now,
            sent=now,
            segments=segments(body) if sender.channel == SMS else 1,
        )
        account.messages.add(message)
        if opt and sender.advanced:
            extra["OptOutType"] = opt
        if sender.inbound_url:
            self._post(account, sender, message, {**self._form(message, phone), **extra})
        return True

    def _post(self, account: Account, sender: SenderRules, message: Message, params: dict[str, str]) -> None:
        form = Form(
            url=sender.inbound_url,
            params=tuple(params.items()),
            token=account.rules.token,
            account=sender.sender,
            channel=message.channel,
            number=message.person,
            message_id=message.sid,
            what="message",
        )
        account.hooks.post(form, self._replier(account, sender, message))

    def _replier(self, account: Account, sender: SenderRules, heard: Message) -> Callable[[str], None]:
        """Sends the words a webhook's answer holds, as Twilio does."""

        def reply(words: str) -> None:
            order = Order(
                channel=heard.channel,
                sender=sender,
                service="",
                person=heard.person,
                text=words,
                buttons=(),
                labels=(),
                segments=segments(words) if heard.channel == SMS else 1,
                template=None,
                values={},
                place="",
                callback="",
                validity_s=36_000.0,
            )
            self._carrier.accept(account, order, 0, reply=True)

        return reply

    def _content(
        self, account: Account, channel: str, phone: Phone, action: Action
    ) -> tuple[dict[str, str], str]:
        """Parameters only this kind of message has, and its body; raises `ValueError`."""
        if action.kind is ActionKind.TEXT:
            return ({"MessageType": "text"} if channel == WHATSAPP else {}), action.value
        if channel != WHATSAPP or action.kind is ActionKind.CONTACT:
            raise ValueError(f"nobody can send a {action.kind} over {channel}")
        if action.kind is ActionKind.LOCATION:
            place = {"Latitude": str(action.lat), "Longitude": str(action.lon), "MessageType": "location"}
            return place, ""
        message = account.messages.known(action.message_id)
        if message is None or message.person != phone.number or action.value not in message.buttons:
            raise ValueError("no such button in a message to this person")
        label = message.labels[message.buttons.index(action.value)]
        pressed = {
            "MessageType": "button",
            "ButtonText": label,
            "ButtonPayload": action.value,
            "OriginalRepliedMessageSid": message.sid,
            "OriginalRepliedMessageSender": message.address(message.sender),
        }
        return pressed, label

    def _form(self, message: Message, phone: Phone) -> dict[str, str]:
        """What every message's form holds."""
        form = {
            "AccountSid": message.account,
            "ApiVersion": API,
            "Body": message.body,
            "From": message.address(message.person),
            "MessageSid": message.sid,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.address(message.sender),
        }
        if message.channel == WHATSAPP:
            return {**form, "ProfileName": phone.name or "Citizen", "WaId": message.person.removeprefix("+")}
        rules = self._scene.rules
        places = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip")}
        countries = {
            "FromCountry": rules.country(message.person).iso,
            "ToCountry": rules.country(message.sender).iso,
        }
        return {**form, **places, **countries}

    def _keyword(self, sender: SenderRules, phone: Phone, body: str) -> str:
        """What the operator makes of a word: STOP, START, HELP or empty; it answers by itself."""
        if sender.channel != SMS or not sender.keywords:
            return ""
        word, stopped = body.strip().upper(), sender.sender in phone.stopped
        if word in STOP:
            kind = "STOP"
            phone.stopped.add(sender.sender)
        elif word in START and stopped:
            kind = "START"
            phone.stopped.discard(sender.sender)
        elif word in HELP:
            kind = "HELP"
        else:
            return ""
        if kind != "STOP" or not stopped:
            self._answer(sender, phone, kind)
        return kind

    def _answer(self, sender: SenderRules, phone: Phone, kind: str) -> None:
        """The operator's own words; charged like any text message."""
        ledger, words = self._scene.ledger, ANSWERS[kind]
        count = segments(words)
        ledger.act("", SMS, "carrier", kind, chat=phone.number)
        ledger.write(
            Arrival(
                attempt_id=0,
                channel=SMS,
                account=sender.sender,
                recipient=phone.number,
                message_id="",
                status="delivered",
                why=f"carrier:{kind}",
                segments=count,
                cost=count * self._scene.rules.country(phone.number).segment,
                mono=ledger.mono(),
                wall=ledger.wall(),
            )
        )
        heard = Incoming(channel=SMS, message_id="", text=words, kind="carrier")
        self._scene.timers.after(0.0, lambda: self._listener(sender.sender, phone.number, heard))
