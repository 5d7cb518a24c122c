"""The answers Telegram gives when it refuses, word for word as far as they are publicly documented. Values
only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ApiError(Exception):
    """A refused call: HTTP status (= `error_code`), description, and `parameters` if any."""

    def __init__(self, status: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON the client reads."""
        answer: dict[str, Any] = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        if self.parameters:
            answer["parameters"] = dict(self.parameters)
        return answer


class ChatState(StrEnum):
    """What a chat is to the bot. The last three are states of groups."""

    NEVER_STARTED = "never_started"
    ACTIVE = "active"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    MIGRATED = "migrated"
    KICKED = "kicked"
    NOT_MEMBER = "not_member"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Status and words of a refusal."""

    status: int
    description: str


REFUSALS: Mapping[ChatState, Refusal] = {
    ChatState.NEVER_STARTED: Refusal(403, "Forbidden: bot can't initiate conversation with a user"),
    ChatState.BLOCKED: Refusal(403, "Forbidden: bot was blocked by the user"),
    ChatState.DEACTIVATED: Refusal(403, "Forbidden: user is deactivated"),
    ChatState.MIGRATED: Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat"),
    ChatState.KICKED: Refusal(403, "Forbidden: bot was kicked from the group chat"),
    ChatState.NOT_MEMBER: Refusal(403, "Forbidden: bot is not a member of the supergroup chat"),
    ChatState.DELETED: Refusal(403, "Forbidden: the group chat was deleted"),
}


def bad_request(words: str) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {words}")


def chat_not_found() -> ApiError:
    """An id nobody has, or a person this bot never met."""
    return bad_request("chat not found")


def refused(state: ChatState, migrated_to: int | None) -> ApiError:
    """The refusal of a chat that takes no messages."""
    refusal = REFUSALS[state]
    parameters = {"migrate_to_chat_id": migrated_to} if state is ChatState.MIGRATED else None
    return ApiError(refusal.status, refusal.description, parameters)


def too_many(retry_after: int) -> ApiError:
    """429; the same number goes into the header."""
    words = f"Too Many Requests: retry after {retry_after}"
    return ApiError(429, words, {"retry_after": retry_after})


def unauthorized() -> ApiError:
    """A token no bot has (any more)."""
    return ApiError(401, "Unauthorized")


def not_found() -> ApiError:
    """Not a token at all."""
    return ApiError(404, "Not Found")


def no_such_method() -> ApiError:
    """A method this API does not have."""
    return ApiError(404, "Not Found: method not found")


def webhook_is_set() -> ApiError:
    """getUpdates while a webhook is active."""
    words = (
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    return ApiError(409, f"Conflict: {words}")


def two_pollers() -> ApiError:
    """A second getUpdates ends the first."""
    words = "terminated by other getUpdates request; make sure that only one bot instance is running"
    return ApiError(409, f"Conflict: {words}")


def too_large() -> ApiError:
    """A body beyond what the server reads."""
    return ApiError(413, "Request Entity Too Large")
