"""The event loop of our processes: uvloop where there is one. Touches nothing else."""

import asyncio
from importlib import import_module
from importlib.util import find_spec


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make a loop, the fastest there is here; uvloop comes neither with Windows nor with PyPy."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return loop
