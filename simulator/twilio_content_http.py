"""The Content API over HTTP: templates made, submitted, listed (`/v1/Content`, `/v1|v2/ContentAndApprovals`).

Shapes: Twilio's published description of the Content API (twilio-oai, content v1).
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from simulator.twilio_accounts import Account
from simulator.twilio_content import Template
from simulator.twilio_errors import TwilioError
from simulator.twilio_messages import MAX_PAGE, PAGE, number

HOST = "https://content.twilio.com"


async def answer(
    request: web.Request, account: Account, approve: str, now: float, make_sid: Callable[[str], str]
) -> tuple[dict[str, Any], int]:
    """What one request gets: JSON and status; raises `TwilioError`."""
    parts = request.path.strip("/").split("/")
    match request.method, parts[1:]:
        case "GET", ["Content"]:
            return listing(request, account, "Content", [card(one) for one in known(account)]), 200
        case "GET", ["ContentAndApprovals"]:
            rows = [both(one) for one in known(account)]
            return listing(request, account, "ContentAndApprovals", rows), 200
        case "POST", ["Content"]:
            return card(account.content.make(make_sid("HX"), await json_of(request), now)), 201
        case "GET", ["Content", sid]:
            return card(account.content.find(sid)), 200
        case "DELETE", ["Content", sid]:
            del account.content.templates[account.content.find(sid).sid]
            return {}, 204
        case "GET", ["Content", sid, "ApprovalRequests"]:
            template = account.content.find(sid)
            url = f"{HOST}/v1/Content/{sid}/ApprovalRequests"
            return {"sid": sid, "account_sid": account.sid, "whatsapp": approval(template), "url": url}, 200
        case "POST", ["Content", sid, "ApprovalRequests", "whatsapp"]:
            template = account.content.submit(sid, await json_of(request), approve, now)
            told = approval(template)
            return {name: value for name, value in told.items() if name != "type"}, 201
        case _:
            raise TwilioError(20404)


async def json_of(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request; raises `TwilioError` 20422."""
    try:
        data = json.loads(await request.read())
    except ValueError:
        raise TwilioError(20422) from None
    if not isinstance(data, dict):
        raise TwilioError(20422)
    return data


def known(account: Account) -> list[Template]:
    """All templates, oldest first."""
    return list(account.content.templates.values())


def iso(at: float) -> str:
    """A time as the Content API writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(template: Template) -> dict[str, Any]:
    """What both forms of a template share."""
    return {
        "account_sid": template.account,
        "date_created": iso(template.made),
        "date_updated": iso(template.updated),
        "friendly_name": template.friendly_name,
        "language": template.language,
        "sid": template.sid,
        "types": template.types,
        "variables": template.variables,
    }


def card(template: Template) -> dict[str, Any]:
    """A template as JSON."""
    url = f"{HOST}/v1/Content/{template.sid}"
    links = {
        "approval_create": f"{url}/ApprovalRequests/whatsapp",
        "approval_fetch": f"{url}/ApprovalRequests",
    }
    return {**plain(template), "url": url, "links": links}


def approval(template: Template) -> dict[str, Any]:
    """What WhatsApp thinks of a template."""
    return {
        "type": "whatsapp",
        "name": template.name,
        "category": template.category,
        "content_type": template.kind,
        "status": template.status.value,
        "rejection_reason": template.reason,
        "allow_category_change": True,
    }


def both(template: Template) -> dict[str, Any]:
    """A template with its approval, as JSON."""
    return {**plain(template), "approval_requests": approval(template)}


def listing(request: web.Request, account: Account, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One page; raises `TwilioError`."""
    size, page = number(request.query, "PageSize", PAGE), number(request.query, "Page", 0)
    if not 1 <= size <= MAX_PAGE:
        raise TwilioError(20422)
    version = request.path.split("/")[1]
    first = page * size

    def url(index: int) -> str:
        return f"{request.scheme}://{request.host}/{version}/{name}?PageSize={size}&Page={index}"

    meta = {
        "first_page_url": url(0),
        "key": "contents",
        "next_page_url": url(page + 1) if first + size < len(rows) else None,
        "page": page,
        "page_size": size,
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
    }
    return {"contents": rows[first : first + size], "meta": meta}
