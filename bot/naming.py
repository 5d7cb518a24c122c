"""Names of what is stored once, whatever is tried again. Pure; touches nothing."""

from hashlib import sha256

KEY_LENGTH = 80  # of the columns that hold such names


def short_key(key: str) -> str:
    """`key`, or its SHA-256 where it is longer than `KEY_LENGTH` characters."""
    return key if len(key) <= KEY_LENGTH else f"sha256:{sha256(key.encode()).hexdigest()}"
