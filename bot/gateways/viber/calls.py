"""The calls of one account that send messages: bodies, a plainer second try, what the answer says of whom.
Touches Viber's REST API through `http`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.counters import Count
from bot.errors import RejectedError, RetryAfterError, SendError
from bot.gateways.viber import statuses
from bot.gateways.viber.http import ViberHttp
from bot.gateways.viber.rendering import MAX_BYTES
from storage.clock import Clock

MANY_AGAIN_S = 3600.0  # after which calls for many are tried again when Viber did not allow them
ALARM_AGAIN_S = 600.0
LONGEST_TOKEN = 24  # characters: a 64-bit number, and no longer than receipts may name

Alarm = Callable[[str, str, str], Awaitable[None]]
"""Pages the operators: channel, account, code."""


class ViberCalls:
    """Sends parts of messages; remembers for a while what Viber said of the account."""

    def __init__(self, http: ViberHttp, account: str, *, clock: Clock, count: Count, alarm: Alarm) -> None:
        self._http = http
        self._account = account
        self._clock = clock
        self._count = count
        self._alarm = alarm
        self._many_at = float("-inf")  # monotonic
        self._alarm_at: dict[str, float] = {}

    @property
    def takes_many(self) -> bool:
        """Whether calls for many are allowed, as far as Viber told."""
        return self._clock.monotonic() >= self._many_at

    async def to_one(self, part: Mapping[str, str], receiver: str) -> str:
        """Send one part to one recipient; return the message's token.

        Raises:
            SendError: see `http` and `statuses`.
        """
        answer = await self._say("send_message", part, {"receiver": receiver})
        if answer["status"] != statuses.OK:
            raise statuses.error_of(answer["status"], self._clock.now())
        return _token(answer)

    async def to_many(
        self, part: Mapping[str, str], places: Mapping[str, int]
    ) -> tuple[str, dict[int, SendError]]:
        """Send one part to many; return the token they share, and the errors of those it was not taken for.

        Args:
            places: recipient -> place in the caller's call.

        Raises:
            SendError: of the whole call.
        """
        answer = await self._say("broadcast_message", part, {"broadcast_list": list(places)})
        status = answer["status"]
        if status in statuses.NO_BROADCAST:
            self._many_at = self._clock.monotonic() + MANY_AGAIN_S
            raise RetryAfterError("no_broadcast", 0.0)
        if status != statuses.OK:
            raise statuses.error_of_call(status)
        return _token(answer), await self._failures(answer, places)

    async def _say(self, method: str, part: Mapping[str, str], to: dict[str, Any]) -> dict[str, Any]:
        """Make one call, once more in a plainer shape where Viber or the app does not take the first."""
        answer = await self._http.call(method, _body(part["rich"], to))
        if answer["status"] in statuses.DEGRADES and part["plain"] != part["rich"]:
            await self.note(answer["status"])
            answer = await self._http.call(method, _body(part["plain"], to))
        if answer["status"] != statuses.OK:
            await self.note(answer["status"])
        return answer

    async def _failures(self, answer: dict[str, Any], places: Mapping[str, int]) -> dict[int, SendError]:
        found: dict[int, SendError] = {}
        listed = answer.get("failed_list")
        for row in listed if isinstance(listed, list) else ():
            receiver, status = (
                (row.get("receiver"), row.get("status")) if isinstance(row, dict) else (None, None)
            )
            place = places.get(receiver) if isinstance(receiver, str) else None
            if place is None or type(status) is not int or status == statuses.OK:
                self._count("viber_status", account=self._account, status="unreadable")
                continue
            await self.note(status)
            found[place] = statuses.error_of_one(status, self._clock.now())
        return found

    async def note(self, code: int) -> None:
        """Count a status; page the operators, now and then, for those that only they can end."""
        status = statuses.status_of(code)
        self._count("viber_status", account=self._account, status=status.name)
        now = self._clock.monotonic()
        if status.page and now >= self._alarm_at.get(status.name, float("-inf")):
            self._alarm_at[status.name] = now + ALARM_AGAIN_S
            await self._alarm("viber", self._account, status.name)


def _body(part: str, to: dict[str, Any]) -> bytes:
    """A prepared part with its recipients.

    Raises:
        RejectedError: it is larger than Viber takes.
    """
    recipients = json.dumps(to, ensure_ascii=False, separators=(",", ":"))
    body = f"{recipients[:-1]},{part[1:]}".encode()
    if len(body) > MAX_BYTES:
        raise RejectedError("too_long")
    return body


def _token(answer: dict[str, Any]) -> str:
    """The message's id; without one its receipts match nothing, and that is all that is lost."""
    token = answer.get("message_token")
    text = str(token) if isinstance(token, int | str) and not isinstance(token, bool) else ""
    return text if len(text) <= LONGEST_TOKEN else ""
