"""Time codes: drift, once, and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staff import totp

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 22, 9, 30, 3, tzinfo=UTC)


def test_a_published_vector() -> None:
    """RFC 6238 appendix B, SHA-1: at 59 s the code ends in 287082."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.code_at(secret, datetime.fromtimestamp(59, UTC)) == "287082"


@given(st.integers(-6, 6))
def test_one_step_of_drift_is_forgiven(steps: int) -> None:
    code = totp.code_at(SECRET, NOW + timedelta(seconds=30 * steps))
    found = totp.matching_step(SECRET, code, NOW, None)
    assert (found is not None) == (abs(steps) <= 1)


def test_a_step_is_good_once_and_older_ones_no_more() -> None:
    step = totp.matching_step(SECRET, totp.code_at(SECRET, NOW), NOW, None)
    assert step is not None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, NOW), NOW, step) is None
    before = totp.code_at(SECRET, NOW - timedelta(seconds=30))
    assert totp.matching_step(SECRET, before, NOW, step) is None
    after = totp.code_at(SECRET, NOW + timedelta(seconds=30))
    assert totp.matching_step(SECRET, after, NOW, step) == step + 1


@given(st.text(max_size=12))
def test_anything_typed_is_answered(typed: str) -> None:
    right = {totp.code_at(SECRET, NOW + timedelta(seconds=30 * step)) for step in (-1, 0, 1)}
    assert (totp.matching_step(SECRET, typed, NOW, None) is not None) == ("".join(typed.split()) in right)


def test_blanks_between_digits_do_not_matter() -> None:
    code = totp.code_at(SECRET, NOW)
    assert totp.matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW, None) is not None
