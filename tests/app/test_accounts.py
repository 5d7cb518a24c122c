"""More accounts of a provider: every account has its own name, door and rate, and no value is ever quoted."""

import json
from pathlib import Path

import pytest

from app.accounts import KEYS, Entry, read_accounts
from app.gateways import Gateways, build_gateways
from app.metrics import Metrics
from app.settings import Settings, SettingsError, read
from bot.errors import HalfConfiguredError
from bot.gateways.twilio.door import TwilioDoor
from bot.intake import Intake
from locales.catalog import Catalog
from storage.clock import SystemClock
from storage.database import Database
from storage.redis import connect_redis
from storage.vault import Vault

SID, OTHER_SID = "AC" + "1" * 32, "AC" + "2" * 32
TOKEN = "canary-token-of-a-test"
MAIN = {
    "MUSTER_TWILIO_ACCOUNT_SID": SID,
    "MUSTER_TWILIO_AUTH_TOKEN": TOKEN,
    "MUSTER_TWILIO_SMS_FROM": "+12025550100",
    "MUSTER_PUBLIC_URL": "https://muster.example",
}
ASIA = {
    "provider": "twilio",
    "account": "asia",
    "account_sid": OTHER_SID,
    "auth_token": "canary-token-of-asia",
    "sms_from": "+66812345678",
    "sms_per_second": 10,
}
BOT = {"provider": "telegram", "account": "second", "token": "2:canary", "secret": "canary-secret"}


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "accounts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


async def gateways_of(settings: Settings, database: Database, vault: Vault) -> Gateways:
    redis = connect_redis("redis://127.0.0.1:9/0")  # nothing connects before it is used
    try:
        return build_gateways(settings, database, vault, SystemClock(), redis, Catalog.load(), Metrics())
    finally:
        await redis.aclose()


async def test_every_account_is_a_gateway_and_a_door(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    path = written(tmp_path, [ASIA, BOT])
    settings = read({**MAIN, "MUSTER_ACCOUNTS_FILE": str(path)})
    built = await gateways_of(settings, sqlite, vault)
    assert {("sms", "main"), ("sms", "asia"), ("telegram", "second")} <= built.all.keys()
    assert built.all["sms", "main"].limits.per_second == 1.0
    assert built.all["sms", "asia"].limits.per_second == 10.0
    assert {("sms", "main"), ("sms", "asia")} <= built.reconciling.keys()
    assert [door.account for door in built.doors if isinstance(door, TwilioDoor)] == ["main", "asia"]
    assert built.telegram is built.telegrams[0] is built.all["telegram", "second"]
    assert built.webchat is built.all["webchat", "main"]


async def test_their_doors_share_paths_and_not_names(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    settings = read({**MAIN, "MUSTER_ACCOUNTS_FILE": str(written(tmp_path, [ASIA]))})
    built = await gateways_of(settings, sqlite, vault)

    async def store(_events: object) -> int:
        return 0

    intake = Intake(built.doors, store, public_url="https://muster.example", count=Metrics())
    paths = [route.path for route in intake.routes()]
    assert paths.count("/hooks/twilio/message") == 1
    assert "/hooks/twilio/message/{account}" in paths
    assert "/hooks/twilio/status/{delivery}/{account}" in paths


async def test_without_anything_set_only_the_web_chat_is_there(sqlite: Database, vault: Vault) -> None:
    built = await gateways_of(Settings(), sqlite, vault)
    assert list(built.all) == [("webchat", "main")]
    assert built.doors == []
    assert built.telegram is None
    assert built.reconciling == {}


@pytest.mark.parametrize("missing", list(MAIN))
async def test_half_a_twilio_does_not_start(sqlite: Database, vault: Vault, missing: str) -> None:
    settings = read({name: value for name, value in MAIN.items() if name != missing})
    with pytest.raises(HalfConfiguredError, match=missing) as caught:
        await gateways_of(settings, sqlite, vault)
    assert TOKEN not in str(caught.value)


async def test_half_an_account_of_the_file_does_not_start(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    half = {**ASIA, "auth_token": ""}
    settings = read({**MAIN, "MUSTER_ACCOUNTS_FILE": str(written(tmp_path, [half]))})
    with pytest.raises(HalfConfiguredError):
        await gateways_of(settings, sqlite, vault)
    fast = {**ASIA, "sms_per_second": "canary"}
    settings = read({**MAIN, "MUSTER_ACCOUNTS_FILE": str(written(tmp_path, [fast]))})
    with pytest.raises(HalfConfiguredError, match="sms_per_second of the account asia") as caught:
        await gateways_of(settings, sqlite, vault)
    assert "canary" not in str(caught.value)


def test_no_file_no_accounts() -> None:
    assert read_accounts(None) == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read"),
        ("{}", "must hold a list"),
        ([1], "entry 1 must be an object"),
        ([{}], "provider must be one of"),
        ([{**ASIA, "provider": "canary"}], "provider must be one of"),
        ([{**ASIA, "account": "main"}], "account must be"),
        ([{**ASIA, "account": "As ia"}], "account must be"),
        ([{**ASIA, "account": 7}], "account must be"),
        ([{**ASIA, "colour": "canary"}], "colour is not a setting of twilio"),
        ([{**ASIA, "sms_from": ["canary"]}], "every value must be text or a number"),
        ([ASIA, ASIA], "two accounts named asia"),
    ],
)
def test_a_wrong_file_is_refused_without_quoting_it(tmp_path: Path, content: object, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        read_accounts(written(tmp_path, content))
    assert "canary" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MUSTER_ACCOUNTS_FILE"):
        read_accounts(tmp_path / "none.json")


def test_secrets_are_not_shown_by_accident(tmp_path: Path) -> None:
    (entry,) = read_accounts(written(tmp_path, [ASIA]))
    assert "canary" not in repr(entry)
    assert KEYS[entry.provider] >= set(entry.values)


@pytest.mark.parametrize("number", ["many", "nan", "inf", "-1", "True", ""])
def test_a_number_that_is_none_is_named_and_not_quoted(number: str) -> None:
    entry = Entry("viber", "second", {"monthly_cap": number})
    with pytest.raises(HalfConfiguredError, match="monthly_cap of the account second is no number"):
        entry.number("monthly_cap", 5.0)
    assert entry.number("per_second", 5.0) == 5.0


VIBER = {
    "MUSTER_VIBER_TOKEN": "canary-token-of-viber",
    "MUSTER_VIBER_SENDER_NAME": "Ministry",
    "MUSTER_VIBER_MONTHLY_CAP": "500",
    "MUSTER_PUBLIC_URL": "https://muster.example",
}
WEST = {"provider": "viber", "account": "west", "token": "canary-token-of-west"}


async def test_each_viber_account_has_a_cap_of_its_own(
    sqlite: Database, vault: Vault, tmp_path: Path
) -> None:
    """What an entry does not say is as for the main account; each counts for itself."""
    entries = [
        {**WEST, "monthly_cap": 20, "beyond_cap": True},
        {**WEST, "account": "none", "monthly_cap": 0},
        {**WEST, "account": "same"},
    ]
    settings = read({**VIBER, "MUSTER_ACCOUNTS_FILE": str(written(tmp_path, entries))})
    built = await gateways_of(settings, sqlite, vault)
    caps = {one.account: (one.channel, one.cap, one.beyond) for one in built.allowances}
    assert caps == {
        "main": ("viber", 500, False),
        "west": ("viber", 20, True),
        "none": ("viber", 0, False),
        "same": ("viber", 500, False),
    }
    by_name = {one.account: one for one in built.allowances}
    now = SystemClock().now()
    assert await by_name["none"].take(1, urgent=True, at=now) == 0
    assert await by_name["west"].take(30, urgent=False, at=now) == 20
    assert await by_name["west"].take(3, urgent=True, at=now) == 3
    assert await by_name["same"].take(30, urgent=False, at=now) == 30
    async with sqlite.read() as connection:
        used = {name: (await one.spent(connection)).used for name, one in by_name.items()}
    assert used == {"main": 0, "west": 23, "none": 0, "same": 30}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"monthly_cap": "canary"}, "monthly_cap of the account west is no number"),
        ({"monthly_cap": -1}, "monthly_cap of the account west is no number"),
        ({"monthly_cap": 2.5}, "monthly_cap of the account west is no whole number"),
        ({"monthly_cap": True}, "monthly_cap of the account west is no number"),
        ({"beyond_cap": "canary"}, "beyond_cap of the account west is neither true nor false"),
        ({"beyond_cap": 1}, "beyond_cap of the account west is neither true nor false"),
    ],
)
async def test_a_cap_that_is_none_does_not_start(
    sqlite: Database, vault: Vault, tmp_path: Path, wrong: dict[str, object], says: str
) -> None:
    settings = read({**VIBER, "MUSTER_ACCOUNTS_FILE": str(written(tmp_path, [{**WEST, **wrong}]))})
    with pytest.raises(HalfConfiguredError, match=says) as caught:
        await gateways_of(settings, sqlite, vault)
    assert "canary" not in str(caught.value)
