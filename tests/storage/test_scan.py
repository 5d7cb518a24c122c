"""A table by column: every row once, in the order of its key, across pages, and never out of step."""

import pytest
from sqlalchemy import case

from alerts.tables import unreachable
from storage import scan as scanning
from storage.bulk import insert_columns
from storage.database import Database
from storage.scan import scan
from tests.alerts.office import NOW, open_office
from tests.alerts.post_room import revision_of

IDS = [7, 8, 2**62, 9, 11]


async def filled(database: Database, reasons: list[str]) -> None:
    revision = await revision_of(await open_office(database))
    async with database.bulk() as connection:
        await insert_columns(
            connection,
            unreachable,
            {"person_id": IDS, "reason": reasons},
            {"revision_id": revision, "at": NOW},
        )


@pytest.mark.parametrize("page", [1, 2, 5, 100])
async def test_every_row_once_in_order(
    database: Database, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(scanning, "PAGE", page)
    await filled(database, ["b", "a", "", "a", "it's"])
    twice = case((unreachable.c.person_id > 100, -1), else_=unreachable.c.person_id * 2)
    async with database.read() as connection:
        found = await scan(
            connection,
            unreachable.c.person_id,
            [unreachable.c.person_id, twice],
            [unreachable.c.reason],
            unreachable.c.person_id != 11,
        )
        none = await scan(
            connection, unreachable.c.person_id, [twice], [unreachable.c.reason], unreachable.c.person_id < 0
        )
    numbers, words = found.numbers, found.words[0]
    assert numbers[0].tolist() == [7, 8, 9, 2**62]
    assert numbers[1].tolist() == [14, 16, 18, -1]
    assert [words.names[code] for code in words.codes.tolist()] == ["b", "a", "a", ""]
    assert none.numbers[0].size == none.words[0].codes.size == 0


async def test_a_word_with_a_line_break_is_refused(database: Database) -> None:
    await filled(database, ["a", "b\nc", "d", "e", "f"])
    async with database.read() as connection:
        with pytest.raises(ValueError, match="one value for each row"):
            await scan(connection, unreachable.c.person_id, [], [unreachable.c.reason])
