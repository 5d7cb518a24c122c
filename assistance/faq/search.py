"""The search of one process: takes the newest publication by itself, thinks in a thread of its own. Reads
SQL.

Asked before a conversation's transaction begins, never inside one.
"""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

from assistance.faq import publishing
from assistance.faq.engine import Found
from assistance.faq.publishing import Edition, Variant
from assistance.faq.remembered import Remembered
from assistance.faq.semantic import Embedder, load_embedder
from storage.clock import Clock
from storage.database import Database

LOOK_EVERY_S = 2.0


class FaqSearch:
    """Holds the newest edition; `close()` ends its thread."""

    def __init__(self, database: Database, clock: Clock, *, demo: bool, semantic: bool = True) -> None:
        """`semantic=False` leaves the model out even where it is installed."""
        self._database = database
        self._clock = clock
        self._demo = demo
        self._semantic = semantic
        self._embedder: Embedder | None = None
        self._loaded = False
        self._edition: Edition | None = None
        self._looked = float("-inf")
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="faq")

    async def embedder(self) -> Embedder | None:
        """The model, loaded at the first call; None where there is none."""
        async with self._turn:
            return await self._load()

    async def edition(self) -> Edition | None:
        """What is in force; looks for a newer publication every two seconds. None before the first.

        Raises:
            StorageUnavailableError: SQL is away and nothing was read before.
        """
        async with self._turn:
            now = self._clock.monotonic()
            if now - self._looked < LOOK_EVERY_S:
                return self._edition
            async with self._database.read() as connection:
                newest = await publishing.newest_id(connection)
            if newest is not None and (self._edition is None or self._edition.publication.id != newest):
                embedder = await self._load()
                self._edition = await publishing.open_edition(self._database, embedder, demo=self._demo)
            self._looked = now
            return self._edition

    async def search(
        self, text: str, language: str, country: str, today: date
    ) -> tuple[Edition, Found] | None:
        """What `text` asks, among what holds in `country` today; None while nothing is published."""
        edition = await self.edition()
        if edition is None:
            return None
        allowed = holding(edition, country, today)
        ask = partial(edition.engine.search, text, language, allowed)
        return edition, await asyncio.get_running_loop().run_in_executor(self._thread, ask)

    def look_again(self) -> None:
        """Forget when a newer publication was looked for: somebody just made one."""
        self._looked = float("-inf")

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _load(self) -> Embedder | None:
        if not self._loaded:
            model = await asyncio.to_thread(load_embedder) if self._semantic else None
            self._embedder = Remembered(model) if model is not None else None
            self._loaded = True
        return self._embedder


def holding(edition: Edition, country: str, today: date) -> Collection[str]:
    """Subjects with an answer for somebody in `country` ("" = unknown) today."""
    return {subject for subject in edition.variants if variant_for(edition, subject, country, today)}


def variant_for(edition: Edition, subject: str, country: str, today: date) -> Variant | None:
    """The answer to a question for somebody in `country`: one for that country before one for everywhere."""
    several = [each for each in edition.variants.get(subject, ()) if each.facts.holds(country, today)]
    return min(several, key=lambda each: (len(each.facts.countries) or 999, each.entry_id), default=None)
