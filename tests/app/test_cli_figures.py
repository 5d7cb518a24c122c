"""Estimates and headcounts from a shell."""

from datetime import UTC, datetime

from tests.app.shell import Shell
from tests.app.test_cli_alerts import joined
from tests.registry.newcomers import BANGKOK


def test_a_headcount_against_estimates(shell: Shell) -> None:
    now = datetime.now(UTC)
    joined(shell, "1", now=now, language="vi")
    joined(shell, "2", now=now, place=BANGKOK)
    joined(shell, "3", now=now, drill=True)
    file = shell.folder / "estimates.csv"
    file.write_text("country;people;source;year\nIceland;9.000;Registers;2025\nVN;7;Census;2024\n")
    assert "2 countries taken in" in shell.muster("estimate", "import", file).done().out
    listed = shell.muster("estimate", "list", "--json").done().json
    assert listed[0] == {"country": "IS", "people": 9000, "source": "Registers", "year": 2025}
    found = {row["country"]: row for row in shell.muster("headcount", "--json").done().json}
    assert {code: (row["people"], row["estimate"]) for code, row in found.items()} == {
        "IS": (1, 9000),
        "TH": (1, None),
        "VN": (0, 7),
    }
    assert found["IS"]["by_language"] == {"vi": 1}
    assert found["TH"]["by_confidence"] == {"area": 1}
    assert "unknown" in shell.muster("headcount", "--country", "th").done().out
    drilled = shell.muster("headcount", "--drill", "--country", "IS", "--json").done().json
    assert [row["people"] for row in drilled] == [1]


def test_a_wrong_file_is_refused_with_every_line(shell: Shell) -> None:
    file = shell.folder / "estimates.csv"
    file.write_text("country,people,source,year\nTH,many,a,2025\nXX,1,a,2025\n")
    shell.muster("estimate", "import", file).refused("line 2, people", "line 3, country")
    assert shell.muster("estimate", "list", "--json").done().json == []
    shell.muster("estimate", "import", shell.folder / "nowhere").refused("cannot be read")
