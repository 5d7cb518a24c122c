"""The demonstration does not start where it could reach anybody."""

import asyncio
from pathlib import Path

import pytest

from app.demo import demo_settings, refuse_the_real_world, run_demo
from app.settings import Settings, SettingsError, read
from bot.urls import is_safe_url
from simulator.config import DEMO_TOKEN

REAL = {
    "MUSTER_TELEGRAM_TOKEN": "123456:a-real-token",
    "MUSTER_TELEGRAM_API_BASE": "https://api.telegram.org",
    "MUSTER_DATABASE_URL": "postgresql://ministry/muster",
    "MUSTER_REDIS_URL": "redis://ministry:6379",
    "MUSTER_PUBLIC_URL": "https://alerts.ministry.example",
    "MUSTER_TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
    "MUSTER_TWILIO_API_BASE": "https://api.twilio.com",
    "MUSTER_VIBER_TOKEN": "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9",
    "MUSTER_ACCOUNTS_FILE": "/etc/muster/accounts.json",
}


@pytest.mark.parametrize("variable", REAL)
def test_refused(variable: str, tmp_path: Path) -> None:
    settings = read({variable: REAL[variable]})
    with pytest.raises(SettingsError, match=f"^{variable} is set: the demonstration") as refused:
        refuse_the_real_world(settings)
    assert REAL[variable] not in str(refused.value)
    with pytest.raises(SettingsError):
        asyncio.run(run_demo(settings, folder=tmp_path / "demo", people=1))
    assert list(tmp_path.iterdir()) == []


def test_the_default_base_named_openly_is_refused_as_well() -> None:
    with pytest.raises(SettingsError):
        refuse_the_real_world(Settings(telegram_api_base=Settings().telegram_api_base))


def test_what_it_runs_with_stays_within_this_machine(tmp_path: Path) -> None:
    refuse_the_real_world(Settings())
    refuse_the_real_world(read({"MUSTER_TELEGRAM_TOKEN": DEMO_TOKEN}))
    settings = demo_settings(Settings(), tmp_path / "demo", 12345)
    assert settings.demo
    assert settings.telegram_api_base == "http://127.0.0.1:12345"
    assert settings.public_url.startswith("http://127.0.0.1:")
    assert is_safe_url(settings.telegram_api_base)
    assert settings.telegram_token.get_secret_value() == DEMO_TOKEN
    assert settings.data_dir == tmp_path / "demo"
    assert settings.sql_url.endswith("/demo/muster.db")


def test_its_webhook_secret_is_made_once(tmp_path: Path) -> None:
    first = demo_settings(Settings(), tmp_path, 1).telegram_secret
    assert demo_settings(Settings(), tmp_path, 1).telegram_secret == first
    assert (tmp_path / "telegram-secret").stat().st_mode & 0o077 == 0
