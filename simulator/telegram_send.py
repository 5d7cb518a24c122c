"""Messages on their way into a simulated chat: checks, limits, chat states, and what is written to the
ledger.

Touches the bots' memory and the ledger; knows nothing of HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.incoming import Incoming
from simulator.ledger import Ledger
from simulator.records import Attempt, Violation
from simulator.telegram_bots import Bot, Chat, Listener, Sent
from simulator.telegram_errors import ApiError, ChatState, bad_request, refused, too_many
from simulator.telegram_html import Parsed
from simulator.telegram_params import (
    NO_KEYBOARD,
    Keyboard,
    Params,
    chat_of,
    flag_of,
    float_of,
    int_of,
    keyboard_of,
    message_text,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method as it arrived: `arrived` is monotonic seconds, `fault` the name of one that will
    hit.
    """

    method: str
    params: Params
    arrived: float
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A call that succeeded; `description` is set where Telegram adds one."""

    result: Any
    description: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked message on its way into a chat."""

    words: Parsed
    keyboard: Keyboard
    content: Mapping[str, Any]


class Sending:
    """The methods that put messages into chats.

    Args:
        listener: told of every accepted message.
    """

    def __init__(self, ledger: Ledger, listener: Listener) -> None:
        self._ledger, self._listener = ledger, listener

    async def send_message(self, bot: Bot, call: Call) -> Done:
        """Put words into a chat; raises `ApiError`."""

        def draft(private: bool) -> Draft:
            words = message_text(call.params)
            content: dict[str, Any] = {"text": words.text}
            if words.entities:
                content["entities"] = list(words.entities)
            return Draft(words, keyboard_of(call.params, private=private), content)

        return self._send(bot, call, draft)

    async def send_location(self, bot: Bot, call: Call) -> Done:
        """Put a position into a chat; raises `ApiError`."""

        def draft(private: bool) -> Draft:
            lat, lon = float_of(call.params, "latitude"), float_of(call.params, "longitude")
            if not (-90 <= lat <= 90 and -180 <= lon <= 180):
                raise bad_request("wrong latitude or longitude specified")
            content = {"location": {"latitude": lat, "longitude": lon}}
            return Draft(Parsed("", ()), keyboard_of(call.params, private=private), content)

        return self._send(bot, call, draft)

    def _send(self, bot: Bot, call: Call, draft: Callable[[bool], Draft]) -> Done:
        """Check, judge, deliver; whatever comes of it is one ledger entry."""
        number = self._ledger.next_attempt()
        paid = flag_of(call.params, "allow_paid_broadcast")
        made: Draft | None = None
        try:
            chat_id = chat_of(call.params)
            made = draft(chat_id > 0)
            charged = self._judge(bot, chat_id, call.arrived, paid=paid)
            chat = bot.chat(chat_id)
            if chat.state is not ChatState.ACTIVE:
                raise refused(chat.state, chat.migrated_to)
        except ApiError as error:
            self._note(number, bot, call, made, paid=paid, error=error)
            raise
        bot.stars_tenths += charged
        message_id, date = bot.take_message_id(), int(self._ledger.wall())
        bot.remember(chat_id, message_id, Sent(made.words.text, made.keyboard.inline, date))
        self._note(number, bot, call, made, paid=paid, message_id=message_id)
        self._listener(bot, chat_id, incoming(made, message_id))
        return Done(card(bot, chat, message_id, date, made))

    def _judge(self, bot: Bot, chat_id: int, arrived: float, *, paid: bool) -> bool:
        """Ask the limits; writes violations; raises `ApiError` 429. Returns whether Stars are due."""
        verdict = bot.limits.judge(arrived, chat_id, group=chat_id < 0, paid=paid)
        for breach in verdict.breaches:
            self._ledger.write(
                Violation(
                    rule=breach.rule,
                    account=bot.account,
                    recipient=str(chat_id),
                    mono=arrived,
                    wall=self._ledger.wall(),
                    tolerated=breach.tolerated,
                    count=breach.count,
                    limit=breach.limit,
                    window_s=breach.window_s,
                    slack_s=verdict.slack_s,
                )
            )
        if verdict.retry_after:
            raise too_many(verdict.retry_after)
        return verdict.charged

    def note_failed(self, bot: Bot, call: Call, status: int, error: str) -> None:
        """Write an attempt that a fault stopped before the method ran."""
        self._ledger.write(
            Attempt(
                attempt_id=self._ledger.next_attempt(),
                channel="telegram",
                account=bot.account,
                recipient=text_of(call.params, "chat_id"),
                method=call.method,
                text=text_of(call.params, "text"),
                mono=call.arrived,
                wall=self._ledger.wall(),
                accepted=False,
                status=status,
                error=error,
                fault=call.fault,
            )
        )

    def _note(
        self,
        number: int,
        bot: Bot,
        call: Call,
        made: Draft | None,
        *,
        paid: bool,
        message_id: int = 0,
        error: ApiError | None = None,
    ) -> None:
        keyboard = made.keyboard if made is not None else NO_KEYBOARD
        self._ledger.write(
            Attempt(
                attempt_id=number,
                channel="telegram",
                account=bot.account,
                recipient=text_of(call.params, "chat_id"),
                method=call.method,
                text=made.words.text if made is not None else text_of(call.params, "text"),
                buttons=keyboard.buttons,
                keys=keyboard.keys,
                ask=keyboard.ask,
                mono=call.arrived,
                wall=self._ledger.wall(),
                accepted=error is None,
                message_id=str(message_id) if error is None else "",
                status=200 if error is None else error.status,
                error="" if error is None else error.description,
                fault=call.fault,
                paid=paid,
            )
        )

    async def edit_message_text(self, bot: Bot, call: Call) -> Done:
        """Change a message in its chat: judged by the limits, but no new message, so not in the ledger."""
        chat_id, message_id = chat_of(call.params), int_of(call.params, "message_id")
        words = message_text(call.params)
        keyboard = keyboard_of(call.params, private=chat_id > 0)
        self._judge(bot, chat_id, call.arrived, paid=False)
        chat = bot.chat(chat_id)
        old = bot.sent.get((chat_id, message_id))
        if old is None:
            raise bad_request("message to edit not found")
        if old.text == words.text and old.inline == keyboard.inline:
            words_same = (
                "specified new message content and reply markup are exactly the same as a current content"
            )
            raise bad_request(f"message is not modified: {words_same} and reply markup of the message")
        bot.sent[chat_id, message_id] = Sent(words.text, keyboard.inline, old.date)
        made = Draft(words, keyboard, {"text": words.text})
        edited = card(bot, chat, message_id, old.date, made)
        return Done({**edited, "edit_date": int(self._ledger.wall())})


def incoming(made: Draft, message_id: int) -> Incoming:
    """The message as the citizen sees it."""
    keyboard = made.keyboard
    return Incoming(
        channel="telegram",
        message_id=str(message_id),
        text=made.words.text,
        buttons=keyboard.buttons,
        labels=keyboard.labels,
        keys=keyboard.keys,
        ask=keyboard.ask,
    )


def card(bot: Bot, chat: Chat, message_id: int, date: int, made: Draft) -> dict[str, Any]:
    """The `Message` object the bot gets back."""
    message: dict[str, Any] = {
        "message_id": message_id,
        "from": bot.card(),
        "chat": chat.card(),
        "date": date,
        **made.content,
    }
    if made.keyboard.inline is not None:
        message["reply_markup"] = made.keyboard.inline
    return message
