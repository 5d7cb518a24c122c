"""A process that is killed at the last moment of a step, before its commit. Run by test_lanes.py."""

import asyncio
import os
import signal
import sys

from sqlalchemy import event

from bot.waiting import read_waiting
from storage.clock import SystemClock
from storage.database import open_database
from storage.vault import Vault
from tests.bot.wiring import Wiring, echo


def die(_connection: object) -> None:
    print("everything is written, nothing committed", flush=True)  # noqa: T201 - read by the test
    os.kill(os.getpid(), signal.SIGKILL)


async def main(path: str) -> None:
    database, vault = open_database(f"sqlite:///{path}"), Vault([bytes(range(32))], bytes(range(32, 64)))
    wiring = Wiring(database, vault, SystemClock(), echo, owner="killed")
    await wiring.leases.renew()
    async with database.read() as connection:
        held, now = wiring.leases.held(), wiring.clock.now()
        found = await read_waiting(connection, "inbound", held, but=(), now=now, limit=1)
    event.listen(database._durable.sync_engine, "commit", die)  # called just before COMMIT is sent
    await wiring.steps.run(found[0])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
