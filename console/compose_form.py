"""The compose form: what an officer typed, as a draft, and a draft as what the form shows. Pure.

Times are typed as they are in the alert's named zone. What cannot be read is named with the field it is in;
nothing is guessed and nothing is dropped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.draft import Draft, read_draft
from alerts.errors import AlertRefusedError, Reason
from alerts.languages import normal_tag
from console.area_form import read_area, typed_area
from console.countries import Countries
from console.plain_words import plain

PARTS = ("headline", "description", "instruction")
NOTES = ("correction", "all_clear")
PLAIN = (
    "event_id", "event_title", "status", "audience", "severity", "urgency", "certainty", "category",
    "event_name", "area_name", "time_zone", "onset", "expires_at", "useful_until", "include_maybe", "policy",
    "corrects", "countries", "regions", "find_region", "circles", "polygons", "rest", "source", "source_seal",
    "tab",
)  # fmt: skip
_LOCAL_TIME = "%Y-%m-%dT%H:%M"


@dataclass(slots=True)
class Typed:
    """The form as text, exactly as the officer left it.

    Attributes:
        values: plain fields by name.
        words: language to part to text; the keys are the tabs.
    """

    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PLAIN, ""))
    words: dict[str, dict[str, str]] = field(default_factory=dict)

    def add_language(self, tag: str) -> bool:
        """Open a tab for a language; False when `tag` is none."""
        normal = normal_tag(tag)
        if normal is None:
            return False
        self.words.setdefault(normal, dict.fromkeys((*PARTS, *NOTES), ""))
        return True


def typed_from(sent: Mapping[str, object]) -> Typed:
    """What a browser sent; fields the form does not have are ignored."""
    form = Typed({name: _text(sent.get(name)) for name in PLAIN})
    for name in sent:
        head, _, part = name.rpartition(".")
        kind, _, tag = head.partition(".")
        if kind == "text" and part in (*PARTS, *NOTES) and form.add_language(tag):
            form.words[normal_tag(tag) or tag][part] = _text(sent[name])
    return form


def typed_of(draft: Draft) -> Typed:
    """A draft as the form shows it."""
    zone = draft.time_zone
    form = Typed()
    form.values |= {
        "event_id": "" if draft.event_id is None else str(draft.event_id),
        "event_title": draft.event_title,
        "status": draft.status.value,
        "audience": draft.audience.value,
        "severity": draft.severity.value,
        "urgency": draft.urgency.value,
        "certainty": draft.certainty.value,
        "category": draft.category.value,
        "event_name": draft.event_name,
        "area_name": draft.area_name,
        "time_zone": zone,
        "onset": local_time(draft.onset, zone),
        "expires_at": local_time(draft.expires_at, zone),
        "useful_until": local_time(draft.useful_until, zone),
        "include_maybe": {None: "", True: "yes", False: "no"}[draft.include_maybe],
        "policy": draft.policy.value,
        "corrects": "" if draft.corrects is None else str(draft.corrects),
        **typed_area(draft.area),
    }
    for tag in sorted({*draft.texts, *draft.correction, *draft.all_clear}):
        form.add_language(tag)
        if tag in draft.texts:
            form.words[tag] |= draft.texts[tag].model_dump()
        form.words[tag] |= {
            "correction": draft.correction.get(tag, ""),
            "all_clear": draft.all_clear.get(tag, ""),
        }
    return form


def read_form(form: Typed, countries: Countries) -> Draft:
    """The draft that was typed, with countries as they are named here.

    Raises:
        AlertRefusedError: every field that cannot be read, in words.
    """
    reasons: list[Reason] = []
    said = {name: value.strip() for name, value in form.values.items()}
    zone = zone_of(said["time_zone"])
    if zone is None:
        reasons.append(Reason("form.time_zone", "Time zone: not a name such as Asia/Bangkok."))
    area = read_area(said, countries, reasons)
    times = {
        name: moment(said[name], zone, label, reasons)
        for name, label in (("onset", "Begins"), ("expires_at", "Expires"), ("useful_until", "Useful until"))
    }
    values: dict[str, Any] = {
        name: said[name]
        for name in (
            "event_title", "status", "audience", "severity", "urgency", "certainty", "category", "event_name",
            "area_name", "time_zone", "policy",
        )
        if said[name] or name not in {"audience", "policy"}
    }  # fmt: skip
    values |= {
        "event_id": _id(said["event_id"], "Event", reasons),
        "corrects": _id(said["corrects"], "Follows", reasons),
        "include_maybe": {"yes": True, "no": False}.get(said["include_maybe"]),
        "texts": {tag: _parts(words) for tag, words in form.words.items() if any(_parts(words).values())},
        "correction": {tag: w["correction"] for tag, w in form.words.items() if w["correction"].strip()},
        "all_clear": {tag: w["all_clear"] for tag, w in form.words.items() if w["all_clear"].strip()},
        "area": area,
        "source": _source(said["source"], reasons),
        **{name: at for name, at in times.items() if at is not None},
    }
    if times["expires_at"] is None and not any(reason.code == "form.expires_at" for reason in reasons):
        reasons.append(Reason("form.expires_at", "Expires: an alert needs an end."))
    try:
        draft = read_draft(values)
    except AlertRefusedError as refused:
        known = {"draft.expires_at", "draft.time_zone"} if reasons else set()
        reasons += [plain(reason) for reason in refused.reasons if reason.code not in known]
        raise AlertRefusedError(reasons) from None
    if reasons:
        raise AlertRefusedError(reasons)
    return draft


def local_time(at: datetime | None, zone: str) -> str:
    """A moment as a browser's time field wants it, in `zone`."""
    if at is None:
        return ""
    return at.astimezone(zone_of(zone) or UTC).strftime(_LOCAL_TIME)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _parts(words: Mapping[str, str]) -> dict[str, str]:
    return {part: words[part] for part in PARTS}


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name, None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(text: str, zone: ZoneInfo | None, label: str, reasons: list[Reason]) -> datetime | None:
    """A typed time in `zone`; None when nothing was typed or it cannot be read (then a reason is added)."""
    if not text or zone is None:
        return None
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        code = {"Begins": "onset", "Expires": "expires_at"}.get(label, "useful_until")
        reasons.append(Reason(f"form.{code}", f"{label}: write it like 2026-11-22T18:00."))
        return None
    aware = typed if typed.tzinfo else typed.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def _id(text: str, label: str, reasons: list[Reason]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    reasons.append(Reason("form.id", f"{label}: not a number."))
    return None


def _source(text: str, reasons: list[Reason]) -> object:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        reasons.append(Reason("form.source", "What the form says of the file it came from cannot be read."))
        return None
