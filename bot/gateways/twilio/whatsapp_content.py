"""What Twilio's Content API says of a template: its approval by WhatsApp and its variables. Touches Twilio
through `client`.

`GET /v1/Content/{sid}` and `GET /v1/Content/{sid}/ApprovalRequests`; the latter's `whatsapp` holds name,
category, status and rejection_reason (Twilio's changelog of 2024-08-12, twilio 9.13).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import UnknownOutcomeError
from bot.gateways.twilio.client import UNREADABLE, TwilioClient
from bot.gateways.twilio.errors import translate
from bot.gateways.twilio.http import RefusedError
from bot.gateways.twilio.whatsapp_templates import ANY_LANGUAGE, Category, Purpose, Template, TemplateState

NOT_FOUND = 20404  # Twilio's own code: a proxy's page with HTTP 404 says nothing of a template

_VARIABLE = re.compile(r"\{\{\s*(\w{1,16})\s*\}\}")
_QUICK_REPLY = "twilio/quick-reply"
_CODED = {"safe:", "help:", "full:"}  # begin the ids of a knock's buttons, the event's code behind them


@dataclass(frozen=True, slots=True)
class Looked:
    """A template as the provider has it now.

    Attributes:
        problems: what in it does not fit what we fill in, in words for an operator.
    """

    template: Template
    problems: tuple[str, ...] = ()


async def look(client: TwilioClient, known: Template, now: datetime) -> Looked:
    """Ask Twilio for one template; what is not there any more is *missing*.

    Raises:
        SendError: Twilio could not be asked.
    """
    content = client.rest.content.v1.contents(known.sid)
    try:
        body = await content.fetch_async()
        approval = await content.approval_fetch().fetch_async()
    except RefusedError as error:
        if error.code == NOT_FOUND:
            return Looked(replace(known, state=TemplateState.MISSING, checked_at=now))
        raise translate(error) from None
    except UNREADABLE:
        raise UnknownOutcomeError("unreadable_answer") from None
    told, types = approval.whatsapp or {}, body.types or {}
    if not isinstance(told, dict) or not isinstance(types, dict):
        raise UnknownOutcomeError("unreadable_answer")
    fresh = replace(
        known,
        name=str(told.get("name") or body.friendly_name or known.name)[:120],
        category=_category(str(told.get("category") or ""), known.category),
        state=_state(str(told.get("status") or TemplateState.UNSUBMITTED)),
        checked_at=now,
    )
    return Looked(fresh, tuple(_problems(fresh, str(body.language or ""), types)))


def _problems(template: Template, language: str, types: dict[str, object]) -> Sequence[str]:
    found = []
    if template.language != ANY_LANGUAGE and language.replace("_", "-") != template.language:
        found.append(f"its language is {language or 'not set'}")
    variables = set(_VARIABLE.findall(json.dumps(types)))
    wanted = {str(number) for number in range(1, len(template.slots) + 1)}
    if variables != wanted:
        found.append(
            f"it has the variables {', '.join(sorted(variables)) or 'none'} and we fill "
            f"{', '.join(sorted(wanted)) or 'none'}"
        )
    if template.purpose is not Purpose.WAITING and _QUICK_REPLY not in types:
        found.append("it has no quick-reply buttons")
    elif template.purpose in {Purpose.KNOCK, Purpose.KNOCK_DRILL}:
        ids = json.dumps(types.get(_QUICK_REPLY))
        missing = sorted(prefix for prefix in _CODED if f'"{prefix}{{{{' not in ids)
        if missing:
            found.append(f"no button's id begins with {', '.join(missing)} and the code's variable")
    return found


def _category(told: str, known: Category) -> Category:
    if not told:
        return known
    return Category(told.lower()) if told.lower() in set(Category) else Category.UNKNOWN


def _state(told: str) -> TemplateState:
    return TemplateState(told.lower()) if told.lower() in set(TemplateState) else TemplateState.UNKNOWN
