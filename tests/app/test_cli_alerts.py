"""Alerts from a shell: the same desk, the same two officers. And people: audiences, invitations, erasure."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyotp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.cli_staff import credential_path
from app.keys import open_vault
from app.settings import Settings
from registry.people import get
from storage.database import open_database
from tests.app.shell import Shell
from tests.registry.newcomers import BANGKOK, Newcomer, join, telegram

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
    for wrong in (
        (), ("--country", "IS", "--circle", "1,2,3"), ("--circle", "here"), ("--circle", "91,0,3"),
        ("--country", "Iceland"), ("--geojson", shell.folder / "nowhere"), ("--cap", file),
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
