"""The fake Viber's REST API: token, methods, faults, latency. HTTP 200 whatever happens, as with Viber."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from simulator.config import LatencyRules
from simulator.faults import BEFORE, Fault, FaultBox, FaultKind
from simulator.latency import Latency
from simulator.spoiling import gateway_error, reset, spoil
from simulator.viber_accounts import ALWAYS, EVENTS, ViberAccount
from simulator.viber_errors import OTHER, WORDS, ViberError
from simulator.viber_events import Events, here
from simulator.viber_params import MAX_BODY
from simulator.viber_people import SUBSCRIBED, UserState
from simulator.viber_send import SENDS, Sending
from simulator.viber_stage import Stage, ViberCall

MAX_ONLINE = 100


class ViberHttp:
    """The handler; `open` holds the calls being served."""

    def __init__(
        self,
        accounts: Mapping[str, ViberAccount],
        stage: Stage,
        sending: Sending,
        events: Callable[[ViberAccount], Events],
        latency: LatencyRules,
        faults: FaultBox,
    ) -> None:
        self._accounts, self._stage, self._sending, self._events = accounts, stage, sending, events
        self._faults, self._latency = faults, Latency(latency, stage.rng)
        self.open: list[ViberCall] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call to `/pa/<method>`."""
        arrived = self._stage.ledger.mono()
        method = request.path.rpartition("/")[2]
        try:
            data = body_of(await request.read())
            account = self._known(request, data)
        except ViberError as error:
            return answered({}, error.status)
        call = ViberCall(method, data, arrived)
        self.open.append(call)
        try:
            return await self._serve(request, account, call)
        finally:
            self.open = [other for other in self.open if other is not call]

    def _known(self, request: web.Request, data: Mapping[str, Any]) -> ViberAccount:
        """The account of a good token, in the header or the body; raises `ViberError` 2."""
        token = request.headers.get("X-Viber-Auth-Token") or data.get("auth_token")
        for account in self._accounts.values():
            if account.rules.token == token and not account.revoked:
                return account
        raise ViberError(2)

    async def _serve(
        self, request: web.Request, account: ViberAccount, call: ViberCall
    ) -> web.StreamResponse:
        fault = self._faults.strike(account.name, call.method, str(call.data.get("receiver", "")))
        if fault is not None:
            call = replace(call, fault=fault.kind.value)
            if fault.kind in BEFORE:
                return self._before(request, account, call, fault)
        try:
            self._storm(account, call)
            data, status = await self._run(account, call), 0
        except ViberError as error:
            data, status = {}, error.status
        if fault is not None and not status:
            return await spoil(request, fault, encoded(data, 0))
        wait = self._latency.draw()
        if wait:
            await asyncio.sleep(wait)
        return answered(data, status)

    def _storm(self, account: ViberAccount, call: ViberCall) -> None:
        """While a storm lasts everything is too much; raises `ViberError` 12."""
        if call.arrived < account.storm_until:
            self._refused(account, call, 12)
            raise ViberError(12)

    def _refused(self, account: ViberAccount, call: ViberCall, status: int, http: int = 200) -> None:
        """Write a send that never got as far as its checks, one attempt for each person."""
        if call.method not in SENDS:
            return
        people = call.data.get("broadcast_list") or [call.data.get("receiver", "")]
        for one in people:
            self._stage.note(account, call, str(one), status, http)

    def _before(
        self, request: web.Request, account: ViberAccount, call: ViberCall, fault: Fault
    ) -> web.StreamResponse:
        """A fault that strikes before anything is accepted."""
        match fault.kind:
            case FaultKind.STORM:
                account.storm_until = self._stage.ledger.mono() + fault.seconds
                status = 12
            case FaultKind.REVOKED:
                account.revoked = True
                status = 2
            case FaultKind.ERROR_BEFORE:
                self._refused(account, call, 0, fault.status)
                return gateway_error(fault)
            case _:
                self._refused(account, call, 0, 0)
                return reset(request)
        self._refused(account, call, status)
        return answered({}, status)

    async def _run(self, account: ViberAccount, call: ViberCall) -> dict[str, Any]:
        """Do what the call asks; raises `ViberError`."""
        match call.method:
            case "send_message":
                return self._sending.send(account, call)
            case "broadcast_message":
                return self._sending.broadcast(account, call)
            case "set_webhook":
                return await self._set_webhook(account, call.data)
            case "get_account_info":
                return card(account)
            case "get_user_details":
                user = account.users.get(str(call.data.get("id", "")))
                if user is None:
                    raise ViberError(5)
                return {"message_token": account.take_token(), "user": user.card()}
            case "get_online":
                return online(account, call.data)
        raise ViberError(3)

    async def _set_webhook(self, account: ViberAccount, data: Mapping[str, Any]) -> dict[str, Any]:
        """The service must answer 200 at once; an empty address ends it all. Raises `ViberError`."""
        url, wanted = str(data.get("url") or ""), data.get("event_types", list(EVENTS))
        if not isinstance(wanted, list) or set(wanted) - set(EVENTS) - ALWAYS:
            raise ViberError(3)
        if url:
            hello = self._stage.event("webhook", account.take_token())
            if not here(url) or not await self._events(account).ask(url, hello):
                raise ViberError(1)
        account.webhook, account.events = url, frozenset(wanted)
        return {"chat_hostname": "SN-CHAT-05_", "event_types": sorted(wanted)}


def body_of(raw: bytes) -> dict[str, Any]:
    """The JSON of a call; raises `ViberError` 3."""
    if len(raw) > MAX_BODY:
        raise ViberError(3)
    try:
        data = json.loads(raw or b"{}")
    except ValueError:
        raise ViberError(3) from None
    if not isinstance(data, dict):
        raise ViberError(3)
    return data


def encoded(data: Mapping[str, Any], status: int) -> bytes:
    """An answer's bytes."""
    return json.dumps({"status": status, "status_message": WORDS.get(status, OTHER), **data}).encode()


def answered(data: Mapping[str, Any], status: int) -> web.Response:
    """HTTP 200 whatever the status."""
    return web.Response(body=encoded(data, status), content_type="application/json")


def card(account: ViberAccount) -> dict[str, Any]:
    """What `get_account_info` tells."""
    return {
        "id": f"pa:{account.name}",
        "name": "Simulated bot",
        "uri": account.name,
        "webhook": account.webhook,
        "event_types": sorted(account.events),
        "subscribers_count": sum(one.state in SUBSCRIBED for one in account.users.values()),
    }


def online(account: ViberAccount, data: Mapping[str, Any]) -> dict[str, Any]:
    """What `get_online` tells of at most 100 people; raises `ViberError`."""
    ids = data.get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= MAX_ONLINE:
        raise ViberError(3)
    states = {one: account.users[one].state for one in map(str, ids) if one in account.users}
    users = [
        {"id": one, "online_status": 0 if state is UserState.ACTIVE else 1, "online_status_message": "online"}
        for one, state in states.items()
    ]
    return {"users": users}
