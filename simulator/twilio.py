"""The fake Twilio: accounts, phones, and what people with phones do. HTTP is in `twilio_http`.

What it cannot show: where real limits lie, what operators filter, whether a template would be approved,
whether a telephone rang, what it really costs.
"""

import random
from dataclasses import replace
from typing import Any

from aiohttp import web

from simulator.config import LatencyRules
from simulator.faults import FaultBox
from simulator.incoming import Action, Incoming
from simulator.ledger import Ledger
from simulator.timers import Timers
from simulator.twilio_accounts import Account, new_account
from simulator.twilio_content import Approval
from simulator.twilio_delivery import Carrier, PhoneListener
from simulator.twilio_hooks import Hooks
from simulator.twilio_http import TwilioHttp
from simulator.twilio_inbound import Inbound
from simulator.twilio_intake import Request
from simulator.twilio_people import REACHED, People, Phone, PhoneState
from simulator.twilio_rules import HookRules, SenderRules, TwilioRules
from simulator.twilio_scene import Scene


class Twilio:
    """All simulated accounts. `handle` serves them over HTTP, `under_way` tells the requests being served."""

    def __init__(
        self, rules: TwilioRules, latency: LatencyRules, ledger: Ledger, faults: FaultBox, rng: random.Random
    ) -> None:
        self._ledger, self._timers = ledger, Timers()
        self._ahead = 0.0
        self._listeners: list[PhoneListener] = []
        self.rules, self.people = rules, People()
        scene = Scene(rules, ledger, rng, self._timers, self.people, self.now)
        self.carrier = Carrier(scene, self._heard)
        self._inbound = Inbound(scene, self.carrier, self._heard)
        self.accounts = {
            one.sid: new_account(one, Hooks(rules.hooks, ledger, rng, self._timers), ledger, self._timers)
            for one in rules.accounts
        }
        self._http = TwilioHttp(self.accounts, scene, self.carrier, latency, faults)

    def now(self) -> float:
        """The fake's own clock, seconds since 1970."""
        return self._ledger.wall() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass for windows, tiers and validity; what is under way is not hurried."""
        self._ahead += seconds

    def account(self, sid: str = "") -> Account:
        """The account of that id, or the first one; raises `KeyError`."""
        return self.accounts[sid] if sid else next(iter(self.accounts.values()))

    def owner(self, sender: str, channel: str) -> tuple[Account, SenderRules]:
        """Account and rules of a sender, the first of the channel when empty; raises `KeyError`."""
        for account in self.accounts.values():
            for rules in account.rules.senders_of(channel):
                if sender in ("", rules.sender):
                    return account, account.queues[f"{channel}:{rules.sender}"].rules
        raise KeyError("no such sender")

    def point(self, url: str, sid: str = "") -> None:
        """Post what people write to `url`, for one account or all; raises `ValueError` beyond loopback."""
        for account in self.accounts.values():
            account.hooks.local(url)
            if sid in ("", account.sid):
                for queue in account.queues.values():
                    queue.rules = replace(queue.rules, inbound_url=url)

    def set_hooks(self, sid: str = "", **changes: Any) -> HookRules:
        """Other webhook behaviour for one account or all; raises `ValueError`."""
        changed = [one for one in self.accounts.values() if sid in ("", one.sid)]
        for account in changed:
            account.hooks.rules = account.hooks.rules.changed(**changes)
        return changed[0].hooks.rules

    def set_limits(
        self, sid: str = "", *, max_concurrent: int | None = None, tier: int | None = None, **sender: float
    ) -> None:
        """Other limits from now on; `per_second` and `queue_s` are for every sender of the account(s)."""
        for account in self.accounts.values():
            if sid not in ("", account.sid):
                continue
            if max_concurrent is not None:
                account.rules = replace(account.rules, max_concurrent=max_concurrent)
            account.tier.limit = account.tier.limit if tier is None else tier
            for queue in account.queues.values():
                queue.rules = replace(queue.rules, **sender)  # type: ignore[arg-type] # dataclass checks names

    def meet(self, channel: str, number: str) -> Phone:
        """The phone of that number."""
        return self.people.meet(channel, number)

    def set_state(self, channel: str, number: str, state: PhoneState) -> Phone:
        """Change what a number is on a channel; what waited for it arrives when it is reached again."""
        phone = self.people.meet(channel, number)
        phone.state = state
        self._ledger.act("", channel, "state", state.value, chat=number)
        if state in REACHED:
            self.carrier.switched_on(phone)
        return phone

    def fail(self, channel: str, number: str, *, refusal: int = 0, failure: int = 0) -> Phone:
        """Any code of the error tables: every message to the number is refused at once with `refusal`, or is
        taken and fails with `failure`; 0 ends it.
        """
        phone = self.people.meet(channel, number)
        phone.refusal, phone.failure = refusal, failure
        return phone

    def set_heard(self, channel: str, number: str, ago_s: float | None, sender: str = "") -> Phone:
        """When somebody last wrote to a sender; None = never."""
        phone, (_, rules) = self.people.meet(channel, number), self.owner(sender, channel)
        if ago_s is None:
            phone.heard.pop(rules.sender, None)
        else:
            phone.heard[rules.sender] = self.now() - ago_s
        return phone

    def act(self, channel: str, number: str, action: Action, sender: str = "") -> bool:
        """Somebody writes, presses a button or sends a position, to `sender`, or to who wrote to them last.

        Returns False when no message is possible (a name as sender, a one-way country).

        Raises:
            KeyError: no such sender. ValueError: the channel has no such thing.
        """
        phone = self.people.meet(channel, number)
        account, rules = self.owner(sender or phone.last_from, channel)
        return self._inbound.act(account, rules, phone, action)

    def add_template(
        self,
        name: str,
        language: str,
        body: str,
        *,
        buttons: tuple[tuple[str, str], ...] = (),
        status: Approval = Approval.APPROVED,
        category: str = "UTILITY",
        sid: str = "",
    ) -> str:
        """A template WhatsApp already judged; `buttons` are (id, title). Returns its ContentSid."""
        account = self.account(sid)
        types: dict[str, Any] = {"twilio/text": {"body": body}}
        if buttons:
            actions = [{"id": key, "title": title} for key, title in buttons]
            types["twilio/quick-reply"] = {"body": body, "actions": actions}
        made = account.content.make(
            self.carrier.sid("HX"), {"friendly_name": name, "language": language, "types": types}, self.now()
        )
        made.name, made.status, made.category = name, status, category
        return made.sid

    def listen(self, listener: PhoneListener) -> None:
        """Call `listener` with sender, number and every message that reaches a phone."""
        self._listeners.append(listener)

    def under_way(self) -> list[Request]:
        """Requests that arrived and are not answered yet."""
        return list(self._http.open)

    def busy(self) -> bool:
        """Whether a message is under way or a form is still to be posted."""
        return self._timers.waiting() > 0

    async def close(self) -> None:
        """Stop everything."""
        await self._timers.close()
        for account in self.accounts.values():
            await account.hooks.close()

    def _heard(self, sender: str, number: str, message: Incoming) -> None:
        for listener in self._listeners:
            listener(sender, number, message)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request to `/2010-04-01/...`, `/v1/Content...` or `/v2/ContentAndApprovals`."""
        return await self._http.handle(request)
