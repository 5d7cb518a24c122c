"""Keeps the register of WhatsApp templates in step with what Twilio says. Touches SQL, notices and gateways.

Meta pauses templates that people report, and moves them between categories by itself; neither reaches us by
webhook. So the planner asks each half hour, and `muster template sync` asks at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Account
from bot.errors import SendError
from bot.gateway import Gateway
from bot.gateways.twilio import whatsapp_book
from bot.gateways.twilio.whatsapp_gateway import WhatsAppGateway
from bot.gateways.twilio.whatsapp_templates import Category, Template
from staff import notices
from staff.notices import NoticeKind
from storage.clock import Clock
from storage.database import Database

EVERY = timedelta(minutes=30)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """One template before and after Twilio was asked.

    Attributes:
        problems: what an operator must put right, in words; empty = it may be used.
        asked: False when Twilio could not be asked; nothing is written then.
    """

    before: Template
    after: Template
    problems: tuple[str, ...]
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Unknockable:
    """Why people of one language cannot be knocked at outside the window; `drill` = in exercises."""

    account: str
    language: str
    drill: bool
    reason: str


async def unknockable(gateways: Mapping[Account, Gateway], languages: Sequence[str]) -> list[Unknockable]:
    """For whom WhatsApp cannot open a conversation now, by account and language; nothing where it is off.

    Raises:
        TransientError: SQL is away.
    """
    found = []
    for gateway in gateways.values():
        if not isinstance(gateway, WhatsAppGateway):
            continue
        for language in languages:
            for drill in (False, True):
                reason = await gateway.knock_refusal(language, drill=drill)
                if reason:
                    found.append(Unknockable(gateway.account, language, drill, reason))
    return found


class Templates:
    """The register of one installation and the accounts it belongs to."""

    def __init__(self, database: Database, clock: Clock, gateways: Mapping[Account, Gateway]) -> None:
        self._database = database
        self._clock = clock
        self._accounts = {
            gateway.account: gateway for gateway in gateways.values() if isinstance(gateway, WhatsAppGateway)
        }

    async def sync(self) -> list[Checked]:
        """Ask Twilio for every template of the accounts that are on, and write down what it says.

        Raises:
            StorageUnavailableError: SQL is away.
        """
        async with self._database.read() as connection:
            known = await whatsapp_book.read_all(connection)
        found = []
        for one in known:
            gateway = self._accounts.get(one.account)
            checked = await self._one(gateway, one) if gateway is not None else None
            if checked is not None:
                found.append(checked)
        return found

    async def watch(self) -> None:
        """The same by itself: each half hour, and only while templates are in use."""
        if self._accounts and await self._is_due():
            for checked in await self.sync():
                if checked.problems:
                    log.warning(
                        "a template cannot be used",
                        action="template.refused",
                        account=checked.after.account,
                        purpose=checked.after.purpose.value,
                        language=checked.after.language,
                    )

    async def _is_due(self) -> bool:
        async with self._database.read() as connection:
            known = await whatsapp_book.read_all(connection)
        asked = [one.checked_at for one in known if one.account in self._accounts]
        return any(at is None or self._clock.now() - at >= EVERY for at in asked)

    async def _one(self, gateway: WhatsAppGateway, known: Template) -> Checked | None:
        """None when somebody put another one in its place while Twilio was asked."""
        try:
            looked = await gateway.look(known)
        except SendError as error:
            return Checked(known, known, (f"Twilio could not be asked ({error.code})",), asked=False)
        problems = list(looked.problems)
        if known.category not in {Category.UNKNOWN, looked.template.category}:
            problems.insert(0, f"Meta made it {looked.template.category}; it was {known.category}")
        if looked.template.refusal:
            problems.insert(0, f"it is not used ({looked.template.refusal})")
        checked = Checked(known, looked.template, tuple(problems))
        async with self._database.durable() as connection:
            if not await whatsapp_book.refresh(connection, looked.template, self._clock.now()):
                return None
            await self._tell(connection, checked)
        return checked

    async def _tell(self, connection: AsyncConnection, checked: Checked) -> None:
        one = checked.after
        subject = f"template:{one.account}:{one.purpose}:{one.language or 'any'}"
        if not checked.problems:
            await notices.resolve(
                connection, kind=NoticeKind.TEMPLATE_REFUSED, subject=subject, at=self._clock.now()
            )
            return
        where = f"{one.language or 'any language'}, account {one.account}"
        await notices.post(
            connection,
            kind=NoticeKind.TEMPLATE_REFUSED,
            subject=subject,
            text=f"WhatsApp template {one.purpose} ({where}): {'; '.join(checked.problems)}. "
            "What it cannot carry goes to people's next channel.",
            urgent=bool(one.refusal),
            at=self._clock.now(),
        )
