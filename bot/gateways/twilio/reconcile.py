"""What webhooks may not have brought: Twilio's own list of messages. Touches Twilio through `client`.

Twilio knocks once or twice and gives up; after an outage of ours its list is the only witness. Events get the
keys of their webhooks (`MessageSid`, `MessageSid:MessageStatus`), so what was stored is stored once.

A list says less than a webhook: no position, no button's data, no `OptOutType`, and not our delivery id (the
message's own id finds it). So messages younger than `SETTLE_S` are left to their webhook.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.gateways.twilio.client import Listed, TwilioClient
from bot.gateways.twilio.receipts import receipt_of
from bot.gateways.twilio.settings import can_be_answered, is_service
from bot.messages import Channel, Event, Inbound

SETTLE_S = 45.0  # a webhook and its one retry take at most 2 x 15 s
AT_ONCE = 1000  # messages made into events without a pause
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
    if any(map(is_service, senders)):
        found = [row for row in await client.listed(since) if _is_on(row, prefix)]
    else:
        found = []
        for sender in senders:
            if can_be_answered(sender):
                inbound = await client.listed(since, to=prefix + sender)
                found += [row for row in inbound if row.is_inbound]
            outbound = await client.listed(since, from_=prefix + sender)
            found += [row for row in outbound if not row.is_inbound]
    settled_at = now - timedelta(seconds=SETTLE_S)
    settled = list({row.sid: row for row in found if row.sid and row.at <= settled_at}.values())
    settled.sort(key=lambda row: (row.at, row.sid))
    events: list[Event] = []
    for start in range(0, len(settled), AT_ONCE):
        for row in settled[start : start + AT_ONCE]:
            events += _events(row, channel, client.settings.account, read)
        await asyncio.sleep(0)  # after a great alert the list is long, and webhooks must not wait for it
    return events


def _events(row: Listed, channel: Channel, account: str, read: ReadListed) -> Sequence[Event]:
    if row.is_inbound:
        return read(row.sid, row.sender, row.body, account=account)
    receipt = receipt_of(row.sid, row.status, row.error_code, channel=channel, account=account, delivery=None)
    return () if receipt is None else (receipt,)


def _is_on(row: Listed, prefix: str) -> bool:
    """Whether a listed message belongs to the channel whose addresses begin with `prefix`."""
    is_whatsapp = any(side.startswith("whatsapp:") for side in (row.sender, row.recipient))
    return is_whatsapp == bool(prefix)
