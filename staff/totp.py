"""Time codes of officers (RFC 6238: SHA-1, 30 s, 6 digits). Touches pyotp and the vault; no SQL.

A code is good in its own step and one before or after (a phone's clock may be off by 30 s) and only
once: the step it was made for is stored, and nothing at or before it is taken again.
"""

import hmac
from datetime import datetime

import pyotp

from storage.vault import Place, Vault

STEP_S = 30
DRIFT_STEPS = 1
ISSUER = "Muster"


def new_secret() -> str:
    """A fresh secret of 160 bits, base32."""
    return pyotp.random_base32()


def seal(vault: Vault, officer_id: int, secret: str) -> bytes:
    """Return `secret` as it is stored."""
    return vault.seal_text(secret, _place(officer_id))


def unseal(vault: Vault, officer_id: int, sealed: bytes) -> str:
    """Return the secret; raises `SealError` when it belongs to another officer or key."""
    return vault.open_text(sealed, _place(officer_id))


def link(secret: str, login: str) -> str:
    """The `otpauth:` link an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def code_at(secret: str, moment: datetime) -> str:
    """The code an app shows at `moment`."""
    return pyotp.TOTP(secret).at(moment)


def matching_step(secret: str, code: str, moment: datetime, last_step: int | None) -> int | None:
    """The step `code` was made for, or None when it is wrong, too old, or was used already."""
    digits = "".join(code.split())
    generator = pyotp.TOTP(secret)
    now = int(moment.timestamp()) // STEP_S
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        same = hmac.compare_digest(generator.generate_otp(step).encode(), digits.encode())
        if same and (last_step is None or step > last_step):
            found = step
    return found


def _place(officer_id: int) -> Place:
    return Place("officer", "totp", str(officer_id))
