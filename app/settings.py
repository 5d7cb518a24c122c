"""Every setting of Muster, read once. The only file that touches the environment.

A setting `NAME` is the variable `MUSTER_NAME`, or the content of the file named by `MUSTER_NAME_FILE`.
Values are checked here and handed down as plain values; nothing else ever looks at the environment.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

PREFIX = "MUSTER_"
FILE_SUFFIX = "_FILE"


class SettingsError(Exception):
    """A setting is missing, malformed or unknown; the text names it and never its value."""


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("must look like 127.0.0.1:8080")
    return value


Listen = Annotated[str, AfterValidator(_listen)]


class Settings(BaseModel):
    """The settings of one installation; field names are the variables without their prefix, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("var")
    """Where embedded defaults live: SQLite, Redis, keys, the gazetteer."""
    database_url: str = ""
    """`sqlite:///path` or `postgresql://...`; empty = SQLite in the data folder."""
    redis_url: str = ""
    """`redis://`, `rediss://`, `unix://`, or a cluster by some of its nodes: `redis+cluster://host:port,host:port`,
    `rediss+cluster://`; empty = a server of our own, started by `muster run all`."""
    data_keys: SecretStr = SecretStr("")
    """Base64 keys of 32 bytes, current first; empty = made once in the data folder."""
    index_key: SecretStr = SecretStr("")
    """Base64 key of 32 bytes for blind indexes; never change it."""

    public_url: str = ""
    """https address under which citizens and gateways reach the public listener; empty = Telegram is
    polled."""
    public_listen: Listen = "127.0.0.1:8080"
    console_listen: Listen = "127.0.0.1:8081"
    console_url: str = ""
    """Address under which officers reach the console; empty = that of the listener."""

    ministry: str = "Ministry of Foreign Affairs"
    """Sender of every message, as citizens know it."""
    ministry_phone: str = Field("", pattern=r"^(\+[0-9][0-9 ()/-]{4,38})?$")
    """Telephone that is answered day and night; for warnings of several countries."""
    ministry_language: str = "en"
    """Whoever has no text in their language gets this one, then English."""
    cap_sender: str = "muster@localhost.invalid"
    """CAP sender of our alerts: an address that is ours for ever."""
    consent_version: str = "2026-11"
    gazetteer: Path | None = None
    """Compiled gazetteer; empty = in the data folder, made at the first start."""
    worldview: Path | None = None
    """Borders, countries and their names as this ministry sees them; empty = places/worldview.json."""

    telegram_token: SecretStr = SecretStr("")
    telegram_secret: SecretStr = SecretStr("")
    telegram_api_base: str = "https://api.telegram.org"
    telegram_per_second: float = Field(30.0, gt=0, le=1000)
    """Messages a second; 30 without paid broadcasts (checked 2026-11-22)."""
    telegram_paid: bool = False
    """Pay in Stars for what goes beyond Telegram's free rate."""
    telegram_name: str = ""
    """@name of the bot, shown on the web chat; asked for at the start when empty."""

    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    """The account's primary token: it sends, and it signs what arrives."""
    twilio_sms_from: str = ""
    """Numbers, short codes and names that send text messages, or one Messaging Service; empty = no SMS."""
    twilio_whatsapp_from: str = ""
    """The number registered with WhatsApp; empty = no WhatsApp."""
    twilio_api_base: str = "https://api.twilio.com"
    twilio_sms_per_second: float = Field(0.0, ge=0, le=1000)
    """Segments a second of all senders together; 0 = one for each (checked 2026-11-22)."""
    twilio_whatsapp_per_second: float = Field(0.0, ge=0, le=1000)
    """Messages a second; 0 = 80 (checked 2026-11-22)."""
    twilio_whatsapp_people_per_day: int = Field(250, ge=0)
    """How many different people Meta lets us begin a conversation with in 24 hours: 250 for a new business,
    then 2000, 10000, 100000 as its WhatsApp Manager shows; 0 = no limit."""
    twilio_whatsapp_tier_checked: str = "2026-11-22"
    """Day on which somebody last looked that up."""
    sms_countries: Path | None = None
    """Table of what text messages may do in which country; empty = the one that ships with us."""

    viber_token: SecretStr = SecretStr("")
    viber_sender_name: str = ""
    """Who writes, at most 28 characters; empty = the ministry, where its name fits."""
    viber_api_base: str = "https://chatapi.viber.com/pa"
    viber_per_second: float = Field(40.0, gt=0, le=50)
    """Calls a second, each for one recipient or for up to 300 (checked 2026-11-22)."""
    viber_monthly_cap: int = Field(10_000, ge=0)
    """Billed messages in a calendar month: those to people who have not written for 24 hours."""
    viber_beyond_cap: bool = False
    """Alerts of severity extreme and severe may go beyond the cap."""

    accounts_file: Path | None = None
    """More accounts of Telegram, Twilio and Viber: a JSON list, see `.env.example`."""

    channel_countries: str = ""
    """A table of where channels work, in place of the one that ships; usually given as a file."""

    prices: str = ""
    """A table of what messages cost; usually given as a file. Empty = no price is set."""

    deadline_extreme_s: float = Field(180.0, gt=0)
    deadline_severe_s: float = Field(600.0, gt=0)
    deadline_other_s: float = Field(3600.0, gt=0)
    """Seconds after which somebody silent is tried on their next channel, by severity."""
    resolve_every_s: float = Field(60.0, gt=0)
    """Seconds after which the audience of a live alert is resolved anew."""
    drain_s: float = Field(20.0, gt=0, le=300)
    """Seconds a stopping process may take to finish what is under way."""
    demo: bool = False
    """Everybody takes part in a drill; refuses tokens and API bases that are not the simulator's."""
    log_level: str = "info"

    @property
    def sql_url(self) -> str:
        """The database's URL, the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'muster.db'}"

    @property
    def gazetteer_path(self) -> Path:
        """Where the compiled gazetteer lies."""
        return self.gazetteer or self.data_dir / "gazetteer.sqlite"

    @property
    def reviews_path(self) -> Path:
        """Where officers' signatures under our texts lie."""
        return self.data_dir / "reviews.json"

    @property
    def site_url(self) -> str:
        """Where citizens find the public listener."""
        return self.public_url.rstrip("/") or f"http://{self.public_listen}"


def environment() -> dict[str, str]:
    """A copy of the process's environment, for children and for `read`."""
    return dict(os.environ)


def settle_libraries() -> None:
    """Settings of libraries that exist as variables only; before the first of them is used.

    PTB_TIMEDELTA: python-telegram-bot tells waiting times as `timedelta` and stops warning that it will.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "true")


def read(variables: Mapping[str, str]) -> Settings:
    """Read settings from `variables` (usually the environment).

    Raises:
        SettingsError: one is malformed or unknown, or its file cannot be read.
    """
    values: dict[str, Any] = {}
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    for variable, text in sorted(variables.items()):
        if not variable.startswith(PREFIX):
            continue
        plain = variable.removesuffix(FILE_SUFFIX) if variable not in known else variable
        if plain not in known:
            raise SettingsError(f"{variable} is not a setting; .env.example lists them all")
        content = text if plain == variable else _content(variable, text)
        if known[plain] in values:
            raise SettingsError(f"{plain} is set twice, as itself and as a file")
        if content:
            values[known[plain]] = content
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg']}") from None


def variables_of(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a child process; secrets included, so never for a log."""
    found = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        found[PREFIX + name.upper()] = "" if plain is None else str(plain)
    return found


def _content(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: the file cannot be read") from error
