"""The keys of an installation: from settings, or made once beside its data. Touches `<data folder>/keys`."""

import os
import secrets
from pathlib import Path

from app.settings import Settings, SettingsError
from storage.errors import ConfigurationError
from storage.vault import Vault, new_key_text, parse_keys


def open_vault(settings: Settings) -> Vault:
    """Return the vault of this installation.

    Raises:
        SettingsError: only one of the two keys is set, or one is malformed.
    """
    data, index = settings.data_keys.get_secret_value(), settings.index_key.get_secret_value()
    if bool(data) != bool(index):
        raise SettingsError("MUSTER_DATA_KEYS and MUSTER_INDEX_KEY must be set together")
    if not data:
        data, index = _made_once(settings.data_dir / "keys")
    try:
        return Vault(parse_keys(data), parse_keys(index)[0])
    except ConfigurationError as error:
        raise SettingsError(str(error)) from error


def _made_once(path: Path) -> tuple[str, str]:
    """Read the two keys of an embedded installation, or make them; several processes may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name nobody else has: processes in containers that share the folder may have the same number.
    fresh = path.with_name(f".keys.{secrets.token_hex(8)}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{new_key_text()}\n{new_key_text()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # fails when another process was faster: then theirs count
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    lines = path.read_text().split()
    if len(lines) != 2:
        raise SettingsError(f"{path} does not hold two keys; restore it from a backup")
    return lines[0], lines[1]
