"""The `muster` command: what scripts rely on. Exit 0 = done, 2 = refused with a reason on standard error."""

import json
import sqlite3
from pathlib import Path

import pytest

from app.cli_staff import credential_path
from app.settings import Settings
from simulator.config import DEMO_TOKEN
from storage.migrate import newest
from tests.app.shell import Shell, process

PUBLIC = {"MUSTER_PUBLIC_URL": "https://alerts.example"}
KEYS = {"identifier", "sender", "sent", "status", "msgType", "scope", "references", "infos", "warnings"}


# CAP files.


def test_cap_read_every_real_file(shell: Shell, shared_data: Path) -> None:
    files = sorted((shared_data / "cap" / "alerts").glob("*.[cx]*"))
    assert len(files) > 20
    for file in files:
        ran = shell.muster("cap", "read", file, "--json").done()
        assert isinstance(ran.json, list)
        assert ran.json
        assert all(set(alert) >= KEYS for alert in ran.json), file.name


def test_cap_read_from_standard_input(shell: Shell, shared_data: Path) -> None:
    file = shared_data / "cap" / "alerts" / "kelv__iceland_met_office.cap"
    piped = shell.muster("cap", "read", "-", "--json", stdin=file.read_bytes()).done()
    assert piped.json == shell.muster("cap", "read", file, "--json").done().json
    assert [info["language"] for info in piped.json[0]["infos"]] == ["is", "en"] or piped.json[0]["infos"]
    table = shell.muster("cap", "read", file).done().out
    assert piped.json[0]["identifier"] in table


def test_cap_read_refuses_attacks(shell: Shell, shared_data: Path) -> None:
    files = [file for file in sorted((shared_data / "cap" / "malicious").iterdir()) if file.suffix != ".md"]
    assert len(files) > 4
    for file in files:
        assert shell.muster("cap", "read", file, "--json").refused().out == ""


def test_cap_read_says_what_it_understood_all_the_same(shell: Shell, shared_data: Path) -> None:
    invalid = shared_data / "cap" / "invalid"
    shell.muster("cap", "read", invalid / "g__xee.cap").refused("DOCTYPE")
    [alert] = shell.muster("cap", "read", invalid / "g__noaa_errors.cap", "--json").done().json
    assert len(alert["warnings"]) > 3


def test_cap_read_a_file_that_is_not_there(shell: Shell) -> None:
    shell.muster("cap", "read", shell.folder / "nowhere.cap").refused("cannot be read")
    shell.muster("cap", "read", "-", stdin=b"\xff\xfe no XML").refused()


# Places.


def test_place_find(shell: Shell) -> None:
    found = shell.muster("place", "find", "Băng Cốc", "--lang", "vi", "--json").done().json
    assert set(found[0]) == {"name", "kind", "country", "admin1", "lat", "lon", "score", "match"}
    assert (found[0]["country"], found[0]["kind"], found[0]["match"]) == ("TH", "city", "exact")
    assert "Reykjav" in shell.muster("place", "find", "Reykjavik").done().out
    assert shell.muster("place", "find", "kanarixyzzyq", "--json").done().json == []


def test_place_at(shell: Shell) -> None:
    spot = shell.muster("place", "at", "64.146,-21.942", "--json").done().json
    assert set(spot) == {"country", "admin1", "nearest_city", "time_zone", "cell", "emergency_numbers"}
    assert (spot["country"], spot["time_zone"]) == ("IS", "Atlantic/Reykjavik")
    assert "112" in spot["emergency_numbers"]
    for wrong in ("here", "1", "1,2,3", "91,0", "nan,0"):
        shell.muster("place", "at", wrong).refused()


def test_place_serve(shell: Shell) -> None:
    asked = ['{"text": "Reykjavik", "lang": "en"}', "no JSON", '{"lang": "en"}', "[]", '{"text": "Hà Nội"}']
    ran = shell.muster("place", "serve", stdin="\n".join(asked)).done()
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer.get("candidates", [{}])[0].get("country") for answer in answers] == [
        "IS",
        None,
        None,
        None,
        "VN",
    ]
    assert [sorted(answer) for answer in answers[1:4]] == [["error"]] * 3


# Officers.


def test_officers(shell: Shell) -> None:
    assert shell.muster("officer", "list", "--json").done().json == []
    made = shell.muster(
        "officer", "add", "anna", "--name", "Anna", "--role", "author:is,no", "--role", "approver:*"
    )
    told = dict(line.split(maxsplit=1) for line in made.done().out.splitlines() if len(line.split()) > 1)
    assert told["login"] == "anna"
    assert "otpauth://" in made.out
    [row] = shell.muster("officer", "list", "--json").done().json
    assert (row["login"], row["name"]) == ("anna", "Anna")
    assert row["roles"] == "author:IS,NO approver:*"
    assert told["password"] not in shell.muster("officer", "list").done().out
    again = shell.muster("officer", "reset", "anna").done()
    assert told["password"] not in again.out
    shell.muster("officer", "add", "anna", "--name", "Other", "--role", "author:*").refused("login is taken")
    shell.muster("officer", "add", "x", "--name", "X", "--role", "author:*").refused("login")
    shell.muster("officer", "add", "bjorn", "--name", "B", "--role", "king:*").refused("'king' is not a role")
    shell.muster("officer", "add", "bjorn", "--name", "B", "--role", "author:Iceland").refused("two capital")
    shell.muster("officer", "reset", "nobody").refused("there is no officer")
    assert len(shell.muster("officer", "list", "--json").done().json) == 1


def test_login_needs_password_and_code(shell: Shell) -> None:
    shell.muster("officer", "add", "anna", "--name", "Anna", "--role", "author:*").done()
    shell.muster("login", "anna", "--code", "000000", "--password", "wrong").refused()
    assert not credential_path(Settings(data_dir=shell.folder)).exists()


# Looking it over.


def test_audit_verify(shell: Shell) -> None:
    assert shell.muster("audit", "verify").done().out.startswith("0 acts, unbroken")
    shell.muster("officer", "add", "anna", "--name", "Anna", "--role", "author:*").done()
    assert shell.muster("audit", "verify").done().out.startswith("1 acts, unbroken")
    with sqlite3.connect(shell.folder / "muster.db") as database:
        database.execute("UPDATE audit SET action = 'officer.sing'")
    database.close()
    shell.muster("audit", "verify").refused("act 1 does not fit")


def test_check_names_what_is_missing(shell: Shell) -> None:
    ran = shell.muster("check", "--json")
    assert ran.code == 2
    found = {finding["id"] for finding in ran.json}
    assert {
        "muster.staff.E_author",
        "muster.staff.E_approver",
        "muster.telegram.W001",
        "muster.web.W001",
    } <= found
    assert all(finding["what"] and finding["hint"] for finding in ran.json)
    assert "serious findings" in ran.err
    for login in ("anna", "bjorn"):
        both = ("--role", "author:*", "--role", "approver:*")
        shell.muster("officer", "add", login, "--name", login, *both).done()
    later = shell.muster("check", "--json")
    assert later.code == 0
    assert not any(finding["id"].startswith("muster.staff.E") for finding in later.json)
    shell.monkeypatch.setenv("MUSTER_TELEGRAM_TOKEN", "7000000001:nobody")
    shell.monkeypatch.setenv("MUSTER_TELEGRAM_PER_SECOND", "100")
    assert "muster.telegram.W002" in shell.muster("check").done().out
    shell.monkeypatch.setenv("MUSTER_TELEGRAM_PAID", "true")
    assert "muster.telegram" not in shell.muster("check").done().out
    shell.monkeypatch.setenv("MUSTER_REDIS_URL", "unix:///nowhere/redis.sock")
    assert "muster.redis.E001" in shell.muster("check").refused("serious").out


def test_check_before_anything_is_set_up(shell: Shell) -> None:
    shell.monkeypatch.setenv("MUSTER_DATA_DIR", str(shell.folder / "empty"))
    (shell.folder / "empty").mkdir()
    assert "muster.sql.E002" in shell.muster("check").refused().out


def test_migrate(shell: Shell) -> None:
    shell.monkeypatch.setenv("MUSTER_DATA_DIR", str(shell.folder / "new"))
    assert shell.muster("migrate").done().out == f"the schema is at {newest()}\n"
    assert shell.muster("migrate").done()
    shell.monkeypatch.setenv("MUSTER_DATABASE_URL", "mysql://x/y")
    shell.muster("migrate").refused("sqlite: or postgresql:")


def test_settings_are_checked_before_anything(shell: Shell) -> None:
    shell.monkeypatch.setenv("MUSTER_TYPO", "canary")
    ran = shell.muster("officer", "list").refused("MUSTER_TYPO is not a setting")
    assert "canary" not in ran.err


def test_no_command_says_what_there_is(shell: Shell) -> None:
    assert "alert" in shell.muster("--help").done().out
    assert shell.muster("no-such-command").code == 2


# As a process: what would not start.


def test_half_configured_telegram_does_not_start(tmp_path: Path, redis_server: str) -> None:
    base = {"MUSTER_DATA_DIR": str(tmp_path), "MUSTER_REDIS_URL": redis_server}
    ran = process("run", "web", variables={**base, "MUSTER_TELEGRAM_TOKEN": DEMO_TOKEN, **PUBLIC})
    ran.refused("MUSTER_TELEGRAM_SECRET is missing: without it anybody could write to us")
    assert "Traceback" not in ran.err
    assert DEMO_TOKEN not in ran.err


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"MUSTER_TELEGRAM_SECRET": "canary"}, "MUSTER_TELEGRAM_TOKEN is missing"),
        ({"MUSTER_TELEGRAM_TOKEN": DEMO_TOKEN, **PUBLIC}, "MUSTER_TELEGRAM_SECRET is missing"),
        (
            {"MUSTER_TELEGRAM_TOKEN": "canary", "MUSTER_TELEGRAM_SECRET": "x"},
            "MUSTER_TELEGRAM_TOKEN is not of",
        ),
        (
            {"MUSTER_TELEGRAM_TOKEN": DEMO_TOKEN, "MUSTER_TELEGRAM_API_BASE": "http://canary.example"},
            "MUSTER_TELEGRAM_API_BASE must be https",
        ),
        ({"MUSTER_PUBLIC_URL": "http://canary.example"}, "the public URL must begin with https"),
        ({"MUSTER_DATA_KEYS": "canary"}, "must be set together"),
    ],
)
def test_check_refuses_what_would_not_start(shell: Shell, variables: dict[str, str], words: str) -> None:
    for name, value in variables.items():
        shell.monkeypatch.setenv(name, value)
    ran = shell.muster("check").refused(words)
    assert "canary" not in ran.err


def test_run_refuses_what_it_cannot_be(shell: Shell) -> None:
    shell.muster("run", "king").refused("'king' is not a process")
