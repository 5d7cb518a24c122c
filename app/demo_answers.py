"""Answers of the demonstration: the starter bank, in force though nobody reviewed it. Touches SQL."""

import asyncio
from dataclasses import replace

from app.settings import Settings
from assistance.faq import publishing
from assistance.faq.intake import starter_bank, take
from assistance.faq.semantic import load_embedder
from storage.clock import SystemClock
from storage.database import open_database

PAGE = "https://www.ministry.example/abroad/"  # of a ministry that is nobody's; fills {link}


async def supply_answers(settings: Settings) -> int:
    """Put every entry that ships with us in force, once; returns how many. What officers change stays theirs.

    Takes about 3 s of CPU the first time.
    """
    clock, database = SystemClock(), open_database(settings.sql_url)
    try:
        entries = await asyncio.to_thread(starter_bank)
        async with database.read() as connection:
            published = await publishing.newest_id(connection) is not None
        if not published:
            for starter in entries:  # one at a time: nobody's message waits behind all of them
                entry = replace(starter, facts=replace(starter.facts, source=f"{PAGE}{starter.slug}"))
                async with database.durable() as connection:
                    await take(connection, [entry], origin="starter", now=clock.now())
            await publishing.publish(database, None, None, clock.now(), demo=True)
        return len(entries)
    finally:
        await database.close()


async def teach_meaning(settings: Settings) -> bool:
    """Put the same in force with the `[semantic]` extra, where it is and was not used; a minute of CPU."""
    embedder = await asyncio.to_thread(load_embedder)
    if embedder is None:
        return False
    database = open_database(settings.sql_url)
    try:
        async with database.read() as connection:
            newest = await publishing.newest(connection)
        if newest is not None and "semantic" in newest.thresholds:
            return False
        await publishing.publish(database, embedder, None, SystemClock().now(), demo=True)
        return True
    finally:
        await database.close()
