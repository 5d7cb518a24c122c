"""The gazetteer: what compiling it costs, and asking it. Touches a file in a temporary folder."""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import head, repeated, say
from places.distance import between_km
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
TESTS = Path(__file__).parent.parent / "tests" / "places"
LISTS = ("lived_in.tsv", "lived_in_later.tsv")
GROWN = """
import os, sys
from pathlib import Path
from places.gazetteer import Gazetteer
held = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
before = held()
world = Gazetteer.open(Path(sys.argv[1]))
for name in ("Lima", "Jakrta", "นาโงย่า", "جدة", "NUS Singapore"):
    world.find(name, "en")
world.at(64.147, -21.94), world.at(0.0, -140.0)
print(held() - before)
"""


def run() -> None:
    """Compile into a fresh file, then ask."""
    head("Places")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gazetteer.sqlite"
        _compile(path)
        world = Gazetteer.open(path)
        opened = repeated(lambda: Gazetteer.open(path).close())
        say("open the file", f"{opened.cpu_s * 1e3:.0f} ms CPU")
        say("memory it takes in a process", f"{_memory(path):.0f} MB", "opened, and asked once of each kind")
        for title, words in (("exact", EXACT), ("without accents", FOLDED), ("misspelt", MISSPELT)):
            _ask(f"find a name, {title}", world, words)
        _lived_in(world)
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


def _lived_in(world: Gazetteer) -> None:
    """Every name of both lists once: how many are found, and how long each took."""
    for name in LISTS:
        with (TESTS / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        right, spent = 0, []
        for row in rows:
            began = time.thread_time()
            found = world.find(row["typed"], row["lang"])
            spent.append(time.thread_time() - began)
            right += any(
                one.country == row["country"]
                and between_km(one.lat, one.lon, float(row["lat"]), float(row["lon"])) <= float(row["km"])
                for one in found
            )
        p95 = sorted(spent)[int(len(spent) * 0.95)]
        say(f"{name}: among the first three", f"{right} of {len(rows)}", f"p95 {p95 * 1e3:.1f} ms CPU")


def _memory(path: Path) -> float:
    """Megabytes more in a fresh process once the file is open and was asked."""
    command = [sys.executable, "-c", GROWN, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - every word is ours
    return float(done.stdout)


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
