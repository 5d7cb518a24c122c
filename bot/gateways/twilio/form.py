"""A webhook's form as Twilio posts it. Pure; touches nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from bot.errors import MalformedHookError

MAX_FIELDS = 300  # Twilio sends about thirty and adds new ones without notice


@dataclass(frozen=True, slots=True)
class Form:
    """All parameters, every name with its values in the order in which they came."""

    values: Mapping[str, Sequence[str]] = field(repr=False)

    def get(self, name: str) -> str:
        """The first value of `name`, "" when there is none."""
        return next(iter(self.values.get(name, ())), "")


def read_form(body: bytes) -> Form:
    """Return the parameters of an `application/x-www-form-urlencoded` body.

    Raises:
        MalformedHookError: it is none.
    """
    try:
        return Form(
            parse_qs(
                body.decode("ascii"),
                keep_blank_values=True,
                encoding="utf-8",
                errors="strict",
                max_num_fields=MAX_FIELDS,
            )
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise MalformedHookError("not a form") from error
