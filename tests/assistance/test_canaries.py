"""Words and pins of a case lie nowhere open: planted ones are searched in every byte of the files."""

import shutil
from datetime import timedelta
from pathlib import Path

from assistance import cases
from assistance.tables import case_message
from assistance.thread import CITIZEN, MessageKind
from bot.messages import Pin
from registry.merging import merge
from storage.database import open_database
from storage.vault import Vault
from tests.assistance.bench import ICELAND, StandingClock, ask, desk_of
from tests.registry.newcomers import NOW, join, telegram, webchat

LATER = NOW + timedelta(minutes=5)


async def test_no_canary_is_in_the_files(sqlite_template: Path, tmp_path: Path, vault: Vault) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    database = open_database(f"sqlite:///{tmp_path / 'muster.db'}")
    async with database.durable() as connection:
        old = await join(connection, vault, telegram("canary-old"))
        new = await join(connection, vault, webchat("canary-new"), now=LATER)
        case = await ask(connection, new, "press")
        await cases.add_message(
            connection, new.vault, case.id, CITIZEN, MessageKind.TEXT, "canary-words", key="k1", now=NOW
        )
        await cases.add_pin(connection, new.vault, case.id, Pin(64.123456, -21.654321), key="k2", now=NOW)
        await desk_of(vault, StandingClock(LATER)).answer(
            connection, ICELAND, case.id, "canary-answer", key="form"
        )
        await merge(connection, vault, old.id, new.id, LATER, [cases.carry])

    def found() -> list[bytes]:
        written = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("muster.db*")))
        assert case.code.encode() in written  # the search would find what lies open
        return [canary for canary in (b"canary", b"64.123456", b"21.654321") if canary in written]

    assert found() == []
    async with database.durable() as connection:
        # The control: the same words written openly are found.
        await connection.execute(case_message.update().values(body=b"canary-open 64.123456"))
    assert found() == [b"canary", b"64.123456"]
    await database.close()
