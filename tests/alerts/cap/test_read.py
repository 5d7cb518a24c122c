"""Reading CAP: every real file, no attack, precise words for the rest."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cap.read import read
from alerts.cap.xml import MAX_BYTES, MAX_DEPTH
from alerts.errors import CapRefusedError

V12 = "urn:oasis:names:tc:emergency:cap:1.2"
KEYS = "identifier sender sent status msgType scope references infos warnings"
INFO_KEYS = "language event severity urgency certainty headline areas"


def alert(inside: str = "", *, namespace: str = V12, head: str = "") -> bytes:
    """A small valid alert with something more inside."""
    return f"""{head}<alert xmlns="{namespace}"><identifier>a-1</identifier><sender>s@example.org</sender>
    <sent>2031-05-04T12:00:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
    {inside}</alert>""".encode()


def info(inside: str = "", area: str = "<areaDesc>Here</areaDesc>") -> str:
    return f"""<info><language>en</language><category>Met</category><event>Gale</event>
    <urgency>Expected</urgency>
    <severity>Severe</severity><certainty>Likely</certainty>
    <expires>2031-05-05T12:00:00-00:00</expires>
    {inside}<area>{area}</area></info>"""


def manifest(shared_data: Path, *kinds: str) -> list[dict[str, Any]]:
    entries = json.loads((shared_data / "cap_manifest.json").read_text())
    return [entry for entry in entries if entry["split"] == "shared" and entry["kind"] in kinds]


def content(shared_data: Path, entry: dict[str, Any]) -> bytes:
    return (shared_data / entry["file"].removeprefix("shared/")).read_bytes()


def test_every_real_file_says_what_its_manifest_says(shared_data: Path) -> None:
    checked = 0
    for entry in manifest(shared_data, "alerts", "feeds", "invalid"):
        expected = entry["expect"]
        if expected["import"] != "parse":
            with pytest.raises(CapRefusedError) as refused:
                read(content(shared_data, entry))
            assert (
                refused.value.code == {"no_alert_inside": "no_alert", "reject_dtd": "dtd"}[expected["import"]]
            )
            continue
        found = read(content(shared_data, entry))
        facts = entry["facts"]["alerts"]
        assert [one.identifier for one in found] == [fact["identifier"] for fact in facts]
        for one, fact in zip(found, facts, strict=True):
            assert (one.sender, one.sent, one.status) == (fact["sender"], fact["sent"], fact["status"])
            assert (one.msg_type, one.scope) == (fact["msgType"], fact.get("scope") or "")
            for block, told in zip(one.infos, fact["infos"], strict=True):
                assert block.language == (told.get("language") or "en-US")
                assert block.event == (told.get("event") or "")
                areas = zip(block.areas, told["areas"], strict=True)
                for area, shape in areas:
                    assert area.desc.startswith((shape["areaDesc"] or "").strip())  # it keeps 120 characters
                    assert len(area.polygons) + area.unreadable >= shape["n_polygons"] - shape[
                        "polygon_points"
                    ].count(0)
                    assert len(area.circles) == len(shape["circles"])
                    assert len(area.geocodes) == shape["n_geocodes"]
            checked += 1
    assert checked > 100


def test_what_breaks_the_standard_is_warned_about(shared_data: Path) -> None:
    for entry in manifest(shared_data, "invalid"):
        if entry["expect"]["import"] == "parse":
            assert all(one.warnings for one in read(content(shared_data, entry))), entry["file"]


def test_no_file_that_attacks_is_opened(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*_: object, **__: object) -> None:
        raise AssertionError("a file made us open a connection")

    monkeypatch.setattr(socket.socket, "connect", dial)
    for path in sorted((shared_data / "cap" / "malicious").iterdir()):
        if path.suffix not in {".xml", ".xsl"}:
            continue
        began = time.perf_counter()
        with pytest.raises(CapRefusedError) as refused:
            read(path.read_bytes())
        assert time.perf_counter() - began < 2.0
        declares = b"<!DOCTYPE" in path.read_bytes()
        assert refused.value.code == ("dtd" if declares else "no_alert")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"not xml", "not_xml"),
        (b"<alert>", "not_xml"),
        (b"\xff\xfe\x00", "not_xml"),
        (b"<alert/>", "no_alert"),
        (b"<x:alert xmlns:x='urn:example'/>", "no_alert"),
        (alert(head="<!DOCTYPE alert>"), "dtd"),
        (alert(head="<!DOCTYPE alert SYSTEM 'file:///etc/passwd'>"), "dtd"),
        (alert(head="<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'> %p;]>"), "dtd"),
        (alert("&nothing;", head="<!DOCTYPE a []>"), "dtd"),
        (alert("<x>" * MAX_DEPTH + "</x>" * MAX_DEPTH), "too_deep"),
        (alert("<x/>" * 100_001), "too_many_elements"),
        (alert("<!--" + "x" * MAX_BYTES + "-->"), "too_large"),
        (b"<r>" + alert() * 501 + b"</r>", "too_many_alerts"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE alert><alert/>'.encode("utf-16"), "dtd"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(CapRefusedError) as refused:
        read(data)
    assert refused.value.code == code
    assert refused.value.text


def test_an_error_names_the_line_and_nothing_of_the_file() -> None:
    with pytest.raises(CapRefusedError) as refused:
        read(b"<alert>\n<canary>\n</alert>")
    assert "line 3" in refused.value.text
    assert "canary" not in refused.value.text


def test_the_json_has_exactly_the_documented_fields() -> None:
    area = "<areaDesc>Here</areaDesc><polygon>1,2 3,4 5,6 1,2</polygon><circle>7,8 9</circle>"
    code = "<geocode><valueName>FIPS6</valueName><value>006</value></geocode>"
    found = read(alert("<references>a,b,c d,e,f</references>" + info(area=area + code)))[0].to_json()
    assert list(found) == KEYS.split()
    assert list(found["infos"][0]) == INFO_KEYS.split()
    assert found["references"] == ["a,b,c", "d,e,f"]
    assert found["warnings"] == []
    assert found["infos"][0]["areas"] == [
        {
            "desc": "Here",
            "polygons": [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [1.0, 2.0]]],
            "circles": [[7.0, 8.0, 9.0]],
            "geocodes": [{"valueName": "FIPS6", "value": "006"}],
        }
    ]
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("inside", "warning"),
    [
        (info(area="<areaDesc>H</areaDesc><polygon>1,2 99,4 5,6 1,2</polygon>"), "exterior[1]"),
        (info(area="<areaDesc>H</areaDesc><circle>1,2</circle>"), "circle 1 was left out"),
        (info(area="<areaDesc>H</areaDesc><polygon>1,2 3,4 5,6</polygon>"), "fewer than 4"),
        (info(area="<areaDesc>H</areaDesc><polygon>1,2 3,4 5,6 7,8</polygon>"), "not closed"),
        (info("<onset>2031-05-04T12:00:00</onset>"), "no time zone"),
        (info("<onset>tomorrow</onset>"), "not a time"),
        (info("<onset>2031-05-04T12:00:00Z</onset>"), "written with Z"),
        (info() + info(), "same language"),
        ("<references></references>" + info(), "references is empty"),
        (info(area="<polygon>1,2 3,4 5,6 1,2</polygon>"), "areaDesc is missing"),
        (info(area="<circle>1,2 3</circle><areaDesc>H</areaDesc>"), "order of the standard"),
        (info(area="<areaDesc>H</areaDesc><geocode><valueName>x</valueName></geocode>"), "geocode"),
    ],
)
def test_each_oddity_is_named(inside: str, warning: str) -> None:
    found = read(alert(inside))[0]
    assert any(warning in words for words in found.warnings), found.warnings


def test_older_versions_and_prefixes() -> None:
    old = alert(info(), namespace="http://www.incident.com/cap/1.0").replace(b"<scope>Public</scope>", b"")
    found = read(old)[0]
    assert (found.version, found.scope) == ("1.0", "Public")
    prefixed = alert(info()).replace(b"xmlns=", b"xmlns:c=").replace(b"<", b"<c:").replace(b"<c:/", b"</c:")
    assert read(prefixed)[0].infos == read(alert(info()))[0].infos
    likely = alert(info().replace("Likely", "Very Likely"), namespace="http://www.incident.com/cap/1.0")
    assert read(likely)[0].infos[0].certainty == "Likely"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(min_value=0, max_value=600))
def test_bytes_thrown_into_a_file_are_read_or_refused(junk: bytes, place: int) -> None:
    whole = alert(info())
    try:
        found = read(whole[:place] + junk + whole[place:])
    except CapRefusedError:
        return
    json.dumps([one.to_json() for one in found], allow_nan=False)
