"""The fake Telegram Bot API over HTTP: `/bot<token>/<method>` on loopback. Faults strike here.

A message is checked, judged and written to the ledger the moment it arrives; latency and faults only change
what the client gets to see of it.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator.config import LimitRules, SimulatorConfig, WebhookRules
from simulator.faults import BEFORE, Fault, FaultBox, FaultKind
from simulator.incoming import Action, Incoming
from simulator.latency import Latency
from simulator.ledger import Ledger
from simulator.records import Violation
from simulator.spoiling import gateway_error, reset, spoil
from simulator.telegram_answers import refusal, retry_header
from simulator.telegram_bots import Bot, Chat, Listener, new_bot
from simulator.telegram_errors import (
    ApiError,
    ChatState,
    not_found,
    too_large,
    too_many,
    unauthorized,
)
from simulator.telegram_methods import Methods, answer_bytes, error_bytes
from simulator.telegram_params import Params, read_params, text_of
from simulator.telegram_send import Call
from simulator.telegram_updates import from_action, membership
from simulator.telegram_webhooks import UpdateQueue

ACTIVE_PENALTY_S = 60  # tdlib's server answers this when far too many requests are open


class Telegram:
    """All simulated bots behind one HTTP handler."""

    def __init__(
        self,
        config: SimulatorConfig,
        ledger: Ledger,
        faults: FaultBox,
        rng: random.Random,
        lag: Callable[[], float],
    ) -> None:
        self._ledger, self._faults, self._rng = ledger, faults, rng
        self._latency = Latency(config.latency, rng)
        self._listeners: list[Listener] = []
        self._open: list[Call] = []
        self.limits = config.limits
        self.bots = {rules.token: new_bot(rules, config.limits, lag, rng) for rules in config.bots}
        self._queues = {
            bot.account: UpdateQueue(bot, config.webhooks, ledger, rng, self._from_webhook)
            for bot in self.bots.values()
        }
        self.methods = Methods(ledger, self.queue, self._heard)

    def bot(self, account: str = "") -> Bot:
        """The bot of that id, or the first one; raises `KeyError`."""
        for bot in self.bots.values():
            if account in ("", bot.account):
                return bot
        raise KeyError("no such bot")

    def queue(self, bot: Bot) -> UpdateQueue:
        """Where the bot's updates wait."""
        return self._queues[bot.account]

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every accepted message."""
        self._listeners.append(listener)

    def under_way(self) -> list[Call]:
        """Calls that arrived and are not answered yet, in the order of arrival."""
        return list(self._open)

    def set_limits(self, rules: LimitRules) -> None:
        """Other limits for every bot from now on."""
        self.limits = rules
        for bot in self.bots.values():
            bot.limits.set_rules(rules)

    def set_webhooks(self, rules: WebhookRules) -> None:
        """Other webhook behaviour for every bot from now on."""
        for queue in self._queues.values():
            queue.set_rules(rules)

    def act(self, bot: Bot, chat_id: int, action: Action) -> None:
        """A person does something in the bot's chat: an update goes out. Writing to a bot unblocks it."""
        chat = bot.meet(chat_id)
        if chat.state is not ChatState.ACTIVE:
            self.set_state(bot, chat_id, ChatState.ACTIVE, announce=chat.state is ChatState.BLOCKED)
        update, query = from_action(bot, chat, action, int(self._ledger.wall()), self._rng)
        if query:
            bot.press(query, self._ledger.mono())
        self.queue(bot).push(chat_id, update)

    def set_state(
        self,
        bot: Bot,
        chat_id: int,
        state: ChatState,
        *,
        migrated_to: int | None = None,
        announce: bool = True,
    ) -> Chat:
        """Change what a chat is to the bot. Blocking and unblocking post `my_chat_member` unless `announce`
        is off.
        """
        chat = bot.meet(chat_id)
        was, chat.state, chat.migrated_to = chat.state, state, migrated_to
        self._ledger.act("", "telegram", "state", state.value, chat=str(chat_id))
        told = {(ChatState.ACTIVE, ChatState.BLOCKED): True, (ChatState.BLOCKED, ChatState.ACTIVE): False}
        blocked = told.get((was, state))
        if announce and blocked is not None:
            date = int(self._ledger.wall())
            self.queue(bot).push(chat_id, membership(bot, chat, date, blocked=blocked))
        return chat

    def busy(self) -> bool:
        """Whether updates wait to be posted."""
        return any(queue.busy() for queue in self._queues.values())

    async def close(self) -> None:
        """Stop posting updates."""
        for queue in self._queues.values():
            await queue.close()

    def _heard(self, bot: Bot, chat_id: int, message: Incoming) -> None:
        for listener in self._listeners:
            listener(bot, chat_id, message)

    async def _from_webhook(self, bot: Bot, method: str, params: dict[str, Any]) -> None:
        """A method call in a webhook's answer: its result is never reported, as with Telegram."""
        try:
            await self.methods.run(bot, Call(self.methods.name(method), params, self._ledger.mono()))
        except ApiError:
            return

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request to `/bot<token>/<method>`."""
        arrived = self._ledger.mono()
        token, _, method = request.path.removeprefix("/bot").partition("/")
        bot = self.bots.get(token)
        try:
            bot = self._known(bot, token)
            call = Call(self.methods.name(method), await read_params(request), arrived)
        except web.HTTPRequestEntityTooLarge:
            return refusal(too_large())
        except ApiError as error:
            return refusal(error)
        bot.active += 1
        self._open.append(call)
        try:
            return await self._serve(request, bot, call)
        finally:
            self._open = [other for other in self._open if other is not call]
            bot.active -= 1

    def _known(self, bot: Bot | None, token: str) -> Bot:
        """The bot of a good token; raises `ApiError` 401 or 404."""
        if bot is None:
            raise unauthorized() if token.partition(":")[0].isdigit() and ":" in token else not_found()
        if bot.revoked:
            raise unauthorized()
        return bot

    async def _serve(self, request: web.Request, bot: Bot, call: Call) -> web.StreamResponse:
        fault = self._faults.strike(bot.account, call.method, chat_or_none(call.params))
        if fault is not None:
            call = Call(call.method, call.params, call.arrived, fault.kind.value)
            if fault.kind in BEFORE:
                return self._before(request, bot, call, fault)
        try:
            self._flood_guard(bot, call)
            body, status, headers = answer_bytes(await self.methods.run(bot, call)), 200, None
        except ApiError as error:
            body, status, headers = error_bytes(error), error.status, retry_header(error)
        if fault is not None and status == 200:
            return await spoil(request, fault, body)
        wait = self._latency.draw()
        if wait:
            await asyncio.sleep(wait)
        return web.Response(body=body, status=status, headers=headers, content_type="application/json")

    def _flood_guard(self, bot: Bot, call: Call) -> None:
        """Far too many open requests are refused whatever they are; raises `ApiError` 429."""
        if bot.active <= bot.limits.rules.max_active:
            return
        violation = Violation(
            rule="active",
            account=bot.account,
            recipient=text_of(call.params, "chat_id"),
            mono=call.arrived,
            wall=self._ledger.wall(),
            tolerated=False,
            count=bot.active,
            limit=bot.limits.rules.max_active,
        )
        self._ledger.write(violation)
        raise too_many(ACTIVE_PENALTY_S)

    def _before(self, request: web.Request, bot: Bot, call: Call, fault: Fault) -> web.StreamResponse:
        """A fault that strikes before anything is accepted."""
        sending = self.methods.sending
        match fault.kind:
            case FaultKind.STORM:
                error = too_many(bot.limits.punish(call.arrived, fault.seconds))
            case FaultKind.REVOKED:
                bot.revoked = True
                error = unauthorized()
            case FaultKind.ERROR_BEFORE:
                sending.note_failed(bot, call, fault.status, "Bad Gateway")
                return gateway_error(fault)
            case _:
                sending.note_failed(bot, call, 0, "connection reset")
                return reset(request)
        sending.note_failed(bot, call, error.status, error.description)
        return refusal(error)


def chat_or_none(params: Params) -> int | None:
    """The chat id if it is one."""
    value = str(params.get("chat_id", ""))
    return int(value) if value.lstrip("-").isdecimal() else None
