"""A simulator that serves until it is told to stop, with citizens who register by themselves. Touches the
service they register with, on loopback, and the file their world is kept in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from simulator.citizen import Moment
from simulator.citizens import Crowd, Progress
from simulator.mixes import FIVE_CHANNELS
from simulator.person import Pace
from simulator.placing import Shares, circle_area
from simulator.population import Population, generate
from simulator.server import Simulator
from simulator.state import Keeper, load_state, restore
from simulator.twilio_rules import COUNTRIES, CountryRules, TwilioRules
from simulator.webchat import check_loopback

DEMO_AREA = circle_area(64.147, -21.94, 40.0)
DEMO_COUNTRY = "IS"
DEMO_SHARES = Shares(mix=FIVE_CHANNELS)
# Templates are approved as soon as they are submitted; answers from Ireland happen to arrive.
DEMO_TWILIO = TwilioRules(approve="approved", countries=(*COUNTRIES, CountryRules("IE", "+353")))
READY_POLL_S = 0.5
ROUNDS = 3  # those who got stuck begin anew this often


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part.

    Attributes:
        service: base address of the service's public listener.
        population: citizens to use; None = `people` of the demonstration's own, in a drill around Reykjavik.
        shares: of what those of the demonstration's own are.
        state: file their world is kept in between runs; None = nothing is kept.
    """

    service: str
    population: Population | None = None
    people: int = 0
    shares: Shares = DEMO_SHARES
    state: Path | None = None
    pace: Pace = field(default_factory=Pace)
    seed: int = 1


def seed_of(seed: int, state: Path | None) -> int:
    """The seed of a start: another one each time, so that no provider gives an id twice.

    Raises:
        ValueError: the state file is not one.
    """
    saved = load_state(state) if state is not None else None
    return seed if saved is None else seed + saved.starts


def demo_population(
    people: int, seed: int, kept: Population | None, shares: Shares = DEMO_SHARES
) -> Population:
    """The demonstration's citizens: those kept from the last run, and more of them if more are wanted."""
    known = kept.citizens if kept is not None else ()
    more = max(0, people - len(known))
    made = generate(
        more,
        seed + len(known),
        DEMO_AREA,
        country=DEMO_COUNTRY,
        shares=shares,
        drill=True,
        first=len(known) + 1,
    )
    return Population((*known, *made.citizens))


@asynccontextmanager
async def playing(sim: Simulator, cast: Cast, say: Callable[[Progress], None]) -> AsyncIterator[Crowd]:
    """Let the cast loose in the background while the block runs; `say` is told when everybody registered.

    Raises:
        ValueError: the service is not on loopback, or the state file is not one.
    """
    check_loopback(cast.service)
    saved = load_state(cast.state) if cast.state is not None else None
    kept = saved.population if saved is not None else None
    population = cast.population or demo_population(cast.people, cast.seed, kept, cast.shares)
    crowd = sim.let_loose(population, cast.pace)
    if saved is not None:
        restore(saved, crowd, sim)
    starts = saved.starts + 1 if saved is not None else 1
    keeper = Keeper(cast.state, crowd, sim, starts) if cast.state is not None else None
    tasks = [asyncio.create_task(play(sim, crowd, cast.service, say))]
    if keeper is not None:
        tasks.append(asyncio.create_task(keeper.run()))
    try:
        yield crowd
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if keeper is not None:
            keeper.save()
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def play(sim: Simulator, crowd: Crowd, service: str, say: Callable[[Progress], None]) -> None:
    """Wait for the service, register everybody, then let the fates before a warning strike."""
    sim.twilio.point(f"{service.rstrip('/')}/hooks/twilio/message")
    channels = {one for citizen in crowd.population.citizens for one in citizen.channels}
    await until_ready(sim, service, channels)
    progress = await crowd.register(service)
    for _ in range(ROUNDS - 1):
        if not progress.stuck:
            break
        crowd.forgive()
        progress = await crowd.register(service)
    await crowd.strike(Moment.BEFORE)
    say(progress)


async def until_ready(sim: Simulator, service: str, channels: Collection[str]) -> None:
    """Return once the service says it is ready and listens to the providers of these channels."""
    lines = [line for line in sim.lines() if line.channel in channels]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{service.rstrip('/')}/readyz") as answer:
                    if answer.status == 200 and all(line.ready() for line in lines):
                        return
            await asyncio.sleep(READY_POLL_S)
