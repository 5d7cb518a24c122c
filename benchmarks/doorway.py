"""The web process of an installation, to be measured from outside. Touches what the product's own does."""

import asyncio
import json
import sys

from app.core import open_core
from app.geography import open_geography
from app.loops import new_event_loop
from app.settings import Settings, settle_libraries
from app.web import WebProcess


async def _run(settings: Settings) -> None:
    geography = await asyncio.to_thread(open_geography, settings)
    async with open_core(settings) as core:
        work = WebProcess(core, geography)
        running = asyncio.create_task(work.run())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        work.stop()
        await running


def main() -> None:
    """Run the process whose settings are the first argument (JSON)."""
    settle_libraries()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(Settings.model_validate(json.loads(sys.argv[1])["settings"])))


if __name__ == "__main__":
    main()
