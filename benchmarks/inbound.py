"""Webhooks into one web process: nine receipts to one message of a citizen, at a steady rate. Touches SQL and
Redis of a temporary folder, and loopback.

Every receipt is Twilio's, signed, of a text message that was sent; every message is Telegram's, from somebody
who was warned and says that they are safe. The web process and the prober have a core each.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select, update

from alerts.events import read_event
from alerts.revisions import read_revision
from alerts.store import read_alert
from alerts.tables import checkin, delivery
from benchmarks.children import Child, child, provider
from benchmarks.knocking import Request
from benchmarks.measure import head, say
from benchmarks.ministry import FIRST_CHAT, Ministry, own_redis, settings_of
from bot.tables import inbox, outbox
from storage.migrate import migrate

PER_SECOND, SECONDS = 500, 20
IN_TEN = 9  # of ten webhooks are receipts
DRAIN_S = 120.0
SID, TOKEN = "AC" + "be" * 16, "a-token-of-the-benchmark"
GAZETTEER = Path("var/gazetteer.sqlite").resolve()


def run() -> None:
    """Measure once."""
    count = PER_SECOND * SECONDS
    head(f"Inbound, {count:,} webhooks at {PER_SECOND}/s, nine receipts to one message, SQLite")
    with tempfile.TemporaryDirectory() as folder, own_redis(Path(folder)) as redis, provider(core=1) as fake:
        sql = f"sqlite:///{Path(folder) / 'muster.db'}"
        migrate(sql)
        port = _free_port()
        settings = {
            **settings_of(sql, redis.url, fake.base),
            "twilio_account_sid": SID,
            "twilio_auth_token": TOKEN,
            "twilio_sms_from": "+15005550006",
            "twilio_api_base": fake.base,
            "public_listen": f"127.0.0.1:{port}",
            "public_url": f"http://127.0.0.1:{port}",
            "console_listen": f"127.0.0.1:{_free_port()}",
            "data_dir": folder,
            "gazetteer": str(GAZETTEER),
        }
        asyncio.run(_measure(Path(folder), settings, count))


async def _measure(folder: Path, settings: Mapping[str, Any], count: int) -> None:
    ministry = Ministry.at(settings["database_url"], settings["redis_url"])
    try:
        code = await _warn(ministry, count)
        file = folder / "requests.json"
        file.write_text(json.dumps(_requests(settings["public_url"], code, count)), encoding="utf-8")
        with child("benchmarks.doorway", {"settings": settings}, core=0) as web:
            web.line()
            await _listening(settings["public_listen"])
            with child(
                "benchmarks.knocking", {"requests": str(file), "per_second": PER_SECOND}, core=1
            ) as prober:
                prober.line()
                before = web.cpu_s
                prober.go()
                found = json.loads(await asyncio.to_thread(prober.line))
                drained = await _drained(ministry)
                await _report(ministry, web, web.cpu_s - before, found, drained, count)
    finally:
        await ministry.close()


async def _warn(ministry: Ministry, count: int) -> str:
    """Everybody was sent a text message, of which nothing was heard; the code of the event."""
    await ministry.fill(count)
    number = await ministry.plan("Severe", range(1, count + 1), 50)
    async with ministry.database.bulk() as connection:
        sid = func.printf("SM%032d", delivery.c.person_id)
        sent = {
            "channel": "sms",
            "state": "accepted",
            "provider_id": sid,
            "accepted_at": ministry.clock.now(),
        }
        await connection.execute(update(delivery).where(delivery.c.revision_id == number).values(sent))
    async with ministry.database.read() as connection:
        alert = await read_alert(connection, (await read_revision(connection, number)).alert_id)
        return (await read_event(connection, alert.event_id)).code


def _requests(url: str, code: str, count: int) -> Sequence[Request]:
    return [
        _receipt(url, person) if person % 10 < IN_TEN else _message(url, person, code)
        for person in range(1, count + 1)
    ]


def _receipt(url: str, person: int) -> Request:
    sid = f"SM{person:032d}"
    form = {
        "AccountSid": SID,
        "ApiVersion": "2010-04-01",
        "From": "+15005550006",
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "RawDlrDoneDate": "2611220800",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": f"+1202{person:07d}",
    }
    address = f"{url}/hooks/twilio/status/{sid}"
    told = address + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), told.encode(), hashlib.sha1).digest()).decode()
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    return address, urlencode(form), {"Content-Type": kind, "X-Twilio-Signature": signature}


def _message(url: str, person: int, code: str) -> Request:
    chat = {"id": FIRST_CHAT + person, "type": "private", "first_name": "A"}
    sender = {"id": chat["id"], "is_bot": False, "first_name": "A", "language_code": "en"}
    note = {"message_id": 1, "date": 1_795_000_000, "chat": chat, "text": "x"}
    press = {"id": str(person), "from": sender, "chat_instance": "1", "data": f"safe:{code}", "message": note}
    body = json.dumps({"update_id": 1_000_000 + person, "callback_query": press})
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": "benchmark"}
    return f"{url}/hooks/telegram", body, headers


async def _drained(ministry: Ministry) -> float:
    """Seconds until everything that was stored is worked on and every reply has left."""
    began = time.monotonic()
    waiting = select(func.count()).select_from(inbox).where(inbox.c.state == "new")
    unsent = select(func.count()).select_from(outbox).where(outbox.c.state.in_(("waiting", "sending")))
    while time.monotonic() - began < DRAIN_S:
        async with ministry.database.read() as connection:
            left = [(await connection.execute(query)).scalar_one() for query in (waiting, unsent)]
        if not any(left):
            break
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def _report(
    ministry: Ministry, web: Child, cpu_s: float, found: Mapping[str, Any], drained: float, count: int
) -> None:
    confirmed = select(func.count()).select_from(delivery).where(delivery.c.delivered_at.is_not(None))
    safe = select(func.count()).select_from(checkin)
    async with ministry.database.read() as connection:
        stored = (await connection.execute(select(func.count()).select_from(inbox))).scalar_one()
        receipts, answers = [(await connection.execute(query)).scalar_one() for query in (confirmed, safe)]
    took = found["took"]
    say("answered", ", ".join(f"{status}: {many:,}" for status, many in found["statuses"].items()))
    say(
        "posted at",
        f"{count / found['posted_s']:.0f}/s",
        f"the last was answered after {found['all_s']:.1f} s",
    )
    say(
        "until the answer, half / 99 %",
        f"{took[count // 2] * 1e3:.0f} / {took[count * 99 // 100] * 1e3:.0f} ms",
    )
    say("stored", f"{stored:,} of {count:,}")
    say("deliveries confirmed, people safe", f"{receipts:,}, {answers:,}")
    say("everything worked on and answered", f"{drained:.1f} s", "after the last webhook")
    say("CPU of the web process for one webhook, work included", f"{cpu_s / count * 1e6:.0f} us")
    say("memory of the web process at its peak", f"{web.peak_mb:.0f} MB")


async def _listening(listen: str) -> None:
    host, _, port = listen.rpartition(":")
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
