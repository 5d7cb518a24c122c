"""The lifecycle of a registration, every cell of the matrix and any walk through it."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import ActRefusedError
from registry.lifecycle import TRANSITIONS, PersonAct, PersonState, advance

S, A = PersonState, PersonAct
# Rows: state; columns: protect, stop, resume, merge, erase. "-" = refused.
MATRIX = {
    S.NEW: "active stopped new merged erased",
    S.ACTIVE: "active stopped active merged erased",
    S.STOPPED: "- stopped new merged erased",
    S.MERGED: "- - - - erased",
    S.ERASED: "- - - - erased",
}


@pytest.mark.parametrize(("state", "act"), list(product(S, A)))
def test_every_step_is_as_the_matrix_says(state: PersonState, act: PersonAct) -> None:
    expected = MATRIX[state].split()[list(A).index(act)]
    if expected == "-":
        with pytest.raises(ActRefusedError) as refused:
            advance(state, act)
        assert refused.value.code == "act_refused"
    else:
        assert advance(state, act) is S(expected)


def test_the_table_has_no_step_that_the_matrix_does_not_know() -> None:
    assert len(TRANSITIONS) == sum(cell != "-" for row in MATRIX.values() for cell in row.split())


@settings(deadline=None)
@given(st.lists(st.sampled_from(A), max_size=12))
def test_ends_are_ends_and_stopping_is_only_undone_by_resuming(acts: list[PersonAct]) -> None:
    state, wants = S.NEW, True
    for act in acts:
        try:
            after = advance(state, act)
        except ActRefusedError:
            continue
        if state is S.ERASED:
            assert after is S.ERASED
        if state is S.MERGED:
            assert after is S.ERASED
        wants = (wants and act is not A.STOP) or act is A.RESUME
        if after is S.ACTIVE:
            assert wants
        state = after
