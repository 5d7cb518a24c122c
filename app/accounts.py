"""More than one account of a provider: the JSON file `MUSTER_ACCOUNTS_FILE`. Touches that file.

A list of objects, each with `provider`, `account` (our name of it) and that provider's settings under their
names without the prefix. The accounts of the plain settings are called `main`.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import SettingsError
from bot.errors import HalfConfiguredError

FILE = "MUSTER_ACCOUNTS_FILE"
MAIN = "main"
_NAME = re.compile(r"[a-z0-9-]{1,40}")

YES_OR_NO: Mapping[str, bool] = {"true": True, "false": False}

# What each provider's entry may say besides `provider` and `account`.
KEYS: Mapping[str, frozenset[str]] = {
    "telegram": frozenset({"token", "secret", "api_base", "per_second", "paid"}),
    "twilio": frozenset(
        {
            "account_sid",
            "auth_token",
            "sms_from",
            "whatsapp_from",
            "api_base",
            "sms_per_second",
            "whatsapp_per_second",
            "whatsapp_people_per_day",
        }
    ),
    "viber": frozenset({"token", "api_base", "sender_name", "per_second", "monthly_cap", "beyond_cap"}),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One account of the file; `values` hold secrets."""

    provider: str
    account: str
    values: Mapping[str, str] = field(repr=False)

    def text(self, key: str, default: str = "") -> str:
        """A setting as text."""
        return self.values.get(key, default)

    def number(self, key: str, default: float) -> float:
        """A setting as a number, 0 or more; raises `HalfConfiguredError`."""
        try:
            number = float(self.values.get(key, default))
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise HalfConfiguredError(f"{FILE}: {key} of the account {self.account} is no number, 0 or more")
        return number

    def whole(self, key: str, default: int) -> int:
        """A setting as a whole number, 0 or more; raises `HalfConfiguredError`."""
        number = self.number(key, default)
        if number != int(number):
            raise HalfConfiguredError(f"{FILE}: {key} of the account {self.account} is no whole number")
        return int(number)

    def yes(self, key: str, *, default: bool) -> bool:
        """A setting that is true or false; raises `HalfConfiguredError`."""
        said = self.values.get(key, str(default)).strip().casefold()
        if said not in YES_OR_NO:
            raise HalfConfiguredError(
                f"{FILE}: {key} of the account {self.account} is neither true nor false"
            )
        return YES_OR_NO[said]


def read_accounts(path: Path | None) -> Sequence[Entry]:
    """The entries of the file, in its order; none without a file.

    Raises:
        SettingsError: the file cannot be read or is not such a list; the text names what is wrong and never
            a value.
    """
    if path is None:
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{FILE}: the file cannot be read as JSON") from error
    if not isinstance(rows, list):
        raise SettingsError(f"{FILE}: the file must hold a list")
    found = [_entry(number, row) for number, row in enumerate(rows, 1)]
    names = [(entry.provider, entry.account) for entry in found]
    for provider, account in names:
        if names.count((provider, account)) > 1:
            raise SettingsError(f"{FILE}: {provider} has two accounts named {account}")
    return found


def _entry(number: int, row: object) -> Entry:
    where = f"{FILE}: entry {number}"
    if not isinstance(row, dict):
        raise SettingsError(f"{where} must be an object")
    provider, account = str(row.get("provider", "")), row.get("account")
    if provider not in KEYS:
        raise SettingsError(f"{where}: provider must be one of {', '.join(sorted(KEYS))}")
    if not isinstance(account, str) or not _NAME.fullmatch(account) or account == MAIN:
        raise SettingsError(f"{where}: account must be 1-40 of a-z 0-9 - and not {MAIN}")
    rest = {key: value for key, value in row.items() if key not in {"provider", "account"}}
    unknown = sorted(set(rest) - KEYS[provider])
    if unknown:
        raise SettingsError(f"{where}: {', '.join(map(str, unknown))[:80]} is not a setting of {provider}")
    if not all(isinstance(value, str | int | float) for value in rest.values()):
        raise SettingsError(f"{where}: every value must be text or a number")
    return Entry(provider, account, {key: str(value) for key, value in rest.items()})
