"""One Twilio account as twilio's own client sees it, its errors in our words. Touches Twilio through `http`.

SMS and WhatsApp of one account share it: Twilio bounds the requests under way for both together.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from bot.errors import ClosedError, SendError, UnknownOutcomeError
from bot.gateways.twilio.errors import translate
from bot.gateways.twilio.http import AiohttpClient, RefusedError
from bot.gateways.twilio.settings import TwilioSettings

# Twilio answers 20429 to too many requests at once and does not say how many; a few dozen pass.
CONNECTIONS = 50
PAGE_SIZE = 1000
MAX_PAGES = 500

# What twilio's classes raise over an answer of another shape than they know; they have no error for it.
UNREADABLE = (TwilioException, ValueError, AttributeError, TypeError, LookupError)
_LONGEST_SID = 80  # twice what Twilio's have


@dataclass(frozen=True, slots=True)
class Listed:
    """What we use of a listed message; a list of a great alert is long, and the rest is not kept.

    Attributes:
        at: when it was sent or received; without a date "for ever from now".
        sender, recipient: as Twilio writes them, WhatsApp's with their prefix.
        body: of those that came in, "" of ours.
        error_code: Twilio's number as text, "" for none.
    """

    sid: str
    at: datetime
    is_inbound: bool
    status: str
    error_code: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    body: str = field(repr=False)


class TwilioClient:
    """Sends, and lists what was sent and received. Gateways of one account share one."""

    def __init__(self, settings: TwilioSettings) -> None:
        # The library writes addresses and whole requests to its log; no log setting may switch that on.
        logging.getLogger("twilio").setLevel(logging.WARNING)
        self.settings = settings
        self._http = AiohttpClient(settings.api_base, connections=CONNECTIONS)
        # An environment of its own: the library would read TWILIO_EDGE and TWILIO_REGION from the process's.
        self.rest = Client(
            settings.account_sid,
            settings.auth_token,
            http_client=self._http,
            environment={"TWILIO_EDGE": ""},
        )

    async def introduce(self) -> None:
        """Ask for one message of ours: shows that Twilio answers and knows us.

        Raises:
            ClosedError: `unauthorized` and the like, or `unreachable` = nobody could be asked.
        """
        try:
            await self.rest.messages.page_async(page_size=1)
        except RefusedError as error:
            problem = translate(error)
            raise (problem if isinstance(problem, ClosedError) else ClosedError("unreachable")) from None
        except (SendError, *UNREADABLE):
            raise ClosedError("unreachable") from None

    async def close(self) -> None:
        """Close every connection; the next request opens new ones."""
        await self._http.close()

    async def create(self, to: str, **parameters: object) -> str:
        """Send one message and return Twilio's id of it (`SM...`, `MM...`).

        Args:
            to: `+...`, or `whatsapp:+...`.
            parameters: of twilio's `messages.create`, in its spelling (`from_`, `body`, `status_callback`).

        Raises:
            SendError: one of the family in `bot.errors`.
        """
        try:
            message = await self.rest.messages.create_async(to=to, **parameters)
        except RefusedError as error:
            raise translate(error) from None
        except UNREADABLE:
            # 2xx with a body that is not Twilio's: something took it.
            raise UnknownOutcomeError("unreadable_answer") from None
        if not isinstance(message.sid, str) or not 0 < len(message.sid) <= _LONGEST_SID:
            raise UnknownOutcomeError("unreadable_answer")
        return message.sid

    async def listed(self, since: datetime, **filters: str) -> list[Listed]:
        """Messages of both directions sent since, newest first as Twilio lists them.

        Twilio documents the filter by whole days of UTC (and takes seconds, too): what is older is left out
        here, and pages are read only as far as they hold anything younger.

        Args:
            since: aware; compared with the moment a message was sent or received, to the second.
            filters: `to`, `from_`.

        Raises:
            SendError: Twilio could not be asked; `unreadable_answer` when it answered something else.
        """
        found: list[Listed] = []
        try:
            # One second less: "after" may or may not mean the very second.
            after = since - timedelta(seconds=1)
            page = await self.rest.messages.page_async(date_sent_after=after, page_size=PAGE_SIZE, **filters)
            for _number in range(MAX_PAGES):
                records = [_listed(record) for record in _records(page)]
                young = [record for record in records if record.at >= after]
                found += young
                if records and not young:
                    return found
                page = await page.next_page_async()
                if page is None:
                    return found
        except RefusedError as error:
            raise translate(error) from None
        except UNREADABLE:
            raise UnknownOutcomeError("unreadable_answer") from None
        raise UnknownOutcomeError("endless_list")


def _records(page: Any) -> list[dict[str, Any]]:
    """The raw records of a page: one that the library cannot read must not hide the others."""
    records = page.load_page(page._payload)  # noqa: SLF001 - the only way to the raw records
    return [record for record in records if isinstance(record, dict)]


def _listed(record: dict[str, Any]) -> Listed:
    is_inbound, code = record.get("direction") == "inbound", record.get("error_code")
    return Listed(
        sid=str(record.get("sid") or ""),
        at=_moment_of(record),
        is_inbound=is_inbound,
        status=str(record.get("status") or ""),
        error_code="" if code is None else str(code),
        sender=str(record.get("from") or ""),
        recipient=str(record.get("to") or ""),
        body=str(record.get("body") or "") if is_inbound else "",
    )


def _moment_of(record: dict[str, Any]) -> datetime:
    """When a listed message was sent or received; Twilio writes dates as e-mail does. Without any: never
    too old.
    """
    for name in ("date_sent", "date_created"):
        try:
            at = parsedate_to_datetime(str(record.get(name) or ""))
        except (ValueError, OverflowError):
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return datetime.max.replace(tzinfo=UTC)
