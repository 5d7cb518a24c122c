"""The keys of an installation: given in pairs, or made once and kept readable by their owner alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.keys import open_vault
from app.settings import Settings, SettingsError
from storage.errors import SealError
from storage.vault import Place, new_key_text

PLACE = Place("table", "column", "1")


def settings(folder: Path, data: str = "", index: str = "") -> Settings:
    return Settings(data_dir=folder, data_keys=SecretStr(data), index_key=SecretStr(index))


def test_keys_are_made_once_and_kept_to_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    sealed = open_vault(settings(folder)).seal_text("words", PLACE)
    again = open_vault(settings(folder))
    assert again.open_text(sealed, PLACE) == "words"
    assert again.blind("x", "y") == open_vault(settings(folder)).blind("x", "y")
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["keys"]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: open_vault(settings(tmp_path)), range(8)))
    sealed = vaults[0].seal_text("words", PLACE)
    kept = open_vault(settings(tmp_path))
    assert kept.open_text(sealed, PLACE) == "words"
    assert {vault.blind("x", "y") for vault in vaults} == {kept.blind("x", "y")}


def test_another_installation_has_other_keys(tmp_path: Path) -> None:
    sealed = open_vault(settings(tmp_path / "one")).seal_text("words", PLACE)
    with pytest.raises(SealError):
        open_vault(settings(tmp_path / "two")).open_text(sealed, PLACE)


def test_given_keys_are_used_and_nothing_is_written(tmp_path: Path) -> None:
    old, new, index = new_key_text(), new_key_text(), new_key_text()
    sealed = open_vault(settings(tmp_path, old, index)).seal_text("words", PLACE)
    rotated = open_vault(settings(tmp_path, f"{new},{old}", index))
    assert rotated.open_text(sealed, PLACE) == "words"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "index"), [(new_key_text(), ""), ("", new_key_text())], ids=["data only", "index only"]
)
def test_one_key_alone_is_refused(tmp_path: Path, data: str, index: str) -> None:
    with pytest.raises(SettingsError, match="must be set together"):
        open_vault(settings(tmp_path, data, index))


@pytest.mark.parametrize("bad", ["canary", "Y2FuYXJ5", "=", new_key_text()[:-4]], ids=range(4))
def test_a_malformed_key_is_refused_and_not_quoted(tmp_path: Path, bad: str) -> None:
    for data, index in ((bad, new_key_text()), (new_key_text(), bad)):
        with pytest.raises(SettingsError) as refused:
            open_vault(settings(tmp_path, data, index))
        assert bad not in str(refused.value) or bad == "="


def test_a_broken_file_of_keys_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("half\n")
    with pytest.raises(SettingsError, match="restore it from a backup"):
        open_vault(settings(tmp_path))
    assert (tmp_path / "keys").read_text() == "half\n"
