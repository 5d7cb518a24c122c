"""Twilio's Message records: what they hold, their JSON form, and the listing by which a service catches up.
Memory only.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from simulator.twilio_errors import TwilioError
from simulator.twilio_rules import WHATSAPP

API = "2010-04-01"
PAGE, MAX_PAGE = 50, 1000
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?")
FINAL = frozenset({"delivered", "read", "undelivered", "failed", "received"})


@dataclass(slots=True, kw_only=True)
class Message:
    """One message in either direction. Times are seconds of the fake's own clock; 0 = not yet.

    Attributes:
        sender, person: addresses without `whatsapp:`.
        ours: from the service to the person. cost: thousandths of the fictional unit.
        shown: the state in which a list showed it last.
    """

    sid: str
    account: str
    channel: str
    sender: str
    person: str
    body: str
    ours: bool
    status: str
    created: float
    sent: float = 0.0
    updated: float = 0.0
    segments: int = 1
    code: int = 0
    cost: int = 0
    service: str = ""
    callback: str = ""
    validity_s: float = 36_000.0
    attempt: int = 0
    template: str = ""
    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reply: bool = False
    shown: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in FINAL

    def address(self, value: str) -> str:
        """An address as the API writes it."""
        return f"whatsapp:{value}" if self.channel == WHATSAPP else value

    def card(self) -> dict[str, Any]:
        """The record as JSON."""
        ours, theirs = self.address(self.sender), self.address(self.person)
        path = f"/{API}/Accounts/{self.account}/Messages/{self.sid}"
        unset = self.service and not self.sent
        return {
            "account_sid": self.account,
            "api_version": API,
            "body": self.body,
            "date_created": moment(self.created),
            "date_sent": moment(self.sent),
            "date_updated": moment(self.updated or self.created),
            "direction": ("outbound-reply" if self.reply else "outbound-api") if self.ours else "inbound",
            "error_code": self.code or None,
            "error_message": None,
            "from": (None if unset else ours) if self.ours else theirs,
            "to": theirs if self.ours else ours,
            "messaging_service_sid": self.service or None,
            "num_media": "0",
            "num_segments": "0" if unset else str(self.segments),
            "price": f"-{self.cost / 1000:.5f}" if self.over and self.ours else None,
            "price_unit": "XTS",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "uri": f"{path}.json",
        }


def moment(at: float) -> str | None:
    """A time as RFC 2822, None when it has not come."""
    return format_datetime(datetime.fromtimestamp(at, UTC)) if at else None


class Messages:
    """All messages of one account, oldest first; `listed` hears of each that a list shows in a new state."""

    def __init__(self, account: str, listed: Callable[[Message], None]) -> None:
        self._account, self._listed = account, listed
        self._rows: list[Message] = []
        self._by_sid: dict[str, Message] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, message: Message) -> None:
        """Keep a new one."""
        self._rows.append(message)
        self._by_sid[message.sid] = message

    def find(self, sid: str) -> Message:
        """One message; raises `TwilioError` 20404."""
        try:
            return self._by_sid[sid]
        except KeyError:
            raise TwilioError(20404) from None

    def known(self, sid: str) -> Message | None:
        """One message if there is one."""
        return self._by_sid.get(sid)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of the listing, newest first; raises `TwilioError`.

        Filters: To, From, DateSent, DateSent>, DateSent< by whole days of UTC, as documented. The page token
        is a place in the order of arrival, so messages that arrive while somebody pages shift nothing.
        """
        size = number(query, "PageSize", PAGE)
        if not 1 <= size <= MAX_PAGE:
            raise TwilioError(20422)
        wanted = Filter.of(query)
        before = token_of(query, len(self._rows))
        found: list[Message] = []
        place = before
        while place > 0 and len(found) < size:
            place -= 1
            if wanted.takes(self._rows[place]):
                found.append(self._rows[place])
        more = any(wanted.takes(one) for one in self._rows[:place])
        for one in found:
            if one.shown != one.status:
                one.shown = one.status
                self._listed(one)
        page = number(query, "Page", 0)
        path = f"/{API}/Accounts/{self._account}/Messages.json"
        kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}

        def uri(index: int, token: str = "") -> str:
            where = {"PageToken": token} if token else {}
            return f"{path}?{urlencode({**kept, 'PageSize': size, 'Page': index, **where})}"

        return {
            "messages": [one.card() for one in found],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + len(found) - 1,
            "uri": uri(page),
            "first_page_uri": uri(0),
            "previous_page_uri": None,
            "next_page_uri": uri(page + 1, f"PA{place}") if more else None,
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """What a listing asks for; days as ordinals, 0 = any."""

    to: str
    sender: str
    day: int
    after: int
    before: int

    @staticmethod
    def of(query: Mapping[str, str]) -> "Filter":
        """From the query; raises `TwilioError`."""
        return Filter(
            query.get("To", ""),
            query.get("From", ""),
            day_of(query.get("DateSent", "")),
            day_of(query.get("DateSent>", "")),
            day_of(query.get("DateSent<", "")),
        )

    def takes(self, one: Message) -> bool:
        """Whether a message is asked for."""
        ours, theirs = one.address(one.sender), one.address(one.person)
        source, target = (ours, theirs) if one.ours else (theirs, ours)
        if self.to not in ("", target) or self.sender not in ("", source):
            return False
        if not (self.day or self.after or self.before):
            return True
        day = datetime.fromtimestamp(one.sent or one.created, UTC).toordinal()
        if self.day and day != self.day:
            return False
        return (not self.after or day >= self.after) and (not self.before or day <= self.before)


def day_of(value: str) -> int:
    """A day as an ordinal, 0 for none; raises `TwilioError`. A time of day is cut off."""
    if not value:
        return 0
    found = DAY.fullmatch(value)
    try:
        if found is not None:
            return datetime(*(int(part) for part in found.groups()), tzinfo=UTC).toordinal()  # type: ignore[misc,arg-type] # three numbers: year, month, day
    except ValueError:
        pass
    raise TwilioError(20422)


def token_of(query: Mapping[str, str], end: int) -> int:
    """Where a page begins; raises `TwilioError`."""
    token = query.get("PageToken", "")
    if not token:
        return end - number(query, "Page", 0) * number(query, "PageSize", PAGE)
    if not token.removeprefix("PA").isdecimal():
        raise TwilioError(20422)
    return min(end, int(token.removeprefix("PA")))


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A whole number of the query; raises `TwilioError`."""
    value = query.get(name, "")
    if not value:
        return default
    if not value.isdecimal():
        raise TwilioError(20422)
    return int(value)
