"""Alerts from a shell: the same desk, the same two officers. And people: audiences, invitations, erasure."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyotp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.revisions import latest
from app.cli_staff import credential_path
from app.core import open_core
from app.geography import open_geography
from app.keys import open_vault
from app.officers import build_services
from app.settings import Settings, environment, read
from assistance import store
from assistance.errors import CaseUnknownError
from assistance.faq import questions
from assistance.faq.questions import QuestionState
from bot.messages import Address, Channel
from console.names import span
from console.reckoning import Reckoning, reckon
from registry import addresses
from registry.audience import active
from registry.people import get
from storage.database import open_database
from tests.app.shell import Shell
from tests.assistance.bench import ask
from tests.registry.newcomers import BANGKOK, Newcomer, join, lane_of, telegram

T = TypeVar("T")


def draft(**changes: Any) -> str:
    text = {"headline": "Southeast gale", "description": "Winds of 25 m/s.", "instruction": "Stay in."}
    values = {
        "event_title": "Gale", "status": "Actual", "severity": "Severe", "urgency": "Expected",
        "certainty": "Likely", "category": "Met", "event_name": "Gale", "texts": {"en": text},
        "correction": {"en": "A mistake."}, "all_clear": {"en": "It is over."}, "time_zone": "UTC",
        "area": {"circles": [{"lat": 64.13, "lon": -21.9, "radius_km": 30.0}]},
        "expires_at": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
    }  # fmt: skip
    return json.dumps({**values, **changes})


def in_sql(shell: Shell, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def run() -> T:
        database = open_database(f"sqlite:///{shell.folder / 'muster.db'}")
        try:
            async with database.durable() as connection:
                return await work(connection)
        finally:
            await database.close()

    return asyncio.run(run())


def joined(shell: Shell, name: str, **more: Any) -> Newcomer:
    vault = open_vault(Settings(data_dir=shell.folder))
    return in_sql(shell, lambda connection: join(connection, vault, telegram(name), **more))


@pytest.fixture
def officers(shell: Shell) -> dict[str, dict[str, str]]:
    """Two officers who may do everything, with what they sign in with."""
    made = {}
    for login in ("anna", "bjorn"):
        both = ("--role", "author:*", "--role", "approver:*")
        ran = shell.muster("officer", "add", login, "--name", login.title(), *both).done()
        lines = [line.split(maxsplit=1) for line in ran.out.splitlines()]
        made[login] = {"password": lines[1][1], "secret": ran.out.split("time code")[1].split()[0]}
    return made


def sign_in(shell: Shell, officers: dict[str, dict[str, str]], login: str) -> None:
    known = officers[login]
    code = pyotp.TOTP(known["secret"]).now()
    shell.muster("login", login, "--code", code, "--password", known["password"]).done()


def demo(shell: Shell) -> None:
    shell.monkeypatch.setenv("MUSTER_DEMO", "true")


def test_two_officers_and_no_fewer(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    shell.muster("alert", "new", "-", stdin=draft()).refused("nobody is signed in")
    sign_in(shell, officers, "anna")
    credential = credential_path(Settings(data_dir=shell.folder))
    assert credential.stat().st_mode & 0o077 == 0
    file = shell.folder / "draft.json"
    file.write_text(draft())
    assert shell.muster("alert", "new", file).done().out == "alert 1 is a draft\n"
    shell.muster("alert", "approve", 1, "--yes").refused("state")
    assert "waits for a second officer" in shell.muster("alert", "submit", 1).done().out
    shell.muster("alert", "approve", 1, "--yes").refused("own_alert", "own_submission")
    sign_in(shell, officers, "bjorn")
    asked = shell.muster("alert", "approve", 1, stdin="n\n")
    assert asked.code == 2
    assert "REAL ALERT: send to 0 people" in asked.out + asked.err
    assert "is approved" in shell.muster("alert", "approve", 1, "--yes").done().out
    [row] = shell.muster("alert", "list", "--json").done().json
    assert (row["id"], row["state"], row["status"], row["event"]) == (1, "approved", "Actual", "Gale")
    status = shell.muster("alert", "status", 1, "--json").done().json
    assert (status["state"], status["people_targeted"]) == ("approved", 0)
    assert "approved" in shell.muster("alert", "status", 1).done().out
    assert "<status>Actual</status>" in shell.muster("cap", "export", 1).done().out
    assert "cancelled" in shell.muster("alert", "cancel", 1, "a mistake").done().out
    shell.muster("alert", "cancel", 1, "a mistake").refused("state")
    assert "unbroken" in shell.muster("audit", "verify").done().out


def test_a_credential_runs_out_and_is_nobodys_else(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    sign_in(shell, officers, "anna")
    credential = credential_path(Settings(data_dir=shell.folder))
    token = credential.read_text()
    credential.write_text(token[:-1] + ("A" if token[-1] != "A" else "B"))
    shell.muster("alert", "new", "-", stdin=draft()).refused("nobody is signed in")
    credential.write_text(token)
    shell.muster("alert", "new", "-", stdin=draft()).done()
    assert token not in shell.muster("alert", "list", "--json").done().out


def test_acting_as_somebody_exists_in_a_demo_only(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft()).refused("--as exists in a demo only")
    demo(shell)
    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft(status="Exercise")).done()
    shell.muster("alert", "new", "-", "--as", "nobody", stdin=draft()).refused("nobody is signed in")
    shell.muster("alert", "submit", 1, "--as", "anna").done()
    shell.muster("alert", "approve", 1, "--yes", "--as", "anna").refused("own_alert")
    shell.muster("alert", "approve", 1, "--yes", "--as", "bjorn").done()


def test_what_is_wrong_with_a_draft_is_said(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    demo(shell)
    new = ("alert", "new", "-", "--as", "anna")
    ran = shell.muster(*new, stdin=draft(severity="canary", area={"circles": "canary"}))
    ran.refused("severity: ", "area: ")
    assert "canary" not in ran.err
    shell.muster(*new, stdin="no JSON").refused()
    shell.muster("alert", "new", shell.folder / "nowhere", "--as", "anna").refused("cannot be read")
    shell.muster(*new, stdin=draft(event_title="")).refused("no_event")
    shell.muster("alert", "submit", 99, "--as", "anna").refused("no alert 99")
    made = shell.muster(*new, stdin=draft(texts={})).done()
    assert made.out == "alert 1 is a draft\n"
    shell.muster("alert", "submit", 1, "--as", "anna").refused("no_text")
    assert shell.muster("alert", "list", "--json").done().json[0]["state"] == "draft"


def test_reject_needs_a_reason(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    demo(shell)
    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft()).done()
    shell.muster("alert", "submit", 1, "--as", "anna").done()
    shell.muster("alert", "reject", 1, "", "--as", "bjorn").refused("no_reason")
    assert "goes back" in shell.muster("alert", "reject", 1, "unclear words", "--as", "bjorn").done().out


def test_the_status_says_what_sending_would_take(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    demo(shell)
    joined(shell, "1", now=datetime.now(UTC))
    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft()).done()
    (telegram,) = shell.muster("alert", "status", 1, "--json").done().json["forecast"]
    assert (telegram["channel"], telegram["worst"]["people"]) == ("telegram", 1)
    shell.muster("alert", "status", 99, "--json").refused("no alert 99")


def console_says(shell: Shell, alert: int) -> Reckoning:
    """What the console shows of an alert before it is approved."""

    async def reckoned() -> Reckoning:
        settings = read(environment()).model_copy(update={"redis_url": "redis://127.0.0.1:1"})
        async with open_core(settings) as core:
            services = build_services(core, open_geography(settings))
            async with core.database.read() as connection:
                written = await latest(connection, alert)
            return await reckon(services, written)

    return asyncio.run(reckoned())


def test_the_shell_reckons_as_the_console_does(shell: Shell, officers: dict[str, dict[str, str]]) -> None:
    demo(shell)
    joined(shell, "1", now=datetime.now(UTC))
    texted = joined(shell, "2", now=datetime.now(UTC))

    async def add_ways(connection: AsyncConnection) -> None:
        for channel in (Channel.SMS, Channel.WEBCHAT):
            way = Address(channel, "main", "+3545550123" if channel is Channel.SMS else "chat")
            lane = lane_of(open_vault(Settings(data_dir=shell.folder)), way)
            now = datetime.now(UTC)
            await addresses.add(connection, texted.vault, texted.id, way, lane, drill=False, now=now)

    in_sql(shell, add_ways)
    table = shell.folder / "channels.tsv"
    table.write_text("country\tchannel\tstate\tsource\tchecked\nIS\tsms\tblocked\ta test\t2026-11-22\n")
    shell.monkeypatch.setenv("MUSTER_CHANNEL_COUNTRIES_FILE", str(table))
    for name, value in {
        "ACCOUNT_SID": "AC" + "5c" * 16, "AUTH_TOKEN": "a-token-of-this-test", "SMS_FROM": "+15005550006",
        "API_BASE": "http://127.0.0.1:9", "SMS_PER_SECOND": "1",
    }.items():  # fmt: skip
        shell.monkeypatch.setenv(f"MUSTER_TWILIO_{name}", value)
    shell.monkeypatch.setenv("MUSTER_PUBLIC_URL", "https://alerts.example")

    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft()).done()
    console = console_says(shell, 1)
    told = shell.muster("alert", "status", 1, "--json").done().json["forecast"]
    assert told == json.loads(json.dumps([asdict(one) for one in console.forecasts], default=str))
    by_channel = {one["channel"]: (one["first"]["people"], one["worst"]["people"]) for one in told}
    # Telegram is off, text messages are blocked there: web chat is tried first.
    assert by_channel == {"webchat": (1, 1), "telegram": (1, 2), "sms": (0, 1)}
    shell.muster("alert", "submit", 1, "--as", "anna").done()
    asked = shell.muster("alert", "approve", 1, "--as", "bjorn", stdin="n\n")
    assert f"send to 2 people in 1 countries, {span(console.seconds)} for the first round?" in (
        asked.out + asked.err
    )
    circle = ("audience", "--circle", "64.13,-21.9,30", "--json")
    counted = shell.muster(*circle).done().json
    assert counted["people"] == console.headcount.people == 2
    for name in ("by_country", "by_channel", "by_language", "by_confidence"):
        assert counted[name] == dict(getattr(console.headcount, name)), name


def test_an_alert_can_be_stopped_while_a_channel_is_half_configured(
    shell: Shell, officers: dict[str, dict[str, str]]
) -> None:
    demo(shell)
    shell.muster("alert", "new", "-", "--as", "anna", stdin=draft()).done()
    shell.muster("alert", "submit", 1, "--as", "anna").done()
    shell.muster("alert", "approve", 1, "--yes", "--as", "bjorn").done()
    shell.monkeypatch.setenv("MUSTER_TWILIO_SMS_FROM", "+15005550006")
    shell.muster("alert", "status", 1, "--json").refused("MUSTER_TWILIO")
    assert "cancelled" in shell.muster("alert", "cancel", 1, "a mistake", "--as", "anna").done().out


def test_audience(shell: Shell, shared_data: Path) -> None:
    now = datetime.now(UTC)
    real = joined(shell, "1", now=now, language="vi")
    drilled = joined(shell, "2", now=now, drill=True)
    joined(shell, "3", now=now, place=BANGKOK)
    circle = ("audience", "--circle", "64.14,-21.9,30", "--json")
    counts = shell.muster(*circle, "--ids").done().json
    assert (counts["people"], counts["ids"], counts["by_country"]) == (1, [real.id], {"IS": 1})
    assert counts["by_language"] == {"vi": 1}
    assert counts["by_channel"] == {"telegram": 1}
    assert shell.muster(*circle, "--ids", "--drill").done().json["ids"] == [drilled.id]
    assert shell.muster("audience", "--country", "th,is", "--json").done().json["people"] == 2
    shape = {"type": "Polygon", "coordinates": [[[-23, 63], [-20, 63], [-20, 65], [-23, 65], [-23, 63]]]}
    file = shell.folder / "area.json"
    file.write_text(json.dumps(shape))
    assert shell.muster("audience", "--geojson", file, "--json").done().json["people"] == 1
    cap = shared_data / "cap" / "alerts" / "kelv__iceland_met_office.cap"
    assert shell.muster("audience", "--cap", cap, "--json").done().json["people"] == 1
    assert "people" in shell.muster("audience", "--country", "IS").done().out
    both = shell.muster("audience", "--region", "is-1, TH-10", "--json").done().json
    assert (both["people"], both["by_country"]) == (2, {"IS": 1, "TH": 1})
    assert shell.muster("audience", "--country", "IS", "--region", "TH-10", "--json").done().json == both
    assert shell.muster("audience", "--region", "TH-10", "--json").done().json["people"] == 1
    shell.muster("audience", "--region", "IS-1,IS-99").refused("IS-99")
    for wrong in (
        (), ("--country", "IS", "--circle", "1,2,3"), ("--circle", "here"), ("--circle", "91,0,3"),
        ("--country", "Iceland"), ("--region", "Reykjavik"), ("--cap", file),
        ("--geojson", shell.folder / "nowhere"),
    ):  # fmt: skip
        shell.muster("audience", *wrong).refused()


def test_an_invitation_names_the_chat(shell: Shell) -> None:
    shell.monkeypatch.setenv("MUSTER_PUBLIC_URL", "https://alerts.example")
    out = shell.muster("invite", "--days", 3).done().out
    assert out.startswith("https://alerts.example/chat?join=drill-")
    assert "/start drill-" in out
    assert shell.muster("invite", "--days", 0).code == 2


def test_erase(shell: Shell) -> None:
    who = joined(shell, "1", now=datetime.now(UTC))
    shell.muster("erase", who.id, stdin="n\n")
    shell.muster("erase", who.id, "--yes").done()
    person = in_sql(shell, lambda connection: get(connection, who.id))
    assert person is not None
    assert (person.state, person.data_key) == ("erased", None)
    assert f"{who.id:014x}" in (shell.folder / "erased").read_text().split()
    shell.muster("erase", 12345, "--yes").refused()
    shell.muster("erase", "--yes").refused("--replay")
    shell.muster("erase", who.id, "--replay").refused("--replay")


def test_whom_a_restored_backup_brings_back_is_erased_again(shell: Shell) -> None:
    now = datetime.now(UTC)
    live, backup, erased = (shell.folder / name for name in ("muster.db", "backup.db", "erased"))
    kept, first, second = (joined(shell, name, now=now) for name in ("1", "2", "3"))
    case = in_sql(shell, lambda connection: ask(connection, first, "press"))
    in_sql(
        shell,
        lambda connection: questions.add(
            connection, first.vault, "a question", key="q", person_id=first.id, country="IS", language="en",
            drill=False, state=QuestionState.UNANSWERED, score=0.0, now=now,
        ),
    )  # fmt: skip
    assert "names nobody" in shell.muster("erase", "--replay").done().out
    shutil.copy(live, backup)
    later = joined(shell, "4", now=now)  # the backup does not know them
    for who in (first, second, later):
        shell.muster("erase", who.id, "--yes").done()
    listed = erased.read_text()

    shutil.copy(backup, live)
    everybody = [kept.id, first.id, second.id]
    assert in_sql(shell, lambda connection: active(connection, everybody)) == set(everybody)
    assert shell.muster("erase", "--replay").done().out == "2 erased again, 1 gone already\n"
    assert shell.muster("erase", "--replay").done().out == "0 erased again, 3 gone already\n"
    assert erased.read_text() == listed
    assert in_sql(shell, lambda connection: active(connection, everybody)) == {kept.id}
    for who in (first, second):
        person = in_sql(shell, partial(get, person_id=who.id))
        assert person is not None
        assert (person.state, person.data_key) == ("erased", None)
        assert in_sql(shell, partial(addresses.of_person, person_id=who.id)) == []
    with pytest.raises(CaseUnknownError):
        in_sql(shell, lambda connection: store.get(connection, case.id))
    assert in_sql(shell, lambda connection: questions.waiting(connection, None)) == []

    erased.write_text("no hexadecimal\n")
    shell.muster("erase", "--replay").refused("erased list")
