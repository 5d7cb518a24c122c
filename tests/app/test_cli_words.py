"""An officer signs the texts that save lives: these very words, once, with a name under them."""

import json
from datetime import UTC, datetime

import pyotp
import pytest

from locales.catalog import Catalog
from locales.reviews import LIFE_SAFETY, read_signatures, unsigned
from tests.app.shell import Shell

KEYS = unsigned(Catalog.load(), ())["vi"]


@pytest.fixture
def signed_in(shell: Shell) -> Shell:
    ran = shell.muster("officer", "add", "anna", "--name", "Anna", "--role", "author:*").done()
    password = ran.out.split("password")[1].split()[0]
    code = pyotp.TOTP(ran.out.split("time code")[1].split()[0]).now()
    shell.muster("login", "anna", "--code", code, "--password", password).done()
    return shell


def counted(shell: Shell) -> dict[str, int]:
    rows = shell.muster("words", "list", "--json").done().json
    return {row["language"]: row["signed"] for row in rows}


def test_what_is_answered_yes_is_signed_and_the_rest_remains(signed_in: Shell) -> None:
    assert counted(signed_in) == {"en": 0, "id": 0, "th": 0, "vi": 0}
    said = signed_in.muster("words", "sign", "vi", stdin="yes\nno\nYES\nstop\n").done().out
    first, second, third = KEYS[:3]
    assert said.index(first) < said.index("Right?")
    done, left = said.split("\nsigned: 2\n")[1].split(f"\nunsigned: {len(KEYS) - 2}\n")
    assert done.split("\n") == [first, third]
    assert left.split("\n")[0] == second
    assert counted(signed_in) == {"en": 0, "id": 0, "th": 0, "vi": 2}
    made = read_signatures(signed_in.folder / "reviews.json")
    today = datetime.now(UTC).date().isoformat()
    assert [(one.language, one.key, one.officer) for one in made] == [
        ("vi", first, "anna"), ("vi", third, "anna")
    ]  # fmt: skip
    assert {one.on for one in made} <= {today}
    again = signed_in.muster("words", "sign", "vi").done().out  # an end of the input is a stop
    assert f"1 of {len(KEYS) - 2}: {second}" in again
    assert "signed: 0" in again


def test_every_signature_is_in_the_audit_chain_and_check_knows(signed_in: Shell) -> None:
    before = int(signed_in.muster("audit", "verify").done().out.split()[0])
    signed_in.muster("words", "sign", "vi", stdin="yes\n" * len(KEYS)).done()
    assert int(signed_in.muster("audit", "verify").done().out.split()[0]) == before + len(KEYS)
    found = {one["id"] for one in signed_in.muster("check", "--json").json}
    assert "muster.words.W_vi" not in found
    assert {"muster.words.W_en", "muster.words.W_th", "muster.words.W_id"} <= found
    assert "unsigned: 0" in signed_in.muster("words", "sign", "vi").done().out


def test_words_that_changed_are_unsigned_again(signed_in: Shell) -> None:
    signed_in.muster("words", "sign", "vi", stdin="yes\n").done()
    file = signed_in.folder / "reviews.json"
    rows = json.loads(file.read_text())
    file.write_text(json.dumps([{**rows[0], "fingerprint": "0" * 64}]))
    assert counted(signed_in)["vi"] == 0


def test_nobody_signs_without_a_name_or_into_a_broken_file(signed_in: Shell) -> None:
    signed_in.muster("words", "sign", "xx").refused("not a language", "vi")
    signed_in.muster("words", "sign", "vi", "--as", "anna", stdin="yes\n").refused("demo only")
    (signed_in.folder / "reviews.json").write_text("{")
    signed_in.muster("words", "sign", "vi", stdin="yes\n").refused("not a JSON list")
    signed_in.muster("words", "list").refused("not a JSON list")
    (signed_in.folder / "reviews.json").unlink()
    for file in signed_in.folder.glob("credential-*"):
        file.unlink()
    signed_in.muster("words", "sign", "vi", stdin="yes\n").refused("nobody is signed in")
    assert not (signed_in.folder / "reviews.json").exists()


def test_life_safety_keys_fit_the_chain() -> None:
    """The audit chain's subject holds 80 characters."""
    catalog = Catalog.load()
    keys = [key for key in catalog.keys("en") if key.startswith(LIFE_SAFETY)]
    assert max(len(f"words:{tag}:{key}") for tag in catalog.languages() for key in keys) <= 80
