"""People who break the service on purpose, each in one way; the audit must catch every one of them.

A saboteur patches our code from outside for the length of one alert. `catches` is the audit's check that
must fail.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from alerts import board, checkins, planner, wording
from alerts.board import Absence, Board
from alerts.checkin_status import CheckinStatus
from alerts.copies import Copy
from alerts.recipients import Recipient
from alerts.rendering import Renderer
from alerts.routing import next_address
from alerts.standing import Standing
from alerts.targeting import Targeting
from bot.gateways.telegram.gateway import TelegramGateway
from bot.limiter import Grant, Limiter
from bot.messages import Accepted
from registry import audience
from registry.tables import person
from simulator.server import Simulator
from tests.service import Service

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Saboteur:
    """One way to break things.

    Attributes:
        before: prepares simulator and service; after: what happens while the alert is on its way.
        status: of the alert; life: until it expires.
    """

    name: str
    catches: str
    sabotage: Callable[[Patch], None]
    before: Callable[[Service, Simulator], None] = lambda _service, _simulator: None
    cancels: bool = False
    status: str = "Actual"
    life: timedelta = timedelta(hours=6)


def _send_of_broadcast(change: Callable[[Callable[[], Awaitable[Accepted]]], Awaitable[Accepted]]) -> Any:
    """A `send` that lets `change` decide what becomes of a broadcast's message."""
    real = TelegramGateway.send

    async def send(
        self: TelegramGateway,
        to: Any,
        message: Any,
        *,
        part: int = 0,
        delivery: int | None = None,
        key: str | None = None,
    ) -> Accepted:
        if delivery is None:
            return await real(self, to, message, part=part, key=key)
        return await change(lambda: real(self, to, message, part=part, delivery=delivery))

    return send


def drop(patch: Patch) -> None:
    turns = count(1)

    async def change(send: Callable[[], Awaitable[Accepted]]) -> Accepted:
        return Accepted("1") if next(turns) % 12 == 0 else await send()

    patch.setattr(TelegramGateway, "send", _send_of_broadcast(change))


def double(patch: Patch) -> None:
    turns = count(1)

    async def change(send: Callable[[], Awaitable[Accepted]]) -> Accepted:
        if next(turns) % 12 == 0:
            await send()
        return await send()

    patch.setattr(TelegramGateway, "send", _send_of_broadcast(change))


def wrong_language(patch: Patch) -> None:
    real = Renderer._render

    async def render(self: Renderer, revision: int, language: str, copy: Copy) -> Any:
        return await real(self, revision, "th" if language == "vi" else language, copy)

    patch.setattr(Renderer, "_render", render)


def cut_text(patch: Patch) -> None:
    patch.setattr(wording, "_body", lambda _text: "")


def ignore_429(patch: Patch) -> None:
    async def bulk(_self: Limiter, wanted: int, *_who: Sequence[object]) -> Grant:
        return Grant(wanted, 0.0, 0.0, 0.0)

    async def freeze(_self: Limiter, *_whom: object) -> bool:
        return True

    patch.setattr(Limiter, "bulk", bulk)
    patch.setattr(Limiter, "freeze", freeze)


def outside(patch: Patch) -> None:
    real = Targeting.resolve

    async def resolve(self: Targeting, area: Any, **more: Any) -> Any:
        wider = replace(
            area, circles=tuple(replace(one, radius_km=one.radius_km + 3) for one in area.circles)
        )
        return await real(self, wider, **more)

    patch.setattr(Targeting, "resolve", resolve)


def drill_to_real(patch: Patch) -> None:
    real = Targeting.resolve

    async def resolve(self: Targeting, area: Any, *, drill: bool, **more: Any) -> Any:
        return await real(self, area, drill=not drill, **more)

    patch.setattr(Targeting, "resolve", resolve)
    patch.setattr(
        planner, "next_address", lambda ways, *, drill, **more: next_address(ways, drill=not drill, **more)
    )
    patch.setattr(Recipient, "refusal", lambda _self, *, drill: "")


def after_cancel(patch: Patch) -> None:
    """Sends slowly, so that there is something left to stop, and stops nothing."""
    real = Limiter.bulk

    async def bulk(
        self: Limiter, wanted: int, weights: Sequence[int] = (), lanes: Sequence[bytes] = ()
    ) -> Grant:
        await asyncio.sleep(0.25)
        return await real(self, min(wanted, 1), weights[:1], lanes[:1])

    patch.setattr(Limiter, "bulk", bulk)
    patch.setattr(Standing, "refusal", lambda _self, _now: "")


def stopped(patch: Patch) -> None:
    states = person.c.state.in_(["active", "stopped"]) & person.c.consent_version.is_not(None)

    async def anew(targeting: Targeting) -> Any:
        """No index of before, whoever is reading one at this moment."""
        return await targeting._build(), True

    patch.setattr(Targeting, "_refreshed", anew)
    patch.setattr(audience, "warned", lambda: states)
    patch.setattr("registry.ways.warned", lambda: states)
    patch.setattr(planner, "next_address", lambda ways, **_more: next(iter(ways), None))
    patch.setattr(Recipient, "refusal", lambda _self, *, drill: "")


def count_twice(patch: Patch) -> None:
    real = board.read

    async def read(*arguments: Any) -> Board:
        figures = await real(*arguments)
        return replace(figures, people_targeted=figures.people_targeted + 1, accepted=figures.accepted + 1)

    patch.setattr(board, "read", read)


def hide_the_missing(patch: Patch) -> None:
    real = board.missing

    async def missing(*arguments: Any, **more: Any) -> Any:
        return [one for one in await real(*arguments, **more) if one.absence is not Absence.NOT_REACHED]

    patch.setattr(board, "missing", missing)


def turn_answers(patch: Patch) -> None:
    real = checkins.record

    async def record(*arguments: Any, status: CheckinStatus, **more: Any) -> bool:
        turned = CheckinStatus.NEED_HELP if status is CheckinStatus.SAFE else CheckinStatus.SAFE
        return await real(*arguments, status=turned, **more)

    patch.setattr(checkins, "record", record)


def lose_answers(patch: Patch) -> None:
    async def record(*_arguments: Any, **_more: Any) -> bool:
        return False

    patch.setattr(checkins, "record", record)


def _lower_limit(_service: Service, simulator: Simulator) -> None:
    simulator.set_limits(bot_per_second=15)


SABOTEURS = (
    Saboteur("drops one in twelve", "missing", drop),
    Saboteur("sends one in twelve twice", "duplicate", double),
    Saboteur("takes the wrong language", "language", wrong_language),
    Saboteur("cuts a paragraph", "altered", cut_text),
    Saboteur("warns 3 km too far", "outside", outside),
    Saboteur("brings a drill to real people", "drill", drill_to_real, status="Exercise"),
    Saboteur("warns who unsubscribed", "stopped", stopped),
    Saboteur("counts a person twice", "board", count_twice),
    Saboteur("hides who was not reached", "unreached-unlisted", hide_the_missing),
    Saboteur("turns answers round", "answers", turn_answers),
    Saboteur("loses answers", "answers", lose_answers),
    Saboteur("sends after cancelling", "late", after_cancel, cancels=True),
    Saboteur("sends after the expiry", "expired", after_cancel, life=timedelta(seconds=4)),
    Saboteur("ignores limit and 429", "rate", ignore_429, before=_lower_limit),
)
