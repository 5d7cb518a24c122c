"""Invitations to drills: good until their day is over, and only those of this installation."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.invitations import is_good, make_invitation
from storage.vault import Vault

VAULT = Vault([bytes(32)], b"i" * 32)
DAY = date(2026, 11, 22)


def test_good_up_to_and_including_its_day() -> None:
    token = make_invitation(VAULT, DAY)
    assert is_good(VAULT, token, DAY - timedelta(days=300))
    assert is_good(VAULT, token, DAY)
    assert not is_good(VAULT, token, DAY + timedelta(days=1))


def test_another_installation_made_it() -> None:
    assert not is_good(Vault([bytes(32)], b"j" * 32), make_invitation(VAULT, DAY), DAY)


def test_a_later_day_cannot_be_written_in() -> None:
    token = make_invitation(VAULT, DAY)
    assert not is_good(VAULT, "20991231" + token[8:], DAY)


@given(st.text(max_size=60))
def test_anything_else_is_no_invitation(token: str) -> None:
    assert not is_good(VAULT, token, DAY)


@given(st.integers(min_value=0, max_value=39), st.characters())
def test_no_sign_of_it_can_be_changed(place: int, sign: str) -> None:
    token = make_invitation(VAULT, DAY)
    changed = token[:place] + sign + token[place + 1 :]
    assert is_good(VAULT, changed, DAY) is (changed == token)


def test_it_fits_a_start_payload() -> None:
    token = f"drill-{make_invitation(VAULT, DAY)}"
    assert len(token) <= 64  # Telegram's deep links: 64 of A-Z a-z 0-9 _ -
    assert token.replace("-", "").isalnum()
