"""A service that only listens: keeps what fakes post to it and answers as told. And a plain HTTP client."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from simulator.config import NO_LATENCY, UNLIMITED, SimulatorConfig
from simulator.server import Simulator
from simulator.twilio_rules import DEMO_ACCOUNT, DeliveryRules, SenderRules, TwilioRules
from simulator.viber_rules import ViberRules

SMS_FROM, WHATSAPP_FROM = (one.sender for one in DEMO_ACCOUNT.senders)
ICELAND, VIETNAM, AMERICA = "+3546100001", "+84900000001", "+15005550100"
ONE_WAY = SenderRules("CONSULATE")
FAST = TwilioRules(
    accounts=(replace(DEMO_ACCOUNT, senders=(*DEMO_ACCOUNT.senders, ONE_WAY)),),
    delivery=DeliveryRules(low_s=0.0, high_s=0.0),
)


def quick(twilio: TwilioRules = FAST, viber: ViberRules | None = None, **changes: Any) -> SimulatorConfig:
    """No latency anywhere; what a test needs it sets itself."""
    viber = viber if viber is not None else ViberRules(low_s=0.0, high_s=0.0)
    return SimulatorConfig(limits=UNLIMITED, latency=NO_LATENCY, twilio=twilio, viber=viber, **changes)


@dataclass(frozen=True)
class Post:
    """What arrived: `url` as it was asked for here, the raw body, headers."""

    url: str
    body: bytes
    headers: dict[str, str]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def json(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)
        return data


class Target:
    """The listener; `answer` gets the post and how many came before it."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answer: Callable[[Post, int], web.Response] = lambda _post, _count: web.Response()
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{rest:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        post = Post(f"{self.url}{request.path_qs}", await request.read(), dict(request.headers))
        self.posts.append(post)
        return self.answer(post, len(self.posts) - 1)

    def states(self) -> list[str]:
        """States of the status callbacks, in order."""
        return [one.form["MessageStatus"] for one in self.posts if "MessageStatus" in one.form]

    def messages(self) -> list[dict[str, str]]:
        """Messages of people."""
        return [one.form for one in self.posts if "MessageStatus" not in one.form]

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Viber's events, of some kinds if named."""
        return [one.json for one in self.posts if not kinds or one.json["event"] in kinds]


def basic(user: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Line:
    """REST calls with the demo account's credentials."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self._sim, self._session = sim, session
        rules = sim.config.twilio.accounts[0]
        self.headers = basic(rules.sid, rules.token)
        self.messages = f"{sim.twilio_base}/2010-04-01/Accounts/{rules.sid}/Messages"

    async def sms(self, **params: Any) -> tuple[int, dict[str, Any]]:
        """Send a text message."""
        return await self.send(**{"To": ICELAND, "From": SMS_FROM, "Body": "hello", **params})

    async def whatsapp(self, **params: Any) -> tuple[int, dict[str, Any]]:
        """Send on WhatsApp."""
        ends = {"To": f"whatsapp:{ICELAND}", "From": f"whatsapp:{WHATSAPP_FROM}"}
        return await self.send(**{**ends, **params})

    async def send(self, **params: Any) -> tuple[int, dict[str, Any]]:
        """Post a form to Messages."""
        form = {name: str(value) for name, value in params.items() if value is not None}
        async with self._session.post(f"{self.messages}.json", data=form, headers=self.headers) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **query: Any) -> tuple[int, dict[str, Any]]:
        """Get `path` below the base."""
        url = self._sim.twilio_base + path
        async with self._session.get(url, params=query, headers=self.headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Post JSON to `path` below the base."""
        async with self._session.post(
            self._sim.twilio_base + path, json=body, headers=self.headers
        ) as answer:
            return answer.status, await answer.json()

    async def viber(self, method: str, **data: Any) -> dict[str, Any]:
        """Call a Viber method; HTTP is always 200."""
        body = {"auth_token": self._sim.config.viber.accounts[0].token, **data}
        async with self._session.post(f"{self._sim.viber_base}/{method}", json=body) as answer:
            assert answer.status == 200
            told: dict[str, Any] = await answer.json()
            return told

    async def listen_to(self, target: Target, **data: Any) -> None:
        """Point the Viber account at a target."""
        assert (await self.viber("set_webhook", url=f"{target.url}/viber", **data))["status"] == 0
