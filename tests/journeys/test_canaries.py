"""Nothing that anybody writes, is called, or where they are gets into logs, metrics, URLs, Redis or errors;
what is personal does not lie open in the database either.

A canary stands in every field of every kind of message, form and file; they go through the whole running
service, and are then looked for. Where they must arrive (the chat, the officer's page) is checked as well.
"""

import logging
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import insert, select

import tests.service
from bot.tables import inbox, webchat
from tests.conftest import OwnRedis
from tests.journeys.planting import REYKJAVIK, TelegramPerson
from tests.journeys.town import (
    BREAKS,
    SECRET_HEADER,
    BrokenGeography,
    Overheard,
    Town,
    look,
    note_figures,
    open_town,
)
from tests.service import SECRET, until


@pytest.fixture
async def town(
    sqlite_template: Path,
    tmp_path: Path,
    own_redis: OwnRedis,
    gazetteer: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Town]:
    opened = tests.service.open_geography
    monkeypatch.setattr(
        tests.service, "open_geography", lambda settings: BrokenGeography(opened(settings).gazetteer)
    )
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with open_town(tmp_path, own_redis.url, gazetteer) as opened_town:
        yield opened_town


async def citizen_on_telegram(town: Town) -> TelegramPerson:
    """Registers, sends everything there is, asks for help."""
    ann = TelegramPerson(town.canaries, "Ann")
    town.meet(ann)
    await town.update(ann.says(f"/start {ann.word('start payload')}"), ann.says(what="before consent"))
    await town.update(ann.presses("consent:yes"), ann.says(what="place nobody knows"))
    await town.update(ann.says(f"{BREAKS} {ann.word('words that break a handler')}"))
    await town.update(ann.shares_pin("pin to be warned"), ann.shares_number())
    carl = TelegramPerson(town.canaries, "Carl")  # another chat, whose replies hold up none of Ann's
    town.meet(carl)
    await town.update(*carl.everything_else())
    await town.update(ann.says(f"help I am trapped {ann.word('words of danger')}"))
    await town.update(ann.shares_pin("pin for help"), ann.says(what="to the case"), ann.says("/link"))
    return ann


async def citizen_on_the_web(town: Town, ann: TelegramPerson) -> None:
    """Registers, joins Ann's registration, says everything a page can say and some that it cannot."""
    word, chat = town.web_word, await town.page()

    async def linked() -> re.Match[str] | None:
        return re.search(r"\b[0-9]{8}\b", town.told(ann))

    code = (await until(linked, 20, "a code to join by")).group()
    town.canaries.known("code to join by", code)
    await chat.says(start=word("start"))
    await chat.says(text=word("before consent"))
    await chat.says(button="consent:yes")
    lat, lon = (town.canaries.degrees("web: pin", near) for near in REYKJAVIK)
    await chat.says(location={"lat": lat, "lon": lon})
    await chat.says(contact=town.canaries.phone("web: contact"))
    await chat.says(button=word("button data"))
    await chat.says(text=f"/link {code}")
    await chat.says(button="link:yes")

    async def asked() -> bool:
        question = town.service.core.catalog.say("en", "link.ask", channel="\0").partition("\0")[0]
        return question in town.told(ann)

    await until(asked, 20, "the first chat is asked")
    await town.update(ann.presses("link:yes"))
    last = word("after joining")
    await chat.says(text=last)
    assert last in await chat.sees()
    for broken in ({"text": 5}, {"location": {"lat": word("lat"), "lon": 2}}, {"contact": word("contact")}):
        await chat.says(400, **broken)
    async with town.service.core.database.read() as connection:
        for known in (await connection.execute(select(webchat.c.chat))).scalars():
            # Random and open in its own table, but nowhere else.
            town.canaries.known("web: chat id", known, sealed=False)


async def strangers(town: Town) -> None:
    """Forged, malformed, oversize and lost requests."""
    stranger = TelegramPerson(town.canaries, "Stranger")
    word, own = stranger.word, {SECRET_HEADER: SECRET}
    hook = "/hooks/telegram"
    assert (
        await town.post(hook, {"update_id": 1, **stranger.says()}, **{SECRET_HEADER: word("secret")}) == 403
    )
    assert await town.post(hook, f'{{"{word("broken JSON")}'.encode(), **own) == 400
    assert await town.post(hook, {"update_id": word("update_id")}, **own) == 400
    assert await town.post(hook, word("oversize").encode() * 20_000, **own) == 413
    assert await town.post(f"/hooks/{word('channel')}", {}) == 404
    assert await town.post("/chat/messages", {"id": "1", "text": word("no cookie")}) == 403
    for path in (f"/a/{word('event code')}", f"/alerts/{word('alert id')}.cap", f"/{word('path')}"):
        async with town.http.get(town.service.url + path) as answer:
            await town.heard.answered(answer)
            assert answer.status == 404
    for minutes, status in (({}, 403), ({"minutes": word("minutes")}, 409)):
        attempt = {name: word(f"API {name}")[:10] for name in ("login", "password", "code")}
        async with town.http.post(
            f"{town.service.console}/api/v1/login", json={**attempt, **minutes}
        ) as answer:
            await town.heard.answered(answer)
            assert answer.status == status


async def alert_by_form(town: Town, author: Overheard, approver: Overheard, ann: TelegramPerson) -> int:
    """A real alert through the console, refused, changed and sent; Ann gets it and answers."""
    pen, form = town.pen, town.pen.form("Actual")
    await author.post("/alerts/preview", pen.form("Actual"))
    made = await author.post("/alerts/new", form)
    assert made.status == 303, author.codes()
    alert = int(made.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    changed = await author.post(f"/alerts/{alert}/edit", {**pen.form("Actual"), "seen": "1"})
    assert changed.status == 303, author.codes()
    assert (await author.post(f"/alerts/{alert}/submit", {"seen": "2"})).status == 303, author.codes()
    reject = {"seen": "2", "reason": "Wrong area", "more": pen.word("reject")}
    assert (await approver.post(f"/alerts/{alert}/reject", reject)).status == 303, approver.codes()
    changed = await author.post(f"/alerts/{alert}/edit", {**pen.form("Actual"), "seen": "2"})
    assert changed.status == 303, author.codes()
    assert (await author.post(f"/alerts/{alert}/submit", {"seen": "3"})).status == 303, author.codes()
    refused = await approver.post(f"/alerts/{alert}/approve", {"seen": "3", "word": pen.word("confirm word")})
    assert refused.status == 409
    approved = await approver.post(f"/alerts/{alert}/approve", {"seen": "3", "word": "LIVE"})
    assert approved.status == 303, approver.codes()
    await town.service.finished(alert)
    assert any(
        one.name == "form Actual: en headline" and one.value in town.told(ann) for one in pen.canaries.planted
    )
    await town.update(ann.presses(f"safe:{await town.service.event_code(alert)}"))
    return alert


async def alert_by_file(town: Town, author: Overheard) -> None:
    """A CAP file: refused for its expiry, then loaded and saved; the API; and files that are none."""
    pen = town.pen
    asked = {"status": "Actual", "time_zone": "UTC", "event_title": pen.word("CAP title")}
    assert (await author.upload("/alerts/from-cap", asked, pen.cap())).status == 422
    form = pen.form("Exercise")
    asked |= {"status": "Exercise", "expires_at": form["expires_at"]}
    name = f"{pen.word('file name')}.cap"
    assert (await author.upload("/alerts/from-cap", asked, pen.cap(), name)).status == 200
    source = {name: author.hidden(name) for name in ("source", "source_seal")}
    assert (await author.post("/alerts/new", {**form, **source})).status == 303, author.codes()
    script = await town.script(town.service.author)
    query = {"status": "Actual", "expires_at": f"{form['expires_at']}:00+00:00", "event_title": "Storm"}
    for file, status in (
        (pen.cap(), 201),
        (pen.cap(status="Exercise"), 409),
        (pen.cap(status=pen.word("CAP: status")), 409),
        (b"<alert>" + pen.word("CAP: no alert").encode(), 422),
        (b"<!DOCTYPE x>" + pen.cap(), 422),
    ):
        async with script.post("/api/v1/alerts/from-cap", params=query, data=file) as answer:
            await town.heard.answered(answer)
            assert answer.status == status


async def bodies(town: Town, alert: int) -> None:
    """Every body of the API, taken and refused."""
    pen, service = town.pen, town.service
    why = {"reason": pen.word("API reason")}
    broken = {**pen.draft(), "severity": pen.word("API severity"), "area": {"circles": pen.word("API area")}}
    author, approver = await town.script(service.author), await town.script(service.approver)
    for script, method, path, body, status in (
        (author, "POST", "", pen.draft(), 201),
        (author, "POST", "", broken, 409),
        (author, "POST", "", {"status": pen.word("API status")}, 409),
        (author, "PUT", f"/{alert + 2}", {**pen.draft(), "event_title": ""}, 200),
        (author, "POST", f"/{alert + 2}/submit", {}, 200),
        (approver, "POST", f"/{alert + 2}/approve", {"seen": 2, "confirm": pen.word("API confirm")}, 409),
        (approver, "POST", f"/{alert + 2}/approve", {"seen": pen.word("API seen")}, 409),
        (approver, "POST", f"/{alert + 2}/reject", why, 200),
        (author, "POST", f"/{alert + 2}/cancel", why, 200),
        (author, "POST", f"/{alert}/correct", {}, 201),
        (author, "GET", f"/{alert}", None, 200),
        (approver, "GET", "", None, 200),
    ):
        async with script.request(method, f"/api/v1/alerts{path}", json=body) as answer:
            await town.heard.answered(answer)
            assert answer.status == status, await answer.text()


async def officers(town: Town, ann: TelegramPerson) -> None:
    """Every form of the console and every body of the API."""
    service, pen = town.service, town.pen
    for name, one in service.credentials.items():
        town.canaries.known(f"{name}: password", one.password)
        town.canaries.known(f"{name}: time code secret", one.totp_secret)
    author, approver = [await town.officer(one) for one in service.credentials.values()]
    alert = await alert_by_form(town, author, approver, ann)
    await alert_by_file(town, author)
    cases = set(re.findall(r"/cases/(\d+)", await (await approver.get("/cases")).text()))
    assert cases
    reply = town.canaries.word("officer's answer to a case")
    for case in cases:
        await approver.get(f"/cases/{case}")
        answered = await approver.post(f"/cases/{case}/answer", {"text": reply, "key": f"key-{case}"})
        assert answered.status == 303, approver.codes()

    async def heard_by_ann() -> bool:
        return reply in town.told(ann)

    await until(heard_by_ann, 20, "the officer's answer arrives")
    for case in cases:
        await approver.post(f"/cases/{case}/close")
        await approver.post(f"/cases/{case}/locate", {"country": "NO"})
    mission = {"name": pen.word("mission"), "country": "IS", "phone": "+354 555 0199"}
    assert (await approver.post("/missions", mission)).status == 303
    hired = {
        "login": pen.word("login"),
        "name": pen.word("name"),
        "role.author": "yes",
        "countries.author": "IS",
    }
    assert (await approver.post("/officers", hired)).status == 200
    await bodies(town, alert)
    follow = await author.post(f"/alerts/{alert}/follow-up", {"seen": "2", "kind": "all_clear"})
    assert follow.status == 303, author.codes()
    stop = {"seen": "2", "sure": "yes", "reason": "Wrong area", "more": pen.word("cancel")}
    assert (await author.post(f"/alerts/{alert}/cancel", stop)).status == 303, author.codes()
    pages = (
        "/alerts",
        f"/alerts/{alert}",
        "/events/1",
        "/events/1/missing",
        "/audit",
        "/notices",
        "/officers",
    )
    for path in (
        *pages,
        "/missions",
        "/cases",
        "/alerts/999",
        "/events/1/live",
    ):
        await approver.get(path)


async def test_no_canary_is_where_none_may_be(town: Town) -> None:
    ann = await citizen_on_telegram(town)
    await citizen_on_the_web(town, ann)
    await strangers(town)
    await officers(town, ann)
    ben = TelegramPerson(town.canaries, "Ben")
    town.meet(ben)
    await town.update(ben.says("/start"), ben.membership(blocked=True), ben.membership(blocked=False))
    await note_figures(town)

    heard = town.heard
    assert len(town.canaries.planted) > 300
    assert "a step broke and was rolled back" in heard.log.getvalue()  # the bug happened, and was told
    assert "an update cannot be read" in heard.log.getvalue()
    assert b"PUBLISH" in heard.redis.upper()
    assert b"XADD" in heard.redis.upper()
    assert "muster_hooks" in heard.pages["/metrics"]
    assert any("sendMessage" in url for url in heard.urls)
    assert len(heard.refusals) > 15
    assert look(town) == {}

    # The control: each of them is found once it leaks, and the database's too.
    leaks = [town.canaries.word(f"leak {number}") for number in range(6)]
    structlog.get_logger("leak").debug("somebody wrote something", words=leaks[0])
    logging.getLogger("leak").debug("somebody wrote %s", leaks[1])
    await town.service.core.redis.publish("muster:leak", leaks[2])
    await town.service.core.redis.set(leaks[3], "1")
    town.service.web._core.metrics("leaks", words=leaks[4])
    row = {"key": leaks[5], "channel": "x", "account": "x", "kind": "x", "lane": b"x", "partition": 1}
    now = town.service.core.clock.now()
    async with town.service.core.database.durable() as connection:
        values = {**row, "received_at": now, "state": "done", "attempts": 0, "next_at": now}
        await connection.execute(insert(inbox).values(values))
    await town.update(ben.says("/where"))  # gives the monitor time to hear
    await note_figures(town)
    assert look(town) == {
        "the log": ["leak 0", "leak 1"],
        "what loggers were given": ["leak 0", "leak 1"],
        "Redis": ["leak 2", "leak 3"],
        "/metrics": ["leak 4"],
        "the database": ["leak 5"],
    }
