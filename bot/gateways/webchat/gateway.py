"""Web chat as a channel: what is sent lies in SQL first and is then announced. Touches SQL and Redis pub/sub.

There is no provider: whoever asks is a browser with a cookie of ours. A message counts as accepted only when
the browser acknowledges it, which comes back as a receipt.
"""

import re
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from redis.asyncio import Redis

from bot.codec import dump_outbound
from bot.errors import ForgedHookError, HalfConfiguredError, MalformedHookError, RejectedError, TransientError
from bot.gateway import Hook, Limits, Prepared
from bot.gateways.webchat.bell import Bell
from bot.gateways.webchat.browser import check_same_site, cookie_of, is_json, languages_of, origin_of
from bot.gateways.webchat.identity import ChatBook
from bot.gateways.webchat.shelf import Shelf
from bot.gateways.webchat.store import Parcel
from bot.gateways.webchat.wire import inbound_of, own_body, read_acks, read_said
from bot.messages import (
    MAX_BUTTON_DATA,
    Accepted,
    Address,
    Channel,
    Event,
    Inbound,
    Outbound,
    Receipt,
    ReceiptState,
)
from bot.naming import short_key
from bot.words import utf16_units
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.vault import Vault

MESSAGES_PATH = "/chat/messages"
ACKS_PATH = "/chat/acks"
MAX_BODY = 16 * 1024

_ACCOUNT = re.compile(r"[a-z0-9_-]{1,40}")

# Ours to choose: what one SQL writer stores in shared commits without its readers noticing.
LIMITS = Limits(
    per_second=1_000,
    per_recipient_s=0,
    recipient_burst=50,
    in_flight=100,
    text_units=32_000,
    batch=100,
    last_verified="2026-11-22",
)


class WebChatGateway:
    """One web chat account. Fulfils `bot.gateway.Gateway`.

    Args:
        public_url: where browsers find us, `https://host` (plain http for loopback only), no path.

    Raises:
        HalfConfiguredError: the account has no name or the URL is none a browser could trust.
    """

    def __init__(
        self, *, account: str, public_url: str, database: Database, vault: Vault, clock: Clock, redis: Redis
    ) -> None:
        if not _ACCOUNT.fullmatch(account):
            raise HalfConfiguredError("the web chat needs an account name of a-z, 0-9, _ and -")
        self._origin = origin_of(public_url)
        self._account = account
        self._shelf = Shelf(database, vault, clock)
        self._bell = Bell(redis, vault, clock)
        self.book = ChatBook(database, clock)

    @property
    def channel(self) -> Channel:
        return Channel.WEBCHAT

    @property
    def account(self) -> str:
        return self._account

    @property
    def limits(self) -> Limits:
        return LIMITS

    @property
    def confirms(self) -> bool:
        return True

    @property
    def max_hook_bytes(self) -> int:
        return MAX_BODY

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https."""
        return self._origin.startswith("https:")

    async def open(self) -> None:
        """Nothing to connect to: SQL and Redis are opened by whoever owns them."""

    async def close(self) -> None:
        """Return once everything handed in lies in SQL."""
        await self._shelf.close()

    def verify(self, hook: Hook) -> None:
        """Check that our own page speaks, for a chat that exists (`book.recognise` was asked before)."""
        check_same_site(hook.headers, self._origin)
        self._chat_of(hook)

    def parse(self, hook: Hook) -> Sequence[Event]:
        """Turn the body of a message or of acknowledgements (told by the URL's path) into events."""
        if not is_json(hook.headers):
            raise MalformedHookError("not_json")
        chat = self._chat_of(hook)
        if urlsplit(hook.url).path == ACKS_PATH:
            return [self.receipt(message, None) for message in read_acks(hook.body)]
        language = next(languages_of(hook.headers), "")
        inbound = inbound_of(read_said(hook.body), self.address(chat), language)
        return [] if inbound is None else [inbound]

    def prepare(self, outbound: Outbound) -> Prepared:
        """Check that a page can show it; the words stay whole."""
        if not outbound.text.strip():
            raise RejectedError("empty")
        if utf16_units(outbound.text) > LIMITS.text_units:
            raise RejectedError("too_long")
        if any(not 1 <= len(button.data.encode()) <= MAX_BUTTON_DATA for button in outbound.buttons):
            raise RejectedError("button_data")
        return Prepared(({"body": dump_outbound(outbound).decode()},), outbound)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Store, then announce. The same `delivery` or `key` is shown once, however often it is sent.

        Raises:
            GoneError: there is no such chat any more.
            TransientError: SQL is away.
        """
        name = short_key(
            f"key:{key or secrets.token_hex(16)}" if delivery is None else f"delivery:{delivery}"
        )
        body = message.part(part)["body"].encode()
        try:
            stored = await self._shelf.put(Parcel(to.value, name, body, delivery=delivery))
        except StorageError as error:
            raise TransientError("storage_away") from error
        await self._bell.ring(to.value, stored)
        return Accepted(provider_id=str(stored), confirmed=False)

    async def keep_own(self, inbound: Inbound, client_id: str) -> None:
        """Put a citizen's own words into the history, where their other tabs find them too.

        Raises:
            GoneError: the chat was erased.
            StorageUnavailableError: SQL is away.
        """
        body = own_body(inbound, client_id)
        if body is not None:
            chat = inbound.address.value
            stored = await self._shelf.put(Parcel(chat, f"own:{inbound.key}", body, from_citizen=True))
            await self._bell.ring(chat, stored)

    async def shown(self, messages: Sequence[int]) -> None:
        """Note that a browser has these messages; raises `StorageUnavailableError`."""
        await self._shelf.acknowledge(messages)

    async def acknowledge(self, event: Event) -> None:
        """A browser waits for nothing after a pressed button."""

    def address(self, chat: str) -> Address:
        """How the rest of Muster calls this chat."""
        return Address(Channel.WEBCHAT, self._account, chat)

    def receipt(self, message: int, delivery: int | None) -> Receipt:
        """The news that a browser shows this message."""
        return Receipt(
            key=f"ack:{message}",
            channel=Channel.WEBCHAT,
            account=self._account,
            provider_id=str(message),
            state=ReceiptState.DELIVERED,
            delivery=delivery,
        )

    def _chat_of(self, hook: Hook) -> str:
        chat = self.book.known(cookie_of(hook.headers))
        if chat is None:
            raise ForgedHookError("unknown_chat")
        return chat
