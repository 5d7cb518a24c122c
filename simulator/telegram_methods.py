"""The Bot API methods of the fake: administration here, sending in `telegram_send`. Knows nothing of HTTP."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from simulator.config import LOOPBACK
from simulator.ledger import Ledger
from simulator.telegram_bots import DEFAULT_UPDATES, QUERY_LIFE_S, Bot, Listener, Webhook
from simulator.telegram_errors import ApiError, bad_request, no_such_method, two_pollers, webhook_is_set
from simulator.telegram_params import flag_of, int_of, json_of, text_of
from simulator.telegram_send import Call, Done, Sending
from simulator.telegram_webhooks import UpdateQueue

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
MAX_POLL_S = 50
MAX_UPDATES = 100
MAX_COMMANDS = 100


Method = Callable[[Bot, Call], Awaitable[Done]]


class Methods:
    """All methods over all bots.

    Args:
        queue: finds a bot's update queue.
        listener: told of every accepted message.
    """

    def __init__(self, ledger: Ledger, queue: Callable[[Bot], UpdateQueue], listener: Listener) -> None:
        self._queue = queue
        self.sending = Sending(ledger, listener)
        self._methods: dict[str, Method] = {
            "getMe": self._get_me,
            "sendMessage": self.sending.send_message,
            "sendLocation": self.sending.send_location,
            "editMessageText": self.sending.edit_message_text,
            "answerCallbackQuery": self._answer_callback_query,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "getUpdates": self._get_updates,
            "setMyCommands": self._set_my_commands,
        }
        self._folded = {name.lower(): method for name, method in self._methods.items()}

    def name(self, method: str) -> str:
        """The method's own spelling; names are not case-sensitive in the Bot API."""
        return next((name for name in self._methods if name.lower() == method.lower()), method)

    async def run(self, bot: Bot, call: Call) -> Done:
        """Do what the call asks; raises `ApiError`."""
        method = self._folded.get(call.method.lower())
        if method is None:
            raise no_such_method()
        return await method(bot, call)

    async def _answer_callback_query(self, bot: Bot, call: Call) -> Done:
        query = text_of(call.params, "callback_query_id")
        pressed = bot.seen.get(query)
        if pressed is None or call.arrived - pressed > QUERY_LIFE_S:
            bot.seen.pop(query, None)
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return Done(True)

    async def _get_me(self, bot: Bot, _call: Call) -> Done:
        abilities = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        return Done({**bot.card(), **abilities})

    async def _set_webhook(self, bot: Bot, call: Call) -> Done:
        url = text_of(call.params, "url")
        if not url:
            return await self._delete_webhook(bot, call)
        where = urlsplit(url)
        if where.scheme not in ("http", "https") or where.hostname not in (LOOPBACK, "localhost"):
            raise bad_request("bad webhook: the simulator posts to loopback addresses only")
        secret = text_of(call.params, "secret_token")
        if secret and not SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        connections = int_of(call.params, "max_connections", 40)
        if not 1 <= connections <= 100:
            raise bad_request("invalid max_connections specified")
        allowed = json_of(call.params, "allowed_updates") or DEFAULT_UPDATES
        queue = self._queue(bot)
        if flag_of(call.params, "drop_pending_updates"):
            queue.clear()
        bot.webhook = Webhook(url, secret, connections, frozenset(map(str, allowed)))
        bot.last_error, bot.last_error_date = "", 0
        queue.start(bot.webhook)
        return Done(True, "Webhook was set")

    async def _delete_webhook(self, bot: Bot, call: Call) -> Done:
        had, bot.webhook = bot.webhook is not None, None
        if flag_of(call.params, "drop_pending_updates"):
            self._queue(bot).clear()
        return Done(True, "Webhook was deleted" if had else "Webhook is already deleted")

    async def _get_webhook_info(self, bot: Bot, _call: Call) -> Done:
        hook = bot.webhook
        info: dict[str, Any] = {
            "url": hook.url if hook is not None else "",
            "has_custom_certificate": False,
            "pending_update_count": self._queue(bot).waiting(),
        }
        if hook is not None:
            info["max_connections"] = hook.max_connections
            info["ip_address"] = LOOPBACK
            if hook.allowed != DEFAULT_UPDATES:
                info["allowed_updates"] = sorted(hook.allowed)
            if bot.last_error:
                info["last_error_message"], info["last_error_date"] = bot.last_error, bot.last_error_date
        return Done(info)

    async def _get_updates(self, bot: Bot, call: Call) -> Done:
        if bot.webhook is not None:
            raise webhook_is_set()
        bot.polls += 1
        mine = bot.polls
        timeout = min(int_of(call.params, "timeout"), MAX_POLL_S)
        limit = min(max(int_of(call.params, "limit", MAX_UPDATES), 1), MAX_UPDATES)
        queue = self._queue(bot)
        queue.wake()
        updates = await queue.poll(int_of(call.params, "offset"), limit, timeout)
        if bot.polls != mine:
            raise two_pollers()
        return Done(updates)

    async def _set_my_commands(self, bot: Bot, call: Call) -> Done:
        commands = json_of(call.params, "commands")
        if not isinstance(commands, list) or len(commands) > MAX_COMMANDS:
            raise bad_request("can't parse commands")
        if not all(re.fullmatch(r"[a-z0-9_]{1,32}", str(one.get("command", ""))) for one in commands):
            raise bad_request("BOT_COMMAND_INVALID")
        bot.commands = commands
        return Done(True)


def answer_bytes(done: Done) -> bytes:
    """The JSON of a success."""
    answer: dict[str, Any] = {"ok": True, "result": done.result}
    if done.description:
        answer["description"] = done.description
    return json.dumps(answer).encode()


def error_bytes(error: ApiError) -> bytes:
    """The JSON of a refusal."""
    return json.dumps(error.body()).encode()
