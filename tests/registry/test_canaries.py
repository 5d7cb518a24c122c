"""Nothing personal lies open in the database: planted words are searched in every byte of its files."""

import shutil
from datetime import timedelta
from pathlib import Path

from sqlalchemy.dialects import sqlite as dialect

from places.cells import cell_of
from registry import addresses, links, phones, trips
from registry.merging import merge
from registry.tables import address, phone
from registry.tables import whereabouts as whereabouts_table
from registry.whereabouts import Whereabouts, WhereaboutsKind
from storage.database import open_database
from storage.vault import Vault
from tests.registry.newcomers import NOW, join, telegram, webchat

DAY = timedelta(days=1)


def every_byte(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("muster.db*")))


async def test_no_canary_is_in_the_files(sqlite_template: Path, tmp_path: Path, vault: Vault) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    database = open_database(f"sqlite:///{tmp_path / 'muster.db'}")
    home = Whereabouts(
        WhereaboutsKind.HOME,
        cell_of(64.1, -21.9),
        1.0,
        "IS",
        "IS-1",
        "canary-home-label",
        "Atlantic/Reykjavik",
    )
    trip = Whereabouts(WhereaboutsKind.TRIP, cell_of(13.7, 100.5), 1.0, "TH", label="canary-trip-label")
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("canary-telegram"), place=home)
        two = await join(connection, vault, webchat("canary-webchat"), place=home, now=NOW + DAY)
        await trips.add(connection, two.vault, two.id, trip, NOW, NOW + DAY, NOW)
        await phones.save(connection, vault, two.vault, two.id, phones.read("+66812345678"), NOW)
        await addresses.rename(connection, one.vault, one.address.id, "canary-moved", b"m" * 32)
        code = await links.make_code(connection, vault, one.id, NOW)
    canaries = [
        b"canary", "canary".encode("utf-16-le"), b"66812345678", b"812345678", code.encode(), bytes(range(32))
    ]  # fmt: skip

    def found() -> list[bytes]:
        written = every_byte(tmp_path)
        assert b"Atlantic/Reykjavik" in written  # the search would find what lies open
        return [canary for canary in canaries if canary in written]

    assert found() == []
    async with database.durable() as connection:
        await merge(connection, vault, one.id, two.id, NOW + DAY)
    assert found() == []
    async with database.durable() as connection:
        # The control: the same words written openly are found.
        await connection.execute(address.update().values(value=b"canary-open"))
    assert found() == [b"canary"]
    await database.close()


def test_every_column_of_words_is_one_that_holds_sealed_bytes() -> None:
    sealed = {(address, "value"), (whereabouts_table, "label"), (phone, "number")}
    for table, column in sealed:
        assert str(table.c[column].type.compile(dialect.dialect())) == "BLOB"
