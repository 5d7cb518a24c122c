"""The error families of the channel seam. Values only, touches nothing.

Callers decide on classes and attributes, never on a provider's codes. Texts are safe to show and to log: they
never hold an address, a token, or the message.
"""


class SendError(Exception):
    """A message was not accepted. `code` is stable and countable (`blocked`, `flood`, `http_502`)."""

    retryable = False

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RetryAfterError(SendError):
    """The provider says wait: nobody on this account (or only this recipient) may send for `seconds`."""

    retryable = True

    def __init__(self, code: str, seconds: float, *, recipient_only: bool = False) -> None:
        super().__init__(code)
        self.seconds = seconds
        self.recipient_only = recipient_only


class TransientError(SendError):
    """It was not accepted and may be later: connection refused, a service that is down."""

    retryable = True


class BrokenServerError(TransientError):
    """A server of the provider's broke over it (500, 502). Most likely it was not accepted, so it is tried
    again as often as any; but an answer may have been lost on its way back, and that is written down.
    """


PERHAPS_ACCEPTED = ("http_500", "http_502")
"""Codes of `BrokenServerError`."""


class UnknownOutcomeError(SendError):
    """The bytes left and no answer came: it may have been accepted."""

    retryable = True


class GoneError(SendError):
    """This address does not exist for us any more: blocked, deactivated, never started."""


class MovedError(SendError):
    """The address has a new name; send there instead."""

    def __init__(self, code: str, new_value: str) -> None:
        super().__init__(code)
        self.new_value = new_value


class RejectedError(SendError):
    """This content will never pass."""


class StoppedError(GoneError):
    """Its owner told the provider that they want nothing from us: the address stops, and so does our
    consent.
    """


class TemplateError(SendError):
    """Only an approved template may open this conversation now, and none fits: another channel, or wait."""


class QuotaError(SendError):
    """A cap of the day or the month is used up: another channel now, this one much later."""


class ClosedError(SendError):
    """The account itself is refused (token revoked, misconfigured): stop it and page an operator."""


class HookError(Exception):
    """A webhook was refused; `status` is what the provider is answered."""

    status = 400


class ForgedHookError(HookError):
    """The secret or signature is missing or wrong."""

    status = 403


class MalformedHookError(HookError):
    """The body is not what the provider documents."""

    status = 400


class OversizeHookError(HookError):
    """The body is larger than any real one."""

    status = 413


class HalfConfiguredError(Exception):
    """A channel has some of its settings and not all; the text names what is missing. The service must
    not start.
    """
