"""The API: a whole alert by two officers, errors that say why and echo nothing, a true description."""

from typing import Any

from staff import totp
from staff.enrolment import Credentials
from staff.officers import Grant, Role
from tests.alerts.office import draft, everywhere
from tests.console.duty import Duty
from tests.registry.newcomers import join, telegram


def body(duty: Duty, **changes: Any) -> dict[str, Any]:
    """A complete real alert as JSON."""
    made = draft(expires_at=duty.clock.at.replace(hour=21)).model_dump(mode="json")
    return {**made, **changes}


async def test_two_officers_over_the_api(duty: Duty) -> None:
    both = everywhere(Role.AUTHOR, Role.APPROVER)
    anna = await duty.bearer(await duty.officer("anna", *both))
    bjorn = await duty.bearer(await duty.officer("bjorn", *both))
    client = (await duty.stranger()).client
    async with duty.database.durable() as connection:
        for number in range(3):
            await join(connection, duty.vault, telegram(str(number)), language="th", now=duty.clock.at)

    moderate = body(duty, severity="Moderate")
    made = await client.post("/api/v1/alerts", json=moderate, headers=anna)
    assert made.status == 201
    alert_id = (await made.json())["alert_id"]
    url = f"/api/v1/alerts/{alert_id}"
    changed = await client.put(
        url, json={**moderate, "event_id": None, "area_name": "Höfuðborgin"}, headers=anna
    )
    assert (changed.status, await changed.json()) == (200, {"alert_id": alert_id, "state": "draft"})
    assert (await (await client.post(f"{url}/submit", headers=anna)).json())["state"] == "submitted"

    status = await (await client.get(url, headers=bjorn)).json()
    assert (status["people"], status["unit"]) == (3, "people (registrations)")
    assert status["by_language"] == {"th": 3}
    assert status["gaps"] == [{"language": "th", "people": 3, "fallback_language": "en"}]
    assert status["possible"]["approve"] == []
    assert status["alert"]["revision"] == 2

    async def approve(**wanted: Any) -> tuple[int, set[str]]:
        answer = await client.post(f"{url}/approve", json=wanted, headers=bjorn)
        told = await answer.json()
        return answer.status, {reason["code"] for reason in told.get("reasons", [])}

    assert await approve(seen=2, confirm="DRILL") == (409, {"confirm_word"})
    assert await approve(seen=1, confirm="LIVE", accepted={"th": 3}) == (409, {"changed_meanwhile"})
    assert await approve(seen=2, confirm="LIVE") == (409, {"fallbacks"})
    assert await approve(seen=2, confirm="LIVE", accepted={"th": 2}) == (409, {"fallbacks"})
    assert await approve(seen=2, confirm="LIVE", accepted={"th": 3}) == (200, set())
    assert await approve(seen=2, confirm="LIVE", accepted={"th": 3}) == (409, {"state"})

    board = await (await client.get("/api/v1/events/1/board", headers=bjorn)).json()
    assert (board["people_targeted"], board["unit"]) == (0, "people (registrations)")
    listed = await (await client.get("/api/v1/alerts", headers=bjorn)).json()
    assert [(one["alert_id"], one["state"]) for one in listed["alerts"]] == [(alert_id, "approved")]
    stopped = await client.post(f"{url}/cancel", json={"reason": "It was a mistake."}, headers=anna)
    assert (await stopped.json())["state"] == "cancelled"
    correction = await client.post(f"{url}/correct", headers=anna)
    assert correction.status == 201
    follow = (await correction.json())["alert_id"]
    assert (await (await client.get(f"/api/v1/alerts/{follow}", headers=anna)).json())["alert"][
        "corrects"
    ] == alert_id
    clear = await client.post(f"{url}/all-clear", headers=anna)
    assert clear.status == 201


async def test_a_credential_comes_from_login_password_and_code(duty: Duty) -> None:
    made: Credentials = await duty.services.enrolment.add(
        login="anna", name="Anna", grants=[Grant(Role.AUTHOR, None)]
    )
    client = (await duty.stranger()).client
    words = {
        "login": "anna",
        "password": made.password,
        "code": totp.code_at(made.totp_secret, duty.clock.at),
    }
    wrong = await client.post("/api/v1/login", json={**words, "password": "something else"})
    assert (wrong.status, (await wrong.json())["error"]) == (403, "sign_in_refused")
    answer = await client.post("/api/v1/login", json={**words, "minutes": 15})
    token = (await answer.json())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/alerts", headers=headers)).status == 200
    duty.clock.pass_by(minutes=15)
    assert (await client.get("/api/v1/alerts", headers=headers)).status == 401


async def test_faults_are_named_by_path_and_never_echoed(duty: Duty) -> None:
    anna = await duty.bearer(await duty.officer("anna", *everywhere(Role.AUTHOR)))
    client = (await duty.stranger()).client
    wrong = body(
        duty, severity="CANARY-1", texts={"en": {"headline": "x" * 251 + "CANARY-2"}}, surprise="CANARY-3"
    )
    answer = await client.post("/api/v1/alerts", json=wrong, headers=anna)
    text = await answer.text()
    assert answer.status == 409
    for code in ("draft.severity", "draft.texts.en.headline", "draft.surprise"):
        assert code in text
    assert "CANARY" not in text
    for raw in (b"{", b"[1]", b"\xff\xfe", b'"x"', b"[" * 100_000):
        answer = await client.post("/api/v1/alerts", data=raw, headers=anna)
        assert (answer.status, (await answer.json())["error"]) == (400, "json"), raw[:10]
    for path in ("/api/v1/alerts/0", "/api/v1/alerts/x", "/api/v1/alerts/99999999999999", "/api/v1/alerts/7"):
        answer = await client.get(path, headers=anna)
        assert (answer.status, (await answer.json())["error"]) == (404, "not_there")
    assert (await client.get("/api/v1/nowhere", headers=anna)).status == 404
    assert (await client.delete("/api/v1/alerts", headers=anna)).status == 405


async def test_the_description_is_of_what_is_served(duty: Duty) -> None:
    client = (await duty.stranger()).client
    told = await (await client.get("/api/v1/openapi.json")).json()
    assert told["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, operations in told["paths"].items() for method in operations
    }
    served = {
        (route.method, route.resource.canonical)
        for route in duty.server.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }
    assert described == served - {("GET", "/api/v1/openapi.json")}
    schemas = told["components"]["schemas"]
    assert {"Draft", "Accept", "Problem", "BoardOut"} <= schemas.keys()
    text = str(told)
    for reference in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in schemas
    open_ones = [
        path
        for path, operations in told["paths"].items()
        for one in operations.values()
        if one.get("security") == []
    ]
    assert open_ones == ["/api/v1/login"]
