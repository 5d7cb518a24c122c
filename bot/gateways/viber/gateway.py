"""Viber: one bot account behind the gateway contract. Touches Viber's REST API, and a count of what it bills.

Whatever leaves more than 24 hours after its recipient last wrote is billed; it is counted before it leaves,
and at the month's cap it is refused (`QuotaError`), so that the next channel takes over.
"""

import hmac
import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence

from bot.counters import Count
from bot.errors import (
    ClosedError,
    ForgedHookError,
    HookError,
    QuotaError,
    SendError,
    UnknownOutcomeError,
)
from bot.gateway import BulkAccepted, Hook, HookAnswer, Limits, Prepared
from bot.gateways.viber import statuses
from bot.gateways.viber.billing import CAP, Billing, Budget
from bot.gateways.viber.calls import Alarm, ViberCalls
from bot.gateways.viber.http import ViberHttp
from bot.gateways.viber.rendering import TEXT_UNITS, render
from bot.gateways.viber.settings import ViberSettings
from bot.gateways.viber.wire import STARTED, context_of, events_of, language_of, read_event
from bot.messages import Accepted, Address, Channel, Event, Outbound, Receipt
from storage.clock import Clock

MANY = 300  # recipients of one call (broadcast_message)
MAX_HOOK_BYTES = 128 * 1024  # a text of 7,000 characters, fully escaped, with everything around it
REMEMBERED_TOKENS = 10_000
SIGNATURE_HEADER = "x-viber-content-signature"
EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")

Welcome = Callable[[str], Outbound]
"""Language of somebody's app (BCP 47, "" = not known) -> what they read when they open the chat."""


class ViberGateway:
    """Fulfils `bot.gateway.Gateway`, `BulkGateway` and `Door`; registers its webhook.

    Args:
        welcome: what somebody reads who opens the chat.
        asked_anew: its buttons that answer what a start by a link asks again.
    """

    channel = Channel.VIBER
    confirms = True
    max_hook_bytes = MAX_HOOK_BYTES
    hook_paths = ("/viber",)

    def __init__(
        self,
        settings: ViberSettings,
        *,
        clock: Clock,
        budget: Budget,
        welcome: Welcome,
        count: Count,
        alarm: Alarm,
        asked_anew: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._billing = Billing(budget, clock)
        self._welcome = welcome
        self._asked_anew = asked_anew
        self._http = ViberHttp(settings.api_base, settings.token)
        self._calls = ViberCalls(self._http, settings.account, clock=clock, count=count, alarm=alarm)
        self._heard: OrderedDict[str, None] = OrderedDict()  # tokens of what people sent us
        self.name = ""
        # Viber REST Bot API, "Broadcast Message": 500 calls in 10 seconds, 300 recipients each. For
        # send_message no rate is published, only 100 an hour to somebody who does not answer (status 12). One
        # slot is one call, whomever it serves.
        self.limits = Limits(
            per_second=settings.per_second,
            per_recipient_s=0.0,
            recipient_burst=1,
            in_flight=2 * MANY,
            text_units=TEXT_UNITS,
            batch=MANY,
            last_verified="2026-11-22",
        )

    @property
    def account(self) -> str:
        """Our name for this account."""
        return self._settings.account

    @property
    def public_url(self) -> str:
        """Address of this service as Viber finds it."""
        return self._settings.public_url

    @property
    def takes_many(self) -> bool:
        """Whether calls for many are allowed, as far as Viber told."""
        return self._calls.takes_many

    async def open(self) -> None:
        """Introduce ourselves with `get_account_info`.

        Raises:
            ClosedError: by Viber's name for the reason, or `unreachable`.
        """
        await self._http.open()
        try:
            answer = await self._http.call("get_account_info", b"{}")
        except ClosedError:
            raise
        except SendError:
            raise ClosedError("unreachable") from None
        if answer["status"] != statuses.OK:
            raise ClosedError(statuses.status_of(answer["status"]).name)
        self.name = answer["name"] if isinstance(answer.get("name"), str) else ""

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def register_hook(self, public_url: str) -> None:
        """Have events posted to us from now on. Viber calls the address at once: it must be served already.

        Raises:
            SendError: Viber refused, did not reach us, or could not be asked.
        """
        path = "/hooks/viber" if self.account == "main" else f"/hooks/viber/{self.account}"
        wish = {
            "url": public_url.rstrip("/") + path,
            "event_types": list(EVENTS),
            "send_name": False,  # nobody's name or picture: we need neither
            "send_photo": False,
        }
        await self._http.open()
        answer = await self._http.call("set_webhook", json.dumps(wish).encode())
        if answer["status"] != statuses.OK:
            await self._calls.note(answer["status"])
            raise statuses.error_of(answer["status"], self._clock.now())

    def verify(self, hook: Hook) -> None:
        """Compare the signature over the raw bytes in constant time."""
        given = hook.headers.get(SIGNATURE_HEADER, "").encode("utf-8", "surrogateescape")
        ours = hmac.digest(self._settings.token.encode(), hook.body, "sha256").hex().encode()
        if not hmac.compare_digest(given, ours):
            raise ForgedHookError

    def parse(self, hook: Hook) -> Sequence[Event]:
        """One event; see `wire` for what becomes of it."""
        fields = read_event(hook.body)
        events = events_of(fields, self.account, self._settings.token, self._asked_anew)
        for event in events:
            if not isinstance(event, Receipt):
                self._remember(event.key.partition(":")[0])
        # Viber sends `delivered` for what people wrote to us, too; it matches no message of ours.
        return [
            event for event in events if not (isinstance(event, Receipt) and event.provider_id in self._heard)
        ]

    def answer(self, hook: Hook) -> HookAnswer:
        """The welcome to somebody who opened the chat; nothing otherwise."""
        try:
            fields = read_event(hook.body)
            if fields["event"] != "conversation_started" or fields.get("subscribed") is True:
                return HookAnswer()
            first = self.prepare(self._welcome(language_of(fields.get("user")))).parts[0]
        except (HookError, SendError):
            return HookAnswer()
        # Comes back with the first message, which alone is a subscription: what a link carried is not lost.
        tracked = {**json.loads(first["rich"]), "tracking_data": STARTED + context_of(fields)}
        return HookAnswer(json.dumps(tracked, ensure_ascii=False), "application/json")

    def prepare(self, outbound: Outbound) -> Prepared:
        """See `rendering`."""
        return render(outbound, sender=self._settings.sender, token=self._settings.token)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Send a part; `delivery` and `key` cannot travel along: receipts carry Viber's own id only."""
        body = message.part(part)
        bill = await self._billing.bill([to], message, part)
        try:
            bill.leaves([0])
            token = await self._calls.to_one(body, to.value)
        except SendError as error:
            if not isinstance(error, UnknownOutcomeError):
                bill.stays([0])
            raise
        finally:
            await self._billing.settle(bill)
        return Accepted(token, more=message.more(part))

    async def send_many(self, to: Sequence[Address], message: Prepared, *, part: int = 0) -> BulkAccepted:
        """Send a part to at most 300.

        Raises:
            ValueError: more than 300.
            SendError: of the whole call, as the contract says.
        """
        if len(to) > MANY:
            raise ValueError(f"more than {MANY} recipients in one call")
        body = message.part(part)
        bill = await self._billing.bill(to, message, part)
        failed: dict[int, SendError] = {place: QuotaError(CAP) for place in bill.refused}
        places = {one.value: place for place, one in enumerate(to) if place not in failed}
        try:
            bill.leaves(places.values())
            token, errors = await self._calls.to_many(body, places)
            bill.stays(errors)
            failed |= errors
        except SendError as error:
            if not isinstance(error, UnknownOutcomeError):
                bill.stays(places.values())
            raise
        finally:
            await self._billing.settle(bill)
        return BulkAccepted(token, failed, more=message.more(part))

    async def acknowledge(self, event: Event) -> None:
        """Nothing waits for it here."""

    def _remember(self, token: str) -> None:
        self._heard[token] = None
        while len(self._heard) > REMEMBERED_TOKENS:
            self._heard.popitem(last=False)
