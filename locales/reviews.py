"""Which words save lives, and whether an officer who reads the language signed them. Touches one file.

What ships with Muster is *unreviewed*. A signature names the language, the key and the fingerprint of the
exact words, so that a word changed later is unreviewed again.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from locales.catalog import Catalog, Entry
from locales.errors import BrokenCatalogError

LIFE_SAFETY = (  # prefixes of keys; everything a person reads while in danger
    "alert.",
    "case.",
    "checkin.",
    "danger.",
    "emergency.",
    "notice.",
    "stop.",
    "time.",
    "words.danger",
    "words.help",
    "words.safe",
    "words.stop",
    "apology.",
    "fallback.text",
)


class ReviewStatus(StrEnum):
    """Whether words may be trusted with a life."""

    UNREVIEWED = "unreviewed"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Signature:
    """An officer (by login) read these exact words and stands for them; `on` is an ISO date."""

    language: str
    key: str
    fingerprint: str
    officer: str
    on: str


def is_life_safety(key: str) -> bool:
    """Whether `key` may go out on a live installation only when signed."""
    return key.startswith(LIFE_SAFETY)


def fingerprint(entry: Entry) -> str:
    """SHA-256 (hex) of the words of one entry."""
    return sha256("\x1f".join(entry.forms).encode()).hexdigest()


def read_signatures(path: Path) -> tuple[Signature, ...]:
    """Read a JSON list of objects with the fields of `Signature`; an absent file = nothing signed.

    Raises:
        BrokenCatalogError: it is not such a list.
    """
    if not path.exists():
        return ()
    try:
        return tuple(Signature(**row) for row in json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise BrokenCatalogError("the file of signatures is not a JSON list of signatures") from error


def add_signature(path: Path, signature: Signature) -> None:
    """Add one to the file, all or nothing; whoever calls sees to it that nobody else does so meanwhile.

    Raises:
        BrokenCatalogError: what is there is not a list of signatures; it is left as it was.
    """
    rows = [asdict(one) for one in (*read_signatures(path), signature)]
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps(rows, indent=1))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def status(catalog: Catalog, language: str, key: str, signatures: Iterable[Signature]) -> ReviewStatus:
    """Whether the words of `key` are signed as they stand; words borrowed from English are not."""
    if key not in catalog.keys(language):
        return ReviewStatus.UNREVIEWED
    wanted = (language, key, fingerprint(catalog.entry(language, key)))
    signed = any((one.language, one.key, one.fingerprint) == wanted for one in signatures)
    return ReviewStatus.SIGNED if signed else ReviewStatus.UNREVIEWED


def unsigned(catalog: Catalog, signatures: Iterable[Signature]) -> Mapping[str, tuple[str, ...]]:
    """Per language the life-safety keys nobody signed as they stand; languages without gaps left out."""
    known = tuple(signatures)
    gaps = {
        language: tuple(
            key
            for key in sorted(catalog.keys("en") | catalog.keys(language))
            if is_life_safety(key) and status(catalog, language, key, known) is ReviewStatus.UNREVIEWED
        )
        for language in catalog.languages()
    }
    return {language: keys for language, keys in gaps.items() if keys}
