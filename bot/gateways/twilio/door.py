"""Where Twilio's webhooks of one account arrive, for SMS and WhatsApp together. Touches nothing.

| path below /hooks | what | becomes |
|---|---|---|
| `/twilio/message` | somebody wrote to one of our senders | what the channel's reader makes of it |
| `/twilio/status/{delivery}` | news of a message of ours | a receipt; `{delivery}` is our id or a word |

The channel shows in the prefix `whatsapp:` of both addresses. A channel that is off reads nothing: what
comes for it is answered and forgotten. Twilio does not come again after an outage of ours: `reconcile` asks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import structlog

from bot.errors import ForgedHookError, MalformedHookError
from bot.gateway import Hook, HookAnswer
from bot.gateways.twilio.form import Form, read_form
from bot.gateways.twilio.receipts import receipt_of
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.signature import Signatures
from bot.messages import Channel, Event, Inbound, ReceiptState

log = structlog.get_logger(__name__)

MAX_HOOK_BYTES = 64 * 1024  # 1,600 signs, fully escaped, with everything Twilio adds, are a fifth
EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
WHATSAPP_PREFIX = "whatsapp:"
MESSAGE_PATH, STATUS_PATH = "/twilio/message", "/twilio/status/{delivery}"

FAILURES_ONLY = "failures"  # in the place of {delivery}: a reply, of which arrival changes nothing

_STATUS = re.compile(r"/hooks/twilio/status/([^/]+)")
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_LONGEST_ID = 19  # digits of the largest id

Reader = Callable[[Form, str], Sequence[Inbound]]
"""What somebody did, from a message's form; the text is our name of the account. Unknown kinds give none;
raises `MalformedHookError`.
"""


class TwilioDoor:
    """Fulfils `bot.gateway.Door`.

    Args:
        readers: one for every channel of this account that is on.
    """

    max_hook_bytes = MAX_HOOK_BYTES
    hook_paths = (MESSAGE_PATH, STATUS_PATH)

    def __init__(self, settings: TwilioSettings, readers: Mapping[Channel, Reader]) -> None:
        self._settings = settings
        self._signatures = Signatures(settings.auth_token)
        self._readers = dict(readers)

    @property
    def account(self) -> str:
        """Our name for this account."""
        return self._settings.account

    def verify(self, hook: Hook) -> None:
        """Check the signature over the public address and all parameters, and whose account it is."""
        form = _form_or_none(hook)
        self._signatures.check(hook, form.values if form else {})
        if form and form.get("AccountSid") not in {"", self._settings.account_sid}:
            raise ForgedHookError  # a neighbour's: signed by a parent account that shares the token

    def parse(self, hook: Hook) -> Sequence[Event]:
        """One message or one receipt."""
        if "json" in hook.headers.get("content-type", ""):
            return ()  # none of Twilio's messages comes as JSON today
        form = read_form(hook.body)
        sid = form.get("MessageSid") or form.get("SmsSid")
        if not _SID.fullmatch(sid) or not form.get("AccountSid"):
            raise MalformedHookError("no MessageSid or AccountSid")
        channel = channel_of(form)
        if channel not in self._readers:
            log.warning(
                "a webhook is for a channel that is off", action="twilio.channel_off", channel=channel
            )
            return ()
        status = _STATUS.search(urlsplit(hook.url).path)
        if status is None:
            return self._readers[channel](form, self.account)
        receipt = receipt_of(
            sid,
            form.get("MessageStatus") or form.get("SmsStatus"),
            form.get("ErrorCode"),
            channel=channel,
            account=self.account,
            delivery=_delivery(status[1]),
        )
        if receipt is None or (status[1] == FAILURES_ONLY and receipt.state is not ReceiptState.FAILED):
            return ()
        return (receipt,)

    def answer(self, hook: Hook) -> HookAnswer:
        """No automatic reply: an empty TwiML document."""
        return HookAnswer(EMPTY_ANSWER, "text/xml")


def channel_of(form: Form) -> Channel:
    """The channel of a message's form."""
    addresses = (form.get("From"), form.get("To"))
    return Channel.WHATSAPP if any(map(_is_whatsapp, addresses)) else Channel.SMS


def _is_whatsapp(address: str) -> bool:
    return address.startswith(WHATSAPP_PREFIX)


def _form_or_none(hook: Hook) -> Form | None:
    """A body that is no form has no parameters to sign; `parse` refuses it."""
    if "json" in hook.headers.get("content-type", ""):
        return None
    try:
        return read_form(hook.body)
    except MalformedHookError:
        return None


def _delivery(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else None
    return number if number is not None and number < 1 << 63 else None
