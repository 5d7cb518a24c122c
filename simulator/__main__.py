"""The simulator from the command line: serve, make a population, audit. Exit 0 ok, 1 audit failed, 2
refused.
"""

import asyncio
import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.audit import audit
from simulator.audit_facts import board_from, facts_from
from simulator.config import (
    DEMO_TOKEN,
    NO_LATENCY,
    BotRules,
    LatencyRules,
    LimitRules,
    SimulatorConfig,
    WebhookRules,
)
from simulator.geometry import Area, area_from
from simulator.ledger import load
from simulator.person import Pace
from simulator.population import generate, load_population
from simulator.server import Simulator
from simulator.serving import DEMO_TWILIO, Cast, playing, seed_of


def parser() -> ArgumentParser:
    """The commands and their options."""
    top = ArgumentParser(prog="python -m simulator", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the fake providers and, if asked, their citizens")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--token", action="append", help="token of a bot, <id>:<secret>; may be repeated")
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument("--people", type=int, default=0, help="so many citizens of a drill around Reykjavik")
    serve.add_argument("--state", type=Path, help="file that keeps the citizens' world between runs")
    serve.add_argument("--population", type=Path, help="JSON lines of citizens")
    serve.add_argument(
        "--service", help="base address of the service's public listener; citizens register there"
    )
    serve.add_argument("--speed", type=float, default=1.0)
    serve.add_argument("--parallel", type=int, default=50)
    serve.add_argument("--per-second", type=int, default=LimitRules().bot_per_second)
    serve.add_argument("--no-latency", action="store_true")
    serve.add_argument("--duplicates", type=float, default=0.0, help="share of webhooks posted twice")
    serve.add_argument("--reorder", type=float, default=0.0, help="share of webhooks overtaken by later ones")
    serve.add_argument("--ledger", default="", help="file that gets every ledger entry")
    make = commands.add_parser("population", help="write a seeded population")
    make.add_argument("file", type=Path)
    make.add_argument("--count", type=int, default=1000)
    make.add_argument("--seed", type=int, default=1)
    make.add_argument("--circle", help="LAT,LON,KM")
    make.add_argument("--area", type=Path, help="JSON file: circles, polygons")
    make.add_argument("--country", required=True, help="ISO code of where the area lies")
    make.add_argument("--drill", action="store_true")
    check = commands.add_parser("audit", help="check one alert against the ledger")
    for name in ("ledger", "population", "alert"):
        check.add_argument(f"--{name}", type=Path, required=True)
    check.add_argument("--board", type=Path, help="figures of the board as JSON")
    check.add_argument("--json", action="store_true")
    return top


def say(words: str) -> None:
    """One line to standard output, at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def read_json(path: Path) -> Any:
    """A JSON file; raises `ValueError`, `OSError`."""
    return json.loads(path.read_text(encoding="utf-8"))


def wanted_area(options: Namespace) -> Area:
    """The area named on the command line; raises `ValueError`."""
    if options.area is not None:
        return area_from(read_json(options.area))
    if not options.circle:
        raise ValueError("name an area: --circle LAT,LON,KM or --area FILE")
    return area_from({"circles": [options.circle.split(",")]})


def run_population(options: Namespace) -> int:
    """`population`: write citizens."""
    people = generate(
        options.count, options.seed, wanted_area(options), country=options.country, drill=options.drill
    )
    people.dump(options.file)
    say(f"{len(people)} citizens in {options.file}")
    return 0


def run_audit(options: Namespace) -> int:
    """`audit`: 0 when every check passed, 1 when one failed."""
    board = board_from(read_json(options.board)) if options.board is not None else None
    facts = facts_from(read_json(options.alert))
    report = audit(load(options.ledger), load_population(options.population), facts, board)
    say(json.dumps(report.to_json(), ensure_ascii=False) if options.json else report.table())
    return 0 if report.ok else 1


def config_of(options: Namespace) -> SimulatorConfig:
    """The configuration named on the command line; raises `ValueError`."""
    return SimulatorConfig(
        port=options.port,
        seed=seed_of(options.seed, options.state),
        bots=tuple(BotRules(token) for token in options.token or [DEMO_TOKEN]),
        limits=LimitRules(bot_per_second=options.per_second),
        latency=NO_LATENCY if options.no_latency else LatencyRules(),
        twilio=DEMO_TWILIO,
        webhooks=WebhookRules(duplicate=options.duplicates, reorder=options.reorder),
        speed=options.speed,
        ledger_file=options.ledger,
    )


async def run_serve(options: Namespace) -> int:
    """`serve`: until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Simulator(config_of(options)) as sim, AsyncExitStack() as stack:
        cast = cast_of(options)
        if cast is not None:
            await stack.enter_async_context(playing(sim, cast, lambda one: say(json.dumps(asdict(one)))))
        fakes = f"telegram {sim.telegram_base}<token>  twilio {sim.twilio_base}  viber {sim.viber_base}"
        say(f"{fakes}  control {sim.url}/__sim/stats")
        await stop.wait()
    return 0


def cast_of(options: Namespace) -> Cast | None:
    """Who takes part, None for nobody; raises `ValueError`."""
    if options.population is None and not options.people:
        return None
    if not options.service:
        raise ValueError("citizens need --service, where they register")
    return Cast(
        service=options.service,
        population=None if options.population is None else load_population(options.population),
        people=options.people,
        state=options.state,
        pace=Pace(speed=options.speed, parallel=options.parallel),
        seed=options.seed,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run a command."""
    options = parser().parse_args(arguments)
    try:
        match options.command:
            case "serve":
                return asyncio.run(run_serve(options))
            case "population":
                return run_population(options)
            case _:
                return run_audit(options)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"refused: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
