"""The control API under `/__sim/`: look at and change the simulated world while it runs. Served on loopback
only.

Plain JSON in and out; a bad request is answered 400 `{"error": "<reason>"}`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from simulator.citizen import Moment
from simulator.citizens import Crowd
from simulator.config import WebhookRules, limits_from
from simulator.faults import FaultBox, fault_from
from simulator.geometry import area_from
from simulator.incoming import Action, ActionKind
from simulator.ledger import Ledger
from simulator.person import Pace
from simulator.population import Population, generate, load_population, population_of
from simulator.telegram import Telegram
from simulator.telegram_bots import Bot, Chat
from simulator.telegram_errors import ChatState

Handler = Callable[[web.Request], Awaitable[Any]]


class Run(Protocol):
    """What the control API needs of a running simulator."""

    ledger: Ledger
    telegram: Telegram
    faults: FaultBox
    crowds: list[Crowd]

    def let_loose(self, population: Population, pace: Pace | None = None) -> Crowd: ...

    async def strike(self, moment: Moment = Moment.BEFORE) -> int: ...


class Control:
    """The handlers over one running simulator."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._registering: set[asyncio.Task[object]] = set()

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/__sim/stats", self.stats),
            ("GET", "/__sim/ledger", self.ledger),
            ("GET", "/__sim/recipients", self.recipients),
            ("POST", "/__sim/recipients", self.create),
            ("GET", "/__sim/recipients/{chat}", self.recipient),
            ("POST", "/__sim/recipients/{chat}/state", self.state),
            ("POST", "/__sim/recipients/{chat}/act", self.act),
            ("GET", "/__sim/faults", self.faults),
            ("POST", "/__sim/faults", self.inject),
            ("DELETE", "/__sim/faults", self.lift),
            ("PUT", "/__sim/limits", self.limits),
            ("PUT", "/__sim/webhooks", self.webhooks),
            ("POST", "/__sim/citizens", self.start),
            ("GET", "/__sim/citizens", self.progress),
            ("POST", "/__sim/citizens/fates", self.fates),
        )
        for method, path, handler in routes:
            router.add_route(method, path, answered(handler))

    async def stats(self, _request: web.Request) -> dict[str, Any]:
        """Counts, rates and violations."""
        ledger, telegram = self._run.ledger, self._run.telegram
        return {
            "entries": len(ledger),
            "counts": ledger.counts(),
            "limits": asdict(telegram.limits),
            "bots": {
                bot.account: {
                    "most_in_1s": ledger.most_within(1.0, account=bot.account),
                    "stars": bot.stars,
                    "chats": len(bot.chats),
                    "webhook": bot.webhook is not None,
                    "updates_waiting": telegram.queue(bot).waiting(),
                    "revoked": bot.revoked,
                }
                for bot in telegram.bots.values()
            },
        }

    async def ledger(self, request: web.Request) -> dict[str, Any]:
        """Entries from `since` on, at most `limit`; `next` is where to go on."""
        since, limit = int(request.query.get("since", "0")), int(request.query.get("limit", "10000"))
        entries = self._run.ledger.since(since, limit)
        return {"entries": entries, "next": since + len(entries), "total": len(self._run.ledger)}

    async def recipients(self, request: web.Request) -> list[dict[str, Any]]:
        """All chats of a bot."""
        return [shown(chat) for chat in self._bot(request.query).chats.values()]

    async def create(self, request: web.Request) -> dict[str, Any]:
        """Make a chat: {chat_id, state?, language_code?, account?}."""
        data = await body(request)
        bot = self._bot(data)
        chat = bot.meet(int(data["chat_id"]))
        chat.language_code = str(data.get("language_code", chat.language_code))
        chat.state = ChatState(data.get("state", chat.state))
        return shown(chat)

    async def recipient(self, request: web.Request) -> dict[str, Any]:
        """One chat with the messages that lie in it."""
        bot = self._bot(request.query)
        chat = bot.chats[int(request.match_info["chat"])]
        sent = [
            {"message_id": number, "text": message.text, "inline": message.inline}
            for (owner, number), message in bot.sent.items()
            if owner == chat.chat_id
        ]
        return {**shown(chat), "messages": sent}

    async def state(self, request: web.Request) -> dict[str, Any]:
        """Change what a chat is: {state, migrated_to?, announce?}."""
        data = await body(request)
        to = data.get("migrated_to")
        chat = self._run.telegram.set_state(
            self._bot(data),
            int(request.match_info["chat"]),
            ChatState(data["state"]),
            migrated_to=None if to is None else int(to),
            announce=bool(data.get("announce", True)),
        )
        return shown(chat)

    async def act(self, request: web.Request) -> dict[str, Any]:
        """Make a person do something: {text} or {button, message_id?} or {location: {lat, lon}} or
        {contact}.
        """
        data = await body(request)
        self._run.telegram.act(self._bot(data), int(request.match_info["chat"]), action_from(data))
        return {"done": True}

    async def faults(self, _request: web.Request) -> list[dict[str, Any]]:
        """Faults in force."""
        return self._run.faults.listing()

    async def inject(self, request: web.Request) -> dict[str, Any]:
        """Put a fault in force (fields of `faults.Fault`)."""
        return {"number": self._run.faults.inject(fault_from(await body(request)))}

    async def lift(self, request: web.Request) -> dict[str, Any]:
        """End the fault `?number=`, or all of them."""
        number = request.query.get("number")
        self._run.faults.lift(None if number is None else int(number))
        return {"done": True}

    async def limits(self, request: web.Request) -> dict[str, Any]:
        """Change sending limits (fields of `config.LimitRules`)."""
        rules = limits_from(await body(request), self._run.telegram.limits)
        self._run.telegram.set_limits(rules)
        return asdict(rules)

    async def webhooks(self, request: web.Request) -> dict[str, Any]:
        """Change webhook behaviour (fields of `config.WebhookRules`)."""
        rules = WebhookRules(**await body(request))
        self._run.telegram.set_webhooks(rules)
        return asdict(rules)

    async def start(self, request: web.Request) -> dict[str, Any]:
        """Let citizens register: {service_url, citizens: [..] | file | generate: {..}, pace?}; see GET for
        progress.
        """
        data = await body(request)
        crowd = self._run.let_loose(wanted_population(data), Pace(**data.get("pace", {})))
        task: asyncio.Task[object] = asyncio.create_task(crowd.register(str(data["service_url"])))
        self._registering.add(task)
        task.add_done_callback(self._registering.discard)
        return {"crowd": len(self._run.crowds) - 1, "citizens": len(crowd.people)}

    async def progress(self, _request: web.Request) -> list[dict[str, Any]]:
        """How far each crowd is."""
        return [asdict(crowd.progress()) for crowd in self._run.crowds]

    async def fates(self, request: web.Request) -> dict[str, Any]:
        """Let fates strike: {when: before | during}."""
        data = await body(request)
        return {"struck": await self._run.strike(Moment(data.get("when", Moment.BEFORE)))}

    def _bot(self, data: Mapping[str, Any]) -> Bot:
        return self._run.telegram.bot(str(data.get("account", "")))


def answered(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler's result as JSON; what the caller got wrong as 400, an unknown chat or bot as 404."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except KeyError as error:
            return web.json_response({"error": f"unknown or missing: {error}"}, status=404)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request; raises `ValueError`."""
    data = json.loads(await request.read() or b"{}")
    if not isinstance(data, dict):
        raise ValueError("a JSON object is expected")
    return data


def shown(chat: Chat) -> dict[str, Any]:
    """A chat as JSON."""
    return asdict(chat)


def action_from(data: Mapping[str, Any]) -> Action:
    """What a person is made to do; raises `ValueError`."""
    if "location" in data:
        where = data["location"]
        return Action(ActionKind.LOCATION, lat=float(where["lat"]), lon=float(where["lon"]))
    for kind in (ActionKind.BUTTON, ActionKind.CONTACT, ActionKind.TEXT):
        if kind.value in data:
            return Action(kind, str(data[kind.value]), message_id=str(data.get("message_id", "")))
    raise ValueError("one of text, button, location, contact")


def wanted_population(data: Mapping[str, Any]) -> Population:
    """The population a scenario names; raises `ValueError`."""
    if "citizens" in data:
        return population_of(data["citizens"])
    if "file" in data:
        return load_population(Path(str(data["file"])))
    if "generate" not in data:
        raise ValueError("one of citizens, file, generate")
    made = data["generate"]
    return generate(
        int(made["count"]),
        int(made.get("seed", 1)),
        area_from(made["area"]),
        country=str(made["country"]),
        drill=bool(made.get("drill", False)),
        invitation=str(made.get("invitation", "")),
    )
