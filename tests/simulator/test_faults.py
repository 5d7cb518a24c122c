"""Faults: who is hit, how often, and until when."""

import random

import pytest

from simulator.faults import Fault, FaultBox, FaultKind, fault_from


def box() -> FaultBox:
    return FaultBox(random.Random(5))


def test_a_count_runs_out() -> None:
    faults = box()
    number = faults.inject(Fault(FaultKind.RESET_AFTER, count=2))
    hits = [faults.strike("7", "sendMessage", 1) for _ in range(4)]
    assert [one is not None for one in hits] == [True, True, False, False]
    assert faults.hits(number) == 2
    assert faults.listing() == []


def test_a_share_hits_about_its_share() -> None:
    faults = box()
    faults.inject(Fault(FaultKind.ERROR_BEFORE, probability=0.25))
    assert 200 < sum(faults.strike("7", "sendMessage", 1) is not None for _ in range(1000)) < 300


def test_filters_by_person_method_and_bot() -> None:
    faults = box()
    faults.inject(Fault(FaultKind.TRUNCATED, recipients=frozenset({5}), account="7"))
    assert faults.strike("7", "sendMessage", 6) is None
    assert faults.strike("8", "sendMessage", 5) is None
    assert faults.strike("7", "getMe", 5) is None
    assert faults.strike("7", "sendMessage", 5) is not None


def test_lifting_ends_one_or_all() -> None:
    faults = box()
    first = faults.inject(Fault(FaultKind.STORM))
    faults.inject(Fault(FaultKind.SLOW_DRIP))
    faults.lift(first)
    assert [one["kind"] for one in faults.listing()] == ["slow_drip"]
    faults.lift()
    assert faults.strike("7", "sendMessage", 1) is None


def test_json_makes_a_fault() -> None:
    fault = fault_from({"kind": "delay_after", "seconds": 2, "recipients": [10_000_000_001], "count": 1})
    assert fault == Fault(FaultKind.DELAY_AFTER, count=1, seconds=2, recipients=frozenset({10_000_000_001}))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "meteor"},
        {"kind": "storm", "probability": 2},
        {"kind": "storm", "count": 0},
        {"kind": "storm", "x": 1},
    ],
)
def test_bad_orders_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        fault_from(data)


def test_a_fault_may_let_the_first_ones_pass() -> None:
    faults = box()
    faults.inject(Fault(FaultKind.STORM, recipients=frozenset({5}), skip=1, count=1))
    assert faults.strike("7", "sendMessage", 6) is None, "somebody else's do not count"
    hits = [faults.strike("7", "sendMessage", 5) is not None for _ in range(3)]
    assert hits == [False, True, False]
    with pytest.raises(ValueError, match="skip"):
        Fault(FaultKind.STORM, skip=-1)
