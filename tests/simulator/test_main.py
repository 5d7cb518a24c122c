"""The simulator's commands."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.audit_facts import AlertFacts
from simulator.ledger import Ledger
from simulator.placing import circle_area
from simulator.population import load_population


def alert_file(folder: Path) -> Path:
    facts = AlertFacts(
        code="ABC234", approved_at=0.0, area=circle_area(64.1, -21.9, 20), markers={"en": "Leave the valley"}
    )
    path = folder / "alert.json"
    path.write_text(json.dumps(facts.to_json()), encoding="utf-8")
    return path


def test_a_population_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "people.jsonl"
    assert (
        main(["population", str(path), "--count", "20", "--circle", "64.1,-21.9,20", "--country", "IS"]) == 0
    )
    assert len(load_population(path)) == 20
    assert "20 citizens" in capsys.readouterr().out
    area = tmp_path / "area.json"
    area.write_text('{"circles": [[64.1, -21.9, 20]]}', encoding="utf-8")
    assert main(["population", str(path), "--area", str(area), "--country", "IS", "--count", "3"]) == 0
    assert main(["population", str(path), "--country", "IS"]) == 2


def test_an_audit_says_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people, ledger_file = tmp_path / "people.jsonl", tmp_path / "ledger.jsonl"
    main(["population", str(people), "--count", "40", "--circle", "64.1,-21.9,20", "--country", "IS"])
    ledger = Ledger()
    ledger.dump(ledger_file)
    common = [
        "audit",
        "--ledger",
        str(ledger_file),
        "--population",
        str(people),
        "--alert",
        str(alert_file(tmp_path)),
    ]
    capsys.readouterr()
    assert main(common) == 0  # nobody registered, so nobody is owed anything
    ledger.wall = lambda: -10.0
    for one in load_population(people).citizens:
        ledger.act(one.id, "", "registered")
    ledger.dump(ledger_file)
    assert main(common) == 1
    assert "missing  FAILED" in capsys.readouterr().out
    board = tmp_path / "board.json"
    figures = dict.fromkeys(("people_targeted", "reached", "not_reached", "safe", "need_help", "silent"), 0)
    board.write_text(json.dumps({**figures, "accepted": {}}), encoding="utf-8")
    assert main([*common, "--board", str(board), "--json"]) == 1
    assert {"missing", "board"} <= set(json.loads(capsys.readouterr().out)["failures"])
    board.write_text("{}", encoding="utf-8")
    assert main([*common, "--board", str(board)]) == 2
    assert "refused: the board" in capsys.readouterr().err


async def test_it_serves_until_told_to_stop(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "serve", "--no-latency", "--ledger", str(ledger)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    assert "http://127.0.0.1:" in line
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert ledger.exists()


async def test_citizens_without_a_service_are_refused() -> None:
    arguments = ("-m", "simulator", "serve", "--population", "nowhere.jsonl")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"--service" in errors
