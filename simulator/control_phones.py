"""The control API's part for Twilio and Viber, under `/__sim/twilio/`, `/__sim/viber/` and `/__sim/advance`.

Plain JSON in and out as in `control`: a bad request is 400, an unknown number, sender or template 404.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

from aiohttp import web

from simulator.control import Handler, action_from, answered, body
from simulator.incoming import Action
from simulator.ledger import Ledger
from simulator.twilio import Twilio
from simulator.twilio_content import Approval, Template
from simulator.twilio_content_http import both
from simulator.twilio_errors import TwilioError
from simulator.twilio_people import Phone, PhoneState
from simulator.viber import Viber
from simulator.viber_people import User, UserState


class Run(Protocol):
    """What these handlers need of a running simulator."""

    ledger: Ledger
    twilio: Twilio
    viber: Viber


class PhoneControl:
    """The handlers over one running simulator."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/__sim/twilio", self.twilio),
            ("POST", "/__sim/twilio/phones", self.phone),
            ("POST", "/__sim/twilio/act", self.phone_act),
            ("PUT", "/__sim/twilio/inbound", self.inbound),
            ("PUT", "/__sim/twilio/webhooks", self.twilio_webhooks),
            ("PUT", "/__sim/twilio/limits", self.twilio_limits),
            ("POST", "/__sim/twilio/templates", self.template),
            ("PUT", "/__sim/twilio/templates/{sid}", self.judge),
            ("GET", "/__sim/viber", self.viber),
            ("POST", "/__sim/viber/users", self.user),
            ("POST", "/__sim/viber/act", self.user_act),
            ("PUT", "/__sim/viber/webhooks", self.viber_webhooks),
            ("PUT", "/__sim/viber/limits", self.viber_limits),
            ("POST", "/__sim/advance", self.advance),
        )
        for method, path, handler in routes:
            router.add_route(method, path, answered(handler))

    async def twilio(self, _request: web.Request) -> dict[str, Any]:
        """Accounts, senders, templates and people, with what was charged."""
        twilio, ledger = self._run.twilio, self._run.ledger
        accounts = {
            account.sid: {
                "senders": {
                    name: {"per_second": queue.rules.per_second, "backlog_s": queue.backlog()}
                    for name, queue in account.queues.items()
                },
                "messages": len(account.messages),
                "templates": [both(one) for one in account.content.templates.values()],
                "in_tier": account.tier.count(twilio.now()),
                "revoked": account.revoked,
            }
            for account in twilio.accounts.values()
        }
        costs = {channel: ledger.cost(channel) for channel in ("sms", "whatsapp")}
        return {"accounts": accounts, "phones": len(twilio.people.phones), "cost": costs}

    async def phone(self, request: web.Request) -> dict[str, Any]:
        """Make or change a phone: {channel, number, state?, heard_ago_s?, sender?}; null = never heard."""
        data, twilio = await body(request), self._run.twilio
        channel, number = str(data["channel"]), str(data["number"])
        phone = twilio.meet(channel, number)
        if "state" in data:
            phone = twilio.set_state(channel, number, PhoneState(data["state"]))
        if "heard_ago_s" in data:
            phone = twilio.set_heard(channel, number, ago_of(data), str(data.get("sender", "")))
        return shown(phone)

    async def phone_act(self, request: web.Request) -> dict[str, Any]:
        """Make somebody do something: {channel, number, sender?, text | button, message_id | location}."""
        data = await body(request)
        channel, number = str(data["channel"]), str(data["number"])
        sender = str(data.get("sender", ""))
        return {"done": self._run.twilio.act(channel, number, action_from(data), sender)}

    async def inbound(self, request: web.Request) -> dict[str, Any]:
        """Where messages of people are posted: {url, account?}."""
        data = await body(request)
        self._run.twilio.point(str(data["url"]), str(data.get("account", "")))
        return {"done": True}

    async def twilio_webhooks(self, request: web.Request) -> dict[str, Any]:
        """Other webhook behaviour: {account?, duplicate?, reorder?, late?, lost?, states?...}."""
        account, changes = apart(await body(request))
        if "states" in changes:
            changes["states"] = frozenset(changes["states"])
        rules = self._run.twilio.set_hooks(account, **changes)
        return {**asdict(rules), "states": sorted(rules.states)}

    async def twilio_limits(self, request: web.Request) -> dict[str, Any]:
        """Other limits: {account?, max_concurrent?, tier?, per_second?, queue_s?}."""
        account, changes = apart(await body(request))
        self._run.twilio.set_limits(account, **changes)
        return {"done": True}

    async def template(self, request: web.Request) -> dict[str, Any]:
        """A template WhatsApp already judged: {name, language, body, buttons?, status?, category?}."""
        data = await body(request)
        sid = self._run.twilio.add_template(
            str(data["name"]),
            str(data["language"]),
            str(data["body"]),
            buttons=tuple((str(key), str(title)) for key, title in data.get("buttons", ())),
            status=Approval(data.get("status", Approval.APPROVED)),
            category=str(data.get("category", "UTILITY")),
            sid=str(data.get("account", "")),
        )
        return {"sid": sid}

    async def judge(self, request: web.Request) -> dict[str, Any]:
        """WhatsApp changes its mind about a template: {status?, category?, account?}."""
        data = await body(request)
        content = self._run.twilio.account(str(data.get("account", ""))).content
        status = Approval(data["status"]) if "status" in data else None
        try:
            judged: Template = content.set_state(
                request.match_info["sid"], status, str(data.get("category", ""))
            )
        except TwilioError as error:
            raise KeyError("template") from error
        return both(judged)

    async def viber(self, _request: web.Request) -> dict[str, Any]:
        """Accounts and people, with what was charged."""
        return {
            account.name: {
                "users": len(account.users),
                "webhook": bool(account.webhook),
                "charged": account.charged,
                "free_used": account.free_used,
                "balance": account.balance,
                "cost": self._run.ledger.cost("viber"),
                "revoked": account.revoked,
            }
            for account in self._run.viber.accounts.values()
        }

    async def user(self, request: web.Request) -> dict[str, Any]:
        """Make or change a person: {id, state?, heard_ago_s?, account?}; null = never heard."""
        data, viber = await body(request), self._run.viber
        who, account = str(data["id"]), str(data.get("account", ""))
        user: User = viber.meet(who, account)
        if "state" in data:
            user = viber.set_state(who, UserState(data["state"]), account)
        if "heard_ago_s" in data:
            user = viber.set_heard(who, ago_of(data), account)
        return asdict(user)

    async def user_act(self, request: web.Request) -> dict[str, Any]:
        """Make somebody do something: {id, account?, text | button | location | contact}, or {open: context},
        {subscribe: true}, {unsubscribe: true}.
        """
        data, viber = await body(request), self._run.viber
        who, account = str(data["id"]), str(data.get("account", ""))
        if "open" in data:
            viber.open(who, str(data["open"]), account)
        elif data.get("subscribe"):
            viber.subscribe(who, account)
        elif data.get("unsubscribe"):
            viber.unsubscribe(who, account)
        else:
            action: Action = action_from(data)
            viber.act(who, action, account)
        return {"done": True}

    async def viber_webhooks(self, request: web.Request) -> dict[str, Any]:
        """Other webhook behaviour: {account?, duplicate?, reorder?, lost?, copies?, echo?...}."""
        account, changes = apart(await body(request))
        return asdict(self._run.viber.set_hooks(account, **changes))

    async def viber_limits(self, request: web.Request) -> dict[str, Any]:
        """Other limits: {account?, calls?, calls_s?, per_hour?, receivers?}."""
        account, changes = apart(await body(request))
        viber = self._run.viber
        limits = replace(viber.account(account).limits, **changes)
        viber.set_limits(limits, account)
        return asdict(limits)

    async def advance(self, request: web.Request) -> dict[str, Any]:
        """Let time pass for windows, tiers, sessions and validity: {seconds}."""
        seconds = float((await body(request))["seconds"])
        self._run.twilio.advance(seconds)
        self._run.viber.advance(seconds)
        return {"now": self._run.twilio.now()}


def apart(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The account a change is for, empty for all, and the change."""
    return str(data.pop("account", "")), data


def ago_of(data: Mapping[str, Any]) -> float | None:
    """Seconds since somebody wrote, None for never."""
    ago = data["heard_ago_s"]
    return None if ago is None else float(ago)


def shown(phone: Phone) -> dict[str, Any]:
    """A phone as JSON."""
    return {
        "channel": phone.channel,
        "number": phone.number,
        "state": phone.state.value,
        "heard": phone.heard,
        "stopped": sorted(phone.stopped),
        "last_from": phone.last_from,
    }
