"""Only Twilio is believed, over the address we gave it."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

import pytest
from twilio.request_validator import RequestValidator

from bot.errors import ForgedHookError
from bot.gateway import Hook
from bot.gateways.twilio.signature import Signatures

# The vector of Twilio's own documentation, checked with its package.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675310"],
    "Digits": ["1234"],
    "From": ["+14158675310"],
    "To": ["+18005551212"],
}
SIGNATURE = "GvWf1cFY/Q7PnoempGyD5oXAezc="


def check(
    signature: str | None,
    form: dict[str, list[str]] | None = None,
    *,
    url: str = URL,
    body: bytes = b"",
    secret: str = "12345",  # noqa: S107 - of the documentation
    settings: str = "",
) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    if settings:
        headers["x-twilio-webhooks-signature-settings"] = settings
    Signatures(secret).check(Hook(body, headers, url), FORM if form is None else form)


def by_hand(token: str, text: str, algorithm: str = "sha1") -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), algorithm).digest()).decode()


def test_the_vector_of_the_documentation() -> None:
    check(SIGNATURE)
    assert by_hand("12345", URL + "".join(name + FORM[name][0] for name in sorted(FORM))) == SIGNATURE


@pytest.mark.parametrize("url", ["https://mycompany.com:443/myapp.php?foo=1&bar=2", URL])
def test_twilio_may_sign_with_the_port_or_without(url: str) -> None:
    check(RequestValidator("12345").compute_signature(url, {n: v[0] for n, v in FORM.items()}), url=URL)


@pytest.mark.parametrize(
    "forgery",
    [None, "", SIGNATURE[:-1], SIGNATURE + "=", SIGNATURE.lower(), "x" * 28, "\udcff", by_hand("12346", URL)],
)
def test_anything_else_is_forged(forgery: str | None) -> None:
    with pytest.raises(ForgedHookError):
        check(forgery)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        (URL.replace("https", "http"), FORM),
        (URL + "&more=1", FORM),
        (URL.replace("myapp", "other"), FORM),
        (URL, {**FORM, "Digits": ["1235"]}),
        (URL, {**FORM, "New": ["x"]}),
        (URL, {name: values for name, values in FORM.items() if name != "To"}),
        (URL, {}),
    ],
)
def test_a_signature_of_another_request_is_forged(url: str, form: dict[str, list[str]]) -> None:
    with pytest.raises(ForgedHookError):
        check(SIGNATURE, form, url=url)


@pytest.mark.parametrize("values", [["b", "a", "b"], ["a", "b"], ["b", "a"]])
def test_repeated_parameters_count_once_and_sorted(values: Sequence[str]) -> None:
    check(by_hand("12345", URL + "Media" + "a" + "Media" + "b"), {"Media": list(values)})


def test_a_new_parameter_of_twilio_is_part_of_the_sum() -> None:
    form = {**FORM, "SomethingNew": ["1"]}
    check(by_hand("12345", URL + "".join(name + form[name][0] for name in sorted(form))), form)


def test_json_is_signed_by_its_hash() -> None:
    body = '{"a": "Nước"}'.encode()
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = by_hand("12345", url)
    check(signature, {}, url=url, body=body)
    check(signature, {"ignored": ["1"]}, url=url, body=body)
    for other in (b"", body + b" ", b'{"a": "Nuoc"}'):
        with pytest.raises(ForgedHookError):
            check(signature, {}, url=url, body=other)


def test_a_shared_key_signs_with_sha256() -> None:
    settings = "key=webhooks_sharedkey_01,algorithm=HMAC_SHA256"
    text = URL + "".join(name + FORM[name][0] for name in sorted(FORM))
    check(by_hand("shared", text, "sha256"), secret="shared", settings=settings)
    with pytest.raises(ForgedHookError):
        check(by_hand("shared", text, "sha1"), secret="shared", settings=settings)
    with pytest.raises(ForgedHookError):
        check(by_hand("shared", text, "sha256"), secret="shared")


@pytest.mark.parametrize("algorithm", ["NONE", "MD5", "HMAC_SHA512"])
def test_an_unknown_algorithm_is_forged(algorithm: str) -> None:
    with pytest.raises(ForgedHookError):
        check(SIGNATURE, settings=f"key=x,algorithm={algorithm}")


def test_without_a_token_nothing_is_authentic() -> None:
    with pytest.raises(ForgedHookError):
        check(by_hand("", URL), {}, secret="")
