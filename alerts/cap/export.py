"""An approved alert of ours as CAP 1.2 XML, for the public feed and for others. Pure; touches lxml only.

What CAP cannot say is said wider, never narrower: holes and exclusions of an area are left out. Source:
OASIS CAP 1.2.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

from alerts.cap.codes import COUNTRY, REGION
from alerts.cap.xml import Element
from alerts.draft import Text
from alerts.errors import AlertRefusedError, Reason
from alerts.followup import FollowUp, kind_of
from alerts.store import AlertRow, RevisionRow
from alerts.terms import Audience
from places.area import Area
from places.shapes import Ring, closed

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
RESTRICTION = "People registered with the sender"
EXERCISE_NOTE = "EXERCISE. Nothing has happened."


def to_cap(
    alert: AlertRow,
    revision: RevisionRow,
    *,
    sender: str,
    sender_name: str,
    references: Iterable[str] = (),
) -> bytes:
    """The XML of a revision, UTF-8.

    Args:
        sender: our address as CAP wants it, without blank, comma, < and &.
        references: `reference()` of the alerts it corrects or follows.

    Raises:
        AlertRefusedError: code `not_approved`, nobody may see it yet.
    """
    if revision.approved_at is None:
        raise AlertRefusedError([Reason("not_approved", "Only an approved alert can be exported.")])
    root = etree.fromstring(f'<alert xmlns="{NAMESPACE}"/>')
    _add(root, "identifier", alert.identifier)
    _add(root, "sender", sender)
    _add(root, "sent", _time(revision.approved_at))
    _add(root, "status", alert.status)
    _add(root, "msgType", alert.msg_type)
    public = alert.audience == Audience.PUBLIC
    _add(root, "scope", "Public" if public else "Restricted")
    if not public:
        _add(root, "restriction", RESTRICTION)
    if alert.drill:
        _add(root, "note", EXERCISE_NOTE)
    named = " ".join(references)
    if named:
        _add(root, "references", named)
    for language, text in sorted(revision.texts.items()):
        _info(root, revision, language, text, sender_name)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def reference(alert: AlertRow, revision: RevisionRow, *, sender: str) -> str:
    """How another message names this one: `sender,identifier,sent`; "" while it is not approved."""
    return f"{sender},{alert.identifier},{_time(revision.approved_at)}" if revision.approved_at else ""


def _info(root: Element, revision: RevisionRow, language: str, text: Text, sender_name: str) -> None:
    info = _add(root, "info", None)
    words: Mapping[str, str | None] = {
        "language": language,
        "category": revision.category,
        "event": revision.event_name,
        "responseType": "AllClear" if kind_of(revision) is FollowUp.ALL_CLEAR else None,
        "urgency": revision.urgency,
        "severity": revision.severity,
        "certainty": revision.certainty,
        "onset": _time(revision.onset) if revision.onset else None,
        "expires": _time(revision.expires_at),
        "senderName": sender_name,
        "headline": text.headline,
        "description": text.description,
        "instruction": text.instruction,
    }
    for name, value in words.items():
        if value:
            _add(info, name, value)
    if revision.area:
        _area(info, revision)


def _area(info: Element, revision: RevisionRow) -> None:
    area = Area.from_json(revision.area)
    element = _add(info, "area", None)
    _add(element, "areaDesc", revision.area_name or revision.event_name)
    for polygon in area.polygons:
        _add(element, "polygon", _ring(polygon.exterior))
    for circle in area.circles:
        _add(element, "circle", f"{_pair(circle.lat, circle.lon)} {_number(circle.radius_km)}")
    codes = [(COUNTRY, code) for code in area.countries] + [(REGION, code) for code in area.regions]
    for name, code in codes:
        geocode = _add(element, "geocode", None)
        _add(geocode, "valueName", name)
        _add(geocode, "value", code)


def _ring(ring: Ring) -> str:
    # CAP wants at least four pairs, the last equal to the first; a shorter ring repeats its last point.
    points = list(closed(ring))
    while len(points) < 4:
        points.insert(-1, points[-2] if len(points) > 1 else points[0])
    return " ".join(_pair(lat, lon) for lat, lon in points)


def _pair(lat: float, lon: float) -> str:
    return f"{_number(lat)},{_number(lon)}"


def _number(value: float) -> str:
    """Every digit, without an exponent."""
    return f"{Decimal(repr(value)):f}"


def _time(moment: datetime) -> str:
    """CAP 1.2 section 3.3.2: seconds and an offset; UTC is written -00:00."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def _add(parent: Element, name: str, text: str | None) -> Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
