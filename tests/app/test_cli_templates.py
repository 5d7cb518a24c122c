"""`muster template`: the register, and what Twilio's Content API says of it, over a real HTTP server."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.app.shell import Shell

KNOCK, WAITING, BUTTONS = (f"HX{letter * 32}" for letter in "abc")
BODY = "Warning: {{1}}. From: {{2}}. Where: {{3}}. Valid until: {{4}}. Code {{5}} for your answer."
NOW = "2026-11-22T10:00:00Z"


def content(sid: str, language: str, types: dict[str, Any]) -> dict[str, Any]:
    base = {"sid": sid, "account_sid": "AC" + "0" * 32, "friendly_name": "a_name", "language": language}
    return {**base, "variables": {}, "types": types, "url": "", "links": {}, "date_created": NOW}


def quick_reply(body: str, *ids: str) -> dict[str, Any]:
    return {"twilio/quick-reply": {"body": body, "actions": [{"title": "x", "id": one} for one in ids]}}


@dataclass
class ContentApi:
    """Contents by id, and what WhatsApp says of each."""

    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    approvals: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    code: int | None = 20500
    base: str = ""
    meanwhile: Callable[[], object] | None = None  # happens during the next answer

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        sid = path.split("/")[3] if path.count("/") > 2 else ""
        if self.status != 200:
            return self.status, {"code": self.code, "status": self.status, "message": "x"}
        if sid not in self.contents:
            return 404, {"code": 20404, "status": 404, "message": "x"}
        if path.endswith("/ApprovalRequests"):
            return 200, {"sid": sid, "account_sid": "AC", "url": "", "whatsapp": self.approvals.get(sid)}
        return 200, self.contents[sid]

    def approve(self, sid: str, status: str = "approved", category: str = "UTILITY") -> None:
        self.approvals[sid] = {"name": "knock_en_1", "status": status, "category": category}


@pytest.fixture
def api() -> Iterator[ContentApi]:
    known = ContentApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, data = known.answer(self.path)
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library calls it
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known.base = f"http://127.0.0.1:{server.server_port}"
    ids = ("safe:{{5}}", "help:{{5}}", "full:{{5}}")
    known.contents[KNOCK] = content(KNOCK, "en", quick_reply(BODY, *ids))
    known.contents[WAITING] = content(WAITING, "en", {"twilio/text": {"body": "An answer waits for you."}})
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ready(shell: Shell, api: ContentApi, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A migrated installation whose WhatsApp account is at the small Content API."""
    variables = {
        "MUSTER_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "MUSTER_TWILIO_AUTH_TOKEN": "canary-token",
        "MUSTER_TWILIO_WHATSAPP_FROM": "+12025550199",
        "MUSTER_TWILIO_API_BASE": api.base,
        "MUSTER_PUBLIC_URL": "https://muster.example",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return shell


def rows(shell: Shell, *arguments: str) -> dict[str, dict[str, Any]]:
    listed = shell.muster("template", *arguments, "--json").json
    return {f"{row['purpose']} {row['language']}": row for row in listed}


def test_a_template_is_used_once_twilio_says_it_is_approved(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    before = rows(ready, "list")["knock en"]
    assert (before["state"], before["refused"]) == ("unsubmitted", "template_unsubmitted")
    assert before["checked_at"] is None
    api.approve(KNOCK)
    ready.muster("template", "sync").done()
    after = rows(ready, "list")["knock en"]
    assert (after["state"], after["category"], after["refused"]) == ("approved", "utility", "")
    assert (after["name"], after["slots"]) == ("knock_en_1", "what,sender,place,time,code")
    assert after["checked_at"] is not None
    assert api.asked == [f"/v1/Content/{KNOCK}", f"/v1/Content/{KNOCK}/ApprovalRequests"]


def test_a_category_that_turned_is_warned_of(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    api.approve(KNOCK)
    ready.muster("template", "sync").done()
    api.approve(KNOCK, category="MARKETING")
    ran = ready.muster("template", "sync")
    assert ran.code == 0
    assert "warning: knock en: it is not used (template_marketing); Meta made it marketing" in ran.err
    assert rows(ready, "list")["knock en"]["refused"] == "template_marketing"
    api.approve(KNOCK)
    assert "Meta made it utility" in ready.muster("template", "sync").err
    ready.muster("template", "sync").done()


@pytest.mark.parametrize("status", ["paused", "rejected", "disabled", "pending", "a-new-word"])
def test_what_is_not_approved_is_warned_of(ready: Shell, api: ContentApi, status: str) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    api.approve(KNOCK, status)
    known = "unknown" if status == "a-new-word" else status
    assert f"template_{known}" in ready.muster("template", "sync").err


def test_a_content_that_does_not_fit_what_we_fill_in_is_warned_of(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "vi", KNOCK).done()
    ready.muster("template", "set", "waiting", "en", WAITING).done()
    ready.muster("template", "set", "knock_info", "en", f"HX{'d' * 32}").done()
    api.contents[KNOCK] = content(KNOCK, "en", quick_reply("Warning {{1}} here", "safe", "help:{{1}}"))
    api.approve(KNOCK)
    api.approve(WAITING)
    err = ready.muster("template", "sync").err
    assert "its language is en" in err
    assert "it has the variables 1 and we fill 1, 2, 3, 4, 5" in err
    assert "no button's id begins with full:, safe: and" in err
    assert "warning: knock_info en: it is not used (template_missing)" in err
    assert "warning: waiting" not in err


def test_without_twilio_nothing_is_changed(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    api.approve(KNOCK)
    ready.muster("template", "sync").done()
    before = rows(ready, "list")
    api.status = 503
    ran = ready.muster("template", "sync")
    assert ran.code == 2
    assert "Twilio could not be asked" in ran.err
    assert rows(ready, "list") == before


@pytest.mark.parametrize("what", ["an object", ["approved"], 7])
def test_an_answer_of_another_shape_changes_nothing(ready: Shell, api: ContentApi, what: Any) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    before = rows(ready, "list")
    good = api.contents[KNOCK]
    for approvals, contents in (({KNOCK: what}, {KNOCK: good}), ({}, {KNOCK: {**good, "types": what}})):
        api.approvals, api.contents = approvals, contents
        ran = ready.muster("template", "sync")
        assert ran.code == 2
        assert "Twilio could not be asked (unreadable_answer)" in ran.err
        assert rows(ready, "list") == before


def test_a_proxys_404_says_nothing_of_a_template(ready: Shell, api: ContentApi) -> None:
    api.approve(KNOCK)
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    ready.muster("template", "sync").done()
    before = rows(ready, "list")
    api.status, api.code = 404, None
    assert ready.muster("template", "sync").code == 2
    assert rows(ready, "list") == before


def test_what_is_replaced_while_twilio_is_asked_stays_replaced(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    other = f"HX{'d' * 32}"

    def replace() -> None:
        with closing(sqlite3.connect(ready.folder / "muster.db")) as database, database:
            database.execute("UPDATE template SET sid = ?", (other,))

    api.meanwhile = replace
    assert ready.muster("template", "sync", "--json").json == []
    assert rows(ready, "list")["knock en"]["sid"] == other


def test_removing(ready: Shell) -> None:
    ready.muster("template", "set", "buttons", "any", BUTTONS).done()
    assert rows(ready, "list")["buttons any"]["refused"] == ""
    ready.muster("template", "remove", "buttons", "any").done()
    ready.muster("template", "remove", "buttons", "any").refused("there is no template")
    assert ready.muster("template", "list").done().out.strip() == "nothing"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("knock", "en", "HX1"), "HX and 32"),
        (("knock", "any", KNOCK), "one language"),
        (("buttons", "en", BUTTONS), "any"),
        (("knock", "en", KNOCK, "--slots", "what,colour"), "a variable must be one of"),
        (("buttons", "any", BUTTONS, "--slots", "text"), "label1"),
    ],
)
def test_what_cannot_work_is_refused(ready: Shell, arguments: tuple[str, ...], reason: str) -> None:
    ready.muster("template", "set", *arguments).refused(reason)
    assert ready.muster("template", "list").done().out.strip() == "nothing"


def test_nothing_secret_is_said(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    ran = ready.muster("template", "sync")
    assert "canary-token" not in ran.out + ran.err


def test_the_texts_to_submit(ready: Shell) -> None:
    bodies = ready.muster("template", "texts", "--json").done().json
    assert bodies["knock vi"]["language"] == "vi"
    assert bodies["buttons any"]["types"]["twilio/quick-reply"]["body"] == "{{1}}"
    told = ready.muster("template", "texts").done().out
    assert "--- knock en: muster_knock_en\nOfficial warning: {{1}}" in told
    assert "[I am safe]\n[I need help]\n[Full text]" in told


def test_check_names_the_languages_nobody_can_be_knocked_in(ready: Shell, api: ContentApi) -> None:
    ready.muster("template", "set", "knock", "en", KNOCK).done()
    api.approve(KNOCK)
    ready.muster("template", "sync").done()
    found = {one["id"]: one for one in ready.muster("check", "--json").json}
    ours = {name for name in found if name.startswith("muster.whatsapp.")}
    assert ours == {
        *(f"muster.whatsapp.E_{tag}" for tag in ("vi", "th", "id")),
        *(f"muster.whatsapp.W_{tag}_drill" for tag in ("en", "vi", "th", "id")),
    }
    assert "template_none" in found["muster.whatsapp.E_vi"]["what"]
