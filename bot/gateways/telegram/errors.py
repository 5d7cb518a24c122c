"""Telegram's errors in the words of `bot.errors`. Pure; touches nothing.

Descriptions are matched by how they begin, without regard to case, as the Bot API server sends them (its
source, `Client.cpp` and `Query.cpp`); python-telegram-bot strips "Bad Request: ". What no row knows gets a
code of its own that can be counted: `forbidden`, `bad_request`, `http_other`.
"""

from collections.abc import Mapping
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.errors import (
    BrokenServerError,
    ClosedError,
    GoneError,
    MovedError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
    UnknownOutcomeError,
)
from bot.gateways.telegram.request import NotSentError

_Row = tuple[type[SendError], str]

# 403. An unknown one is not *gone*: it must not cost a person their address.
_FORBIDDEN: Mapping[str, _Row] = {
    "forbidden: bot was blocked by the user": (GoneError, "blocked"),
    "forbidden: user is deactivated": (GoneError, "deactivated"),
    "forbidden: bot can't initiate conversation with a user": (GoneError, "never_started"),
    "forbidden: bot was kicked": (GoneError, "kicked"),
    "forbidden: bot is not a member": (GoneError, "not_a_member"),
    "forbidden: the group chat was deleted": (GoneError, "chat_deleted"),
}

# 400. Unless the row says otherwise this content will never pass.
_BAD_REQUEST: Mapping[str, _Row] = {
    "chat not found": (GoneError, "chat_not_found"),
    "private chat not found": (GoneError, "chat_not_found"),
    "user not found": (GoneError, "chat_not_found"),
    "peer_id_invalid": (GoneError, "chat_not_found"),
    "input_user_deactivated": (GoneError, "deactivated"),
    "can't parse entities": (RejectedError, "cannot_parse"),
    "message text is empty": (RejectedError, "empty_text"),
    "text must be non-empty": (RejectedError, "empty_text"),
    "message is too long": (RejectedError, "too_long"),
    "reply markup is too long": (RejectedError, "buttons_too_long"),
    "button_data_invalid": (RejectedError, "button_data"),
    "button_url_invalid": (RejectedError, "button_url"),
    "query is too old": (RejectedError, "query_too_old"),
    "message is not modified": (RejectedError, "not_modified"),
}

# Other statuses. A gateway that gave up waiting (504) may have passed the request on.
_NETWORK: Mapping[str, _Row] = {
    "internal server error": (BrokenServerError, "http_500"),
    "bad gateway": (BrokenServerError, "http_502"),
    "service unavailable": (TransientError, "http_503"),
    "gateway timeout": (UnknownOutcomeError, "http_504"),
    "misdirected request": (TransientError, "http_421"),
    "request entity too large": (RejectedError, "http_413"),
    "content too large": (RejectedError, "http_413"),
    "unknown error in http implementation": (UnknownOutcomeError, "transport"),
}


def translate(error: TelegramError) -> SendError:
    """Return the member of our family that says what `error` means for a message."""
    match error:
        case RetryAfter():
            return RetryAfterError("flood", _seconds(error.retry_after))
        case ChatMigrated():
            return MovedError("chat_migrated", str(error.new_chat_id))
        case InvalidToken():  # 401, and 404 for a malformed token
            return ClosedError("unauthorized")
        case Conflict():
            return ClosedError("conflict")
        case Forbidden():
            return _look_up(_FORBIDDEN, error, (RejectedError, "forbidden"))
        case NotSentError():
            return TransientError("not_sent")
        case TimedOut():
            return UnknownOutcomeError("no_answer")
        case _:
            return _translate_rest(error)


def _translate_rest(error: TelegramError) -> SendError:
    if isinstance(error, BadRequest):  # before NetworkError, its parent: a reject must not be tried again
        return _look_up(_BAD_REQUEST, error, (RejectedError, "bad_request"))
    if isinstance(error, NetworkError):
        return _look_up(_NETWORK, error, (TransientError, "http_other"))
    return UnknownOutcomeError("unreadable_answer")  # 200 with a body that is not Telegram's


def _look_up(table: Mapping[str, _Row], error: TelegramError, otherwise: _Row) -> SendError:
    text = error.message.lower()
    kind, code = next((row for start, row in table.items() if text.startswith(start)), otherwise)
    return kind(code)


def _seconds(value: int | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
