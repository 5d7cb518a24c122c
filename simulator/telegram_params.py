"""Parameters of a Bot API call: read from form, JSON, multipart or query, then checked one by one. Pure but
for the request it reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from simulator.telegram_errors import ApiError, bad_request
from simulator.telegram_html import Parsed, parse_html, units

Params = Mapping[str, Any]
MAX_TEXT = 4096  # UTF-16 code units after entity parsing
MAX_DATA = 64  # bytes of callback_data
MAX_MARKUP = 10_000  # characters of reply markup; the real bound is not documented
MAX_BODY = 1_000_000  # bytes
TRUE = frozenset({"true", "yes", "1", "True"})


async def read_params(request: web.Request) -> dict[str, Any]:
    """All parameters of a call, whatever encoding the client chose; the body wins over the query."""
    params: dict[str, Any] = dict(request.query) if request.query_string else {}
    if request.method != "POST" or not request.can_read_body:
        return params
    kind = request.content_type
    if kind == "multipart/form-data":
        params.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
        return params
    body = await request.read()
    if kind == "application/json":
        try:
            data = json.loads(body or b"{}")
        except ValueError as error:
            raise bad_request("can't parse JSON object") from error
        if not isinstance(data, dict):
            raise bad_request("object expected")
        params.update(data)
    else:
        try:
            params.update(form_fields(body.decode()))
        except UnicodeDecodeError as error:
            raise bad_request("strings must be encoded in UTF-8") from error
    return params


@lru_cache(maxsize=2048)
def plain(value: str) -> str:
    """A form value without its escapes; a broadcast repeats the same long text, so it is unescaped once."""
    return unquote_plus(value, errors="strict")


def form_fields(body: str) -> Iterator[tuple[str, str]]:
    """Fields of a urlencoded form; blank ones stay. Raises `UnicodeDecodeError`."""
    for part in body.split("&"):
        if part:
            name, _, value = part.partition("=")
            yield plain(name), plain(value)


def text_of(params: Params, name: str) -> str:
    """A parameter as text; missing = empty."""
    value = params.get(name)
    return "" if value is None else str(value)


def int_of(params: Params, name: str, default: int = 0) -> int:
    """A parameter as a whole number; raises `ApiError`."""
    value = params.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise bad_request(f"invalid {name} specified") from error


def float_of(params: Params, name: str) -> float:
    """A required parameter as a number; raises `ApiError`."""
    try:
        return float(params[name])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request(f"wrong {name} specified") from error


def flag_of(params: Params, name: str) -> bool:
    """A parameter as yes or no."""
    value = params.get(name)
    return value is True or str(value) in TRUE


def json_of(params: Params, name: str) -> Any:
    """A parameter that is a JSON value, as JSON text or already parsed; missing = None. Raises `ApiError`."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error


def message_text(params: Params) -> Parsed:
    """The checked words of a message; raises `ApiError` for broken markup, nothing, or too much."""
    raw, mode = text_of(params, "text"), text_of(params, "parse_mode").lower()
    if mode == "html":
        parsed = parse_html(raw)
    elif mode:
        raise bad_request("unsupported parse_mode")  # both Markdown dialects are left out on purpose
    else:
        parsed = Parsed(raw, tuple(json_of(params, "entities") or ()))
    if not parsed.text.strip():
        raise bad_request("message text is empty")
    if units(parsed.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return parsed


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What a citizen can press under a message.

    Attributes:
        buttons: machine data of inline buttons; labels: their words, same order.
        keys: words of reply keys that send themselves.
        ask: `location` or `contact` when a reply key shares that.
        inline: the inline keyboard to show in the answer, if there is one.
    """

    buttons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ask: str = ""
    inline: dict[str, Any] | None = None


NO_KEYBOARD = Keyboard()


def keyboard_of(params: Params, *, private: bool) -> Keyboard:
    """The checked reply markup; raises `ApiError`."""
    markup = params.get("reply_markup")
    if markup is None or markup == "":
        return NO_KEYBOARD
    return parsed_keyboard(markup if isinstance(markup, str) else json.dumps(markup), private=private)


@lru_cache(maxsize=512)
def parsed_keyboard(raw: str, *, private: bool) -> Keyboard:
    """The keyboard of a JSON text; a broadcast repeats the same one, so it is parsed once. Raises
    `ApiError`.
    """
    markup = json_of({"reply_markup": raw}, "reply_markup")
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if len(raw) > MAX_MARKUP:
        raise bad_request("reply markup is too long")
    if "inline_keyboard" in markup:
        return inline_keyboard(markup)
    if "keyboard" in markup:
        return reply_keyboard(markup, private=private)
    return NO_KEYBOARD  # remove_keyboard, force_reply


def rows_of(markup: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """All keys of a keyboard, row by row; a reply key may be a bare string. Raises `ApiError`."""
    rows = markup.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{name}" of the markup must be an Array of Arrays')
    keys = [{"text": key} if isinstance(key, str) else key for row in rows for key in row]
    if not all(isinstance(key, dict) and str(key.get("text", "")) for key in keys):
        raise bad_request("can't parse keyboard button: text must be non-empty")
    return keys


def inline_keyboard(markup: dict[str, Any]) -> Keyboard:
    """Buttons that carry data; raises `ApiError` for data of 0 or more than 64 bytes."""
    keys = rows_of(markup, "inline_keyboard")
    for key in keys:
        if "url" in key:
            check_url(str(key["url"]))
        elif "callback_data" not in key:
            raise bad_request(
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
            )
        elif not 1 <= len(str(key["callback_data"]).encode()) <= MAX_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    with_data = [key for key in keys if "callback_data" in key]
    return Keyboard(
        buttons=tuple(str(key["callback_data"]) for key in with_data),
        labels=tuple(str(key["text"]) for key in with_data),
        inline={"inline_keyboard": markup["inline_keyboard"]},
    )


def check_url(url: str) -> None:
    """Raises `ApiError` for a link no app could open."""
    if not url.startswith(("https://", "http://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL specified")


def reply_keyboard(markup: dict[str, Any], *, private: bool) -> Keyboard:
    """Keys under the text field; raises `ApiError` when a group is asked to share something."""
    keys = rows_of(markup, "keyboard")
    ask = ""
    for name, what in (("request_location", "location"), ("request_contact", "contact")):
        if any(key.get(name) for key in keys):
            if not private:
                thing = "location" if what == "location" else "phone number"
                raise bad_request(f"{thing} can be requested in private chats only")
            ask = ask or what
    plain = [key for key in keys if not (key.get("request_location") or key.get("request_contact"))]
    return Keyboard(keys=tuple(str(key["text"]) for key in plain), ask=ask)


def chat_of(params: Params) -> int:
    """The chat id; raises `ApiError` when missing or a name nobody has."""
    value = params.get("chat_id")
    if value is None or value == "":
        raise bad_request("chat_id is empty")
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise no_name() from error


def no_name() -> ApiError:
    """Public names (@channel) are not modelled: nobody has one."""
    return bad_request("chat not found")
