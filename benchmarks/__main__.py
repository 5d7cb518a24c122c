"""`python -m benchmarks [PART ...]`: measures and prints. Parts: places, audience, faq, reach, transport."""

import os
import sys
from collections.abc import Callable, Mapping

from benchmarks import audience, faq, places, reach, transport

PARTS: Mapping[str, Callable[[], None]] = {
    "places": places.run,
    "audience": audience.run,
    "faq": faq.run,
    "reach": reach.run,
    "transport": transport.run,
}


def main(wanted: list[str]) -> int:
    """Run the named parts, or all of them; 2 = there is no such part."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.stderr.write(f"there is no {', '.join(unknown)}; there are: {', '.join(PARTS)}\n")
        return 2
    load = os.getloadavg()[0]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f} at the start")
    for name in wanted or PARTS:
        PARTS[name]()
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
