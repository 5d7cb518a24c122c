"""The life of a delivery, as a full matrix and as laws over any order of news."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import (
    CONFIRMED,
    NOT_REACHED,
    RANK,
    TABLE,
    WAITING,
    DeliveryState,
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
    assert (after in TABLE[before]) is allowed
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
        if after in TABLE[history[-1]]:
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


def test_what_arrived_counts_before_anything_else() -> None:
    ranked = sorted(RANK, key=RANK.__getitem__)
    assert set(ranked[-len(CONFIRMED) :]) == CONFIRMED
    assert set(ranked[: len(NOT_REACHED)]) == NOT_REACHED
