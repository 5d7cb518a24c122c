"""CAP 1.0, 1.1 and 1.2 from bytes: single alerts, and feeds (Atom, RSS, EDXL-DE) that carry whole alerts.

Pure. Lenient in what it reads, precise in what it says: what breaks the standard but can be understood is a
warning, what cannot be understood is an error. An index that only links to alerts holds none and is refused.
"""

from dataclasses import dataclass, field
from datetime import datetime

from alerts.cap.areas import read_area
from alerts.cap.elements import is_ordered
from alerts.cap.model import DEFAULT_LANGUAGE, CapAlert, CapInfo
from alerts.cap.xml import NAMESPACES, Element, children, name_of, parse, text_of, texts_of
from alerts.errors import CapRefusedError
from alerts.terms import Category, Certainty, Severity, Urgency

MAX_ALERTS = 500
STATUSES = frozenset({"Actual", "Exercise", "System", "Test", "Draft"})
MSG_TYPES = frozenset({"Alert", "Update", "Cancel", "Ack", "Error"})
SCOPES = frozenset({"Public", "Restricted", "Private"})
_FORBIDDEN_IN_NAMES = frozenset(" ,<&")  # CAP 1.2 section 3.2.1: identifier and sender


@dataclass(slots=True)
class _Notes:
    found: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        if words not in self.found:
            self.found.append(words)

    def choice(self, value: str | None, name: str, known: frozenset[str]) -> str:
        if not value:
            self.add(f"{name} is missing")
            return ""
        if value not in known:
            self.add(f"{name} is not one of the standard's values")
        return value


def read(data: bytes) -> tuple[CapAlert, ...]:
    """Every alert in a file, in order.

    Raises:
        CapRefusedError: the file cannot be read, carries a DOCTYPE, or holds no alert.
    """
    root = parse(data)
    found = [element for element in root.iter() if _is_alert(element)]
    if not found:
        kind = name_of(root)[1]
        index = " It is an index that only links to alerts." if kind in {"feed", "rss", "RDF"} else ""
        raise CapRefusedError("no_alert", f"The file holds no CAP alert.{index}")
    if len(found) > MAX_ALERTS:
        raise CapRefusedError("too_many_alerts", f"The file holds more than {MAX_ALERTS} alerts.")
    return tuple(_alert(element) for element in found)


def _is_alert(element: Element) -> bool:
    namespace, local = name_of(element)
    return local == "alert" and namespace in NAMESPACES


def _alert(element: Element) -> CapAlert:
    notes = _Notes()
    version = NAMESPACES[name_of(element)[0]]
    if version != "1.0" and not all(is_ordered(part) for part in element.iter()):
        notes.add("elements are not in the order of the standard")
    identifier = _named(element, "identifier", notes)
    sender = _named(element, "sender", notes)
    sent = text_of(element, "sent") or ""
    sent_at = _time(sent, "sent", notes) if sent else None
    if not sent:
        notes.add("sent is missing")
    msg_type = notes.choice(text_of(element, "msgType"), "msgType", MSG_TYPES)
    references = tuple((text_of(element, "references") or "").split())
    if text_of(element, "references") == "":
        notes.add("references is empty")
    if msg_type in {"Cancel", "Update"} and not references:
        notes.add(f"{msg_type} names no alert that it refers to")
    infos = tuple(_info(info, number, notes) for number, info in enumerate(children(element, "info"), 1))
    languages = [info.language for info in infos]
    if len(set(languages)) < len(languages):
        notes.add("two info blocks have the same language")
    return CapAlert(
        version=version,
        identifier=identifier,
        sender=sender,
        sent=sent,
        sent_at=sent_at,
        status=notes.choice(text_of(element, "status"), "status", STATUSES),
        msg_type=msg_type,
        scope=_scope(element, version, notes),
        references=references,
        infos=infos,
        warnings=tuple(notes.found),
    )


def _named(element: Element, local: str, notes: _Notes) -> str:
    value = text_of(element, local) or ""
    if not value:
        notes.add(f"{local} is missing")
    elif _FORBIDDEN_IN_NAMES & set(value):
        notes.add(f"{local} holds a blank, comma, < or &")
    return value


def _scope(element: Element, version: str, notes: _Notes) -> str:
    value = text_of(element, "scope")
    if version == "1.0" and value is None:
        return "Public"  # CAP 1.0 has no required scope; its default is Public
    return notes.choice(value, "scope", SCOPES)


def _info(element: Element, number: int, notes: _Notes) -> CapInfo:
    def at(name: str) -> str:
        return f"info {number}: {name}"

    language = text_of(element, "language")
    if not language:
        notes.add(at(f"language is missing, which means {DEFAULT_LANGUAGE}"))
    event = text_of(element, "event")
    if not event:
        notes.add(at("event is missing"))
    categories = texts_of(element, "category")
    for category in categories or (None,):
        notes.choice(category, at("category"), frozenset(Category))
    areas = tuple(
        read_area(area, f"info {number} area {place}", notes.add)
        for place, area in enumerate(children(element, "area"), 1)
    )
    if not areas:
        notes.add(at("area is missing"))
    times = {
        name: _time(text_of(element, name), at(name), notes) for name in ("effective", "onset", "expires")
    }
    if times["expires"] is None:
        notes.add(at("expires is missing or unreadable"))
    certainty = text_of(element, "certainty")
    if certainty == "Very Likely":  # CAP 1.0's word; CAP 1.1 section 3.2.2 says to read it as Likely
        certainty = "Likely"
    return CapInfo(
        language=language or DEFAULT_LANGUAGE,
        event=event or "",
        severity=notes.choice(text_of(element, "severity"), at("severity"), frozenset(Severity)),
        urgency=notes.choice(text_of(element, "urgency"), at("urgency"), frozenset(Urgency)),
        certainty=notes.choice(certainty, at("certainty"), frozenset(Certainty)),
        headline=text_of(element, "headline") or "",
        description=text_of(element, "description") or "",
        instruction=text_of(element, "instruction") or "",
        categories=categories,
        response_types=texts_of(element, "responseType"),
        sender_name=text_of(element, "senderName") or "",
        effective=times["effective"],
        onset=times["onset"],
        expires=times["expires"],
        areas=areas,
    )


def _time(value: str | None, name: str, notes: _Notes) -> datetime | None:
    """CAP 1.2 section 3.3.2: `2002-05-24T16:49:00-07:00`; UTC is written -00:00, `Z` is not allowed."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        notes.add(f"{name} is not a time")
        return None
    if moment.tzinfo is None:
        notes.add(f"{name} has no time zone and was left out")
        return None
    if value.endswith(("Z", "z")):
        notes.add(f"{name} is written with Z instead of -00:00")
    return moment
