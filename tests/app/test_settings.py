"""Settings: the list in `.env.example` is the list; files stand for values; no error quotes a value."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import FILE_SUFFIX, PREFIX, Settings, SettingsError, environment, read, variables_of
from tests.conftest import ROOT

ASSIGNED = re.compile(r"^(MUSTER_[A-Z0-9_]+)=(.*)$", re.MULTILINE)


def example() -> dict[str, str]:
    return dict(ASSIGNED.findall((ROOT / ".env.example").read_text(encoding="utf-8")))


def test_the_example_lists_every_setting_and_nothing_else() -> None:
    assert set(example()) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_example_shows_the_defaults() -> None:
    assert read(example()) == Settings()
    assert read({}) == Settings()


def test_compose_sets_nothing_unknown() -> None:
    used = set(re.findall(r"\bMUSTER_[A-Z0-9_]+\b", (ROOT / "docker-compose.yml").read_text()))
    assert used
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert {name.removesuffix(FILE_SUFFIX) for name in used} <= known


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_file_stands_for_any_setting(name: str, tmp_path: Path) -> None:
    values = {"public_listen": "127.0.0.1:1", "console_listen": "127.0.0.1:2", "demo": "true"}
    values["ministry_phone"] = "+1 202 555 0100"
    typed = Settings.model_fields[name].annotation
    value = values.get(name) or {float: "7.5", int: "7", bool: "true"}.get(typed, "value-of-a-file")
    (tmp_path / "file").write_text(f"{value}\n", encoding="utf-8")
    variable = PREFIX + name.upper()
    assert read({variable + FILE_SUFFIX: str(tmp_path / "file")}) == read({variable: value})
    assert getattr(read({variable: value}), name) != Settings.model_fields[name].default
    with pytest.raises(SettingsError, match=rf"^{variable} is set twice"):
        read({variable: value, variable + FILE_SUFFIX: str(tmp_path / "file")})
    with pytest.raises(SettingsError, match=rf"^{variable}_FILE: the file cannot be read$"):
        read({variable + FILE_SUFFIX: str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MUSTER_PUBLIC_LISTEN", "canary"),
        ("MUSTER_PUBLIC_LISTEN", ":80"),
        ("MUSTER_CONSOLE_LISTEN", "127.0.0.1:canary"),
        ("MUSTER_CONSOLE_LISTEN", "127.0.0.1:99999"),
        ("MUSTER_TELEGRAM_PER_SECOND", "canary"),
        ("MUSTER_TELEGRAM_PER_SECOND", "0"),
        ("MUSTER_DRAIN_S", "-3"),
        ("MUSTER_DEMO", "canary"),
    ],
)
def test_what_is_malformed_is_named_and_not_quoted(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({variable: value})
    assert str(refused.value).startswith(f"{variable}: ")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "variable", ["MUSTER_TELEGRAM_TOKENS", "MUSTER_FILE", "MUSTER_", "MUSTER_DEMO_FILE_FILE"]
)
def test_an_unknown_variable_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not a setting; .env.example lists them all$"):
        read({variable: "canary"})


def test_variables_of_others_are_none_of_ours() -> None:
    assert read({"HOME": "/home", "muster_demo": "true", "XMUSTER_DEMO": "true"}) == Settings()


def test_secrets_do_not_show() -> None:
    settings = read({"MUSTER_TELEGRAM_TOKEN": "canary", "MUSTER_DATA_KEYS": "canary"})
    assert "canary" not in repr(settings) + str(settings)
    assert settings.telegram_token == SecretStr("canary")


def test_a_child_gets_the_same_settings() -> None:
    given = {**example(), "MUSTER_TELEGRAM_TOKEN": "canary", "MUSTER_DRAIN_S": "3.5", "MUSTER_DEMO": "true"}
    settings = read(given)
    assert read(variables_of(settings)) == settings
    assert "MUSTER_REDIS_URL" not in variables_of(settings)  # unset stays unset


def test_defaults_that_depend_on_others() -> None:
    settings = read({"MUSTER_DATA_DIR": "/data", "MUSTER_PUBLIC_URL": "https://a.example/"})
    assert settings.sql_url == "sqlite:////data/muster.db"
    assert settings.gazetteer_path == Path("/data/gazetteer.sqlite")
    assert settings.site_url == "https://a.example"
    assert Settings().site_url == "http://127.0.0.1:8080"
    assert read({"MUSTER_DATABASE_URL": "postgresql://x/y"}).sql_url == "postgresql://x/y"


def test_the_environment_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_DEMO", "true")
    found = environment()
    found["MUSTER_DEMO"] = "false"
    assert environment()["MUSTER_DEMO"] == "true"
