"""The life of an alert, as a full matrix."""

import pytest

from alerts.errors import AlertRefusedError
from alerts.lifecycle import (
    LIVE,
    MAY_SEND,
    TABLE,
    WAS_SENT,
    AlertAct,
    AlertState,
    advance,
    allows,
    sources,
)

S, A = AlertState, AlertAct

# Written out, not derived: a row for each state, in the order of the acts.
ACTS = [A.REVISE, A.SUBMIT, A.APPROVE, A.REJECT, A.CANCEL, A.START, A.FINISH, A.REPLACE, A.EXPIRE]
MATRIX: dict[AlertState, list[AlertState | None]] = {
    S.DRAFT: [S.DRAFT, S.SUBMITTED, None, None, S.CANCELLED, None, None, None, None],
    S.SUBMITTED: [S.DRAFT, None, S.APPROVED, S.REJECTED, S.CANCELLED, None, None, None, None],
    S.REJECTED: [S.DRAFT, None, None, None, S.CANCELLED, None, None, None, None],
    S.APPROVED: [None, None, None, None, S.CANCELLED, S.SENDING, None, S.UPDATED, S.EXPIRED],
    S.SENDING: [None, None, None, None, S.CANCELLED, None, S.SENT, S.UPDATED, S.EXPIRED],
    S.SENT: [None, None, None, None, S.CANCELLED, None, None, S.UPDATED, S.EXPIRED],
    S.UPDATED: [None] * 9,
    S.CANCELLED: [None] * 9,
    S.EXPIRED: [None] * 9,
}


def test_the_matrix_speaks_of_every_state_and_act() -> None:
    assert set(MATRIX) == set(AlertState)
    assert set(ACTS) == set(AlertAct)
    assert len(ACTS) == len(AlertAct)


@pytest.mark.parametrize("state", AlertState)
@pytest.mark.parametrize("act", AlertAct)
def test_each_act_in_each_state(state: AlertState, act: AlertAct) -> None:
    expected = MATRIX[state][ACTS.index(act)]
    assert allows(state, act) == (expected is not None)
    assert (state in sources(act)) == (expected is not None)
    if expected is None:
        with pytest.raises(AlertRefusedError) as refused:
            advance(state, act)
        assert refused.value.codes == {"state"}
    else:
        assert advance(state, act) is expected


def test_nothing_can_be_sent_that_was_not_approved() -> None:
    reached = {S.DRAFT}
    while True:
        further = {
            after for (state, act), after in TABLE.items() if state in reached and act is not A.APPROVE
        } | reached
        if further == reached:
            break
        reached = further
    assert not reached & MAY_SEND


def test_what_is_frozen_is_not_editable() -> None:
    editable = sources(A.REVISE)
    assert not editable & (MAY_SEND | WAS_SENT)
    assert LIVE < MAY_SEND
    assert all(allows(state, A.CANCEL) for state in MAY_SEND | editable)
