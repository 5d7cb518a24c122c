"""The demonstration answers questions in words nobody reviewed; a live installation never does."""

import platform
import shutil
from pathlib import Path

import pytest

from app.demo_answers import supply_answers
from app.settings import Settings
from assistance.faq import publishing
from assistance.faq.answering import answer_of
from storage.database import open_database


async def test_the_starter_bank_is_in_force_once_and_says_that_nobody_reviewed_it(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")  # vectors of 1,600 texts take a minute
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'muster.db'}", demo=True)
    assert await supply_answers(settings) == 64
    assert await supply_answers(settings) == 64
    database = open_database(settings.sql_url)
    try:
        async with database.read() as connection:
            assert await publishing.newest_id(connection) == 1
        edition = await publishing.open_edition(database, None, demo=True)
        live = await publishing.open_edition(database, None, demo=False)
    finally:
        await database.close()
    assert edition is not None
    assert live is not None
    assert edition.engine.search("I lost my passport", "en").candidates[0].subject == "passport-lost"
    [variant] = edition.variants["passport-lost"]
    known = dict.fromkeys(("mission_phone", "mission_name", "emergency_number"), "x")
    answer = answer_of(variant, "vi", {**known, "link": variant.facts.source})
    assert answer is not None, "every field of it can be filled"
    assert not answer.reviewed
    assert live.variants == {}
