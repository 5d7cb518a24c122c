"""`muster run`, `muster demo`, `muster check`: starting the service and looking it over. Touches
processes."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.checks import check_all
from app.cli_output import RefusedError, run, say, settings_now, show
from app.core import open_core
from app.demo import run_demo
from app.findings import Finding
from app.geography import open_geography
from app.installation import run_all
from app.logs import set_up_logs
from app.memory import settle_memory
from app.planning import PlannerProcess
from app.settings import Settings
from app.signals import on_stop
from app.web import WebProcess
from app.worker import WorkerProcess
from storage.errors import StorageError
from storage.migrate import migrate, newest

PROCESSES = ("all", "web", "worker", "planner")


def add(top: typer.Typer) -> None:
    """`muster run`, `muster demo`, `muster check`, `muster migrate`."""
    top.command("run")(run_command)
    top.command("demo")(demo_command)
    top.command("check")(check_command)
    top.command("migrate")(migrate_command)


def run_command(process: Annotated[str, typer.Argument(help="all, web, worker or planner")] = "all") -> None:
    """Run the service: everything on embedded defaults, or one process of a larger installation."""
    if process not in PROCESSES:
        raise RefusedError(f"{process!r} is not a process; there are: {', '.join(PROCESSES)}")
    settings = settings_now()
    set_up_logs(process, settings.log_level)
    if process == "all":
        run(run_all(settings))
        return
    if not settings.redis_url:
        raise RefusedError("MUSTER_REDIS_URL is missing: only `muster run all` starts a Redis of its own")
    run(_run_one(process, settings))


async def _run_one(process: str, settings: Settings) -> None:
    async with open_core(settings) as core:
        work: WebProcess | WorkerProcess | PlannerProcess
        if process == "worker":
            work = WorkerProcess(core)
        else:
            geography = await asyncio.to_thread(open_geography, settings)
            if process == "web":
                work = WebProcess(core, geography)
            else:
                work = PlannerProcess(core, geography.touch, geography.region, geography.country_name)
        on_stop(work.stop)
        settle_memory()
        await work.run()


def demo_command(
    people: Annotated[int, typer.Option(min=0, max=20_000, help="simulated citizens")] = 2_000,
    folder: Annotated[Path, typer.Option(help="where the demonstration keeps its data")] = Path("var/demo"),
) -> None:
    """Run the whole service with simulated gateways and citizens; everything in it is a drill."""
    set_up_logs("demo", "warning")
    run(run_demo(settings_now(), folder=folder, people=people))


def migrate_command() -> None:
    """Bring the database to the newest schema; `muster run all` does it by itself."""
    settings = settings_now()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        migrate(settings.sql_url)
    except StorageError as error:
        raise RefusedError(str(error)) from error
    say(f"the schema is at {newest()}")


def check_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Look the installation over; every finding has an id and says what to do."""
    settings = settings_now()
    findings: list[Finding] = run(check_all(settings))
    if as_json or findings:
        show(
            [{"id": finding.id, "what": finding.what, "hint": finding.hint} for finding in findings],
            as_json=as_json,
        )
    if any(finding.serious for finding in findings):
        raise RefusedError(f"{sum(finding.serious for finding in findings)} serious findings")
    if not findings and not as_json:
        say("all is well")
