"""Twilio's error codes in the words of `bot.errors` and `Failure`: one table for both ways they come. Pure.

A code may answer the request (then it is raised) or come later with a status callback (then it is a
`Failure`). Our code of each is `twilio_<number>`: countable, and an operator finds its page at
https://www.twilio.com/docs/api/errors/<number>. What it means in words for an officer stands in
`alerts/failures.py`, except what a test keeps equal: every row here has words there.

Sources of the classes: Twilio's pages of the single codes (30001, 21611, 30036, 20429, 63016, 63017, 21610),
its mapping of WhatsApp's codes, and where those only say "do not retry", our judgement (checked 2026-11-22).

A code that no row knows: refused on the spot it will not pass as it is (`RejectedError`), later it says
something of this try only (`Failure.UNKNOWN`); both keep its number and are counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    StoppedError,
    TemplateError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateways.twilio.http import RefusedError
from bot.messages import Failure

FLOOD_S = 1.0  # wait when Twilio says "too many at once" and not how long


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says: as an error of the request, and as the failure of an accepted message."""

    error: type[SendError]
    failure: Failure


_CLOSED = Meaning(ClosedError, Failure.CLOSED)  # our account or sender: stop it, page an operator
_GONE = Meaning(GoneError, Failure.GONE)
_STOPPED = Meaning(StoppedError, Failure.STOPPED)
_REJECTED = Meaning(RejectedError, Failure.REJECTED)
_TEMPLATE = Meaning(TemplateError, Failure.TEMPLATE)
_QUOTA = Meaning(QuotaError, Failure.QUOTA)
_AGAIN = Meaning(TransientError, Failure.TRANSIENT)
_SLOWER = Meaning(RetryAfterError, Failure.TRANSIENT)

CODES: Mapping[int, Meaning] = {
    # --- our account is refused
    20003: _CLOSED,  # authentication failed
    20403: _CLOSED,  # forbidden
    20404: _CLOSED,  # the account was not found
    45003: _CLOSED,  # not allowed
    30002: _CLOSED,  # account suspended
    63001: _CLOSED,  # the channel refuses our authentication
    63020: _CLOSED,  # the business has not accepted Twilio's invitation at Meta
    # --- our sender or set-up is wrong
    21212: _CLOSED,  # invalid From
    21606: _CLOSED,  # From cannot send text messages
    21609: _CLOSED,  # invalid StatusCallback
    21703: _CLOSED,  # Messaging Service without a sender
    21704: _CLOSED,  # ... that is empty
    21705: _CLOSED,  # ... that is invalid
    63007: _CLOSED,  # no such WhatsApp sender
    63008: _CLOSED,  # the channel is misconfigured
    # --- this recipient or country only; another channel, and the address stays
    63031: _REJECTED,  # From and To are the same
    21408: _REJECTED,  # this country is not switched on for our account
    21608: _REJECTED,  # a trial account may only write to verified numbers
    63015: _REJECTED,  # ... or to who joined the sandbox
    63032: _REJECTED,  # WhatsApp does not let businesses write to this user at the moment
    # --- the address
    21211: _GONE,  # invalid To
    21214: _GONE,  # To cannot be reached
    21612: _GONE,  # no route to this number
    21614: _GONE,  # not a mobile number
    30005: _GONE,  # unknown handset
    30006: _GONE,  # a landline or an unreachable carrier
    63003: _GONE,  # the recipient is not on the channel
    63014: _GONE,  # blocked by the user
    63024: _GONE,  # not a recipient, for instance not on WhatsApp
    63033: _GONE,  # the same, in a code no longer used
    21610: _STOPPED,  # the recipient wrote STOP
    # --- this content
    21617: _REJECTED,  # more than 1,600 characters
    21619: _REJECTED,  # empty
    21620: _REJECTED,  # a file's address is wrong
    21623: _REJECTED,  # a file is too large
    30007: _REJECTED,  # filtered by the carrier
    30019: _REJECTED,  # content too large
    63005: _REJECTED,  # the channel did not accept the content
    63006: _REJECTED,  # its format
    63013: _REJECTED,  # against the channel's policy
    63019: _REJECTED,  # a file could not be fetched
    63021: _REJECTED,  # invalid content
    63026: _REJECTED,  # taken for spam
    # --- templates of WhatsApp: 63016 alone says "outside the 24 hours"; the others that ours is wrong
    63016: _TEMPLATE,
    21654: _REJECTED,  # a template is required
    21655: _REJECTED,  # its id is invalid
    21656: _REJECTED,  # its variables are invalid
    63027: _REJECTED,  # it does not exist in this language
    63028: _REJECTED,  # wrong number of variables
    63029: _REJECTED,  # the receiver failed to download it
    63030: _REJECTED,  # a parameter is not allowed
    63040: _REJECTED,  # it was rejected
    63041: _REJECTED,  # it is paused
    # --- caps
    30023: _QUOTA,  # this sender's cap of the day
    30027: _QUOTA,  # T-Mobile's cap of the day
    63018: _QUOTA,  # WhatsApp's tier or rate
    63038: _QUOTA,  # the account's cap of the day
    # --- later
    20429: _SLOWER,  # too many requests at once; not processed
    14107: _SLOWER,  # too many messages of one sender
    30022: _SLOWER,  # the rate of a registered US sender
    21611: _AGAIN,  # the sender's queue at Twilio is full
    30001: _AGAIN,  # the same, told late
    30003: _AGAIN,  # the phone is off or out of reach
    30004: _AGAIN,  # blocked by the carrier or the phone; only several in a row say that nobody is there
    30008: _AGAIN,  # unknown to Twilio itself
    30009: _AGAIN,  # a segment was lost
    30017: _AGAIN,  # the carrier is congested
    30036: _AGAIN,  # its time ran out: this copy never arrives
    30410: _AGAIN,  # the carrier did not answer
    63009: _AGAIN,  # the channel has a fault
    63010: _AGAIN,
    63012: _AGAIN,
    63017: _AGAIN,  # more than 2,000 messages a second over the whole account
}

# An operator must look at the template, not at the recipient.
TEMPLATE_FAULTS = frozenset({21654, 21655, 21656, 63027, 63028, 63029, 63030, 63040, 63041})


def code_name(code: int) -> str:
    """Our stable, countable name of Twilio's `code`."""
    return f"twilio_{code}"


def translate(error: RefusedError) -> SendError:
    """Return the member of our family that says what a refused request means for a message."""
    meaning = CODES.get(error.code) if error.code is not None else None
    if meaning is None:
        return _by_status(error)
    if meaning.error is RetryAfterError:
        return RetryAfterError(code_name(error.code or 0), error.retry_after_s or FLOOD_S)
    return meaning.error(code_name(error.code or 0))


def failure_of(code: int | None) -> tuple[str, Failure]:
    """Our name of a status callback's `ErrorCode` and what it says; None = Twilio gave no reason."""
    if code is None:
        return "twilio_no_reason", Failure.UNKNOWN
    meaning = CODES.get(code)
    return code_name(code), Failure.UNKNOWN if meaning is None else meaning.failure


def _by_status(error: RefusedError) -> SendError:
    """By HTTP's status, for codes that no row knows and for pages of proxies, which have none."""
    match error.status:
        case 401 | 403:
            return ClosedError("unauthorized")
        case 429:
            return RetryAfterError("flood", error.retry_after_s or FLOOD_S)
        case 504 | 408:
            return UnknownOutcomeError("http_504")  # who gave up waiting may have passed it on
        case 500 | 502:
            return BrokenServerError(f"http_{error.status}")
        case status if status >= 500 or status < 400:  # below: a page that sends us elsewhere took nothing
            return TransientError("http_503" if status == 503 else "http_other")
        case _ if error.code is not None and error.code > 999:
            return RejectedError(code_name(error.code))
        case _:
            return RejectedError("bad_request")
