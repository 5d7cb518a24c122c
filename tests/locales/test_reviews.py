"""Words that save lives are unreviewed until an officer signed these very words."""

import json
from pathlib import Path

import pytest

from locales.catalog import Catalog
from locales.errors import BrokenCatalogError
from locales.reviews import (
    ReviewStatus,
    Signature,
    fingerprint,
    is_life_safety,
    read_signatures,
    status,
    unsigned,
)

CATALOG = Catalog.load()


def signed(language: str, key: str) -> Signature:
    return Signature(language, key, fingerprint(CATALOG.entry(language, key)), "officer-1", "2026-03-01")


def test_what_ships_is_unreviewed() -> None:
    gaps = unsigned(CATALOG, ())
    assert set(gaps) == {"en", "vi", "th", "id"}
    assert {"stop.done", "case.opened", "alert.drill.first", "words.danger", "emergency.known"} <= set(
        gaps["vi"]
    )
    assert "chat.page.send" not in gaps["vi"]
    assert not is_life_safety("start.notice")


def test_a_signature_holds_for_these_words_in_this_language_only() -> None:
    one = signed("vi", "case.opened")
    assert status(CATALOG, "vi", "case.opened", [one]) is ReviewStatus.SIGNED
    assert status(CATALOG, "th", "case.opened", [one]) is ReviewStatus.UNREVIEWED
    assert status(CATALOG, "vi", "case.where", [one]) is ReviewStatus.UNREVIEWED
    changed = Signature("vi", "case.opened", "0" * 64, "officer-1", "2026-03-01")
    assert status(CATALOG, "vi", "case.opened", [changed]) is ReviewStatus.UNREVIEWED
    assert "case.opened" not in unsigned(CATALOG, [one])["vi"]


def test_words_borrowed_from_english_are_not_signed_for_another_language() -> None:
    assert status(CATALOG, "fr", "case.opened", [signed("en", "case.opened")]) is ReviewStatus.UNREVIEWED


def test_the_file_of_signatures(tmp_path: Path) -> None:
    path = tmp_path / "signatures.json"
    assert read_signatures(path) == ()
    one = signed("th", "case.opened")
    fields = {name: getattr(one, name) for name in Signature.__slots__}
    path.write_text(json.dumps([fields]), "utf-8")
    assert read_signatures(path) == (one,)
    for broken in ("{", '{"a": 1}', '[{"language": "th"}]', "[1]"):
        path.write_text(broken, "utf-8")
        with pytest.raises(BrokenCatalogError):
            read_signatures(path)


def test_nothing_is_left_when_all_is_signed() -> None:
    everything = [signed(language, key) for language in CATALOG.languages() for key in CATALOG.keys(language)]
    assert unsigned(CATALOG, everything) == {}
