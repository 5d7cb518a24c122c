"""What assistance is handed by whoever composes it. Contracts only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance.store import CaseRow
from bot.messages import Address, Outbound
from staff.audit import Json
from storage.vault import Vault


class Send(Protocol):
    """Puts a message to a citizen in line, in the caller's transaction; False when `key` is there already."""

    async def __call__(
        self,
        connection: AsyncConnection,
        vault: Vault,
        *,
        key: str,
        address: Address,
        lane: bytes,
        outbound: Outbound,
        drill: bool,
        now: datetime,
    ) -> bool: ...


class Audit(Protocol):
    """Records one act in the caller's transaction; random ids and codes only."""

    async def __call__(
        self,
        connection: AsyncConnection,
        *,
        at: datetime,
        actor: str,
        action: str,
        subject: str,
        detail: Mapping[str, Json],
    ) -> None: ...


class Compose(Protocol):
    """Turns an officer's words into a message: whose answer it is, and in a drill that it is one."""

    def __call__(self, case: CaseRow, text: str, language: str) -> Outbound: ...
