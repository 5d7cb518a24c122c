"""Invitations to exercises: a signed token behind `/start`, made by the ministry. Pure."""

from bot.messages import Inbound, InboundKind
from handlers.kit import Kit

PREFIX = "drill-"
MAX_TOKEN = 200


def payload_of(inbound: Inbound) -> str:
    """What stands behind Start, "" when nothing does or it is no Start."""
    if inbound.kind is InboundKind.START:
        return inbound.text.strip().removeprefix("/start").strip()
    if inbound.kind is InboundKind.TEXT and inbound.text.startswith("/start "):
        return inbound.text.removeprefix("/start ").strip()
    return ""


def invitation(kit: Kit, inbound: Inbound) -> bool | None:
    """Whether this Start carries a good invitation to an exercise; None when it carries none at all."""
    payload = payload_of(inbound)
    if not payload.startswith(PREFIX):
        return None
    token = payload.removeprefix(PREFIX)
    return len(token) <= MAX_TOKEN and kit.drill_token(token)
