"""What becomes of a message after 201: it waits for its sender, leaves, reaches a phone or does not, is read.

Truth goes to the ledger (`Arrival`), the service hears of it by status callbacks only.
"""

from collections.abc import Callable

from simulator.config import LatencyRules
from simulator.incoming import Incoming
from simulator.latency import Latency
from simulator.records import Arrival
from simulator.timers import Lanes
from simulator.twilio_accounts import Account
from simulator.twilio_form import LINK, Order
from simulator.twilio_hooks import Form
from simulator.twilio_messages import Message
from simulator.twilio_people import OUTCOMES, REACHED, Phone, PhoneState
from simulator.twilio_rules import SMS, WHATSAPP
from simulator.twilio_scene import Scene
from simulator.twilio_status import incoming, status_form
from simulator.twilio_whatsapp import WhatsApp

FAILED = frozenset({30001, 30036})  # never left Twilio, not charged

PhoneListener = Callable[[str, str, Incoming], None]
"""Called with sender, number and every message that reaches a phone."""


class Carrier:
    """Takes orders that passed and sees them through; `whatsapp` knows that channel's own rules."""

    def __init__(self, scene: Scene, listener: PhoneListener) -> None:
        self._scene, self._listener = scene, listener
        self.whatsapp = WhatsApp(scene)
        rules = scene.rules.delivery
        self._travel = Latency(LatencyRules(rules.low_s, rules.high_s), scene.rng)
        self._lanes = Lanes(scene.timers)
        self._waiting: dict[tuple[str, str], list[tuple[Account, Message]]] = {}

    def sid(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}{self._scene.rng.getrandbits(128):032x}"

    def accept(self, account: Account, order: Order, attempt: int, *, reply: bool = False) -> Message:
        """Take an order: it is queued, or fails at once when a Messaging Service's queue is full."""
        message = Message(
            sid=self.sid("SM"),
            account=account.sid,
            channel=order.channel,
            sender=order.sender.sender,
            person=order.person,
            body=order.text,
            ours=True,
            status="accepted" if order.service else "queued",
            created=self._scene.now(),
            segments=order.segments,
            service=order.service,
            callback=order.callback,
            validity_s=order.validity_s,
            attempt=attempt,
            template=order.template.sid if order.template is not None else "",
            buttons=order.buttons,
            labels=order.labels,
            reply=reply,
        )
        account.messages.add(message)
        queue, weight = account.queue(order.sender), order.segments
        if queue.full(weight):
            self._scene.timers.after(0.0, lambda: self._end(account, message, 30001))
            return message
        self._report(account, message, "queued")
        queue.push(
            weight,
            order.validity_s,
            lambda: self._leave(account, message, order),
            lambda: self._end(account, message, 30036),
        )
        return message

    def switched_on(self, phone: Phone) -> None:
        """A phone has network again: what waited on WhatsApp arrives."""
        for account, message in self._waiting.pop((phone.channel, phone.number), ()):
            self._arrive(account, message)

    def _leave(self, account: Account, message: Message, order: Order) -> None:
        """The message's turn: the last checks, then it is on its way."""
        now = self._scene.now()
        if now - message.created > message.validity_s:
            self._end(account, message, 30036)
            return
        phone = self._scene.people.meet(message.channel, message.person)
        code = 0
        if message.channel == WHATSAPP:
            code = self.whatsapp.refuses(account, message, order, phone)
        if code:
            self._end(account, message, code)
            return
        message.sent = now
        message.cost = self.whatsapp.price(message, order, phone)
        self._turn(account, message, "sent")
        lane = (message.channel, message.person)
        self._lanes.after(lane, self._travel.draw(), lambda: self._arrive(account, message))

    def _arrive(self, account: Account, message: Message) -> None:
        """The message is at the phone: what the phone is now decides."""
        phone = self._scene.people.meet(message.channel, message.person)
        if message.channel == WHATSAPP and phone.state is PhoneState.OFF:
            self._waiting.setdefault((phone.channel, phone.number), []).append((account, message))
            return
        code = self._outcome(account, message, phone)
        if code:
            self._end(account, message, code)
            return
        self._write(message, "delivered", 0, message.cost)
        phone.last_from = message.sender
        country = self._scene.rules.country(message.person)
        if message.channel == WHATSAPP or country.receipts:
            self._turn(account, message, "delivered")
        self._listener(message.sender, message.person, incoming(message))
        delivery = self._scene.rules.delivery
        if message.channel == WHATSAPP and delivery.read and self._scene.rng.random() < delivery.read:
            wait = self._scene.rng.random() * delivery.read_s
            self._scene.timers.after(wait, lambda: self._read(account, message))

    def _outcome(self, account: Account, message: Message, phone: Phone) -> int:
        """Why the message does not reach the phone: an error code, or 0."""
        if phone.failure:
            return phone.failure
        if phone.state not in REACHED:
            return OUTCOMES[message.channel][phone.state]
        if message.channel == SMS:
            country = self._scene.rules.country(message.person)
            sender = account.sender(message.sender, SMS)
            known = sender is not None and country.iso in sender.registered
            if (country.registration and not known) or (not country.links and LINK.search(message.body)):
                return 30007
        draw = self._scene.rng.random()
        for code, share in self._scene.rules.delivery.mix.items():
            if draw < share:
                return code
            draw -= share
        return 0

    def _read(self, account: Account, message: Message) -> None:
        self._write(message, "read", 0, 0)
        self._turn(account, message, "read")

    def _end(self, account: Account, message: Message, code: int) -> None:
        """The message reaches nobody. WhatsApp charges what is delivered, operators what left."""
        status = "failed" if code in FAILED else "undelivered"
        message.cost = message.cost if message.channel == SMS and message.sent else 0
        message.code = code
        self._write(message, status, code, message.cost)
        self._turn(account, message, status)

    def _write(self, message: Message, status: str, code: int, cost: int) -> None:
        ledger = self._scene.ledger
        ledger.write(
            Arrival(
                attempt_id=message.attempt,
                channel=message.channel,
                account=message.sender,
                recipient=message.person,
                message_id=message.sid,
                status=status,
                code=code,
                segments=message.segments if message.channel == SMS and cost else 0,
                cost=cost,
                mono=ledger.mono(),
                wall=ledger.wall(),
            )
        )

    def _turn(self, account: Account, message: Message, status: str) -> None:
        message.status, message.updated = status, self._scene.now()
        self._report(account, message, status)

    def _report(self, account: Account, message: Message, status: str) -> None:
        """Post a status callback, if one is wanted."""
        if not message.callback or status not in account.hooks.rules.states:
            return
        form = Form(
            url=message.callback,
            params=tuple(status_form(message, status)),
            token=account.rules.token,
            account=message.sender,
            channel=message.channel,
            number=message.person,
            message_id=message.sid,
            what=f"status.{status}",
        )
        account.hooks.post(form)
