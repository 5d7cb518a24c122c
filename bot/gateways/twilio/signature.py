"""Twilio's signature, over the public address we gave Twilio. Pure; touches nothing.

- form bodies: base64(HMAC-SHA1(token, URL + every name and value, sorted by name));
- JSON bodies: the URL ends in `bodySHA256=<hex>`; the signature is over the URL alone and the hash over the
  raw body;
- shared keys: the header `X-Twilio-Webhooks-Signature-Settings` names the algorithm (HMAC_SHA256).

The sums are those of twilio's `RequestValidator`; the comparison is ours, in constant time, since the
library's returns early for another length. The address comes from our settings and never from the request's
`Host`, which anybody can write.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    add_port,
    get_signature_algorithm,
    remove_port,
)

from bot.errors import ForgedHookError
from bot.gateway import Hook

_SIGNATURE = SIGNATURE_HEADER.lower()
_SETTINGS = SIGNATURE_SETTINGS_HEADER.lower()
_ALGORITHMS = {"HMAC_SHA1", "HMAC_SHA256"}
BODY_HASH = "bodySHA256"


class Parameters(dict[str, list[str]]):
    """A form's parameters, every name with all of its values, in the shape the library asks for."""

    def getlist(self, name: str) -> Sequence[str]:
        """All values of one name."""
        return self[name]


class Signatures:
    """Checks webhooks of one account.

    Args:
        secret: the account's primary auth token, or the secret of its shared key.
    """

    def __init__(self, secret: str) -> None:
        self._validator = RequestValidator(secret)
        self._usable = bool(secret)

    def check(self, hook: Hook, parameters: Mapping[str, Sequence[str]]) -> None:
        """Return when `hook` was signed by Twilio.

        Args:
            parameters: of a form body, all of them, decoded; empty for other bodies.

        Raises:
            ForgedHookError: no signature, a wrong one, or one of an algorithm we do not know.
        """
        given = hook.headers.get(_SIGNATURE, "")
        algorithm = get_signature_algorithm(hook.headers.get(_SETTINGS, "")).upper()
        if not given or not self._usable or algorithm not in _ALGORITHMS:
            raise ForgedHookError
        url = urlsplit(hook.url)
        hashes = parse_qs(url.query).get(BODY_HASH, ())
        signed = Parameters() if hashes else Parameters({name: list(of) for name, of in parameters.items()})
        # Twilio signs with the port or without it; both are tried, and neither comparison is skipped.
        fits = [
            _same(self._validator.compute_signature(form, signed, algorithm), given)
            for form in (remove_port(url), add_port(url))
        ]
        intact = not hashes or _same(sha256(hook.body).hexdigest(), hashes[0].lower())
        if not (any(fits) and intact):
            raise ForgedHookError


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode("utf-8", "surrogateescape"))
