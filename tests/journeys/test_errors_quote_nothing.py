"""No error and no value's own text quotes what somebody wrote; and the search for canaries finds them however
they are written."""

import base64
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import insert

from alerts.cap.read import read as read_cap
from alerts.draft import read_draft
from bot.gateways.telegram.wire import read_update
from bot.gateways.webchat.wire import read_acks, read_said
from bot.messages import Address, Channel, Inbound, InboundKind, Pin
from bot.tables import inbox
from places.area import Area
from places.geometry import parse_cap_circle, parse_geojson
from registry import phones
from storage.database import Database
from tests.conftest import ROOT
from tests.journeys.canaries import Canaries
from tests.journeys.planting import REYKJAVIK, Pen

READERS: dict[str, Callable[[str], object]] = {
    "telegram": lambda word: read_update(f'{{"update_id": "{word}"}}'.encode()),
    "telegram, no JSON": lambda word: read_update(f'{{"{word}'.encode()),
    "web chat": lambda word: read_said(f'{{"id": "{word}", "text": ["{word}"]}}'.encode()),
    "web chat, no JSON": lambda word: read_said(f'{{"{word}'.encode()),
    "acknowledgement": lambda word: read_acks(f'{{"ids": ["{word}"]}}'.encode()),
    "draft": lambda word: read_draft({"event_title": [word], "severity": word, "texts": {"en": word}}),
    "draft's area": lambda word: Area.from_json({"circles": [{"lat": word}]}),
    "CAP": lambda word: read_cap(f"<alert>{word}".encode()),
    "CAP of another kind": lambda word: read_cap(f"<feed>{word}</feed>".encode()),
    "circle": lambda word: parse_cap_circle(f"{word} 3"),
    "GeoJSON": lambda word: parse_geojson({"type": "Polygon", "coordinates": [[[word, word]]]}),
    "telephone number": lambda word: phones.read(f"+99 {word}"),
}


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_no_error_quotes_what_was_read(reader: str) -> None:
    canaries = Canaries()
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is, its text is what matters
        READERS[reader](canaries.word("read"))
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert canaries.find_in(told.encode()) == []


async def test_no_error_of_sql_quotes_what_was_written(sqlite: Database) -> None:
    canaries = Canaries()
    values = {"key": canaries.word("a column"), "channel": canaries.word("another")}
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the driver's own
        async with sqlite.durable() as connection:
            await connection.execute(insert(inbox).values(values))
    told = "".join(traceback.format_exception(raised.value))
    assert "NOT NULL" in told
    assert canaries.find_in(told.encode()) == []


def test_no_value_of_the_bot_shows_what_is_in_it() -> None:
    canaries = Canaries()
    word = canaries.word
    lat, lon = (canaries.degrees("pin", near) for near in REYKJAVIK)
    personal: dict[str, Any] = {
        "text": word("text"),
        "contact": word("contact"),
        "callback": word("callback"),
    }
    address = Address(Channel.TELEGRAM, "main", word("address"))
    inbound = Inbound("1", address, InboundKind.TEXT, pin=Pin(lat, lon), **personal)
    assert {field.name for field in fields(inbound)} >= set(personal)
    assert canaries.find_in(repr(inbound).encode()) == []


def test_a_canary_is_found_however_it_is_written() -> None:
    canaries = Canaries()
    word = Pen(canaries).word("open")
    forms = [word.upper().encode(), word.encode("utf-16-le"), word.encode().hex().encode()]
    forms += [base64.b64encode(b"x" * shift + word.encode() + b"y") for shift in range(5)]
    for form in forms:
        assert canaries.find_in(b"before" + form + b"after") == ["open"]
        assert canaries.find_in(form, sealed_only=True) == []
    assert canaries.find_in(b"kanari without a song") == []


def test_a_bug_that_ends_a_process_is_logged_without_its_text() -> None:
    canaries = Canaries()
    bug = (
        "from app.logs import set_up_logs\n"
        "set_up_logs('worker', 'debug')\n"
        f"int('{canaries.word('what a bug quotes')}')\n"
    )
    ended = subprocess.run([sys.executable, "-c", bug], cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 1
    assert canaries.find_in(ended.stderr + ended.stdout) == []
    line = json.loads(ended.stderr)
    assert (line["error"], line["level"], line["process"]) == ("ValueError", "critical", "worker")
    assert line["at"] == ["<string>:3"]
