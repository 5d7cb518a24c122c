"""What is deleted when its time is over. Touches SQL through each domain's own purge."""

from datetime import timedelta

from app.unheard import build_on_unheard
from assistance.faq import questions
from bot import held, inbox, outbox
from bot.gateways.webchat import identity
from bot.gateways.webchat import store as webchat
from registry import changes, prompts, whereabouts
from staff import sessions
from storage.clock import Clock
from storage.database import Database

KEEP_CHANGES = timedelta(days=7)
KEEP_PLACES = timedelta(days=7)  # after their end: a stay that was cut short by mistake can be looked up
ERASED_LIST = "erased"  # in the data folder, kept outside backups of the database


async def tidy_up(database: Database, clock: Clock) -> None:
    """Delete processed messages and former places after 7 days, web chats' after 30, and what else has run
    out; give up what was held for 7 days.

    Raises:
        StorageUnavailableError: SQL is away; the rest is deleted next time.
    """
    now = clock.now()
    await inbox.purge(database, now)
    await held.give_up(database, now, build_on_unheard(clock))
    await outbox.purge(database, now)
    async with database.bulk() as connection:
        await webchat.purge(connection, now)
        await identity.forget_unused(connection, now)
        await changes.trim(connection, now - KEEP_CHANGES)
        await whereabouts.forget_past(connection, now - KEEP_PLACES)
        await prompts.purge(connection, now)
        await sessions.sweep(connection, now)
        await questions.purge(connection, now)
