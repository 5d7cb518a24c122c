"""The fake Viber: accounts, people, and what people do. HTTP is in `viber_http`.

What it cannot show: where real limits lie, what Viber approves, whether a telephone rang, what it really
costs.
"""

import json
import random
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator.config import LatencyRules
from simulator.faults import FaultBox
from simulator.incoming import Action, ActionKind, Incoming
from simulator.ledger import Ledger
from simulator.timers import Timers
from simulator.viber_accounts import ViberAccount
from simulator.viber_events import Events
from simulator.viber_http import ViberHttp
from simulator.viber_people import SUBSCRIBED, User, UserState
from simulator.viber_phones import Phones, UserListener
from simulator.viber_rules import ViberHookRules, ViberLimits, ViberRules
from simulator.viber_send import Sending
from simulator.viber_stage import CHANNEL, Stage, ViberCall


class Viber:
    """All simulated bots. `handle` serves them over HTTP, `under_way` tells the calls being served."""

    def __init__(
        self,
        rules: ViberRules,
        latency: LatencyRules,
        ledger: Ledger,
        faults: FaultBox,
        rng: random.Random,
        lag: Callable[[], float],
    ) -> None:
        self.rules, self._ledger, self._timers, self._ahead = rules, ledger, Timers(), 0.0
        self._listeners: list[UserListener] = []
        self.accounts = {one.name: ViberAccount(one, rules.limits, lag) for one in rules.accounts}
        self._events = {
            account.name: Events(account, rules.hooks, ledger, rng, self._timers)
            for account in self.accounts.values()
        }
        self._stage = Stage(rules, ledger, rng, self._timers, self.now)
        self._phones = Phones(self._stage, self.events, self._heard)
        self._sending = Sending(self._stage, self._phones)
        self._http = ViberHttp(self.accounts, self._stage, self._sending, self.events, latency, faults)

    def now(self) -> float:
        """The fake's own clock, seconds since 1970."""
        return self._ledger.wall() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass for sessions and clock hours; what is under way is not hurried."""
        self._ahead += seconds

    def account(self, name: str = "") -> ViberAccount:
        """The account of that name, or the first one; raises `KeyError`."""
        return self.accounts[name] if name else next(iter(self.accounts.values()))

    def events(self, account: ViberAccount) -> Events:
        """Where an account's events wait."""
        return self._events[account.name]

    def set_hooks(self, account: str = "", **changes: Any) -> ViberHookRules:
        """Other webhook behaviour for one account or all; raises `ValueError`."""
        changed = [events for name, events in self._events.items() if account in ("", name)]
        for events in changed:
            events.rules = events.rules.changed(**changes)
        return changed[0].rules

    def set_limits(self, limits: ViberLimits, account: str = "") -> None:
        """Other limits for one account or all."""
        for one in self.accounts.values():
            if account in ("", one.name):
                one.set_limits(limits)

    def meet(self, user_id: str, account: str = "") -> User:
        """The person of that id."""
        return self.account(account).meet(user_id)

    def set_state(self, user_id: str, state: UserState, account: str = "") -> User:
        """Change what somebody is to a bot, without an event; what waited arrives when they are back."""
        bot = self.account(account)
        user = bot.meet(user_id)
        user.state = state
        self._ledger.act("", CHANNEL, "state", state.value, chat=user_id)
        if state is not UserState.OFF:
            self._phones.switched_on(bot, user)
        return user

    def fail(self, user_id: str, status: int, account: str = "") -> User:
        """Refuse every message to somebody with any status of the error table; 0 ends it."""
        user = self.meet(user_id, account)
        user.refusal = status
        return user

    def set_heard(self, user_id: str, ago_s: float | None, account: str = "") -> User:
        """When somebody last wrote; None = never."""
        user = self.meet(user_id, account)
        user.heard = None if ago_s is None else self.now() - ago_s
        return user

    def act(self, user_id: str, action: Action, account: str = "") -> None:
        """Somebody writes, presses a button (its machine data), sends a position or their number.

        Writing subscribes, opens a session and clears the count of the clock hour.
        """
        bot = self.account(account)
        user = bot.meet(user_id)
        if user.state not in SUBSCRIBED or user.state is UserState.OFF:
            user.state = UserState.ACTIVE
            self._phones.switched_on(bot, user)
        user.heard, user.sent = self.now(), 0
        token, message = bot.take_token(), content(action)
        if user.tracking:
            message["tracking_data"] = user.tracking
        sender = user.card()
        self.events(bot).post(
            self._stage.event("message", token, sender=sender, message=message, silent=False)
        )
        if self.events(bot).rules.echo:
            self.events(bot).post(self._stage.event("delivered", token, user_id=user_id))

    def open(self, user_id: str, context: str = "", account: str = "") -> None:
        """Somebody opens the chat, perhaps by a link with `context`: that is no subscription."""
        bot = self.account(account)
        user = bot.meet(user_id)
        subscribed = user.state in SUBSCRIBED
        if not subscribed:
            user.state = UserState.OPENED
        event = self._stage.event(
            "conversation_started", bot.take_token(), type="open", user=user.card(), subscribed=subscribed
        )
        if context:
            event["context"] = context
        self.events(bot).post(event, lambda answer: self._welcomed(bot, user, answer))

    def subscribe(self, user_id: str, account: str = "") -> None:
        """Somebody presses *subscribe* without writing."""
        bot = self.account(account)
        user = bot.meet(user_id)
        user.state = UserState.ACTIVE
        self.events(bot).post(self._stage.event("subscribed", bot.take_token(), user=user.card()))

    def unsubscribe(self, user_id: str, account: str = "") -> None:
        """Somebody turns messages off."""
        bot = self.account(account)
        self.set_state(user_id, UserState.UNSUBSCRIBED, account)
        self.events(bot).post(self._stage.event("unsubscribed", bot.take_token(), user_id=user_id))

    def listen(self, listener: UserListener) -> None:
        """Call `listener` with account, user id and every message that reaches a phone."""
        self._listeners.append(listener)

    def under_way(self) -> list[ViberCall]:
        """Calls that arrived and are not answered yet."""
        return list(self._http.open)

    def busy(self) -> bool:
        """Whether a message is under way or an event is still to be posted."""
        return self._timers.waiting() > 0

    async def close(self) -> None:
        """Stop everything."""
        await self._timers.close()
        for events in self._events.values():
            await events.close()

    def _welcomed(self, account: ViberAccount, user: User, answer: bytes) -> None:
        """The service's answer to an opened chat: a message, or nothing."""
        try:
            data = json.loads(answer)
        except ValueError:
            return
        if isinstance(data, dict) and data.get("type"):
            self._sending.welcome(account, user, data)

    def _heard(self, account: str, user_id: str, message: Incoming) -> None:
        for listener in self._listeners:
            listener(account, user_id, message)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call to `/pa/<method>`."""
        return await self._http.handle(request)


def content(action: Action) -> dict[str, Any]:
    """The `message` object of what somebody did: a pressed button is ordinary text."""
    match action.kind:
        case ActionKind.LOCATION:
            return {"type": "location", "location": {"lat": action.lat, "lon": action.lon}}
        case ActionKind.CONTACT:
            return {"type": "contact", "contact": {"name": "Citizen", "phone_number": action.value}}
        case _:
            return {"type": "text", "text": action.value}
