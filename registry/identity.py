"""Random ids that say nothing of whoever bears them. Touches the system's randomness only."""

import secrets

ID_BITS = 53  # fits SQLite, PostgreSQL, JSON and every browser's numbers


def new_id() -> int:
    """A random id in 1..2**53-1. Two equal among a million: 1 chance in 18,000, and the key refuses them."""
    return secrets.randbelow(2**ID_BITS - 1) + 1
