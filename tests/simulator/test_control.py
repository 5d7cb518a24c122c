"""The control API: looking at and changing the world while it runs."""

from typing import Any

import aiohttp
import pytest

from simulator.faults import FaultKind
from simulator.placing import Shares, circle_area
from simulator.population import generate
from simulator.server import Simulator

WHO = 10_000_000_001


@pytest.fixture
def sim_call(sim: Simulator) -> Any:
    async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{sim.url}/__sim/{path}", json=body) as answer,
        ):
            return answer.status, await answer.json()

    return call


async def test_recipients_are_made_changed_and_looked_at(sim_call: Any, api: Any, sim: Simulator) -> None:
    status, made = await sim_call(
        "POST", "recipients", {"chat_id": WHO, "state": "active", "language_code": "vi"}
    )
    assert (status, made["state"]) == (200, "active")
    assert (await api("sendMessage", chat_id=WHO, text="hello"))[0] == 200
    _, seen = await sim_call("GET", f"recipients/{WHO}")
    assert [one["text"] for one in seen["messages"]] == ["hello"]
    assert (await sim_call("POST", f"recipients/{WHO}/state", {"state": "blocked"}))[1]["state"] == "blocked"
    assert (await api("sendMessage", chat_id=WHO, text="hello"))[0] == 403
    _, listing = await sim_call("GET", "recipients")
    assert [one["chat_id"] for one in listing] == [WHO]
    assert sim.telegram.queue(sim.telegram.bot()).waiting() == 1  # my_chat_member


@pytest.mark.parametrize(
    ("act", "field"),
    [
        ({"text": "/start"}, "text"),
        ({"location": {"lat": 64.1, "lon": -21.9}}, "location"),
        ({"contact": "+15550100"}, "contact"),
        ({"button": "consent:yes", "message_id": 3}, None),
    ],
)
async def test_people_can_be_made_to_act(
    sim_call: Any, api: Any, act: dict[str, Any], field: str | None
) -> None:
    assert await sim_call("POST", f"recipients/{WHO}/act", act) == (200, {"done": True})
    (update,) = (await api("getUpdates"))[1]["result"]
    if field is None:
        assert update["callback_query"]["data"] == "consent:yes"
    else:
        assert field in update["message"]


async def test_faults_limits_and_webhook_behaviour(sim_call: Any, sim: Simulator) -> None:
    _, made = await sim_call("POST", "faults", {"kind": "truncated", "count": 3})
    assert [one["number"] for one in (await sim_call("GET", "faults"))[1]] == [made["number"]]
    fault = sim.faults.strike("7", "sendMessage", 1)
    assert fault is not None
    assert fault.kind is FaultKind.TRUNCATED
    await sim_call("DELETE", f"faults?number={made['number']}")
    assert (await sim_call("GET", "faults"))[1] == []
    assert (await sim_call("PUT", "limits", {"bot_per_second": 12}))[1]["bot_per_second"] == 12
    assert sim.telegram.limits.bot_per_second == 12
    assert (await sim_call("PUT", "webhooks", {"duplicate": 0.5}))[1]["duplicate"] == 0.5


async def test_ledger_and_stats(sim_call: Any, api: Any) -> None:
    await sim_call("POST", "recipients", {"chat_id": WHO, "state": "active"})
    for _ in range(3):
        await api("sendMessage", chat_id=WHO, text="hello")
    _, first = await sim_call("GET", "ledger?since=0&limit=2")
    assert (len(first["entries"]), first["next"], first["total"]) == (2, 2, 3)
    _, rest = await sim_call("GET", "ledger?since=2")
    assert rest["entries"][0]["attempt_id"] == 3
    _, stats = await sim_call("GET", "stats")
    assert stats["counts"]["telegram_accepted"] == 3
    assert stats["bots"]["7000000001"]["most_in_1s"] == 3


async def test_citizens_register_on_command(
    sim_call: Any, paper: Any, eventually: Any, sim: Simulator
) -> None:
    people = generate(
        5, 1, circle_area(64.1, -21.9, 20), country="IS", shares=Shares(refuses=0, stops=0, gone=1)
    )
    rows = [one.to_json() for one in people.citizens]
    body = {"service_url": paper.url, "citizens": rows, "pace": {"speed": 100}}
    assert (await sim_call("POST", "citizens", body))[1] == {"crowd": 0, "citizens": 5}
    await eventually(lambda: sim.crowd.progress().registered == 5)
    assert (await sim_call("GET", "citizens"))[1][0]["registered"] == 5
    area = {"circles": [[64.1, -21.9, 20]]}
    body = {"service_url": paper.url, "generate": {"count": 3, "area": area, "country": "IS"}}
    assert (await sim_call("POST", "citizens", body))[1] == {"crowd": 1, "citizens": 3}
    assert (await sim_call("POST", "citizens/fates", {"when": "before"}))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "recipients", {}, 404),
        ("POST", "recipients", {"chat_id": "x"}, 400),
        ("POST", "recipients", [1], 400),
        ("POST", f"recipients/{WHO}/state", {"state": "asleep"}, 400),
        ("POST", f"recipients/{WHO}/act", {}, 400),
        ("GET", "recipients/1", None, 404),
        ("POST", "faults", {"kind": "meteor"}, 400),
        ("PUT", "limits", {"speed": 1}, 400),
        ("PUT", "webhooks", {"speed": 1}, 400),
        ("GET", "recipients?account=1", None, 404),
        ("POST", "citizens", {"service_url": "x"}, 400),
    ],
)
async def test_bad_requests_are_answered_with_a_reason(
    sim_call: Any, method: str, path: str, body: Any, status: int
) -> None:
    got, answer = await sim_call(method, path, body)
    assert got == status
    assert answer["error"]
