"""What webhooks may not have brought: Twilio's own list of messages. Touches Twilio through `client`.

Twilio knocks once or twice and gives up; after an outage of ours its list is the only witness. Events get the
keys of their webhooks (`MessageSid`, `MessageSid:MessageStatus`), so what was stored is stored once.

A list says less than a webhook: no position, no button's data, no `OptOutType`, and not our delivery id (the
message's own id finds it). So messages younger than `SETTLE_S` are left to their webhook.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.gateways.twilio.client import TwilioClient, moment_of
from bot.gateways.twilio.receipts import receipt_of
from bot.gateways.twilio.settings import can_be_answered, is_service
from bot.messages import Channel, Event, Inbound

SETTLE_S = 45.0  # a webhook and its one retry take at most 2 x 15 s
PREFIXES = {Channel.WHATSAPP: "whatsapp:"}


class ReadListed(Protocol):
    """What somebody did, from the pieces of a listed message."""

    def __call__(self, sid: str, sender: str, body: str, *, account: str) -> Sequence[Inbound]: ...


async def missed_events(
    client: TwilioClient,
    since: datetime,
    *,
    channel: Channel,
    senders: Sequence[str],
    read: ReadListed,
    now: datetime,
) -> list[Event]:
    """Events of both directions since, oldest first.

    Args:
        since: of the moment a message was sent or received; a receipt may be younger than its message, so
            ask further back for those.
        senders: ours on this channel, without a prefix; a Messaging Service stands for all its numbers.

    Raises:
        SendError: Twilio could not be asked.
    """
    prefix = PREFIXES.get(channel, "")
    inbound: list[dict[str, Any]] = []
    outbound: list[dict[str, Any]] = []
    if any(map(is_service, senders)):
        every = [row for row in await client.listed(since) if _is_on(row, prefix)]
        inbound = [row for row in every if _is_inbound(row)]
        outbound = [row for row in every if not _is_inbound(row)]
    else:
        for sender in senders:
            if can_be_answered(sender):
                inbound += await client.listed(since, to=prefix + sender)
            outbound += await client.listed(since, from_=prefix + sender)
    rows = {str(row.get("sid")): row for row in (*inbound, *outbound)}
    settled = [row for row in rows.values() if moment_of(row) <= now - timedelta(seconds=SETTLE_S)]
    settled.sort(key=lambda row: (moment_of(row), str(row.get("sid"))))
    events: list[Event] = []
    for row in settled:
        events += _events(row, channel, client.settings.account, read)
    return events


def _events(row: dict[str, Any], channel: Channel, account: str, read: ReadListed) -> Sequence[Event]:
    sid, status = str(row.get("sid") or ""), str(row.get("status") or "")
    if not sid:
        return ()
    if _is_inbound(row):
        return read(sid, str(row.get("from") or ""), str(row.get("body") or ""), account=account)
    code = "" if row.get("error_code") is None else str(row["error_code"])
    receipt = receipt_of(sid, status, code, channel=channel, account=account, delivery=None)
    return () if receipt is None else (receipt,)


def _is_inbound(row: dict[str, Any]) -> bool:
    return row.get("direction") == "inbound"


def _is_on(row: dict[str, Any], prefix: str) -> bool:
    """Whether a listed message belongs to the channel whose addresses begin with `prefix`."""
    is_whatsapp = any(str(row.get(side) or "").startswith("whatsapp:") for side in ("from", "to"))
    return is_whatsapp == bool(prefix)
