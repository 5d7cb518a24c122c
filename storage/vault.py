"""Sealing of personal columns and blind look-ups. Touches `cryptography` only; no SQL, no files.

Every sealed value is AES-256-GCM with its table, column and row as associated data, so it cannot be moved to
another place. Values of a person are sealed with the person's own data key, which is itself sealed with the
ministry's; destroying it makes everything sealed with it unreadable in the live database at once. A backup
made before holds the sealed key until that backup is destroyed or the erased list is replayed after a
restore.
"""

import base64
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import ConfigurationError, SealError

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives; a value opened at another place is refused."""

    table: str
    column: str
    row: str

    def associated(self) -> bytes:
        return f"{self.table}\x1f{self.column}\x1f{self.row}".encode()


class Vault:
    """Seals and opens with the ministry's keys (current first) and makes blind indexes."""

    def __init__(self, data_keys: Sequence[bytes], index_key: bytes) -> None:
        if not data_keys or any(len(key) != KEY_BYTES for key in (*data_keys, index_key)):
            raise ConfigurationError("every key must be 32 bytes; MUSTER_DATA_KEYS needs at least one")
        self._ciphers = {_key_id(key): AESGCM(key) for key in data_keys}
        self._current = _key_id(data_keys[0])
        self._index_key = index_key

    def seal(self, plain: bytes, place: Place) -> bytes:
        """Return `plain` sealed with the current key for `place`."""
        nonce = os.urandom(NONCE_BYTES)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, plain, place.associated())

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Return what was sealed.

        Raises:
            SealError: no such key any more, or the value belongs to another place.
        """
        cipher = self._ciphers.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise SealError(f"no key opens {place.table}.{place.column}")
        return _open(cipher, sealed[KEY_ID_BYTES:], place)

    def seal_text(self, plain: str, place: Place) -> bytes:
        """`seal` for text, as UTF-8."""
        return self.seal(plain.encode(), place)

    def open_text(self, sealed: bytes, place: Place) -> str:
        """`open` for text; raises like `open`."""
        return self.open(sealed, place).decode()

    def blind(self, kind: str, value: str) -> bytes:
        """Return a keyed fingerprint (32 bytes) by which an equal value of a `kind` is found, never read."""
        return hmac.digest(self._index_key, f"{kind}\x1f{value}".encode(), "sha256")

    def new_person_key(self, person: int) -> bytes:
        """A fresh data key for `person`, sealed, ready to be stored."""
        return self.seal(os.urandom(KEY_BYTES), _person_place(person))

    def person(self, person: int, sealed_key: bytes | None) -> "PersonVault":
        """The vault of one person.

        Raises:
            SealError: the person was erased (no key) or the key is not theirs.
        """
        if sealed_key is None:
            raise SealError("this person was erased")
        return PersonVault(self.open(sealed_key, _person_place(person)))


class PersonVault:
    """Seals and opens with the data key of one person."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal_text(self, plain: str, place: Place) -> bytes:
        """Return `plain` sealed for `place`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), place.associated())

    def open_text(self, sealed: bytes, place: Place) -> str:
        """Return what was sealed; raises `SealError` when it belongs to another place or person."""
        return _open(self._cipher, sealed, place).decode()


def parse_keys(text: str) -> list[bytes]:
    """Read comma-separated base64 keys of 32 bytes.

    Raises:
        ConfigurationError: one of them is not base64 of 32 bytes.
    """
    keys = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except ValueError as error:
            raise ConfigurationError("a key is not base64; make one with: openssl rand -base64 32") from error
        if len(key) != KEY_BYTES:
            raise ConfigurationError("a key is not 32 bytes long; make one with: openssl rand -base64 32")
        keys.append(key)
    return keys


def new_key_text() -> str:
    """A fresh key as base64 text."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _open(cipher: AESGCM, sealed: bytes, place: Place) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.associated())
    except (InvalidTag, ValueError) as error:
        raise SealError(f"{place.table}.{place.column} was sealed for another place or key") from error


def _key_id(key: bytes) -> bytes:
    return sha256(b"muster key id" + key).digest()[:KEY_ID_BYTES]


def _person_place(person: int) -> Place:
    return Place("person", "data_key", str(person))
