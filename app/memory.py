"""How a long-lived process lets Python look for garbage. Touches the collector only.

Nearly everything is freed by reference counts at once; the collector is there for cycles, which we hardly
make. As Python sets it, it looks through hundreds of thousands of objects of imported modules again and again
while messages are sent: a third of the worker's CPU (docs/benchmarks.md).
"""

import gc

YOUNG = 50_000  # so many more objects than before, some 10 MB at most, before it looks for cycles among them


def settle_memory() -> None:
    """Call once when a process has loaded what it needs: that stays, and is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
