"""A process that posts webhooks at a steady rate, as providers do: each at its own moment, whatever became of
the one before. Touches loopback only.

Reads a list of prepared requests, begins when told, prints the seconds each answer took and the statuses.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from app.loops import new_event_loop

Request = tuple[str, str, Mapping[str, str]]
"""Address, body, headers."""


async def knock(requests: Sequence[Request], per_second: float) -> Mapping[str, Any]:
    """Post them all; statuses, and seconds until the answer in order of size."""
    statuses: Counter[str] = Counter()
    took: list[float] = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def one(request: Request) -> None:
            url, body, headers = request
            began = time.perf_counter()
            try:
                async with session.post(URL(url, encoded=True), data=body, headers=headers) as response:
                    await response.read()
                    statuses[str(response.status)] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                statuses[type(error).__name__] += 1
            took.append(time.perf_counter() - began)

        loop = asyncio.get_running_loop()
        start, under_way = loop.time(), set()
        for number, request in enumerate(requests):
            wait = start + number / per_second - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(one(request))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        posted_s = loop.time() - start
        while under_way:
            await asyncio.wait(set(under_way))
    return {"statuses": statuses, "took": sorted(took), "posted_s": posted_s, "all_s": loop.time() - start}


def main() -> None:
    """Run as a process: parameters as JSON, the requests in a file they name."""
    given = json.loads(sys.argv[1])
    requests = json.loads(Path(given["requests"]).read_text(encoding="utf-8"))
    print("ready", flush=True)
    sys.stdin.readline()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        print(json.dumps(runner.run(knock(requests, given["per_second"]))), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
