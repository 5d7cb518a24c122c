"""Limits: an honest sender is never refused, a hasty one always, and hammering makes it worse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.config import UNLIMITED, LimitRules, limits_from
from simulator.ledger import most_within
from simulator.limits import Bound, Excess, Fullness, SendLimits, SlidingLog

RULES = LimitRules(bot_per_second=30)


def passed(limits: SendLimits, moments: list[float]) -> list[float]:
    return [at for number, at in enumerate(moments) if limits.judge(at, number).retry_after == 0]


def test_a_sender_spaced_at_the_limit_is_never_refused_nor_noted() -> None:
    limits = SendLimits(RULES)
    verdicts = [limits.judge(number / 29.99, number) for number in range(300)]
    assert all(one.retry_after == 0 and not one.breaches for one in verdicts)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 0.09), min_size=100, max_size=100))
def test_jitter_within_the_tolerance_is_noted_but_passes(jitter: list[float]) -> None:
    limits = SendLimits(RULES)
    moments = sorted(number / 30 + late for number, late in enumerate(jitter))
    verdicts = [limits.judge(at, number) for number, at in enumerate(moments)]
    assert all(one.retry_after == 0 for one in verdicts)
    assert all(breach.tolerated for one in verdicts for breach in one.breaches)
    over = most_within(moments, 1.0) > 30
    assert over == any(one.breaches for one in verdicts)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 4), min_size=50, max_size=250))
def test_no_window_short_of_the_tolerance_ever_holds_more_than_the_limit(moments: list[float]) -> None:
    limits = SendLimits(LimitRules(bot_per_second=30, penalty_s=1, in_flight_s=0.0))
    assert most_within(passed(limits, sorted(moments)), 1.0 - RULES.jitter_s - 1e-6) <= 30


def test_the_thirty_first_at_once_is_refused_with_the_penalty() -> None:
    limits = SendLimits(RULES)
    assert len(passed(limits, [0.0] * 30)) == 30
    verdict = limits.judge(0.0, 99)
    assert verdict.retry_after == RULES.penalty_s
    assert [(one.rule, one.tolerated, one.count) for one in verdict.breaches] == [("bot", False, 31)]


def test_waiting_the_penalty_is_enough_and_hammering_extends_it() -> None:
    patient, hasty = SendLimits(RULES), SendLimits(RULES)
    for limits in (patient, hasty):
        passed(limits, [0.0] * 31)
    assert patient.judge(3.0, 500).retry_after == 0
    in_flight = hasty.judge(0.3, 500)
    assert (in_flight.retry_after, in_flight.breaches) == (3, ())  # was on its way: refused, not punished
    waits = [hasty.judge(at, 500) for at in (1.0, 2.0, 3.0)]
    assert [breach.rule for one in waits for breach in one.breaches] == ["retry_after"] * 3
    assert hasty.judge(3.5, 500).retry_after > 0  # the patient one was free again by now
    assert waits[-1].retry_after >= 3


def test_the_penalty_has_an_end() -> None:
    limits = SendLimits(LimitRules(penalty_max_s=10.0))
    passed(limits, [0.0] * 31)
    for step in range(200):
        limits.judge(1.0 + step / 100, 1)
    assert limits.judge(3.0, 1).retry_after <= 11
    assert limits.judge(15.0, 1).retry_after == 0


def test_a_chat_takes_three_at_once_and_then_one_a_second() -> None:
    limits = SendLimits(RULES)
    at = [0.0, 0.0, 0.0, 1.001, 2.002, *(3.01 + second * 1.001 for second in range(30))]
    assert all(limits.judge(moment, 7) == limits.judge(moment, 8) for moment in at)
    assert [limits.judge(40.0, 7).retry_after for _ in range(5)] == [0] * 5
    refused = limits.judge(40.2, 7)
    assert refused.retry_after == 3
    assert [(one.rule, one.limit, one.window_s) for one in refused.breaches] == [("chat", 5, 3.0)]
    assert limits.judge(40.2, 8).retry_after == 0  # another chat does not suffer
    assert limits.judge(43.3, 7).retry_after == 0


def test_a_chat_cannot_be_talked_at_faster_for_long() -> None:
    limits = SendLimits(RULES)
    first = next(number for number in range(60) if limits.judge(number * 0.7, 7).retry_after)
    assert first == 22  # the 20 s window holds 22


def test_a_group_takes_twenty_a_minute() -> None:
    limits = SendLimits(RULES)
    verdicts = [limits.judge(float(second), -5, group=True).retry_after for second in range(21)]
    assert verdicts == [0] * 20 + [RULES.penalty_s]


def test_paid_broadcast_goes_to_a_thousand_and_charges_beyond_thirty() -> None:
    limits = SendLimits(RULES)
    verdicts = [limits.judge(0.0, number, paid=True) for number in range(1001)]
    assert sum(one.charged for one in verdicts) == 970
    assert [one.retry_after for one in verdicts[:1000]] == [0] * 1000
    assert verdicts[1000].retry_after == RULES.penalty_s


def test_a_slow_judge_forgives_what_it_did_not_see_in_time() -> None:
    strict, slow = SendLimits(RULES), SendLimits(RULES, lag=lambda: 0.35)
    moments = [number / 60 for number in range(60)]  # twice too fast
    early = [number / 45 for number in range(45)]  # 30 in 0.66 s: within the lag and the jitter
    assert len(passed(strict, early)) < 45
    assert len(passed(slow, early)) == 45
    assert len(passed(slow, [10 + at for at in moments])) < 60  # lag does not forgive everything


def test_a_storm_refuses_everybody_for_its_time() -> None:
    limits = SendLimits(UNLIMITED)
    assert limits.punish(0.0, 2.2) == 3
    assert limits.judge(0.4, 1).retry_after == 3
    assert limits.judge(4.0, 1).retry_after == 0


def test_new_rules_start_afresh() -> None:
    limits = SendLimits(RULES)
    passed(limits, [0.0] * 31)
    limits.set_rules(RULES)
    assert limits.judge(0.0, 1).retry_after == 0


@pytest.mark.parametrize("changes", [{"bot_per_second": -1}, {"nonsense": 1}, {"chat_burst": "many"}])
def test_bad_limits_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="limit"):
        limits_from(changes, RULES)


def test_a_log_knows_when_there_is_room() -> None:
    log = SlidingLog(Bound(2, 1.0), Bound(3, 10.0))
    assert log.room_in(0.0) == 0.0
    log.add(0.0)
    log.add(0.4)
    assert log.look(0.5, 0.0).excess is Excess.HARD
    assert log.look(0.95, 0.1).excess is Excess.TOLERATED
    assert log.room_in(0.5) == pytest.approx(0.5)
    assert log.look(1.0, 0.0).excess is Excess.NONE
    log.add(1.0)
    assert log.look(2.5, 0.0) == Fullness(Excess.HARD, Bound(3, 10.0), 4)
    assert not log.idle(10.9)
    assert log.idle(11.0)
    assert SlidingLog().look(0.0, 0.0).excess is Excess.NONE
