"""The fake Twilio's REST API: credentials, routes, faults, latency. Faults strike here."""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from simulator.config import LatencyRules
from simulator.faults import BEFORE, Fault, FaultBox, FaultKind
from simulator.latency import Latency
from simulator.spoiling import gateway_error, reset, spoil
from simulator.twilio_accounts import Account
from simulator.twilio_content_http import answer
from simulator.twilio_delivery import Carrier
from simulator.twilio_errors import TwilioError
from simulator.twilio_intake import Intake, Request
from simulator.twilio_messages import API
from simulator.twilio_scene import Scene


class TwilioHttp:
    """The handler; `open` holds the requests being served."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        scene: Scene,
        carrier: Carrier,
        latency: LatencyRules,
        faults: FaultBox,
    ) -> None:
        self._accounts, self._scene, self._faults = accounts, scene, faults
        self._latency, self._sid = Latency(latency, scene.rng), carrier.sid
        self._intake = Intake(scene, carrier)
        self.open: list[Request] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        arrived = self._scene.ledger.mono()
        fields = dict(parse_qsl((await request.read()).decode(errors="replace"), keep_blank_values=True))
        wanted = Request(method_of(request), fields, arrived)
        try:
            account = self._known(request)
        except TwilioError as error:
            return refusal(error)
        account.active += 1
        self.open.append(wanted)
        try:
            return await self._serve(request, account, wanted)
        finally:
            self.open = [other for other in self.open if other is not wanted]
            account.active -= 1

    def _known(self, request: web.Request) -> Account:
        """The account of good credentials; raises `TwilioError` 20003 or 20404."""
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            sid, _, token = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise TwilioError(20003) from None
        account = self._accounts.get(sid)
        if kind.lower() != "basic" or account is None or account.rules.token != token or account.revoked:
            raise TwilioError(20003)
        parts = request.path.split("/")
        if parts[1] == API and parts[2:4] != ["Accounts", sid]:
            raise TwilioError(20404)
        return account

    async def _serve(self, request: web.Request, account: Account, wanted: Request) -> web.StreamResponse:
        fault = self._faults.strike(account.sid, wanted.method, wanted.recipient)
        if fault is not None:
            wanted = replace(wanted, fault=fault.kind.value)
            if fault.kind in BEFORE:
                return self._before(request, account, wanted, fault)
        try:
            self._intake.guard(account, wanted)
            data, status = await self._answer(request, account, wanted)
        except TwilioError as error:
            await self._pause()
            return refusal(error)
        body = json.dumps(data, ensure_ascii=False).encode() if status != 204 else b""
        if fault is not None:
            return await spoil(request, fault, body, status)
        await self._pause()
        return web.Response(body=body, status=status, content_type="application/json")

    async def _pause(self) -> None:
        wait = self._latency.draw()
        if wait:
            await asyncio.sleep(wait)

    async def _answer(
        self, request: web.Request, account: Account, wanted: Request
    ) -> tuple[dict[str, Any], int]:
        match wanted.method:
            case "messages.create":
                return self._intake.create(account, wanted), 201
            case "messages.list":
                return account.messages.page(request.query), 200
            case "messages.fetch":
                sid = request.path.rpartition("/")[2].removesuffix(".json")
                return account.messages.find(sid).card(), 200
            case "content":
                return await answer(request, account, self._scene.rules.approve, self._scene.now(), self._sid)
        raise TwilioError(20404)

    def _before(
        self, request: web.Request, account: Account, wanted: Request, fault: Fault
    ) -> web.StreamResponse:
        """A fault that strikes before anything is accepted."""
        match fault.kind:
            case FaultKind.STORM:
                account.storm_until = self._scene.ledger.mono() + fault.seconds
                error = TwilioError(20429)
            case FaultKind.REVOKED:
                account.revoked = True
                error = TwilioError(20003)
            case FaultKind.ERROR_BEFORE:
                self._intake.note_failed(wanted, fault.status, 0)
                return gateway_error(fault)
            case _:
                self._intake.note_failed(wanted, 0, 0)
                return reset(request)
        self._intake.note_failed(wanted, error.status, error.code)
        return refusal(error)


def method_of(request: web.Request) -> str:
    """What a request asks for, as faults name it."""
    parts = request.path.strip("/").split("/")
    if parts[0] != API:
        return "content"
    listed = parts[3:] == ["Messages.json"]
    if listed:
        return "messages.create" if request.method == "POST" else "messages.list"
    fetched = len(parts) == 5 and parts[3] == "Messages" and request.method == "GET"
    return "messages.fetch" if fetched else "unknown"


def refusal(error: TwilioError) -> web.Response:
    """The HTTP answer of a refused call."""
    return web.json_response(error.body(), status=error.status)
