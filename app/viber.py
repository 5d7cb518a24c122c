"""Viber's accounts as this installation has them: settings, budget, welcome, paging. Plugs, no rules."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts import MAIN, Entry
from app.settings import Settings
from bot.allowance import Allowance, Spent
from bot.counters import Count
from bot.gateways.viber.calls import Alarm
from bot.gateways.viber.gateway import ViberGateway, Welcome
from bot.gateways.viber.settings import SENDER_LENGTH, ViberSettings
from bot.messages import Button, Channel, Outbound
from bot.urls import is_loopback_url
from handlers.start import NO, YES
from locales.catalog import Catalog
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageUnavailableError

log = structlog.get_logger(__name__)


def build_viber(
    settings: Settings,
    entries: Sequence[Entry],
    *,
    database: Database,
    clock: Clock,
    catalog: Catalog,
    count: Count,
) -> tuple[list[ViberGateway], list[Allowance]]:
    """Make a gateway for each account that is set up, and say what each may spend.

    Args:
        entries: those of the file of accounts.

    Raises:
        HalfConfiguredError: an account has some of its settings and not all, or a cap that is none.
    """
    accounts = [(one, allowance_of(settings, database, clock)) for one in _main(settings)]
    accounts += [(_entry(settings, one), allowance_of(settings, database, clock, one)) for one in entries]
    welcome, alarm = _welcome(settings, catalog), _alarm(database, clock)
    gateways = [
        ViberGateway(
            account,
            clock=clock,
            budget=allowance,
            welcome=welcome,
            count=count,
            alarm=alarm,
            asked_anew=(YES, NO),
        )
        for account, allowance in accounts
    ]
    return gateways, [allowance for _, allowance in accounts]


def allowance_of(
    settings: Settings, database: Database, clock: Clock, entry: Entry | None = None
) -> Allowance:
    """The billed messages of one account this month; what it `spent` is shown with the cost of an alert.

    Args:
        entry: of the file of accounts; None = the main account. What it does not say is as for that one.

    Raises:
        HalfConfiguredError: its cap is none.
    """
    cap, beyond = settings.viber_monthly_cap, settings.viber_beyond_cap
    if entry is not None:
        cap, beyond = entry.whole("monthly_cap", cap), entry.yes("beyond_cap", default=beyond)
    return Allowance(
        database=database,
        clock=clock,
        channel=Channel.VIBER.value,
        account=MAIN if entry is None else entry.account,
        cap=cap,
        beyond=beyond,
        on_cap=_page_cap,
    )


def _main(settings: Settings) -> list[ViberSettings]:
    token = settings.viber_token.get_secret_value()
    if not token and not settings.viber_sender_name:
        return []
    return [
        ViberSettings(
            token=token,
            sender=sender_name(settings),
            public_url=_public_url(settings, settings.viber_api_base),
            api_base=settings.viber_api_base,
            account=MAIN,
            per_second=settings.viber_per_second,
        )
    ]


def _entry(settings: Settings, entry: Entry) -> ViberSettings:
    api_base = entry.text("api_base", settings.viber_api_base)
    return ViberSettings(
        token=entry.text("token"),
        sender=entry.text("sender_name", sender_name(settings)),
        public_url=_public_url(settings, api_base),
        api_base=api_base,
        account=entry.account,
        per_second=entry.number("per_second", settings.viber_per_second),
    )


def sender_name(settings: Settings) -> str:
    """Who writes: as set, or the ministry where its name fits."""
    fits = len(settings.ministry) <= SENDER_LENGTH
    return settings.viber_sender_name or (settings.ministry if fits else "")


def _public_url(settings: Settings, api_base: str) -> str:
    """Where Viber finds us: a simulator on this machine finds the listener itself."""
    return settings.site_url if is_loopback_url(api_base) else settings.public_url


def _welcome(settings: Settings, catalog: Catalog) -> Welcome:
    """The notice of what is kept, with its answers: agreeing to it is the first message, and subscribes."""

    def welcome(tag: str) -> Outbound:
        language = catalog.supported(tag) or settings.ministry_language
        notice = catalog.say(
            language, "start.notice", ministry=settings.ministry, version=settings.consent_version
        )
        first = f"{catalog.say(language, 'start.drill')}\n\n" if settings.demo else ""
        choices = (("start.agree", YES), ("start.decline", NO), ("start.language", "lang:menu"))
        buttons = tuple(Button(catalog.say(language, key), data) for key, data in choices)
        return Outbound(first + notice, language, buttons)

    return welcome


def _alarm(database: Database, clock: Clock) -> Alarm:
    async def page(channel: str, account: str, code: str) -> None:
        log.error(
            "an account is limited", action="account.limited", account=f"{channel}:{account}", code=code
        )
        try:
            async with database.durable() as connection:
                await notices.post(
                    connection,
                    kind=NoticeKind.ACCOUNT_LIMITED,
                    subject=f"{channel}:{account}",
                    text=f"{channel} holds messages of our account {account} back ({code}). People are tried "
                    "on their next channel, or reached more slowly: see docs/channels/viber.md.",
                    urgent=True,
                    at=clock.now(),
                )
        except StorageUnavailableError:
            return  # what became of the message matters more; it is told again in a while

    return page


async def _page_cap(
    connection: AsyncConnection, channel: str, account: str, spent: Spent, at: datetime
) -> None:
    await notices.post(
        connection,
        kind=NoticeKind.BUDGET_CAP,
        subject=f"{channel}:{account}",
        text=f"{spent.used} messages of this month are billed for {channel} account {account}: the cap is "
        f"{spent.cap}. Who has not written for a day is tried on their next channel until the month ends "
        "or the cap is raised.",
        urgent=True,
        at=at,
    )
