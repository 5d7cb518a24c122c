"""A CAP file as the beginning: every reason named, nothing trusted, drills from anything."""

from pathlib import Path

from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Duty
from tests.console.test_compose import stored, writer

FILE = """<?xml version="1.0"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x-1</identifier>
<sender>met@example.org</sender><sent>2026-11-22T08:00:00-00:00</sent><status>{status}</status><msgType>Alert</msgType><scope>{scope}</scope>
<info><language>en</language><category>Met</category><event>Gale</event><urgency>Expected</urgency>
<severity>Severe</severity><certainty>Likely</certainty><expires>{expires}</expires>
<headline>Southeast gale &lt;b&gt;</headline><description>Winds of 25 m/s.</description>
<area><areaDesc>Reykjavik</areaDesc><circle>64.13,-21.9 30</circle></area></info></alert>"""


def cap(status: str = "Actual", scope: str = "Public", expires: str = "2026-11-22T20:00:00-00:00") -> bytes:
    return FILE.format(status=status, scope=scope, expires=expires).encode()


def asked(**changes: str) -> dict[str, str]:
    form = {"status": "Actual", "time_zone": "UTC", "expires_at": "2026-11-22T22:00", "which": "1"}
    return {**form, **changes}


async def test_a_good_file_fills_the_form_and_nothing_is_saved_yet(duty: Duty) -> None:
    anna = await writer(duty)
    answer = await anna.upload("/alerts/from-cap", asked(), cap())
    assert answer.status == 200
    assert "Southeast gale &lt;b&gt;" in anna.page
    assert "64.13, -21.9, 30" in anna.page
    assert 'value="2026-11-22T22:00"' in anna.page, "the expiry is set anew"
    assert await duty.acts("alert.draft") == 0
    form = {
        "do": "save", "status": "Actual", "audience": "Public", "severity": "Severe", "urgency": "Expected",
        "certainty": "Likely", "category": "Met", "event_name": "Gale", "event_title": "Gale",
        "circles": "64.13, -21.9, 30", "time_zone": "UTC", "expires_at": "2026-11-22T22:00",
        "policy": "at-least-once", "text.en.headline": "Gale", "text.en.description": "Winds.",
        "source": anna.hidden("source"), "source_seal": anna.hidden("source_seal"),
    }  # fmt: skip
    saved = await anna.post("/alerts/new", form)
    assert saved.status == 303, anna.codes()
    alert, _ = await stored(duty, 1)
    assert alert.identifier.startswith("muster-"), "never the identifier of the file"


async def test_everything_against_a_real_alert_is_named_at_once(duty: Duty) -> None:
    anna = await writer(duty)
    bad = cap("Test", "Restricted", "2016-01-01T00:00:00-00:00")
    answer = await anna.upload("/alerts/from-cap", asked(expires_at=""), bad)
    assert (answer.status, anna.codes()) == (422, {"source_status", "source_scope", "source_expiry"})
    answer = await anna.upload("/alerts/from-cap", asked(expires_at="", status="Exercise"), bad)
    assert answer.status == 200
    assert '<div class="band drill">' in anna.page


async def test_what_the_form_says_of_its_file_cannot_be_bent(duty: Duty) -> None:
    anna = await writer(duty)
    await anna.upload("/alerts/from-cap", asked(status="Exercise"), cap("Test"))
    source, seal = anna.hidden("source"), anna.hidden("source_seal")
    form = {
        "do": "save", "status": "Actual", "severity": "Minor", "urgency": "Expected", "certainty": "Likely",
        "category": "Met", "event_name": "Gale", "event_title": "Gale", "circles": "64.13, -21.9, 30",
        "time_zone": "UTC", "expires_at": "2026-11-22T22:00",
    }  # fmt: skip
    answer = await anna.post("/alerts/new", {**form, "source": source, "source_seal": seal})
    assert (answer.status, anna.codes()) == (422, {"source_status"}), (
        "a test does not become real by the form"
    )
    bent = source.replace('"Test"', '"Actual"')
    assert bent != source
    for forged in (seal, "", "0" * 64):
        answer = await anna.post("/alerts/new", {**form, "source": bent, "source_seal": forged})
        assert (answer.status, anna.codes()) == (422, {"source_changed"})


async def test_files_that_are_none_are_refused_in_words(duty: Duty) -> None:
    anna = await writer(duty)
    for data, code in (
        (b"", "empty"),
        (b"not xml", "not_xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "dtd"),
        (b"<a/>", "no_alert"),
    ):
        answer = await anna.upload("/alerts/from-cap", asked(), data)
        assert (answer.status, anna.codes()) == (422, {code})
    answer = await anna.post("/alerts/from-cap", asked())
    assert (answer.status, anna.codes()) == (422, {"no_file"})
    answer = await anna.upload("/alerts/from-cap", asked(which="2"), cap())
    assert anna.codes() == {"which"}
    answer = await anna.upload("/alerts/from-cap", asked(), b"x" * (5 * 1024 * 1024))
    assert answer.status == 413


async def test_the_api_takes_a_file_under_the_same_rules(duty: Duty) -> None:
    anna = await duty.officer("anna", *everywhere(Role.AUTHOR))
    headers = {**await duty.bearer(anna), "Content-Type": "application/cap+xml"}
    client = (await duty.stranger()).client
    query = {"status": "Actual", "expires_at": "2026-11-22T22:00:00+00:00"}
    answer = await client.post("/api/v1/alerts/from-cap", params=query, data=cap(), headers=headers)
    assert answer.status == 201, await answer.text()
    bad = cap("Test", "Restricted")
    answer = await client.post("/api/v1/alerts/from-cap", params=query, data=bad, headers=headers)
    told = await answer.json()
    assert (answer.status, {one["code"] for one in told["reasons"]}) == (
        409,
        {"source_status", "source_scope"},
    )
    answer = await client.post("/api/v1/alerts/from-cap", data=cap(), headers=headers)
    assert answer.status == 409
    naive = {**query, "expires_at": "2026-11-22T22:00:00"}
    answer = await client.post("/api/v1/alerts/from-cap", params=naive, data=cap(), headers=headers)
    assert answer.status == 400


async def test_real_files_of_others(duty: Duty, shared_data: Path) -> None:
    anna = await writer(duty)
    folder = shared_data / "cap" / "alerts"
    kelv = (folder / "kelv__iceland_met_office.cap").read_bytes()
    answer = await anna.upload("/alerts/from-cap", asked(), kelv)
    assert answer.status == 200, anna.codes()
    sahana = (folder / "sahana__Myanmar-Flood-MultiLanguage.xml").read_bytes()
    answer = await anna.upload("/alerts/from-cap", asked(expires_at=""), sahana)
    assert (answer.status, anna.codes()) == (422, {"source_status", "source_scope", "source_expiry"})
    answer = await anna.upload("/alerts/from-cap", asked(status="Test"), sahana)
    assert answer.status == 200
