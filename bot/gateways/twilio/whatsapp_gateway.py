"""WhatsApp through Twilio: one sender number behind the gateway contract. Touches Twilio through `client`,
and the register of templates.

Inside the window (`bot.window`: a day since the person last wrote to this number) anything may be said.
Outside it a warning knocks: an approved template shows hazard, place, time and code in its slots, with the
buttons Safe, Need help and Full text; a tap opens the window, and the conversation sends the whole text.
Anything else raises `TemplateError`, and is held until the person writes.

One number for each account, since a window is between two numbers: what is answered from another one is
outside it. More numbers are more accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.errors import HalfConfiguredError, RejectedError, SendError, TemplateError
from bot.gateway import Limits, Prepared
from bot.gateways.twilio.client import CONNECTIONS, TwilioClient
from bot.gateways.twilio.door import FAILURES_ONLY
from bot.gateways.twilio.errors import TEMPLATE_FAULTS, code_name
from bot.gateways.twilio.reconcile import missed_events
from bot.gateways.twilio.whatsapp_book import TemplateBook
from bot.gateways.twilio.whatsapp_content import Looked, look
from bot.gateways.twilio.whatsapp_rendering import (
    CHOICES,
    TEXT_UNITS,
    above,
    content,
    knock,
    real_buttons,
    render,
)
from bot.gateways.twilio.whatsapp_templates import (
    ANY_LANGUAGE,
    Purpose,
    Template,
    TemplateState,
    purposes,
)
from bot.gateways.twilio.whatsapp_wire import PREFIX, whatsapp_event
from bot.messages import Accepted, Address, Channel, Event, Frame, Outbound
from bot.slots import knock_problems
from bot.window import is_open
from storage.clock import Clock

_FAULTS = frozenset(code_name(code) for code in TEMPLATE_FAULTS)
_SPOILED: Mapping[str, TemplateState] = {
    code_name(21655): TemplateState.MISSING,
    code_name(63027): TemplateState.MISSING,
    code_name(63040): TemplateState.REJECTED,
    code_name(63041): TemplateState.PAUSED,
}


@dataclass(frozen=True, slots=True)
class Tier:
    """How many different people Meta lets a business open a conversation with in 24 hours.

    Attributes:
        people: 250, 2,000, 10,000 or 100,000; None = no limit. Of the whole business, not of one number.
        last_verified: ISO date somebody looked it up in the WhatsApp Manager.
    """

    people: int | None
    last_verified: str


class WhatsAppGateway:
    """Fulfils `bot.gateway.Gateway`; its webhooks come in through the Twilio account's door."""

    channel = Channel.WHATSAPP
    confirms = True

    def __init__(self, client: TwilioClient, book: TemplateBook, clock: Clock, tier: Tier) -> None:
        settings = client.settings
        if len(settings.whatsapp_senders) != 1:
            raise HalfConfiguredError(
                "MUSTER_TWILIO_WHATSAPP_FROM must be one number, since people answer the one that wrote to "
                "them; further numbers are accounts of their own (MUSTER_ACCOUNTS_FILE)"
            )
        self._client = client
        self._book = book
        self._clock = clock
        self._sender = PREFIX + settings.whatsapp_senders[0]
        self.tier = tier
        rate = settings.whatsapp_rate
        # Twilio: 80 messages a second for a sender. Meta: one in 6 s for one person, bursts of 45 pass.
        self.limits = Limits(
            per_second=rate,
            per_recipient_s=6.0,
            recipient_burst=40,
            in_flight=CONNECTIONS,
            text_units=TEXT_UNITS,
            batch=max(10, min(100, round(rate / 2))),
            last_verified=settings.last_verified,
        )

    @property
    def account(self) -> str:
        """Our name for this account."""
        return self._client.settings.account

    async def open(self) -> None:
        """Show that Twilio knows us; raises `ClosedError`."""
        await self._client.introduce()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def prepare(self, outbound: Outbound) -> Prepared:
        """See `whatsapp_rendering`; what is said inside the window. Raises `RejectedError`."""
        return render(outbound)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Say a part, or knock for all of them where only a template may; the last one's receipts count.

        Raises:
            TemplateError: the window is closed, and no template may be used: nothing was sent.
            SendError: the rest of the family in `bot.errors`.
        """
        outbound = message.outbound
        if outbound.frame is Frame.WAITING:
            template = await self._book.choose((Purpose.WAITING,), outbound.language)
            return await self._by_template(to, template, content(template, {}), delivery)
        if not is_open(to, self._clock.now()):
            if part:
                raise TemplateError("window_closed")
            return await self._knock(to, outbound, delivery)
        if not message.more(part) and CHOICES in message.parts[-1]:
            return await self._offer(to, message, part, delivery)
        return await self._say(to, message.part(part), delivery, more=message.more(part))

    async def acknowledge(self, event: Event) -> None:
        """Nothing: WhatsApp shows no spinner."""

    async def missed(self, since: datetime) -> Sequence[Event]:
        """Messages to our number and news of ours, see `reconcile`; raises `SendError`."""
        return await missed_events(
            self._client,
            since,
            channel=Channel.WHATSAPP,
            senders=self._client.settings.whatsapp_senders,
            read=whatsapp_event,
            now=self._clock.now(),
        )

    async def look(self, known: Template) -> Looked:
        """What Twilio says of one of our templates now; raises `SendError`."""
        return await look(self._client, known, self._clock.now())

    async def knock_refusal(self, language: str, *, drill: bool, asks: bool = True) -> str:
        """Why nobody who reads `language` can be knocked at now, as a stable code; "" = they can.

        For the check of an installation and the estimate before sending. Raises `TransientError`.
        """
        return await self._book.refusal(purposes(drill=drill, asks=asks), language)

    async def _knock(self, to: Address, outbound: Outbound, delivery: int | None) -> Accepted:
        notice = outbound.notice
        if notice is None:
            raise TemplateError("window_closed")
        for problem in knock_problems(notice):
            if problem.code == "slot_long":
                raise TemplateError(problem.code)
        wanted = purposes(drill=outbound.frame is Frame.DRILL, asks=notice.asks)
        template = await self._book.choose(wanted, outbound.language)
        return await self._by_template(to, template, knock(notice, template), delivery)

    async def _by_template(
        self, to: Address, template: Template, parameters: Mapping[str, str], delivery: int | None
    ) -> Accepted:
        try:
            return await self._say(to, parameters, delivery)
        except RejectedError as error:
            await self._judge(template, error)
            raise TemplateError(error.code) from None

    async def _judge(self, template: Template, error: RejectedError) -> None:
        """Return when the template is at fault, not the person: nobody else tries it in vain. Else raises
        `error`.
        """
        if error.code not in _FAULTS:
            raise error
        if error.code in _SPOILED:
            await self._book.spoil(template.sid, _SPOILED[error.code])

    async def _offer(self, to: Address, message: Prepared, part: int, delivery: int | None) -> Accepted:
        """Send the last part, with numbered choices, or with real buttons where we have a content that works:
        then what stands above its last line goes before, as a part of its own.
        """
        last, head = message.parts[-1], above(message.parts[-1])
        is_begun = part >= len(message.parts)
        numbered = {"body": last["body"].removeprefix(head).strip() if is_begun else last["body"]}
        try:
            template = await self._book.choose((Purpose.BUTTONS,), ANY_LANGUAGE)
            buttons = real_buttons(last, message.outbound.buttons, template)
        except SendError:
            buttons = None
        if buttons is None:
            return await self._say(to, numbered, delivery)
        if head and not is_begun:
            return await self._say(to, {"body": head}, delivery, more=True)
        try:
            return await self._say(to, buttons, delivery)
        except RejectedError as error:
            await self._judge(template, error)
        return await self._say(to, numbered, delivery)

    async def _say(
        self, to: Address, parameters: Mapping[str, str], delivery: int | None, *, more: bool = False
    ) -> Accepted:
        rest: dict[str, object] = dict(parameters)
        if not more:
            path = f"/twilio/status/{FAILURES_ONLY if delivery is None else delivery}"
            rest["status_callback"] = self._client.settings.hook_url(path)
        sid = await self._client.create(PREFIX + to.value, from_=self._sender, **rest)
        return Accepted(sid, more=more)
