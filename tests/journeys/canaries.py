"""Canaries: words and numbers that exist nowhere else, planted in what comes in and looked for in what may
not hold it."""

import base64
import secrets
from dataclasses import dataclass, field

FICTIONAL_PHONES = "+120255501"  # 202 555 01xx: numbers kept free for fiction


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted value.

    Attributes:
        name: what it was planted in.
        sealed: personal: it may not lie open in the database either.
    """

    name: str
    value: str
    sealed: bool


@dataclass
class Canaries:
    """Everything that was planted in one test."""

    planted: list[Canary] = field(default_factory=list)

    def word(self, name: str, *, sealed: bool = True) -> str:
        """A new word of lower-case letters, so that no cleaning, folding or slug changes it."""
        letters = "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(14))
        return self.known(name, f"kanari{letters}", sealed=sealed)

    def chat_id(self, name: str) -> int:
        """The number of a new Telegram chat."""
        return int(self.known(name, str(7_700_000_000 + secrets.randbelow(10**8))))

    def phone(self, name: str) -> str:
        """A new telephone number; its last seven digits are looked for, however it is written."""
        number = f"{FICTIONAL_PHONES}{secrets.randbelow(100):02d}"
        self.known(name, number[-7:])
        return number

    def degrees(self, name: str, near: float) -> float:
        """A position's coordinate to a centimetre, within 1 km of `near`; its digits to 10 cm are looked
        for."""
        exact = round(near + (1 + secrets.randbelow(90_000)) * 1e-7, 7)
        self.known(name, f"{exact:.7f}"[:-1])
        return exact

    def known(self, name: str, value: str, *, sealed: bool = True) -> str:
        """Look for a value that somebody else made: a token, a password."""
        self.planted.append(Canary(name, value, sealed))
        return value

    def find_in(self, hay: bytes, *, sealed_only: bool = False) -> list[str]:
        """Names of the canaries that stand in `hay`: plainly in any case, as UTF-16, base64 or hex."""
        folded = hay.lower()
        return [
            canary.name
            for canary in self.planted
            if (canary.sealed or not sealed_only) and _stands_in(canary.value, hay, folded)
        ]


def _stands_in(value: str, hay: bytes, folded: bytes) -> bool:
    plain = value.encode()
    if plain.lower() in folded or plain.hex().encode() in folded:
        return True
    return value.encode("utf-16-le") in hay or any(form in hay for form in _base64_forms(plain))


def _base64_forms(plain: bytes) -> list[bytes]:
    """How `plain` looks inside base64, by where in a group of three it begins; without the uncertain ends."""
    forms = []
    for before in range(3):
        padded = b"\0" * before + plain
        whole = base64.b64encode(padded[: len(padded) // 3 * 3])
        forms.append(whole[4 if before else 0 :])
    return [form for form in forms if len(form) >= 8]
