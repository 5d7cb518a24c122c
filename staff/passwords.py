"""Passwords of officers: argon2id, off the event loop. Touches argon2 and the thread pool only.

Parameters: 19 MiB, 3 passes, 1 lane, 16 bytes of salt, 32 of hash. OWASP's password storage sheet asks
for at least 19 MiB and 2 passes; one hash takes about 40 ms of one core. At most two run at once, so
that a flood of sign-ins can take neither the memory nor the cores from the alerts.
"""

import asyncio

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from staff.errors import OfficerRefusedError

MEMORY_KIB = 19 * 1024
PASSES = 3
AT_ONCE = 2
MIN_LENGTH = 12
MAX_LENGTH = 200


class Passwords:
    """Makes and checks hashes; one per process, made inside the running loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def make(self, password: str) -> str:
        """Return the hash of a new password, with its parameters.

        Raises:
            OfficerRefusedError: shorter than 12 or longer than 200 characters.
        """
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise OfficerRefusedError(
                "password_length", f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters."
            )
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether `password` made the `stored` hash; the same work when nothing is stored."""
        async with self._slots:
            return await asyncio.to_thread(self._check, stored, password[: MAX_LENGTH + 1])

    def _check(self, stored: str | None, password: str) -> bool:
        if stored is None:
            if self._nobody is None:
                self._nobody = self._hasher.hash("nobody's password")
            self._matches(self._nobody, password)
            return False
        return self._matches(stored, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
