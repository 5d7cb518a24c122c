"""Viber's status codes in the words of `bot.errors`. Data and pure functions; touches nothing.

Source: Viber REST Bot API, "Error Codes" (creators.viber.com/docs/bots-api/errors), last verified 2026-11-22.
A code that no row knows is tried again (bounded, like every transient error) and counted as `status_other`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import (
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
)
from bot.messages import Failure

OK = 0
TOO_MANY = 12
NO_BROADCAST = frozenset({19, 20})  # calls for many are not allowed to this account
# What a plainer message may heal: an app too old for our buttons, or a keyboard that Viber does not take.
DEGRADES = frozenset({3, 11, 13, 14})
CALL_WAIT_S = 10.0  # broadcast_message: 500 calls in 10 seconds


@dataclass(frozen=True, slots=True)
class Status:
    """What one code means.

    Attributes:
        name: as Viber has it, in our spelling; the code of the error, countable.
        family: raised when it answers a call.
        failure: the same, said of a message afterwards.
        page: operators must see it, though the account goes on.
    """

    name: str
    family: type[SendError]
    failure: Failure
    page: bool = False


STATUSES: Mapping[int, Status] = {
    # our webhook did not answer 200, or no trusted TLS
    1: Status("invalid_url", ClosedError, Failure.CLOSED),
    2: Status("invalid_auth_token", ClosedError, Failure.CLOSED),  # missing, wrong or revoked
    3: Status("bad_data", RejectedError, Failure.REJECTED),
    4: Status("missing_data", RejectedError, Failure.REJECTED),
    5: Status("receiver_not_registered", GoneError, Failure.GONE),  # no such user any more
    6: Status("receiver_not_subscribed", GoneError, Failure.GONE),  # never wrote to us, or unsubscribed
    7: Status("account_blocked", ClosedError, Failure.CLOSED),
    8: Status("account_not_found", ClosedError, Failure.CLOSED),
    9: Status("account_suspended", ClosedError, Failure.CLOSED),
    10: Status("webhook_not_set", ClosedError, Failure.CLOSED),
    11: Status("no_suitable_device", RejectedError, Failure.REJECTED),  # app older than `min_api_version`
    12: Status("too_many_requests", RetryAfterError, Failure.TRANSIENT),  # see `error_of`, `error_of_call`
    13: Status("api_version_not_supported", RejectedError, Failure.REJECTED),
    14: Status("incompatible_with_version", RejectedError, Failure.REJECTED),
    15: Status("account_not_authorized", ClosedError, Failure.CLOSED),
    16: Status("inchat_reply_not_allowed", RejectedError, Failure.REJECTED),
    17: Status("not_inline", RejectedError, Failure.REJECTED),
    18: Status("no_public_chat", RejectedError, Failure.REJECTED),
    # 19 and 20 never reach a caller as an error of a message: the gateway goes on one by one
    19: Status("cannot_send_broadcast", RetryAfterError, Failure.TRANSIENT, page=True),
    20: Status("broadcast_not_allowed", RetryAfterError, Failure.TRANSIENT, page=True),
    21: Status("unsupported_country", RejectedError, Failure.REJECTED),  # of this recipient
    22: Status("payment_unsupported", QuotaError, Failure.QUOTA, page=True),
    23: Status("free_messages_exceeded", QuotaError, Failure.QUOTA, page=True),
    24: Status("no_balance", QuotaError, Failure.QUOTA, page=True),
}
OTHER = Status("status_other", TransientError, Failure.UNKNOWN)


def status_of(code: int) -> Status:
    """The meaning of a code, `OTHER` for one that we do not know."""
    return STATUSES.get(code, OTHER)


def error_of(code: int, now: datetime) -> SendError:
    """What a code other than 0 means for the one recipient it was answered about.

    12 then is the cap of 100 messages to somebody who does not answer, counted in whole hours of the clock.
    """
    status = status_of(code)
    if code == TOO_MANY:
        return RetryAfterError(status.name, until_next_hour_s(now), recipient_only=True)
    if status.family is RetryAfterError:
        return TransientError(status.name)  # about broadcasts, and this was none
    return status.family(status.name)


def error_of_call(code: int) -> SendError:
    """What a code other than 0 means for a call for many as a whole: nobody was sent to."""
    status = status_of(code)
    if status.family is RetryAfterError:
        return RetryAfterError(status.name, CALL_WAIT_S if code == TOO_MANY else 0.0)
    if issubclass(status.family, GoneError):
        # Of whom it speaks is not said: nobody may lose their address by it. Each is tried alone.
        return RejectedError(status.name)
    return status.family(status.name)


def error_of_one(code: int, now: datetime) -> SendError:
    """What a code means for one recipient of a call for many that others got."""
    error = error_of(code, now)
    if isinstance(error, ClosedError):
        return RejectedError(error.code)  # of the account, where others were sent to: it is tried alone
    return error


def until_next_hour_s(now: datetime) -> float:
    """Seconds until the clock shows a full hour, with one to spare."""
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return (hour - now).total_seconds() + 1.0
