"""One router for all channels: ordered steps, the first that handles a turn ends it. Touches nothing."""

from collections.abc import Sequence

from bot.turn import Conversation, Step, Turn


class Router:
    """A `Conversation` made of named steps and a last resort that always answers.

    Args:
        steps: (name, step) in the order in which they are asked.
        last_resort: called when no step handled the turn.
    """

    def __init__(self, steps: Sequence[tuple[str, Step]], last_resort: Conversation) -> None:
        names = [name for name, _step in steps]
        if len(set(names)) != len(names):
            raise ValueError("two steps of the router share a name")
        self._steps = tuple(steps)
        self._last_resort = last_resort

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the steps, first asked first."""
        return tuple(name for name, _step in self._steps)

    async def __call__(self, turn: Turn) -> None:
        """Let the first step that wants `turn` handle it."""
        for _name, step in self._steps:
            if await step(turn):
                return
        await self._last_resort(turn)
