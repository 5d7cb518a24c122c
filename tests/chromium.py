"""A real Chromium for browser tests: the one on PATH, else Debian's package where we may install it.

`python -m tests.chromium` makes sure that there is one and prints where.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoChromiumError(Exception):
    """There is none and none could be installed."""


def find_chromium() -> Path:
    """Where Chromium is.

    Raises:
        NoChromiumError: there is none on PATH.
    """
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NoChromiumError("browser tests need Chromium on PATH (Debian: apt-get install chromium)")


def install() -> Path:
    """Find Chromium, or install Debian's package first where we are root.

    Raises:
        NoChromiumError: there is none and we may not install one.
    """
    try:
        return find_chromium()
    except NoChromiumError:
        apt = shutil.which("apt-get")
        if not apt or os.getuid() != 0:
            raise
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-core"]):
        subprocess.run([apt, "-qq", *words], check=True, env=quiet, stdout=subprocess.DEVNULL)
    return find_chromium()


if __name__ == "__main__":
    sys.stdout.write(f"{install()}\n")
