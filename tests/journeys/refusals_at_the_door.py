"""What must be refused at the doors (webhooks, web chat, command line, settings) and where two kinds of
people could meet, each as a small scene that fails when it is not."""

import asyncio
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from alerts.checkin_status import CheckinStatus
from alerts.checkins import event_by_code
from alerts.digest import digest_of, verify_digest
from alerts.errors import AlertRefusedError
from alerts.lease import Lease
from alerts.queue import Entry, Queue
from alerts.revisions import latest
from alerts.store import RevisionRow, read_alert
from alerts.tables import event
from app import citizens, demo, invitations
from app.cli_output import RefusedError
from app.cli_staff import acting_officer
from app.settings import Settings, SettingsError
from bot.errors import ForgedHookError, HalfConfiguredError
from bot.gateway import Hook
from bot.gateways.telegram.gateway import TelegramGateway
from bot.gateways.telegram.settings import TelegramSettings
from bot.gateways.webchat.gateway import WebChatGateway
from bot.intake import Intake
from registry.errors import MergeRefusedError
from registry.merging import merge
from storage.keys import GROUP, AccountKeys
from tests.journeys.small_house import ACCOUNT, REAL, SIMULATED, House

TOKEN = "7000000001:a-token-of-this-test"
HOOK = "https://muster.example/hooks/telegram"
HEADER = "x-telegram-bot-api-secret-token"


# What two officers agreed on.


async def written(house: House) -> RevisionRow:
    made = await house.approved("Storm")
    async with house.database.read() as connection:
        return await latest(connection, made)


async def only_what_was_approved_counts(house: House) -> None:
    row = replace(await written(house), approved_by=None)
    for unsigned in (row, replace(row, digest=digest_of(row)), replace(row, digest=None, approved_by=1)):
        with pytest.raises(AlertRefusedError, match="not_approved"):
            verify_digest(unsigned)


async def every_word_is_under_the_digest(house: House) -> None:
    row = await written(house)
    verify_digest(row)
    for changed in (replace(row, area={}), replace(row, status="Exercise"), replace(row, authors=(9,))):
        with pytest.raises(AlertRefusedError, match="digest"):
            verify_digest(changed)


# Whose batch it is.


async def who_lost_an_entry_does_not_send(house: House) -> None:
    lease = Lease(cast("Queue", None), house.clock)
    held = lease.hold(Entry("stream", b"1-1", 1, "epoch", again=False), house.clock.monotonic())
    assert lease.may_send(held)
    held.lost = True
    assert not lease.may_send(held)


async def who_was_frozen_does_not_send(house: House) -> None:
    lease = Lease(cast("Queue", None), house.clock)
    held = lease.hold(Entry("stream", b"1-1", 1, "epoch", again=False), house.clock.monotonic() - 60)
    assert not lease.may_send(held)


async def who_was_frozen_while_rendering_does_not_send(house: House) -> None:
    """The process stands still for a minute right before its message leaves; somebody else has the batch."""
    await house.join(REAL)
    await house.approved("Storm")
    await house.plan()
    render, thawed = house.gateway.prepare, asyncio.Event()
    keys = [AccountKeys(*ACCOUNT).stream(priority) for priority in range(4)]
    path = house.redis.connection_pool.connection_kwargs["path"]

    def freezing(outbound: Any) -> Any:
        with redis.Redis(unix_socket_path=path) as other:  # meanwhile, in another process
            for key in keys:
                for entry in cast("list[Any]", other.xpending_range(key, GROUP, "-", "+", 10)):
                    other.xclaim(key, GROUP, "other", 0, [entry["message_id"]])
        house.clock.at += house.planner.resolve_every
        thawed.set()
        return render(outbound)

    house.gateway.prepare = freezing  # type: ignore[method-assign]  # the freeze
    house.sending = asyncio.create_task(house.worker.run())
    async with asyncio.timeout(10):
        await thawed.wait()
    await asyncio.sleep(0.3)
    assert house.gateway.sent == []


# Webhooks and browsers.


def telegram(secret: str) -> TelegramGateway:
    return TelegramGateway(TelegramSettings(TOKEN, secret))


async def a_webhook_needs_the_secret(_house: House) -> None:
    telegram("right").verify(Hook(b"{}", {HEADER: "right"}, HOOK))
    for headers in ({}, {HEADER: ""}, {HEADER: "wrong"}, {HEADER: "right "}):
        with pytest.raises(ForgedHookError):
            telegram("right").verify(Hook(b"{}", headers, HOOK))


async def without_a_secret_no_webhook_counts(_house: House) -> None:
    for headers in ({}, {HEADER: ""}):
        with pytest.raises(ForgedHookError):
            telegram("").verify(Hook(b"{}", headers, HOOK))


async def what_is_forged_is_not_stored(_house: House) -> None:
    stored: list[Any] = []

    async def store(events: Any) -> int:
        stored.extend(events)
        return len(events)

    intake = Intake([telegram("right")], store, public_url="https://x.example", count=lambda *_, **__: None)
    app = web.Application()
    app.add_routes(intake.routes())
    person = {"id": 7, "is_bot": False, "first_name": "X"}
    message = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 7, "type": "private"},
        "from": person,
        "text": "hello",
    }
    async with TestClient(TestServer(app)) as client:
        for secret, status, count in (("wrong", 403, 0), ("right", 200, 1)):
            update = {"update_id": 1, "message": message}
            answer = await client.post("/hooks/telegram", json=update, headers={HEADER: secret})
            assert (answer.status, len(stored)) == (status, count)


async def webchat(house: House) -> tuple[WebChatGateway, dict[str, str]]:
    gateway = WebChatGateway(
        account="main", public_url="http://127.0.0.1:8080", database=house.database, vault=house.vault,
        clock=house.clock, redis=house.redis,
    )  # fmt: skip
    token, _ = await gateway.book.create()
    return gateway, {"cookie": f"muster_chat={token}", "x-muster-chat": "1"}


async def another_site_cannot_speak_for_a_browser(house: House) -> None:
    gateway, headers = await webchat(house)
    gateway.verify(Hook(b"", headers, "/chat/messages"))
    for changed in (
        {"x-muster-chat": ""},
        {"origin": "https://other.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        with pytest.raises(ForgedHookError):
            gateway.verify(Hook(b"", {**headers, **changed}, "/chat/messages"))


async def an_unknown_cookie_is_nobody(house: House) -> None:
    gateway, headers = await webchat(house)
    with pytest.raises(ForgedHookError):
        gateway.verify(Hook(b"", {**headers, "cookie": f"muster_chat={'x' * 43}"}, "/chat/messages"))


# Where real and simulated people could meet.


async def a_drill_answer_says_nothing_of_a_real_event(house: House) -> None:
    simulated, real = await house.join(SIMULATED), await house.join(REAL)
    made = await house.approved("Storm")
    async with house.database.durable() as connection:
        row = await read_alert(connection, made)
        code = (await connection.execute(select(event.c.code).where(event.c.id == row.event_id))).scalar_one()
        assert await event_by_code(connection, code) is not None
        given = {"code": code, "status": CheckinStatus.SAFE, "now": house.clock.at}
        assert await citizens._check_in(connection, person_id=real.id, **given) is not None
        assert await citizens._check_in(connection, person_id=simulated.id, **given) is None


async def real_and_simulated_never_become_one(house: House) -> None:
    simulated, real = await house.join(SIMULATED), await house.join(REAL)
    async with house.database.durable() as connection:
        with pytest.raises(MergeRefusedError):
            await merge(connection, house.vault, simulated.id, real.id, house.clock.at)


async def a_forged_invitation_is_none(house: House) -> None:
    today = date(2031, 5, 4)
    good = invitations.make_invitation(house.vault, today)
    assert invitations.is_good(house.vault, good, today)
    assert not invitations.is_good(house.vault, good[:-1] + ("0" if good[-1] != "0" else "1"), today)
    assert not invitations.is_good(house.vault, "", today)


async def an_old_invitation_is_none(house: House) -> None:
    good = invitations.make_invitation(house.vault, date(2031, 5, 4))
    assert not invitations.is_good(house.vault, good, date(2031, 5, 5))


# Who may act, and with what settings.


async def nobody_acts_as_another_outside_a_demo(house: House) -> None:
    for on in (True, False):
        settings = Settings(demo=on)
        if on:
            assert (await acting_officer(settings, house.database, "anna")).login == "anna"
        else:
            with pytest.raises(RefusedError):
                await acting_officer(settings, house.database, "anna")


async def nobody_acts_unsigned(house: House) -> None:
    nowhere = cast("Settings", SimpleNamespace(demo=False, data_dir=Settings().data_dir / "nowhere"))
    with pytest.raises(RefusedError):
        await acting_officer(nowhere, house.database, "")


async def a_demo_takes_no_token(_house: House) -> None:
    with pytest.raises(SettingsError):
        demo.refuse_the_real_world(Settings(telegram_token=SecretStr("123:abc")))


async def a_demo_takes_no_database_nor_address(_house: House) -> None:
    for name in ("database_url", "redis_url", "public_url"):
        with pytest.raises(SettingsError):
            demo.refuse_the_real_world(Settings(**{name: "https://x.example"}))


async def a_demo_takes_no_api_base(_house: House) -> None:
    with pytest.raises(SettingsError):
        demo.refuse_the_real_world(Settings(telegram_api_base="https://api.telegram.org"))


async def half_a_telegram_is_none(_house: House) -> None:
    for wrong in (
        {"token": "", "secret": "x"},
        {"token": TOKEN, "public_url": "https://x.example"},
        {"token": TOKEN, "secret": "x", "api_base": "http://x.example"},
        {"token": TOKEN, "secret": "x", "public_url": "http://x.example"},
        {"token": "1:2 3", "secret": "x"},
        {"token": TOKEN, "secret": "ä"},
    ):
        with pytest.raises(HalfConfiguredError):
            TelegramSettings(**wrong)
