"""A CAP file as the *source* of a draft of ours. Pure.

Taken over: words, area, severity, urgency, certainty, kind. Always set anew: status, sender, time of sending,
identifier, references, and the expiry unless the file's is still ahead. What speaks against a real alert is
named completely; as a drill every alert with a text is fine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from alerts import source_rules
from alerts.cap.codes import countries_in, regions_in
from alerts.cap.model import CapAlert, CapArea, CapInfo
from alerts.draft import MAX_BODY, MAX_HEADLINE, Draft, Source, read_draft
from alerts.errors import AlertRefusedError, Reason
from alerts.languages import LAST_LANGUAGE, normal_tag, own_text
from alerts.terms import SEVERITY_ORDER, Category, Certainty, Severity, Status, Urgency, is_drill
from places.area import of_shapes
from places.shapes import Shape

Word = TypeVar("Word", bound=StrEnum)
DRILL_LIFE = timedelta(hours=2)
_RULES = (
    source_rules.not_meant,
    source_rules.not_public,
    source_rules.not_a_warning,
    source_rules.not_whole,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft made from a file, and what the officer should look at."""

    draft: Draft
    notes: tuple[str, ...]


def source_of(alert: CapAlert, *, own_area: bool = False) -> Source:
    """The facts of a file that the desk's rules ask for; `own_area`: the officer draws the area anew."""
    broken = any(area.unreadable for info in alert.infos for area in info.areas)
    return Source(
        identifier=alert.identifier[:500],
        sender=alert.sender[:500],
        sent=alert.sent[:60],
        status=alert.status[:40],
        msg_type=alert.msg_type[:40],
        scope=alert.scope[:40],
        complete=own_area or not broken,
    )


def objections(
    alert: CapAlert, *, now: datetime, expires_at: datetime | None = None, own_area: bool = False
) -> tuple[Reason, ...]:
    """Everything that keeps a file from being a real alert; empty = nothing does.

    Args:
        expires_at: the new expiry, when the officer has set one.
        own_area: the officer draws the area anew.
    """
    source = source_of(alert, own_area=own_area)
    found = [reason for rule in _RULES if (reason := rule(source)) is not None]
    if not alert.infos:
        found.append(Reason("source_empty", "The file has no text: it holds no info block."))
    if expires_at is None:
        last = last_expiry(alert)
        if last is None:
            found.append(Reason("source_expiry", "The file does not say when it expires: set an expiry."))
        elif last <= now:
            words = f"{last.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            found.append(Reason("source_expiry", f"The file expired on {words}: set a new expiry."))
    return tuple(found)


def last_expiry(alert: CapAlert) -> datetime | None:
    """The latest expiry of its info blocks; None when none has any."""
    return max((info.expires for info in alert.infos if info.expires), default=None)


def draft_from(
    alert: CapAlert,
    *,
    status: Status,
    now: datetime,
    time_zone: str,
    expires_at: datetime | None = None,
    area: dict[str, Any] | None = None,
    event_id: int | None = None,
    event_title: str = "",
) -> Imported:
    """Make a draft of a file.

    Args:
        area: the officer's own area (JSON of `places.area.Area`); None = the file's.

    Raises:
        AlertRefusedError: as a real alert, with every reason; as a drill only when there is no text at all.
    """
    found = objections(alert, now=now, expires_at=expires_at, own_area=area is not None)
    if is_drill(status):
        found = tuple(reason for reason in found if reason.code == "source_empty")
    if found:
        raise AlertRefusedError(found)
    notes: list[str] = [*alert.warnings]
    infos = _one_per_language(alert.infos, notes.append)
    main = _main(infos)
    event_name = main.event or main.headline or "Warning"
    last = last_expiry(alert)
    expires = expires_at or (last if last is not None and last > now else now + DRILL_LIFE)
    if expires_at is None and expires != last:
        notes.append("the expiry was set anew, for an exercise")
    draft = read_draft(
        {
            "event_id": event_id,
            "event_title": event_title or ("" if event_id else _cut(event_name, 160, notes.append, "event")),
            "status": status,
            "severity": _most_severe(infos),
            "urgency": _known(Urgency, main.urgency, Urgency.UNKNOWN),
            "certainty": _known(Certainty, main.certainty, Certainty.UNKNOWN),
            "category": _known(Category, next(iter(main.categories), ""), Category.OTHER),
            "event_name": _cut(event_name, 160, notes.append, "event"),
            "texts": _texts(infos, notes.append),
            "area": _area(infos, notes.append) if area is None else area,
            "area_name": _cut(_area_name(main), 200, notes.append, "the name of the area"),
            "time_zone": time_zone,
            "onset": _onset(main, now, expires, notes.append),
            "expires_at": expires,
            "source": source_of(alert, own_area=area is not None).model_dump(),
        }
    )
    return Imported(draft, tuple(dict.fromkeys(notes)))


def _main(infos: tuple[CapInfo, ...]) -> CapInfo:
    """The info block whose single words (event, area name) are taken: English where there is one."""
    tags = {tag: info for info in reversed(infos) if (tag := normal_tag(info.language))}
    english = own_text(LAST_LANGUAGE, tags)
    return tags[english] if english else infos[0]


def _most_severe(infos: tuple[CapInfo, ...]) -> Severity:
    known = [_known(Severity, info.severity, Severity.UNKNOWN) for info in infos]
    return min(known, key=SEVERITY_ORDER.index)


def _one_per_language(infos: tuple[CapInfo, ...], note: Callable[[str], None]) -> tuple[CapInfo, ...]:
    """The first info block of each language. Further ones speak of another place or time: their text for the
    first one's people, or the other way round, would be a wrong warning."""
    found: dict[str, CapInfo] = {}
    for number, info in enumerate(infos, 1):
        tag = normal_tag(info.language) or LAST_LANGUAGE
        if tag in found:
            note(f"info {number} was left out, text and area: its language was there already")
        found.setdefault(tag, info)
    return tuple(found.values())


def _texts(infos: tuple[CapInfo, ...], note: Callable[[str], None]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for info in infos:
        tag = normal_tag(info.language) or LAST_LANGUAGE
        texts[tag] = {
            "headline": _cut(info.headline or info.event, MAX_HEADLINE, note, f"{tag}: headline"),
            "description": _cut(info.description, MAX_BODY, note, f"{tag}: description"),
            "instruction": _cut(info.instruction, MAX_BODY, note, f"{tag}: instruction"),
        }
    return texts


def _area(infos: tuple[CapInfo, ...], note: Callable[[str], None]) -> dict[str, Any]:
    areas = [area for info in infos for area in info.areas]
    shapes: dict[Shape, None] = {}
    countries, regions = dict[str, None](), dict[str, None]()
    for area in areas:
        shapes.update(dict.fromkeys((*area.polygons, *area.circles)))
        countries.update(dict.fromkeys(countries_in(area)))
        regions.update(dict.fromkeys(regions_in(area)))
    lost = [area for area in areas if area.geocodes and not _is_understood(area)]
    if not (shapes or countries or regions):
        codes = " (codes other than ISO 3166 are not understood)" if lost else ""
        note(f"the file draws no area{codes}: draw one")
        return {}
    if lost:
        note("a part of the area is only named, by codes that are not understood: see that it is drawn")
    return of_shapes(tuple(shapes), countries=tuple(countries), regions=tuple(regions)).to_json()


def _is_understood(area: CapArea) -> bool:
    return bool(area.polygons or area.circles or countries_in(area) or regions_in(area))


def _area_name(info: CapInfo) -> str:
    return "; ".join(dict.fromkeys(area.desc for area in info.areas if area.desc))


def _onset(info: CapInfo, now: datetime, expires: datetime, note: Callable[[str], None]) -> datetime | None:
    if info.onset is None or now <= info.onset <= expires:
        return info.onset
    note("the onset was left out: it is past or after the expiry")
    return None


def _known(kind: type[Word], word: str, otherwise: Word) -> Word:
    return kind(word) if word in frozenset(kind) else otherwise


def _cut(text: str, longest: int, note: Callable[[str], None], name: str) -> str:
    if len(text) <= longest:
        return text
    note(f"{name} was cut to {longest} characters: read it again")
    return text[: longest - 1] + "…"
