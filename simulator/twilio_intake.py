"""The moment a send reaches the fake Twilio: guards, checks, the ledger entry. Knows nothing of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.records import Attempt
from simulator.twilio_accounts import Account
from simulator.twilio_delivery import Carrier
from simulator.twilio_errors import OTHER, WORDS, TwilioError
from simulator.twilio_form import PREFIX, Order, check_route, ends_of, order_of
from simulator.twilio_rules import SMS, WHATSAPP
from simulator.twilio_scene import Scene


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request: `arrived` is monotonic seconds, `fault` the name of one that will hit."""

    method: str
    params: Mapping[str, str]
    arrived: float
    fault: str = ""

    @property
    def recipient(self) -> str:
        """The number it is for, empty if none."""
        return self.params.get("To", "").removeprefix(PREFIX)

    @property
    def channel(self) -> str:
        """sms or whatsapp."""
        return WHATSAPP if self.params.get("To", "").startswith(PREFIX) else SMS


class Intake:
    """Checks sends and writes each into the ledger once."""

    def __init__(self, scene: Scene, carrier: Carrier) -> None:
        self._scene, self._carrier = scene, carrier

    def guard(self, account: Account, wanted: Request) -> None:
        """Too many requests at once are refused and not processed; raises `TwilioError` 20429."""
        limit = account.rules.max_concurrent
        storm = wanted.arrived < account.storm_until
        if account.active <= limit and not storm:
            return
        if not storm:
            self._scene.blame("concurrency", account.sid, wanted.recipient, account.active, limit)
        if wanted.method == "messages.create":
            self.note_failed(wanted, 429, 20429)
        raise TwilioError(20429)

    def create(self, account: Account, wanted: Request) -> dict[str, Any]:
        """Take a message; returns the record; raises `TwilioError`. Whatever comes of it is one attempt."""
        number = self._scene.ledger.next_attempt()
        try:
            order = self._order(account, wanted)
        except TwilioError as error:
            self._note(number, wanted, error.status, error.code)
            raise
        message = self._carrier.accept(account, order, number)
        self._note(number, wanted, 201, 0, order, message.sid)
        return message.card()

    def _order(self, account: Account, wanted: Request) -> Order:
        """The checked order; raises `TwilioError`."""
        ends = ends_of(wanted.params, account)
        phone = self._scene.people.meet(ends.channel, ends.person)
        order = order_of(wanted.params, account, ends)
        check_route(ends, phone, self._scene.rules.country(ends.person))
        if order.callback:
            try:
                account.hooks.local(order.callback)
            except ValueError:
                raise TwilioError(21609) from None
        queue = account.queue(order.sender)
        if queue.full(order.segments):
            rate, longest = queue.rules.per_second, queue.rules.queue_s
            waiting, most = int(queue.backlog() * rate), int(longest * rate)
            self._scene.blame("queue", queue.rules.sender, order.person, waiting, most, longest)
            if not order.service:
                raise TwilioError(21611)
        return order

    def note_failed(self, wanted: Request, status: int, code: int) -> None:
        """Write a send that a fault or a guard stopped; other requests leave no attempt."""
        if wanted.method == "messages.create":
            self._note(self._scene.ledger.next_attempt(), wanted, status, code)

    def _note(
        self, number: int, wanted: Request, status: int, code: int, order: Order | None = None, sid: str = ""
    ) -> None:
        ledger, given = self._scene.ledger, wanted.params
        ledger.write(
            Attempt(
                attempt_id=number,
                channel=wanted.channel,
                account=order.sender.sender if order else given.get("From", "").removeprefix(PREFIX),
                recipient=wanted.recipient,
                method=wanted.method,
                text=order.text if order else given.get("Body", ""),
                buttons=order.buttons if order else (),
                mono=wanted.arrived,
                wall=ledger.wall(),
                accepted=order is not None,
                message_id=sid,
                status=status,
                error=f"{code} {WORDS.get(code, OTHER)}" if code else "" if order else "cut off",
                fault=wanted.fault,
                segments=order.segments if order and order.channel == SMS else 0,
                template=given.get("ContentSid", ""),
                callback=given.get("StatusCallback", ""),
            )
        )
