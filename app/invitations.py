"""Invitations to drills: who joins through one is reached by drills and never by a real alert. Pure.

The token is a date and a keyed fingerprint of it, so that nobody can make one without this installation's
key.
"""

import hmac
from datetime import date

from storage.vault import Vault

LENGTH = 32


def make_invitation(vault: Vault, until: date) -> str:
    """A token that is good up to and including the day `until` (UTC)."""
    day = until.strftime("%Y%m%d")
    return f"{day}{_mark(vault, day)}"


def is_good(vault: Vault, token: str, today: date) -> bool:
    """Whether `token` is ours and has not run out."""
    day, mark = token[:8], token[8:]
    if not hmac.compare_digest(mark.encode("utf-8", "surrogateescape"), _mark(vault, day).encode()):
        return False
    return today.strftime("%Y%m%d") <= day


def _mark(vault: Vault, day: str) -> str:
    return vault.blind("drill invitation", day).hex()[:LENGTH]
