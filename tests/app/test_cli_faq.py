"""`muster faq`: what scripts rely on."""

import json
import platform
from pathlib import Path

from tests.app.shell import Shell

BANK = [
    {"id": "passport", "lang": "en", "questions": ["I lost my passport", "passport stolen"], "answer": "A"},
    {"id": "visa", "lang": "en", "questions": ["do I need a visa", "visa requirements"], "answer": "B"},
]


def test_ask_and_serve_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "bank.json"
    file.write_text(json.dumps(BANK))
    found = shell.muster("faq", "ask", "I lost my passport", "--entries", file, "--lexical", "--json").done()
    assert found.json["entry_id"] == "passport"
    assert found.json["decision"] == "answer"
    assert set(found.json) == {"entry_id", "score", "decision", "candidates"}
    shell.monkeypatch.setenv("FAQ_ENTRIES", str(file))
    lines = '{"question": "visa requirements", "lang": "en"}\n{"question": "zzz qqq"}\nnonsense\n[]\n{}\n'
    served = [
        json.loads(line)
        for line in shell.muster("faq", "serve", "--lexical", stdin=lines).done().out.splitlines()
    ]
    assert [one.get("decision") for one in served] == ["answer", "handover", None, None, None]
    assert served[0]["candidates"][0][0] == "visa"
    assert served[1]["entry_id"] is None
    assert "visa" in shell.muster("faq", "ask", "visa requirements", "--lexical").done().out


def test_a_file_that_is_none_is_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "bank.json"
    file.write_text("{}")
    shell.muster("faq", "ask", "x", "--entries", file, "--lexical").done()
    file.write_text('[{"id": 1}]')
    shell.muster("faq", "ask", "x", "--entries", file, "--lexical").refused("not a list")
    shell.muster("faq", "ask", "x", "--entries", tmp_path / "nowhere", "--lexical").refused("cannot be read")


def test_entries_go_in_and_out(shell: Shell, tmp_path: Path) -> None:
    shell.muster("faq", "ask", "x", "--lexical").refused("nothing is published")
    said = shell.muster("faq", "import", "--starter").done().out
    assert "unreviewed" in said
    assert " 0 parts taken in" in shell.muster("faq", "import", "--starter").done().out
    for kind in ("yaml", "csv"):
        file = tmp_path / f"out.{kind}"
        shell.muster("faq", "export", file, "--unreviewed").done()
        assert " 0 parts taken in" in shell.muster("faq", "import", file).done().out
    shell.muster("faq", "export", tmp_path / "approved.yaml").done()
    assert (tmp_path / "approved.yaml").read_text() == "[]\n"
    shell.muster("faq", "import").refused("name a file")
    (tmp_path / "bank.txt").write_text("x")
    shell.muster("faq", "import", tmp_path / "bank.txt").refused("neither")


def test_check_counts_what_nobody_reviewed_and_tells_when_the_model_is_away(shell: Shell) -> None:
    shell.muster("faq", "import", "--starter").done()
    shell.monkeypatch.setattr(platform, "machine", lambda: "riscv64")  # the model was not compiled for it
    found = {one["id"]: one["what"] for one in shell.muster("check", "--json").json}
    assert found["muster.faq.W001"].startswith("questions are found by letters and words only")
    assert found["muster.faq.W003"].startswith("64 answers hold words nobody reviewed, 0 words that wait")
