"""A CAP alert as it was read: values only, and the JSON that scripts rely on. Touches `places` shapes only.

Everything is kept as the file says it; what was odd is in `warnings`. Nothing here may be sent: see
`alerts.cap.source`. CAP 1.2: OASIS, docs.oasis-open.org/emergency/cap/v1.2.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from places.shapes import Circle, Polygon

DEFAULT_LANGUAGE = "en-US"  # CAP 1.2 section 3.2.2: what a missing <language> means


@dataclass(frozen=True, slots=True)
class Geocode:
    """A code of some register, e.g. FIPS6 006109."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CapArea:
    """One area; `unreadable` counts shapes that are in the file and could not be read."""

    desc: str
    polygons: tuple[Polygon, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Geocode, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class CapInfo:
    """One `<info>`: the alert in one language. Times are aware; None = missing or unreadable."""

    language: str
    event: str
    severity: str
    urgency: str
    certainty: str
    headline: str
    description: str
    instruction: str
    categories: tuple[str, ...]
    response_types: tuple[str, ...]
    sender_name: str
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    areas: tuple[CapArea, ...]


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One `<alert>`. `sent` is the text of the file, `sent_at` its time when it can be read."""

    version: str  # 1.0 | 1.1 | 1.2
    identifier: str
    sender: str
    sent: str
    sent_at: datetime | None
    status: str
    msg_type: str
    scope: str
    references: tuple[str, ...]
    infos: tuple[CapInfo, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The object that `muster cap read --json` prints; positions are [lat, lon], radii kilometres."""
        return {
            "identifier": self.identifier,
            "sender": self.sender,
            "sent": self.sent,
            "status": self.status,
            "msgType": self.msg_type,
            "scope": self.scope,
            "references": list(self.references),
            "infos": [_info_json(info) for info in self.infos],
            "warnings": list(self.warnings),
        }


def _info_json(info: CapInfo) -> dict[str, Any]:
    return {
        "language": info.language,
        "event": info.event,
        "severity": info.severity,
        "urgency": info.urgency,
        "certainty": info.certainty,
        "headline": info.headline,
        "areas": [_area_json(area) for area in info.areas],
    }


def _area_json(area: CapArea) -> dict[str, Any]:
    return {
        "desc": area.desc,
        "polygons": [[[lat, lon] for lat, lon in polygon.exterior] for polygon in area.polygons],
        "circles": [[circle.lat, circle.lon, circle.radius_km] for circle in area.circles],
        "geocodes": [{"valueName": code.name, "value": code.value} for code in area.geocodes],
    }
