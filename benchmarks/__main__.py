"""`python -m benchmarks [PART ...]`: measures and prints. Parts: see PARTS."""

import os
import signal
import sys
from collections.abc import Callable, Mapping

from app.settings import settle_libraries
from benchmarks import (
    audience,
    fanout,
    faq,
    inbound,
    million,
    places,
    rates,
    reach,
    transport,
    urgency,
)

PARTS: Mapping[str, Callable[[], None]] = {
    "places": places.run,
    "audience": audience.run,
    "faq": faq.run,
    "reach": reach.run,
    "transport": transport.run,
    "inbound": inbound.run,
    "fanout": fanout.run,
    "rates": rates.run,
    "urgency": urgency.run,
    "million": million.run,
}


def main(wanted: list[str]) -> int:
    """Run the named parts, or all of them; 2 = there is no such part."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.stderr.write(f"there is no {', '.join(unknown)}; there are: {', '.join(PARTS)}\n")
        return 2
    # Whoever stops us stops the processes of the measurement too: each ends with the block that began it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load = os.getloadavg()[0]
    settle_libraries()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f} at the start")
    for name in wanted or PARTS:
        PARTS[name]()
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
