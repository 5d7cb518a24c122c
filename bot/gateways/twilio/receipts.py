"""Status callbacks and listed messages as receipts, for SMS and WhatsApp alike. Pure; touches nothing.

Callbacks come in any order and twice; whoever writes them down moves forward only. `sent` says no more than
`accepted`: the next carrier has it.
"""

from collections.abc import Mapping

import structlog

from bot.gateways.twilio.errors import failure_of
from bot.messages import Channel, Receipt, ReceiptState

log = structlog.get_logger(__name__)

# Twilio's Message.Status; receiving and received are of the other direction and prove nothing of ours.
STATES: Mapping[str, ReceiptState] = {
    "accepted": ReceiptState.ACCEPTED,
    "scheduled": ReceiptState.ACCEPTED,
    "queued": ReceiptState.ACCEPTED,
    "sending": ReceiptState.ACCEPTED,
    "sent": ReceiptState.ACCEPTED,
    "delivered": ReceiptState.DELIVERED,
    "partially_delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.READ,
    "undelivered": ReceiptState.FAILED,
    "failed": ReceiptState.FAILED,
    "canceled": ReceiptState.FAILED,
}
_LONGEST_CODE = 9  # digits; Twilio's have five
INBOUND_STATES = frozenset({"receiving", "received"})


def receipt_of(
    sid: str, status: str, error_code: str, *, channel: Channel, account: str, delivery: int | None
) -> Receipt | None:
    """What `status` of the message `sid` says; None for a status that says nothing we know.

    Args:
        error_code: Twilio's number as it came, "" for none.
    """
    state = STATES.get(status)
    if state is None:
        if status not in INBOUND_STATES:
            log.warning("a message status is not known", action="twilio.status_unknown", status=status[:30])
        return None
    error, failure = "", None
    if state is ReceiptState.FAILED:
        is_code = error_code.isdecimal() and len(error_code) <= _LONGEST_CODE
        error, failure = failure_of(int(error_code) or None if is_code else None)
    return Receipt(
        key=f"{sid}:{status}",
        channel=channel,
        account=account,
        provider_id=sid,
        state=state,
        delivery=delivery,
        error=error,
        failure=failure,
    )
