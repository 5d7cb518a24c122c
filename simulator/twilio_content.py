"""WhatsApp templates as the Content API keeps them: what may be submitted, their state, what a phone shows.
Memory only.

A template needs a sample of each variable, may not begin or end with one nor have two side by side; a value
may hold no line break, tab or run of more than four spaces, may not be empty (21656), is at most 1600
characters (21658); text and values together at most 1024 on WhatsApp (63021). Sources:
twilio.com/docs/content, /docs/api/errors/21656, 21658, 63021, 63028.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.twilio_errors import TwilioError

SLOT = re.compile(r"\{\{(\w{1,16})\}\}")
NAME = re.compile(r"[a-z0-9_]{1,512}")
BROKEN = re.compile(r"[\n\r\t]| {5,}")
CROWDED = re.compile(r"\A\s*\{\{\w+\}\}|\{\{\w+\}\}\s*\Z|\}\}\s*\{\{")
CATEGORIES = frozenset({"UTILITY", "MARKETING", "AUTHENTICATION"})
TYPES = frozenset({"twilio/text", "twilio/quick-reply", "twilio/location"})
MAX_VALUE, MAX_SHOWN, MAX_TITLE, MAX_BUTTONS, FREE_BUTTONS = 1600, 1024, 20, 10, 3


class Approval(StrEnum):
    """State of a template with WhatsApp."""

    UNSUBMITTED = "unsubmitted"
    RECEIVED = "received"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"


NOT_SENT: Mapping[Approval, int] = {
    Approval.UNSUBMITTED: 63016,
    Approval.RECEIVED: 63016,
    Approval.PENDING: 63016,
    Approval.REJECTED: 63040,
    Approval.PAUSED: 63041,
    Approval.DISABLED: 63042,
}


@dataclass(slots=True)
class Template:
    """One content resource.

    Attributes:
        types: content type -> its body. variables: samples, which are no defaults here: every variable must
            be given.
        name, category, status, reason: of its approval; category may be changed by WhatsApp at any time.
    """

    sid: str
    account: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, dict[str, Any]]
    made: float
    updated: float
    name: str = ""
    category: str = ""
    status: Approval = Approval.UNSUBMITTED
    reason: str = ""

    @property
    def slots(self) -> set[str]:
        """Variables it needs."""
        return set(SLOT.findall(json.dumps(self.types, ensure_ascii=False)))

    @property
    def kind(self) -> str:
        """The richest type it has, which is what WhatsApp shows."""
        return next(
            one for one in ("twilio/quick-reply", "twilio/location", "twilio/text") if one in self.types
        )

    def show(self, values: Mapping[str, str], *, rich: bool = True) -> "Shown":
        """What a phone shows; `rich` is WhatsApp, plain is SMS."""
        kind = self.kind if rich else "twilio/text"
        body = self.types.get(kind, {})
        text = filled(str(body.get("body", body.get("label", ""))), values)
        actions = body.get("actions", ())
        return Shown(
            text,
            tuple(filled(str(one.get("id", one["title"])), values) for one in actions),
            tuple(filled(str(one["title"]), values) for one in actions),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a phone shows it; `buttons` is machine data, `labels` their words."""

    text: str
    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; unknown ones stay."""
    return SLOT.sub(lambda found: values.get(found.group(1), found.group(0)), text)


def values_of(given: str) -> dict[str, str]:
    """`ContentVariables` as given with a send; raises `TwilioError` 21656 or 21658."""
    if not given:
        return {}
    try:
        data = json.loads(given)
    except ValueError:
        raise TwilioError(21656) from None
    if not isinstance(data, dict):
        raise TwilioError(21656)
    for value in data.values():
        if not isinstance(value, str) or not value.strip() or BROKEN.search(value):
            raise TwilioError(21656)
        if len(value) > MAX_VALUE:
            raise TwilioError(21658)
    return {str(name): str(value) for name, value in data.items()}


def refused(template: Template, values: Mapping[str, str], *, open_window: bool) -> int:
    """Why WhatsApp does not take a template now: an error code, or 0."""
    if not open_window:
        if template.kind == "twilio/location":
            return 63016
        if template.status is not Approval.APPROVED:
            return NOT_SENT[template.status]
    if set(values) != template.slots:
        return 63028
    shown = template.show(values)
    if len(shown.text) > MAX_SHOWN:
        return 63021
    if template.status is not Approval.APPROVED and len(shown.buttons) > FREE_BUTTONS:
        return 63005
    return 0


def fault_of(template: Template) -> str:
    """Why WhatsApp rejects a template that is submitted, empty when it does not."""
    body = str(template.types[template.kind].get("body", ""))
    if template.slots - set(template.variables):
        return "INVALID_FORMAT: a sample for each variable is required"
    if CROWDED.search(body):
        return "INVALID_FORMAT: a variable at the beginning or end, or two side by side"
    if len(body) > MAX_SHOWN:
        return "INVALID_FORMAT: too long"
    actions = template.types[template.kind].get("actions", ())
    if len(actions) > MAX_BUTTONS or any(
        not 0 < len(str(one.get("title", ""))) <= MAX_TITLE for one in actions
    ):
        return "INVALID_FORMAT: buttons"
    return ""


@dataclass(slots=True)
class Registry:
    """All templates of one account."""

    account: str
    templates: dict[str, Template] = field(default_factory=dict)

    def find(self, sid: str) -> Template:
        """A template; raises `TwilioError` 20404."""
        try:
            return self.templates[sid]
        except KeyError:
            raise TwilioError(20404) from None

    def for_send(self, sid: str) -> Template:
        """A template named in a send; raises `TwilioError` 21655."""
        template = self.templates.get(sid)
        if template is None:
            raise TwilioError(21655)
        return template

    def make(self, sid: str, data: Mapping[str, Any], now: float) -> Template:
        """Create one from a request's JSON; raises `TwilioError` 20422."""
        types, variables = data.get("types"), data.get("variables") or {}
        language = data.get("language")
        if not isinstance(types, dict) or not types or not isinstance(variables, dict) or not language:
            raise TwilioError(20422)
        if set(types) - TYPES or not all(isinstance(body, dict) for body in types.values()):
            raise TwilioError(20422)
        template = Template(
            sid,
            self.account,
            str(data.get("friendly_name", "")),
            str(language),
            {str(name): str(value) for name, value in variables.items()},
            types,
            now,
            now,
        )
        self.templates[sid] = template
        return template

    def submit(self, sid: str, data: Mapping[str, Any], status: str, now: float) -> Template:
        """Ask WhatsApp for approval; raises `TwilioError`. What breaks its rules is rejected at once."""
        template = self.find(sid)
        name, category = str(data.get("name", "")), str(data.get("category", "")).upper()
        if not NAME.fullmatch(name) or category not in CATEGORIES:
            raise TwilioError(20422)
        template.name, template.category, template.updated = name, category, now
        template.reason = fault_of(template)
        template.status = Approval.REJECTED if template.reason else Approval(status)
        return template

    def set_state(self, sid: str, status: Approval | None = None, category: str = "") -> Template:
        """WhatsApp changes its mind; raises `TwilioError` 20404."""
        template = self.find(sid)
        template.status = status if status is not None else template.status
        template.category = category or template.category
        return template
