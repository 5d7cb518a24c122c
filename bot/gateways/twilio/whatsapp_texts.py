"""The texts of our templates, ready to be submitted. Reads `whatsapp_texts.json` beside it.

They ship unreviewed: a ministry has them read by people who speak the language, changes them as it likes
(numbers and order of the variables stay), and submits them. What they must keep: the word for an exercise in
`knock_drill`, no variable at an edge or beside another, at most 300 characters of their own
(twilio.com/docs/content/using-variables-with-content-api, checked 2026-11-22).
"""

import json
from importlib.resources import files
from typing import Any

from bot.gateways.twilio.whatsapp_templates import ANY_LANGUAGE, SLOTS, Purpose

_FILE = "whatsapp_texts.json"
_ACTIONS = ("safe", "help", "full")
_CODE = "{{5}}"  # the event's code: the button then names its warning
_SHOWN = {
    Purpose.KNOCK: _ACTIONS,
    Purpose.KNOCK_DRILL: _ACTIONS,
    Purpose.KNOCK_INFO: _ACTIONS[2:],
    Purpose.WAITING: (),
}


def contents() -> dict[tuple[Purpose, str], dict[str, Any]]:
    """By purpose and language: the body of `POST https://content.twilio.com/v1/Content`."""
    words = json.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))
    found = {
        (purpose, language): _content(purpose, language, texts)
        for language, texts in words.items()
        for purpose in _SHOWN
    }
    return found | {(Purpose.BUTTONS, ANY_LANGUAGE): _buttons()}


def _content(purpose: Purpose, language: str, texts: dict[str, Any]) -> dict[str, Any]:
    labels = dict(zip(_ACTIONS, texts["buttons"], strict=True))
    actions = [{"title": labels[one], "id": f"{one}:{_CODE}"} for one in _SHOWN[purpose]]
    body = texts[purpose.value]
    kind = "twilio/quick-reply" if actions else "twilio/text"
    shown = {kind: {"body": body, **({"actions": actions} if actions else {})}}
    samples = {str(number): text for number, text in enumerate(texts["samples"], start=1)}
    return {
        "friendly_name": f"muster_{purpose}_{language}",
        "language": language,
        "variables": samples if SLOTS[purpose] else {},
        "types": shown,
    }


def _buttons() -> dict[str, Any]:
    """Real buttons inside the window: everything in it is a variable, so it is never submitted."""
    actions = [{"title": "{{2}}", "id": "{{3}}"}, {"title": "{{4}}", "id": "{{5}}"}]
    return {
        "friendly_name": "muster_buttons",
        "language": "en",
        "variables": {"1": "Question?", "2": "Yes", "3": "yes", "4": "No", "5": "no"},
        "types": {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}},
    }
