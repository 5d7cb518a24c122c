"""What an open gazetteer takes in a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOST_MB = 60
GROWN = """
import os, sys
from pathlib import Path
from places.gazetteer import Gazetteer

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

before = held()
world = Gazetteer.open(Path(sys.argv[1]))
for name in ("Lima", "Jakrta", "นาโงย่า", "جدة", "NUS Singapore", "Xyzzq, Lima"):
    world.find(name, "en")
world.at(64.147, -21.94), world.at(0.0, -140.0)
print(held() - before)
"""


def test_an_open_gazetteer_takes_little(gazetteer: Path) -> None:
    command = [sys.executable, "-c", GROWN, str(gazetteer)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert 10 < float(done.stdout) < MOST_MB
