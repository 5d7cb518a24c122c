"""SMS through Twilio: the numbers of one account behind the gateway contract. Touches Twilio through
`client`.

A warning is prepared in four variants (answerable or not, with a link or without); the recipient's country
decides. Rates count in segments: `Prepared.weight` tells how many one recipient costs at most.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.gateway import Limits, Prepared
from bot.gateways.twilio.client import CONNECTIONS, TwilioClient
from bot.gateways.twilio.reconcile import missed_events
from bot.gateways.twilio.sms_countries import Countries, country_of
from bot.gateways.twilio.sms_segments import segments
from bot.gateways.twilio.sms_senders import choose_sender
from bot.gateways.twilio.sms_text import compose, render_reply
from bot.gateways.twilio.sms_wire import sms_event
from bot.messages import Accepted, Address, Channel, Event, Frame, Outbound
from storage.clock import Clock

TEXT_UNITS = 1600  # Twilio's error 21617; a reply is cut long before that
WARNINGS = frozenset({Frame.ALERT, Frame.DRILL})
UNASKED = WARNINGS | {Frame.CODE}  # not an answer to what somebody wrote to one of our numbers


class SmsGateway:
    """Fulfils `bot.gateway.Gateway` and `ReconcilingGateway`; its webhooks come in through the account's
    door.
    """

    channel = Channel.SMS
    confirms = True

    def __init__(self, client: TwilioClient, countries: Countries, clock: Clock) -> None:
        self._client = client
        self._settings = client.settings
        self._countries = countries
        self._clock = clock
        rate = self._settings.sms_per_second
        self.limits = Limits(
            per_second=rate,  # segments
            per_recipient_s=1.0,  # one part a second: phones and carriers join parts in the order they come
            recipient_burst=5,
            in_flight=CONNECTIONS,
            text_units=TEXT_UNITS,
            batch=max(10, min(100, round(rate / 2))),
            last_verified=self._settings.last_verified,
        )

    @property
    def account(self) -> str:
        """Our name for this account."""
        return self._settings.account

    @property
    def countries(self) -> Countries:
        """What text messages may do in which country, as this account uses it."""
        return self._countries

    def can_hear(self, number: str) -> bool:
        """Whether whoever has this number (E.164) can answer our text messages."""
        country = self._countries.of_number(number)
        return choose_sender(self._settings.sms_senders, number, country, answers=True).two_way

    def can_reach(self, number: str) -> bool:
        """Whether our text messages may arrive at this number (E.164): not where a sender must be registered
        and ours is not.
        """
        country = self._countries.of_number(number)
        has_country = country_of(number).isalpha()  # "001" = of the whole world: ships and satellites
        return has_country and not country.must_be_registered

    async def open(self) -> None:
        """Show that Twilio knows us; raises `ClosedError`."""
        await self._client.introduce()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def prepare(self, outbound: Outbound) -> Prepared:
        """See `sms_text`; raises `RejectedError`."""
        if outbound.notice is not None and outbound.frame in WARNINGS:
            variants = {
                _variant(two_way=two_way, url=url): compose(
                    outbound.notice, outbound.frame, two_way=two_way, url=url
                )
                for two_way in (True, False)
                for url in (True, False)
            }
            return Prepared((variants,), outbound, max(map(segments, variants.values())))
        texts = render_reply(outbound)
        return Prepared(tuple({"text": text} for text in texts), outbound, sum(map(segments, texts)))

    def segments_in(self, message: Prepared, iso2: str) -> int:
        """Segments that a number of one country gets, `Prepared.weight` at most; for estimates."""
        country = self._countries.get(iso2)
        sender = choose_sender(self._settings.sms_senders, "", country)  # all of one kind are answered alike
        variant = _variant(two_way=sender.two_way, url=country.url)
        return sum(segments(part.get("text") or part[variant]) for part in message.parts)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Send a part; the receipts of the last one count."""
        texts, more = message.part(part), message.more(part)
        country = self._countries.of_number(to.value)
        is_warning = message.outbound.frame in WARNINGS
        is_answer = message.outbound.frame not in UNASKED
        sender = choose_sender(self._settings.sms_senders, to.value, country, answers=is_answer)
        common: dict[str, object] = {sender.parameter: sender.value}
        if is_warning:
            common["validity_period"] = self._settings.warning_validity_s
        if delivery is not None and not more:
            common["status_callback"] = self._settings.hook_url(f"/twilio/status/{delivery}")
        text = texts.get("text") or texts[_variant(two_way=sender.two_way, url=country.url)]
        return Accepted(await self._client.create(to.value, body=text, **common), more=more)

    async def acknowledge(self, event: Event) -> None:
        """Nothing: text messages have no buttons."""

    async def missed(self, since: datetime) -> Sequence[Event]:
        """Text messages to our numbers and news of ours, see `reconcile`; raises `SendError`."""
        return await missed_events(
            self._client,
            since,
            channel=Channel.SMS,
            senders=self._settings.sms_senders,
            read=sms_event,
            now=self._clock.now(),
        )


def _variant(*, two_way: bool, url: bool) -> str:
    return f"{'two_way' if two_way else 'one_way'}{'_url' if url else ''}"
