"""The lifecycle of a help case, every cell of the matrix."""

from itertools import product

import pytest

from assistance.errors import CaseClosedError
from assistance.lifecycle import TRANSITIONS, CaseAct, CaseState, advance

# Rows: state; columns: write, answer, close. "-" = refused.
MATRIX = {
    CaseState.OPEN: "open answered closed",
    CaseState.ANSWERED: "open answered closed",
    CaseState.CLOSED: "- - -",
}


@pytest.mark.parametrize(("state", "act"), list(product(CaseState, CaseAct)))
def test_every_step_is_as_the_matrix_says(state: CaseState, act: CaseAct) -> None:
    expected = MATRIX[state].split()[list(CaseAct).index(act)]
    if expected == "-":
        with pytest.raises(CaseClosedError):
            advance(state, act)
    else:
        assert advance(state, act) is CaseState(expected)


def test_the_table_has_no_step_that_the_matrix_does_not_know() -> None:
    assert len(TRANSITIONS) == sum(cell != "-" for row in MATRIX.values() for cell in row.split())
