"""How the bot core reports figures without knowing who keeps them. Touches nothing.

Names used here: `hooks` (channel, outcome), `steps` (outcome), `receipts` (outcome), `replies` (channel,
outcome), `polls` (channel, outcome). Labels are words from short closed lists, never anything of a person.
"""

from typing import Protocol


class Count(Protocol):
    """Adds one to the figure `name` with these labels."""

    def __call__(self, name: str, /, **labels: str) -> None: ...


def count_nothing(_name: str, /, **_labels: str) -> None:
    """For callers who keep no figures."""
