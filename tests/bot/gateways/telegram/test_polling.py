"""Without a public URL updates are fetched by one process, and forgotten at Telegram only once they are
stored.
"""

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.counters import count_nothing
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.polling import TelegramPolling
from bot.leases import SoloLease
from bot.messages import Event
from bot.tables import inbox
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.vault import Vault
from tests.bot.gateways.telegram.simulated_api import Request, SimulatedApi, answer
from tests.bot.wiring import MovableClock, Wiring, column, rows, until

CONFLICT = b'{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates"}'


class Queue:
    """Updates as Telegram keeps them: until an offset says that they arrived."""

    def __init__(self, *updates: object) -> None:
        self.updates = list(updates)
        self.offsets: list[int] = []

    def __call__(self, request: Request) -> bytes | None:
        if request.method != "getUpdates":
            return None
        offset = int(parse_qs(urlsplit(request.path).query)["offset"][0])
        self.offsets.append(offset)
        number = lambda update: update.get("update_id", 0) if isinstance(update, dict) else 0  # noqa: E731
        self.updates = [update for update in self.updates if number(update) >= offset]
        return answer(200, json.dumps({"ok": True, "result": self.updates}).encode())


def update(number: int) -> dict[str, object]:
    person = {"id": 42, "is_bot": False, "first_name": "Ann", "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": person, "from": person, "text": f"hello {number}"}
    return {"update_id": number, "message": message}


def lease(database: Database, clock: MovableClock, owner: str = "one") -> SoloLease:
    return SoloLease(database, clock, owner, "poll:telegram:main", seconds=0.3)


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_updates_are_stored_then_forgotten(
    api: SimulatedApi, gateway: TelegramGateway, sqlite: Database, vault: Vault
) -> None:
    queue = Queue(update(5), {"update_id": 6, "message": {"text": 5}}, "odd", {"no": "number"}, update(7))
    api.reply = queue
    wiring = Wiring(sqlite, vault, clock := MovableClock())
    polling = TelegramPolling(gateway, wiring.inbox.store, lease(sqlite, clock), count_nothing, poll_s=0)
    task = asyncio.create_task(polling.run())

    async def forgotten() -> bool:
        return 8 in queue.offsets

    await until(forgotten)
    await stop(task)
    assert await column(sqlite, inbox, "key") == ["telegram:main:5", "telegram:main:7"]
    assert api.requests[0].method == "deleteWebhook"
    assert api.requests[0].form == {"drop_pending_updates": "false"}


async def test_what_could_not_be_stored_is_not_forgotten(
    api: SimulatedApi, gateway: TelegramGateway, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gateways.telegram.polling.PAUSE_S", 0.05)
    queue = Queue(update(5))
    api.reply = queue
    tries: list[Sequence[Event]] = []

    async def store(events: Sequence[Event]) -> int:
        tries.append(events)
        if len(tries) < 3:
            raise StorageUnavailableError("away")
        return len(events)

    polling = TelegramPolling(gateway, store, lease(sqlite, MovableClock()), count_nothing, poll_s=0)
    task = asyncio.create_task(polling.run())

    async def forgotten() -> bool:
        return 6 in queue.offsets

    await until(forgotten)
    await stop(task)
    assert queue.offsets[:4] == [0, 0, 0, 6]
    assert len(tries[0]) == len(tries[2]) == 1


async def test_telegrams_troubles_are_waited_out(
    api: SimulatedApi,
    gateway: TelegramGateway,
    sqlite: Database,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.gateways.telegram.polling.PAUSE_S", 0.02)
    troubles = [answer(502, b""), answer(409, CONFLICT), answer(200, b"no JSON"), b""]
    api.planned = [answer(500, b""), answer(200, b'{"ok":true,"result":true}'), *troubles]
    api.reply = Queue(update(5))
    wiring = Wiring(sqlite, vault, clock := MovableClock())
    polling = TelegramPolling(gateway, wiring.inbox.store, lease(sqlite, clock), count_nothing, poll_s=0)
    task = asyncio.create_task(polling.run())

    async def stored() -> bool:
        return await rows(sqlite, inbox) == 1

    await until(stored)
    await stop(task)


async def test_one_process_polls_and_another_follows_when_it_dies(
    api: SimulatedApi, gateway: TelegramGateway, sqlite: Database, vault: Vault
) -> None:
    clock = MovableClock()
    queue = Queue()
    api.reply = queue
    wiring = Wiring(sqlite, vault, clock)
    first, second = (
        asyncio.create_task(
            TelegramPolling(
                gateway, wiring.inbox.store, lease(sqlite, clock, owner), count_nothing, poll_s=0
            ).run()
        )
        for owner in ("one", "two")
    )

    async def polls() -> bool:
        return bool(queue.offsets)

    await until(polls)
    await asyncio.sleep(0.4)
    assert len(api.called("deleteWebhook")) == 1  # only one of them has begun
    await stop(first)
    queue.updates.append(update(5))

    async def stored() -> bool:
        return await rows(sqlite, inbox) == 1

    await until(stored)
    await stop(second)
    assert len(api.called("deleteWebhook")) == 2
