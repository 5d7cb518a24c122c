"""Telegram: one bot account behind the gateway contract. Touches the Bot API through python-telegram-bot
only.

Telegram tells of no delivery: an accepted message is *accepted* and never more.
"""

import hmac
import logging
from collections.abc import Sequence
from typing import Any

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.errors import ClosedError, ForgedHookError, RejectedError
from bot.gateway import Hook, HookAnswer, Limits, Prepared
from bot.gateways.telegram.errors import translate
from bot.gateways.telegram.rendering import TEXT_UNITS, render
from bot.gateways.telegram.request import AiohttpRequest
from bot.gateways.telegram.settings import FREE_PER_SECOND, TelegramSettings
from bot.gateways.telegram.wire import ALLOWED_UPDATES, events_of, read_update
from bot.messages import Accepted, Address, Channel, Event, Outbound

CONNECTIONS = 100
HOOK_CONNECTIONS = 40
MAX_HOOK_BYTES = 256 * 1024  # a text of 4,096 units, fully escaped, with everything Telegram adds, is a tenth
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header, not a secret


class TelegramGateway:
    """Fulfils `bot.gateway.Gateway` and `Door`; registers its webhook, fetches updates for `polling`."""

    channel = Channel.TELEGRAM
    confirms = False
    max_hook_bytes = MAX_HOOK_BYTES
    hook_paths = ("/telegram",)

    def __init__(self, settings: TelegramSettings) -> None:
        # At DEBUG the library writes token, chat ids and words to the log; no log setting may switch that on.
        logging.getLogger("telegram").setLevel(logging.WARNING)
        self._settings = settings
        # On replies, too: beside a paid broadcast they would be counted against the free rate.
        self._paid = True if settings.paid else None
        self._polls = AiohttpRequest(connections=1)
        self._bot = Bot(
            settings.token,
            base_url=f"{settings.api_base.rstrip('/')}/bot",
            base_file_url=f"{settings.api_base.rstrip('/')}/file/bot",
            request=AiohttpRequest(connections=CONNECTIONS),
            get_updates_request=self._polls,
        )
        # Bot API FAQ: 30 a second over all, about one a second in one chat, short bursts pass; no bulk call.
        self.limits = Limits(
            per_second=settings.per_second,
            per_recipient_s=1.0,
            recipient_burst=2,  # of the three that pass, one is left for a broadcast
            in_flight=CONNECTIONS,
            text_units=TEXT_UNITS,
            batch=max(10, min(100, round(settings.per_second / 2))),
            last_verified="2026-11-22",
        )

    @property
    def account(self) -> str:
        """Our name for this account."""
        return self._settings.account

    @property
    def name(self) -> str:
        """The bot's @name; known once it was opened."""
        return f"@{self._bot.username}"

    @property
    def too_fast(self) -> bool:
        """Whether it would send faster than Telegram allows without payment."""
        return self._settings.per_second > FREE_PER_SECOND and not self._settings.paid

    async def open(self) -> None:
        """Introduce ourselves with `getMe`.

        Raises:
            ClosedError: `unauthorized` = the token is refused, `unreachable` = nobody could be asked.
        """
        try:
            await self._bot.initialize()
        except InvalidToken:
            raise ClosedError("unauthorized") from None  # its text holds the token
        except TelegramError:
            raise ClosedError("unreachable") from None

    async def close(self) -> None:
        """Close every connection."""
        await self._bot.shutdown()

    def verify(self, hook: Hook) -> None:
        """Compare the secret in constant time; without one of our own nothing is ever authentic."""
        given = hook.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        same = hmac.compare_digest(given, self._settings.secret.encode())
        if not (same and self._settings.secret):
            raise ForgedHookError

    def parse(self, hook: Hook) -> Sequence[Event]:
        """One update; see `wire` for what becomes of it."""
        return events_of(read_update(hook.body), self.account)

    def answer(self, hook: Hook) -> HookAnswer:
        """Nothing: a method call in the answer could not be tracked."""
        return HookAnswer()

    def prepare(self, outbound: Outbound) -> Prepared:
        """See `rendering`."""
        return render(outbound)

    async def send(
        self,
        to: Address,
        message: Prepared,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Send a part; `delivery` and `key` cannot travel along, Telegram returns nothing of ours."""
        rest: dict[str, Any] = dict(message.part(part))
        text = rest.pop("text")
        try:
            sent = await self._bot.send_message(
                to.value, text, allow_paid_broadcast=self._paid, api_kwargs=rest
            )
        except TelegramError as error:
            raise translate(error) from None
        return Accepted(str(sent.message_id), more=message.more(part))

    async def acknowledge(self, event: Event) -> None:
        """Stop the spinner on a pressed button; one pressed too long ago is left alone."""
        callback = getattr(event, "callback", "")
        if not callback:
            return
        try:
            await self._bot.answer_callback_query(callback)
        except TelegramError as error:
            problem = translate(error)
            if not isinstance(problem, RejectedError):
                raise problem from None

    async def register_hook(self, public_url: str) -> None:
        """Have updates posted to us from now on; what waits at Telegram is kept and comes, too.

        Raises:
            SendError: Telegram refused or could not be asked.
        """
        path = "/hooks/telegram" if self.account == "main" else f"/hooks/telegram/{self.account}"
        try:
            await self._bot.set_webhook(
                public_url.rstrip("/") + path,
                secret_token=self._settings.secret,
                allowed_updates=list(ALLOWED_UPDATES),
                max_connections=HOOK_CONNECTIONS,
                drop_pending_updates=False,
            )
        except TelegramError as error:
            raise translate(error) from None

    async def drop_hook(self) -> None:
        """Have updates wait at Telegram for `fetch`; raises like `register_hook`."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            raise translate(error) from None

    async def fetch(self, offset: int, wait_s: int) -> Sequence[dict[str, Any]]:
        """Updates from number `offset` on, waiting up to `wait_s` (0-50) seconds for the first.

        Telegram forgets those before `offset`. The raw objects are returned, so that one we cannot read
        holds up none behind it; the library's own call would write it to the log.

        Raises:
            SendError: Telegram refused or could not be asked.
        """
        allowed = ",".join(f"%22{kind}%22" for kind in ALLOWED_UPDATES)
        url = f"{self._bot.base_url}/getUpdates?offset={offset}&timeout={wait_s}&allowed_updates=[{allowed}]"
        try:
            found = await self._polls.post(url, read_timeout=wait_s + 10)
        except TelegramError as error:
            raise translate(error) from None
        return [update for update in found if isinstance(update, dict)] if isinstance(found, list) else []
