"""The gazetteer: what compiling it costs, and asking it. Touches a file in a temporary folder."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import head, repeated, say
from places.gazetteer import Gazetteer

EXACT = (
    "Reykjavik",
    "Hà Nội",
    "กรุงเทพ",
    "London",
    "Jakarta",
    "Москва",
    "東京",
    "القاهرة",
    "Chiang Mai",
    "Lima",
)
FOLDED = ("ha noi", "sao paulo", "malmo", "reykjavík", "da nang", "krung thep", "zurich", "cordoba")
MISSPELT = ("Rejkjavik", "Bankok", "Jakrta", "Chang Mai", "Hanio", "Lodnon", "Singapor", "Istambul")
POSITIONS = ((64.147, -21.94), (21.03, 105.85), (13.75, 100.5), (-6.2, 106.8), (51.5, -0.12), (0.0, -140.0))
ROUNDS = 20


def run() -> None:
    """Compile into a fresh file, then ask."""
    head("Places")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gazetteer.sqlite"
        _compile(path)
        world = Gazetteer.open(path)
        opened = repeated(lambda: Gazetteer.open(path).close())
        say("open the file", f"{opened.cpu_s * 1e3:.0f} ms CPU")
        for title, words in (("exact", EXACT), ("without accents", FOLDED), ("misspelt", MISSPELT)):
            _ask(f"find a name, {title}", world, words)
        count = ROUNDS * len(POSITIONS)
        spent = repeated(lambda: [world.at(*where) for _ in range(ROUNDS) for where in POSITIONS])
        say(
            "what lies at a position",
            f"{spent.cpu_s / count * 1e6:.0f} us CPU",
            "country, region, city, zone",
        )
        world.close()


def _ask(title: str, world: Gazetteer, words: tuple[str, ...]) -> None:
    count = ROUNDS * len(words)
    spent = repeated(lambda: [world.find(word, "en") for _ in range(ROUNDS) for word in words])
    found = sum(bool(world.find(word, "en")) for word in words)
    say(title, f"{spent.cpu_s / count * 1e6:.0f} us CPU", f"{found} of {len(words)} names found")


def _compile(path: Path) -> None:
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "places.compile", str(path)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - every word of it is ours
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say("compile the gazetteer", f"{cpu:.1f} s CPU", f"{time.perf_counter() - began:.0f} s on the clock")
    say(
        "  its peak of memory, its size",
        f"{after.ru_maxrss / 1024:.0f} MB",
        f"{path.stat().st_size / 1e6:.0f} MB file",
    )
