"""The Content API: templates made, submitted, judged, listed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from simulator.config import SimulatorConfig
from simulator.server import Simulator
from simulator.twilio_content import Approval
from tests.simulator.targets import FAST, Line, quick

GOOD = {
    "friendly_name": "muster_knock_en",
    "language": "en",
    "variables": {"1": "Flood", "2": "Reykjavik"},
    "types": {
        "twilio/quick-reply": {
            "body": "Warning: {{1}} near {{2}}. Please answer.",
            "actions": [{"type": "QUICK_REPLY", "title": "Safe", "id": "safe"}],
        }
    },
}
ASK = {"name": "muster_knock_en", "category": "UTILITY"}


@pytest.fixture
def config() -> SimulatorConfig:
    return quick()


@pytest.fixture
async def line(sim: Simulator) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session:
        yield Line(sim, session)


async def test_made_submitted_judged(line: Line, sim: Simulator) -> None:
    status, made = await line.post("/v1/Content", GOOD)
    assert status == 201
    assert (made["friendly_name"], made["language"], made["variables"]) == (
        "muster_knock_en",
        "en",
        GOOD["variables"],
    )
    assert made["types"] == GOOD["types"]
    assert made["links"]["approval_fetch"].endswith(f"/v1/Content/{made['sid']}/ApprovalRequests")
    path = f"/v1/Content/{made['sid']}"
    assert (await line.get(path))[1] == made
    assert (await line.get(f"{path}/ApprovalRequests"))[1]["whatsapp"]["status"] == "unsubmitted"
    status, asked = await line.post(f"{path}/ApprovalRequests/whatsapp", ASK)
    assert (status, asked["status"], asked["category"]) == (201, "received", "UTILITY")
    sim.twilio.account().content.set_state(made["sid"], Approval.APPROVED)
    _, judged = await line.get(f"{path}/ApprovalRequests")
    assert judged["whatsapp"] == {
        "type": "whatsapp",
        "name": "muster_knock_en",
        "category": "UTILITY",
        "content_type": "twilio/quick-reply",
        "status": "approved",
        "rejection_reason": "",
        "allow_category_change": True,
    }


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("{{1}} is near {{2}}, answer.", "Safe"),
        ("Warning: {{1}} near {{2}}", "Safe"),
        ("Warning: {{1}} {{2}} answer.", "Safe"),
        ("Warning: {{1}} near {{3}}, answer.", "Safe"),
        ("Warning: {{1}} near {{2}}. " + "x" * 1000, "Safe"),
        ("Warning: {{1}} near {{2}}, answer.", "I am safe and sound!!"),
        ("Warning: {{1}} near {{2}}, answer.", ""),
    ],
)
async def test_bad_templates_are_rejected(line: Line, body: str, title: str) -> None:
    actions = [{"type": "QUICK_REPLY", "title": title, "id": "safe"}]
    data = {**GOOD, "types": {"twilio/quick-reply": {"body": body, "actions": actions}}}
    _, made = await line.post("/v1/Content", data)
    _, asked = await line.post(f"/v1/Content/{made['sid']}/ApprovalRequests/whatsapp", ASK)
    assert asked["status"] == "rejected"
    assert asked["rejection_reason"].startswith("INVALID_FORMAT")


@pytest.mark.parametrize(
    "data", [{}, {"types": {}}, {**GOOD, "language": ""}, {**GOOD, "types": {"twilio/unknown": {}}}, []]
)
async def test_what_is_no_template_is_refused(line: Line, data: Any) -> None:
    assert (await line.post("/v1/Content", data))[1]["code"] == 20422


@pytest.mark.parametrize("ask", [{"name": "Has Spaces", "category": "UTILITY"}, {**ASK, "category": "X"}])
async def test_what_is_no_submission_is_refused(line: Line, ask: dict[str, str]) -> None:
    _, made = await line.post("/v1/Content", GOOD)
    path = f"/v1/Content/{made['sid']}/ApprovalRequests/whatsapp"
    assert (await line.post(path, ask))[1]["code"] == 20422
    assert (await line.post("/v1/Content/HX0/ApprovalRequests/whatsapp", ASK))[0] == 404


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_listings_come_in_pages(line: Line, sim: Simulator, version: str) -> None:
    sids = [sim.twilio.add_template(f"t{number}", "en", "Hello") for number in range(5)]
    _, page = await line.get(f"/{version}/ContentAndApprovals", PageSize=2)
    seen = []
    while True:
        seen += [(one["sid"], one["approval_requests"]["status"]) for one in page["contents"]]
        if page["meta"]["next_page_url"] is None:
            break
        _, page = await line.get(page["meta"]["next_page_url"].removeprefix(sim.twilio_base))
    assert seen == [(sid, "approved") for sid in sids]
    _, plain = await line.get("/v1/Content")
    assert [one["sid"] for one in plain["contents"]] == sids
    assert "approval_requests" not in plain["contents"][0]


async def test_credentials_are_needed_and_deletion_works(line: Line, sim: Simulator) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{sim.twilio_base}/v1/Content") as answer:
        assert answer.status == 401
    sid = sim.twilio.add_template("t", "en", "Hello")
    async with (
        aiohttp.ClientSession() as session,
        session.delete(f"{sim.twilio_base}/v1/Content/{sid}", headers=line.headers) as answer,
    ):
        assert answer.status == 204
    assert (await line.get(f"/v1/Content/{sid}"))[0] == 404


async def test_a_demonstration_may_approve_at_once() -> None:
    async with (
        Simulator(quick(replace(FAST, approve="approved"))) as sim,
        aiohttp.ClientSession() as session,
    ):
        line = Line(sim, session)
        _, made = await line.post("/v1/Content", GOOD)
        _, asked = await line.post(f"/v1/Content/{made['sid']}/ApprovalRequests/whatsapp", ASK)
        assert asked["status"] == "approved"
