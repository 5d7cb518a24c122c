"""Any sequence of anything: an answer each time, STOP honoured, help has a case, restarts change nothing."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import InboundKind
from handlers.menu import ORDER, QUESTIONS
from handlers.visit import At
from registry.lifecycle import PersonState
from storage.database import open_database

BUTTONS = [
    "consent:yes",
    "consent:no",
    "lang:menu",
    "lang:vi",
    "lang:th",
    "lang:zz",
    "place:0",
    "place:1",
    "place:2",
    "place:9",
    "place:none",
    "phone:share",
    "phone:skip",
    "stop:yes",
    "stop:no",
    "link:yes",
    "link:no",
    "link:yes:1",
    "link:no:99999999999999999999999",
    "safe:ABC234",
    "help:ABC234",
    "safe:NOPE22",
    "help:NOPE22",
    "which:ABC234",
    "which:NOPE22",
    "case:no",
    "officer:send",
    "do:start",
    "do:help",
    "do:link",
    "do:nothing",
    "do:stop",
    "",
    "junk",
    ":",
    "place:",
    "place:-1",
]
TEXTS = [
    "/start",
    "/stop",
    "stop",
    "dừng",
    "dung",
    "/language",
    "/where",
    "/help",
    "/link",
    "/link 12345678",
    "help",
    "cứu tôi",
    "safe",
    "not safe",
    "tôi an toàn",
    "1",
    "2",
    "3",
    "๓",
    "99",
    "Bangkok",
    "Bangkak",
    "Iceland",
    "nowhere at all",
    "we are trapped",
    "yes",
    "không",
    "+1 202 555 0123",
    "12345",
    "/start drill-good-token",
    "??",
    "👍",
]
PINS = [(64.14, -21.93), (13.75, 100.5), (0.0, -30.0), (90.0, 180.0), (-90.0, -180.0)]

events = st.one_of(
    st.tuples(st.just("tap"), st.sampled_from(BUTTONS)),
    st.tuples(st.just("say"), st.sampled_from(TEXTS)),
    st.tuples(st.just("say"), st.text(max_size=30)),
    st.tuples(st.just("pin"), st.sampled_from(PINS)),
    st.tuples(st.just("contact"), st.sampled_from(["+12025550123", "", "nonsense"])),
    st.tuples(st.just("other"), st.just("")),
    st.tuples(st.just("start"), st.sampled_from(["", "drill-good-token", "drill-bad", "x"])),
    st.tuples(st.just("blocked"), st.just("")),
    st.tuples(st.just("event"), st.just("")),
)


async def act(citizen: Any, what: str, value: Any) -> None:
    if what == "tap":
        await citizen.tap(value)
    elif what == "say":
        await citizen.say(value)
    elif what == "pin":
        await citizen.pin(*value)
    elif what == "contact":
        await citizen.do(InboundKind.CONTACT, contact=value)
    elif what == "other":
        await citizen.do(InboundKind.OTHER)
    elif what == "start":
        await citizen.start(value)
    elif what == "blocked":
        await citizen.do(InboundKind.STOPPED)
    elif "ABC234" not in citizen.world.live:
        await citizen.world.begin_event("ABC234", "Eruption")


async def check(citizen: Any, what: str, value: Any) -> None:
    if what == "blocked":
        assert citizen.heard == []
    elif what != "event":
        assert citizen.heard, f"no answer to {what} {value!r}"
        for reply in citizen.heard:
            assert reply.text.strip()
            assert all(0 < len(button.data.encode()) <= 64 for button in reply.buttons)
    if what == "tap" and value.startswith("help:"):
        assert await citizen.cases()


async def live_through(
    world: Any, make: Any, sequence: list[tuple[str, Any]], *, restarts: bool
) -> list[Any]:
    citizen = make(world, "citizen")
    trail = []
    for what, value in sequence:
        if restarts:
            await world.restart()
        await act(citizen, what, value)
        await check(citizen, what, value)
        trail.append([(reply.text, reply.buttons) for reply in citizen.heard])
    await citizen.say("/stop")
    if (await citizen.person()).state is not PersonState.STOPPED:
        assert world.live, "nothing is live and STOP was not honoured at once"
        await citizen.say("/stop")
    assert (await citizen.person()).state is PersonState.STOPPED
    return trail


@pytest.fixture(scope="module")
def run_town(sqlite_template: Path, catalog: Any, guesser: Any) -> Any:
    def run(
        world_type: Any, make: Any, vault: Any, sequence: list[tuple[str, Any]], *, restarts: bool
    ) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "town.db"
            shutil.copy(sqlite_template, path)

            async def go() -> list[Any]:
                world = world_type(path, vault, catalog, guesser, open_database(f"sqlite:///{path}"))
                try:
                    return await live_through(world, make, sequence, restarts=restarts)
                finally:
                    await world.database.close()

            return asyncio.run(go())

    return run


@given(sequence=st.lists(events, max_size=12))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_sequence(run_town: Any, town: Any, vault: Any, sequence: list[tuple[str, Any]]) -> None:
    run_town(town.world, town.citizen, vault, sequence, restarts=False)


def test_a_restart_between_every_message_changes_nothing(run_town: Any, town: Any, vault: Any) -> None:
    sequence = [
        ("start", ""),
        ("tap", "lang:menu"),
        ("say", "4"),
        ("say", "đồng ý"),
        ("say", "Bangkok"),
        ("say", "2"),
        ("say", "Iceland"),
        ("say", "1"),
        ("say", "12345"),
        ("tap", "phone:skip"),
        ("event", ""),
        ("say", "2"),
        ("pin", (64.14, -21.93)),
        ("say", "dung"),
        ("say", "2"),
        ("say", "/where"),
        ("say", "Thailand"),
        ("say", "1"),
    ]
    codes = town.without_codes
    plain = run_town(town.world, town.citizen, vault, sequence, restarts=False)
    restarted = run_town(town.world, town.citizen, vault, sequence, restarts=True)
    assert codes(plain) == codes(restarted)
    assert any("Thailand" in text for text, _buttons in plain[-1])


def test_every_question_can_be_asked_again() -> None:
    assert set(QUESTIONS) == set(At) - {At.NOTHING}


def test_danger_comes_before_everything_but_numbers() -> None:
    names = [name for name, _part in ORDER]
    assert names[:6] == ["number joined", "link numbers", "numbers", "phone code", "danger", "stop"]
