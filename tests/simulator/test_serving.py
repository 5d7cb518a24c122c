"""A simulated world that is found again after a stop."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.citizens import Progress
from simulator.config import NO_LATENCY, UNLIMITED, SimulatorConfig
from simulator.person import Pace
from simulator.placing import Shares
from simulator.server import Simulator
from simulator.serving import Cast, demo_population, playing
from simulator.state import GAP, load_state

CONFIG = SimulatorConfig(limits=UNLIMITED, latency=NO_LATENCY)
PACE = Pace(speed=1000, patience_s=60)


class Stage:
    """One run after the other against the same service."""

    def __init__(self, paper: Any, state: Path, people: int, eventually: Any) -> None:
        self.eventually = eventually
        self.paper = paper
        self.cast = Cast(service=paper.url, people=people, shares=Shares(), state=state, pace=PACE)
        self.progress: list[Progress] = []

    async def play(self, stack: AsyncExitStack) -> Simulator:
        """Start a simulator and wait until its citizens are there."""
        sim = await stack.enter_async_context(Simulator(CONFIG))
        self.paper.sim = sim
        await stack.enter_async_context(playing(sim, self.cast, self.progress.append))
        await asyncio.sleep(0.05)
        await self.paper.set_webhook()
        count = len(self.progress)
        await self.eventually(lambda: len(self.progress) > count, 60)
        await sim.drain()
        return sim


async def test_a_second_run_finds_its_citizens_again(paper: Any, tmp_path: Path, eventually: Any) -> None:
    stage = Stage(paper, tmp_path / "citizens.json", 25, eventually)
    async with AsyncExitStack() as stack:
        first = await stage.play(stack)
        updates = first.telegram.bot().next_update
        members = len(paper.members)
        tokens = {name: known.get("webchat") for name, known in first.crowd.addresses().items()}
    heard = len(paper.updates)
    async with AsyncExitStack() as stack:
        second = await stage.play(stack)
        assert stage.progress[1].registered == stage.progress[0].registered > 15
        assert len(paper.members) == members, "nobody registered twice"
        assert len(paper.updates) == heard
        assert second.telegram.bot().next_update >= updates + GAP
        here = [person for person in second.crowd.people.values() if person.outcome == "registered"]
        online = [person for person in here if person.citizen.on_webchat and not person.citizen.away]
        assert online
        assert all(person.chat is not None and person.chat.online for person in online)
        assert all(person.chat.token == tokens[person.citizen.id] for person in online if person.chat)
        assert all(one.citizen.drill for one in second.crowd.people.values())
        warned = paper.members["webchat", tokens[online[0].citizen.id]]
        rung = await paper.warn(warned, "ABC234", {"en": "Go"}, ("webchat",))
        assert rung == "webchat"
        await eventually(
            lambda: (
                [one.recipient for one in second.ledger.accepted() if one.kind == "alert"]
                == [online[0].citizen.id]
            )
        )


async def test_more_people_join_those_that_are_kept(paper: Any, tmp_path: Path, eventually: Any) -> None:
    path = tmp_path / "citizens.json"
    async with AsyncExitStack() as stack:
        await Stage(paper, path, 4, eventually).play(stack)
    async with AsyncExitStack() as stack:
        sim = await Stage(paper, path, 7, eventually).play(stack)
        assert list(sim.crowd.people) == [f"c-{number:06d}" for number in range(1, 8)]
    saved = load_state(path)
    assert saved is not None
    assert len(saved.population) == 7
    assert saved.struck == ("before",)
    assert len(demo_population(3, 1, saved.population)) == 7


async def test_what_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "citizens.json"
    assert load_state(path) is None
    for text in ("{}", "[]", "x"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r".+"):
            load_state(path)


async def test_citizens_wait_for_a_service_that_is_not_ready(
    sim: Simulator, tmp_path: Path, eventually: Any
) -> None:
    asked: list[int] = []

    async def ready(_request: web.Request) -> web.Response:
        asked.append(1)
        return web.json_response({"redis": False}, status=503)

    app = web.Application()
    app.router.add_get("/readyz", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cast = Cast(f"http://127.0.0.1:{runner.addresses[0][1]}", people=3, state=tmp_path / "s.json", pace=PACE)
    async with playing(sim, cast, lambda _progress: None):
        await eventually(lambda: bool(asked))
        assert sim.ledger.acts("joined") == []
    await runner.cleanup()
    assert json.loads((tmp_path / "s.json").read_text())["people"]["c-000001"] == {}
    with pytest.raises(ValueError, match="loopback"):
        async with playing(sim, Cast("http://service.example.org", people=1), lambda _progress: None):
            pass
