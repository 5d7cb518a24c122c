"""The life of a delivery, as a full matrix and as laws over any order of news."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import (
    CONFIRMED,
    NOT_REACHED,
    RANK,
    WAITING,
    DeliveryState,
    best_of,
    may_follow,
    predecessors,
)

S = DeliveryState
# From (row) to (column), in the order of COLUMNS; written out by hand.
COLUMNS = [S.QUEUED, S.ATTEMPTING, S.ACCEPTED, S.DELIVERED, S.READ, S.UNKNOWN, S.FAILED, S.GONE, S.SKIPPED]
MATRIX = {
    S.QUEUED: "011111111",
    S.ATTEMPTING: "001111111",
    S.ACCEPTED: "000110110",
    S.DELIVERED: "000010000",
    S.READ: "000000000",
    S.UNKNOWN: "001110000",
    S.FAILED: "000110000",
    S.GONE: "000110000",
    S.SKIPPED: "001110000",
}


@pytest.mark.parametrize("before", DeliveryState)
@pytest.mark.parametrize("after", DeliveryState)
def test_each_step(before: DeliveryState, after: DeliveryState) -> None:
    allowed = MATRIX[before][COLUMNS.index(after)] == "1"
    assert may_follow(before, after) is allowed
    assert (before in predecessors(after)) is allowed


def test_every_state_has_a_place() -> None:
    assert set(MATRIX) == set(COLUMNS) == set(RANK) == set(DeliveryState)
    assert sorted(RANK.values()) == list(range(len(DeliveryState)))
    middle = {S.ACCEPTED, S.UNKNOWN}
    assert CONFIRMED | WAITING | NOT_REACHED | middle == set(DeliveryState)


@given(st.lists(st.sampled_from(DeliveryState), max_size=12))
def test_news_in_any_order_never_unsays_what_is_proven(news: list[DeliveryState]) -> None:
    history = [S.QUEUED]
    for after in news:
        if may_follow(history[-1], after):
            history.append(after)
    for before, after in pairwise(history):
        assert after is not S.QUEUED
        if before in CONFIRMED:
            assert after in CONFIRMED
        if before is S.UNKNOWN:  # it may have left: it never counts as unsent again
            assert after not in NOT_REACHED | WAITING
    assert len(history) == len(set(history))  # no way back, hence no circles
    if S.READ in news:
        assert history[-1] is S.READ


@given(st.lists(st.sampled_from(DeliveryState), min_size=1))
def test_the_best_row_counts(states: list[DeliveryState]) -> None:
    best = best_of(states)
    assert best in states
    assert all(RANK[state] <= RANK[best] for state in states)
    if CONFIRMED & set(states):
        assert best in CONFIRMED


def test_nobody_without_rows_has_a_best_one() -> None:
    with pytest.raises(ValueError, match="empty"):
        best_of([])
