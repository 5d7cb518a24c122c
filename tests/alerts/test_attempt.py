"""One try: what each answer of a provider means for the message, and how often it is tried."""

import pytest

from alerts.attempt import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MAX_TRANSIENT,
    MAX_UNKNOWN,
    Again,
    Closed,
    Freeze,
    Item,
    Told,
    Verdict,
    attempt,
)
from alerts.deadlines import Deadlines
from alerts.delivery import DeliveryState
from bot.errors import (
    PERHAPS_ACCEPTED,
    BrokenServerError,
    ClosedError,
    GoneError,
    MovedError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateway import Prepared
from bot.messages import Address, Outbound
from tests.alerts.office import NOW
from tests.alerts.post_room import Provider
from tests.registry.newcomers import telegram

WORDS = Prepared(({"text": "words"},), Outbound(text="words", language="en"))


def item() -> Item:
    return Item(0, 1, 1, 1, "en", telegram("chat"))


async def tried(who: Item, *errors: SendError, resend: bool = True) -> Verdict:
    """The verdict of the last of several tries, each answered by an error."""
    for error in errors:

        def answer(_to: Address, error: SendError = error) -> None:
            raise error

        verdict = await attempt(Provider(answer=answer), who, WORDS, resend=resend)
    return verdict


async def test_taken() -> None:
    who = item()
    assert await attempt(Provider(), who, WORDS, resend=True) == Told(
        who, DeliveryState.ACCEPTED, "", "chat-1"
    )
    assert who.attempts == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (GoneError("blocked"), DeliveryState.GONE),
        (RejectedError("too_long"), DeliveryState.FAILED),
    ],
)
async def test_final_at_once(error: SendError, state: DeliveryState) -> None:
    who = item()
    assert await tried(who, error) == Told(who, state, error.code)


async def test_being_told_to_wait_costs_no_attempt() -> None:
    who = item()
    assert await tried(who, RetryAfterError("flood", 7)) == Freeze(7, "flood")
    assert await tried(who, RetryAfterError("slow", 3, recipient_only=True)) == Again(3)
    assert who.attempts == 0


async def test_a_refused_account_ends_it_for_all() -> None:
    assert await tried(item(), ClosedError("unauthorized")) == Closed("unauthorized")


async def test_an_address_that_moved_is_tried_under_its_new_name() -> None:
    who = item()
    assert await tried(who, MovedError("migrated", "new chat")) == Again(0.0)
    assert who.to == telegram("new chat")


async def test_transient_errors_are_tried_again_with_growing_pauses_and_an_end() -> None:
    who, longest = item(), FIRST_PAUSE_S
    for _ in range(MAX_TRANSIENT):
        verdict = await tried(who, TransientError("http_502"))
        assert isinstance(verdict, Again)
        assert longest / 2 <= verdict.pause_s <= longest
        longest = min(longest * 2, LONGEST_PAUSE_S)
    assert await tried(who, TransientError("http_502")) == Told(who, DeliveryState.FAILED, "http_502")
    assert who.attempts == MAX_TRANSIENT + 1


async def test_no_answer_is_sent_again_for_alerts_and_said_so() -> None:
    who = item()
    for _ in range(MAX_UNKNOWN):
        assert isinstance(await tried(who, UnknownOutcomeError("no_answer")), Again)
    assert await tried(who, UnknownOutcomeError("no_answer")) == Told(who, DeliveryState.UNKNOWN, "no_answer")
    who = item()
    await tried(who, UnknownOutcomeError("no_answer"))
    told = await attempt(Provider(), who, WORDS, resend=True)
    assert told == Told(who, DeliveryState.ACCEPTED, "resent_unknown", "chat-1")


async def test_no_answer_is_never_sent_again_where_that_was_chosen() -> None:
    who = item()
    assert await tried(who, UnknownOutcomeError("no_answer"), resend=False) == Told(
        who, DeliveryState.UNKNOWN, "no_answer"
    )


async def test_what_a_server_broke_over_is_sent_again_and_said_so() -> None:
    who = item()
    assert isinstance(await tried(who, BrokenServerError("http_502")), Again)
    told = await attempt(Provider(), who, WORDS, resend=True)
    assert isinstance(told, Told)
    assert (told.state, told.error) == (DeliveryState.ACCEPTED, "resent_unknown")


async def test_what_a_server_broke_over_is_never_sent_again_where_that_was_chosen() -> None:
    who = item()
    told = await tried(who, BrokenServerError("http_502"), resend=False)
    assert told == Told(who, DeliveryState.UNKNOWN, "http_502")


async def test_what_a_server_always_broke_over_goes_on_and_its_code_says_that_it_may_have_arrived() -> None:
    who = item()
    for _ in range(MAX_TRANSIENT):
        assert isinstance(await tried(who, BrokenServerError("http_502")), Again)
    assert await tried(who, TransientError("not_sent")) == Told(who, DeliveryState.FAILED, "http_502")
    assert "http_502" in PERHAPS_ACCEPTED


async def test_a_refusal_after_no_answer_cannot_unsay_what_may_have_arrived() -> None:
    who = item()
    verdict = await tried(who, UnknownOutcomeError("no_answer"), RejectedError("too_long"))
    assert verdict == Told(who, DeliveryState.UNKNOWN, "too_long")


def test_the_outcome_carries_what_the_board_and_the_next_rung_need() -> None:
    who = item()
    who.attempts = 3
    told = Told(who, DeliveryState.GONE, "blocked", "")
    outcome = told.outcome("Severe", NOW, Deadlines(), confirms=False)
    assert (outcome.delivery, outcome.state, outcome.attempts) == (1, DeliveryState.GONE, 3)
    assert (outcome.error, outcome.at, outcome.next_at) == ("blocked", NOW, NOW)
