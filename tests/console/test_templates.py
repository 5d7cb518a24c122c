"""Pages keep to the strict policy: nothing inline, every form with its token, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from console.rendering import FOLDER
from console.security import HEADERS
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty, drafted

STATIC = FOLDER.parent / "static"
TEMPLATES = sorted(FOLDER.glob("*.html"))
OURS = [*sorted(STATIC.glob("*.js")), *sorted(STATIC.glob("*.css")), *TEMPLATES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_its_token(path: Path) -> None:
    text = path.read_text("utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        assert "csrf_field(" in form


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text


async def test_every_answer_carries_the_headers(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR)))
    alert_id = await drafted(anna)
    for path in (
        "/alerts",
        f"/alerts/{alert_id}",
        "/alerts/new",
        "/sign-in",
        "/nowhere",
        "/static/console.css",
    ):
        answer = await anna.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        assert answer.headers["Cache-Control"] == (
            "private, max-age=300" if path.startswith("/static") else "no-store"
        )


async def test_drill_and_live_differ_in_words_shape_and_what_is_typed(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR, Role.APPROVER)))
    bjorn = await duty.browser(await duty.officer("bjorn", *everywhere(Role.APPROVER)))
    pages = {}
    for status in ("Actual", "Exercise"):
        alert_id = await drafted(anna, status=status)
        await anna.post(f"/alerts/{alert_id}/submit", {"seen": "1"})
        await bjorn.get(f"/alerts/{alert_id}")
        pages[status] = bjorn.page
    assert '<body class="is-live">' in pages["Actual"]
    assert '<body class="is-drill">' in pages["Exercise"]
    assert "Real people receive this" in pages["Actual"]
    assert "Nothing leaves for a real address" in pages["Exercise"]
    assert 'pattern="LIVE"' in pages["Actual"]
    assert 'pattern="DRILL"' in pages["Exercise"]
    style = (STATIC / "console.css").read_text("utf-8")
    assert "body.is-live { border-inline: 7px solid" in style
    assert "body.is-drill { border-inline: 6px dashed" in style


async def test_words_of_officers_and_citizens_are_never_markup(duty: Duty) -> None:
    anna = await duty.browser(await duty.officer("anna", *everywhere(Role.AUTHOR)))
    evil = "<img src=x onerror=alert(1)>"
    alert_id = await drafted(
        anna, event_name=evil, event_title=evil, area_name=evil, **{"text.en.headline": evil}
    )
    for path in (f"/alerts/{alert_id}", f"/alerts/{alert_id}/edit", "/alerts", "/events/1"):
        await anna.get(path)
        assert "<img src=x" not in anna.page
        assert "&lt;img src=x" in anna.page
