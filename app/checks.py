"""`muster check`: what an operator should know before relying on an installation. Reads SQL, Redis, settings.

Every finding has an id that never changes and a hint that says what to do.
"""

import asyncio

from app.check_messages import check_messages
from app.core import Core, open_core
from app.embedded import url_of
from app.findings import Finding
from app.geography import gazetteer_is_current
from app.settings import Settings
from app.templates import unknockable
from assistance.faq import publishing, store
from assistance.faq.content import FACTS
from assistance.faq.lifecycle import RevisionState
from locales.reviews import read_signatures, unsigned
from staff import missions, notices, officers
from staff.officers import Role
from storage.errors import StorageError, StorageUnavailableError
from storage.migrate import current, newest
from storage.redis import REDIS_AWAY, RedisError


async def check_all(settings: Settings) -> list[Finding]:
    """Look everything over.

    Raises:
        SettingsError, ConfigurationError, HalfConfiguredError: the service would not start at all.
    """
    found = []
    if not await asyncio.to_thread(gazetteer_is_current, settings):
        found.append(
            Finding(
                "muster.places.W001",
                "the gazetteer is missing or old",
                "start `muster run all` once, or make setup",
            )
        )
    try:
        at = await current(settings.sql_url)
    except StorageError:
        what = "the database cannot be reached"
        return [*found, Finding("muster.sql.E001", what, "check MUSTER_DATABASE_URL", serious=True)]
    if at != newest():
        found.append(
            Finding("muster.sql.E002", "the schema is not the newest", "run `muster migrate`", serious=True)
        )
        return found
    # A Redis of our own runs only while the service does, and is set up by us: nothing to look over.
    own = settings.model_copy(update={"redis_url": url_of(settings.data_dir / "redis")})
    async with open_core(settings if settings.redis_url else own) as core:
        found += await _redis(core) if settings.redis_url else []
        found += _channels(core)
        found += await _people(core)
        found += await _templates(core)
        found += await check_messages(core)
        found += _words(core)
        found += await _answers(core)
    return found


async def _answers(core: Core) -> list[Finding]:
    found = []
    embedder = await core.faq.embedder()
    if embedder is None:
        what = "questions are found by letters and words only: fewer are answered, none across languages"
        hint = "install the extra: pip install 'muster[semantic]' (x86-64 with AVX2)"
        found.append(Finding("muster.faq.W001", what, hint))
    async with core.database.read() as connection:
        newest = await publishing.newest(connection)
        waiting = await store.in_state(connection, [RevisionState.UNREVIEWED, RevisionState.PROPOSED])
        facts = await store.in_state(connection, [RevisionState.APPROVED])
    if newest is None:
        what = "no answers are published: every question goes to an officer or to the menu"
        hint = "muster faq import --starter, then approve and publish in the console"
        found.append(Finding("muster.faq.W002", what, hint))
    if newest is not None and embedder is not None and "semantic" not in newest.thresholds:
        what = "the answers in force were published without the [semantic] extra and are found without it"
        found.append(Finding("muster.faq.W005", what, "publish them again in the console"))
    if waiting:
        unread, proposed = (
            len({row.entry_id for row in waiting if row.state is state})
            for state in (RevisionState.UNREVIEWED, RevisionState.PROPOSED)
        )
        what = f"{unread} answers hold words nobody reviewed, {proposed} words that wait for a second officer"
        found.append(Finding("muster.faq.W003", what, "read, adopt and approve them in the console"))
    today = core.clock.now().date()
    stale = sum(row.part == FACTS and row.facts.is_stale(today) for row in facts)
    if stale:
        what = f"{stale} answers are past their review date or their last day"
        found.append(Finding("muster.faq.W004", what, "look at them in the console"))
    return found


async def _redis(core: Core) -> list[Finding]:
    try:
        policy = await core.redis.config_get("maxmemory-policy", "appendonly")
    except (RedisError, *REDIS_AWAY, StorageUnavailableError):
        return [
            Finding("muster.redis.E001", "Redis cannot be reached", "check MUSTER_REDIS_URL", serious=True)
        ]
    found = []
    if policy.get("maxmemory-policy") != "noeviction":
        what = "Redis may throw waiting batches away when it is full"
        found.append(Finding("muster.redis.E002", what, "set maxmemory-policy noeviction", serious=True))
    if policy.get("appendonly") != "yes":
        what = "Redis forgets everything when it restarts; batches are then offered again, later"
        found.append(Finding("muster.redis.W003", what, "set appendonly yes"))
    return found


def _channels(core: Core) -> list[Finding]:
    settings, found = core.settings, []
    if core.gateways.telegram is None:
        found.append(
            Finding(
                "muster.telegram.W001",
                "Telegram is off",
                "set MUSTER_TELEGRAM_TOKEN and MUSTER_TELEGRAM_SECRET",
            )
        )
    if any(one.too_fast for one in core.gateways.telegrams):
        what = "a Telegram account sends faster than the free rate without paying: Telegram will answer 429"
        hint = "set MUSTER_TELEGRAM_PAID=true once your bot qualifies, or MUSTER_TELEGRAM_PER_SECOND=30"
        found.append(Finding("muster.telegram.W002", what, hint))
    if not settings.public_url:
        what = "there is no public address: Telegram is polled and the web chat is local"
        found.append(Finding("muster.web.W001", what, "set MUSTER_PUBLIC_URL to the https address"))
    return found


async def _people(core: Core) -> list[Finding]:
    found = []
    async with core.database.read() as connection:
        staff = await officers.list_all(connection)
        for role in (Role.AUTHOR, Role.APPROVER):
            if sum(any(grant.role is role for grant in officer.roles) for officer in staff) < 2:
                what = f"fewer than two officers may act as {role}: nothing real can be sent when one is away"
                found.append(Finding(f"muster.staff.E_{role}", what, "muster officer add", serious=True))
        if not await missions.list_all(connection):
            what = "no mission has a duty telephone: citizens see public emergency numbers only"
            found.append(Finding("muster.staff.W001", what, "enter missions in the console"))
        found += [
            Finding(
                f"muster.notice.{notice.kind}", notice.text, "close it in the console once it is dealt with"
            )
            for notice in await notices.open_notices(connection)
            if notice.urgent
        ]
    return found


async def _templates(core: Core) -> list[Finding]:
    return [
        Finding(
            f"muster.whatsapp.{'W' if one.drill else 'E'}_{one.language}{'_drill' if one.drill else ''}",
            f"WhatsApp ({one.account}) cannot begin a conversation in {one.language}"
            f"{' in an exercise' if one.drill else ''}: {one.reason}",
            "see `muster template list` and docs/channels/whatsapp.md",
            serious=not one.drill,
        )
        for one in await unknockable(core.gateways.all, core.catalog.languages())
    ]


def _words(core: Core) -> list[Finding]:
    signatures = read_signatures(core.settings.reviews_path)
    return [
        Finding(
            f"muster.words.W_{language}",
            f"{len(keys)} life-safety texts in {language} were never signed off by an officer who reads it",
            f"an officer who reads it: muster words sign {language} (see docs/runbook.md)",
        )
        for language, keys in unsigned(core.catalog, signatures).items()
        if keys
    ]
