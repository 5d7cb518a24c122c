"""The web chat's JSON both ways: a stream's message as seen, what is done as sent. Pure but for a response it
reads.
"""

import json
from typing import Any

import aiohttp

from simulator.incoming import Action, ActionKind, Incoming


def seen_as(data: dict[str, Any], event_id: str) -> Incoming:
    """A stream's message as the citizen sees it."""
    buttons = data.get("buttons") or []
    return Incoming(
        channel="webchat",
        message_id=str(data.get("id") or event_id),
        text=str(data.get("text") or ""),
        buttons=tuple(str(one["data"]) for one in buttons),
        labels=tuple(str(one["label"]) for one in buttons),
        ask=str(data.get("ask") or ""),
        kind=str(data.get("kind") or ""),
        lang=str(data.get("lang") or ""),
    )


def said(action: Action) -> dict[str, Any]:
    """What a citizen does, in the words of the web chat's protocol."""
    match action.kind:
        case ActionKind.TEXT:
            return {"text": action.value}
        case ActionKind.BUTTON:
            return {"button": action.value}
        case ActionKind.LOCATION:
            return {"location": {"lat": action.lat, "lon": action.lon}}
        case ActionKind.CONTACT:
            return {"contact": action.value}


async def reason(response: aiohttp.ClientResponse) -> str:
    """The service's error code, or the status when it gave none."""
    try:
        data = json.loads(await response.read())
    except ValueError:
        data = None
    return str(data["error"]) if isinstance(data, dict) and "error" in data else f"http_{response.status}"
