"""`muster demo`: the whole service with simulated gateways and citizens. Touches processes and its own data
folder.

Its own database; everybody who joins takes part in a drill; a token or an API base that is not the
simulator's is refused. It prints where to look and a one-time sign-in for two officers.
"""

import asyncio
import json
import secrets
import socket
import sys
import time
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from app.demo_answers import supply_answers, teach_meaning
from app.demo_templates import supply_templates
from app.installation import Installation, prepare
from app.keys import open_vault
from app.settings import Settings, SettingsError, environment
from app.supervisor import Child, Supervisor
from simulator.config import DEMO_TOKEN
from simulator.twilio_rules import DEMO_ACCOUNT
from simulator.viber_rules import DEMO_VIBER
from staff import missions, officers, sessions
from staff.enrolment import Enrolment
from staff.officers import Grant, Role
from staff.passwords import Passwords
from storage.clock import SystemClock
from storage.database import Database, open_database

OFFICERS = (("officer.one", "Officer One"), ("officer.two", "Officer Two"))
MISSION = ("Demo embassy", "IS", "+354 555 0100")
READY_S = 90.0
STOP_S = 45.0


async def run_demo(settings: Settings, *, folder: Path, people: int) -> None:
    """Run until Ctrl-C; a second start adopts what the first one left.

    Raises:
        SettingsError: a token or address outside this machine is set.
    """
    began = time.monotonic()
    refuse_the_real_world(settings)
    port = free_port(folder)
    demo = demo_settings(settings, folder, port)
    installation = await prepare(demo)
    try:
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        await add_officers(installation.settings)
        children = [simulated_world(folder, port, people, demo, logs), *installation.children(logs)]
        supervisor = Supervisor(children, grace_s=STOP_S)
        telling = asyncio.create_task(tell(installation, began))
        try:
            await supervisor.run()
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
    finally:
        await asyncio.to_thread(installation.close)


def refuse_the_real_world(settings: Settings) -> None:
    """Raise `SettingsError` where the demonstration could reach somebody."""
    token = settings.telegram_token.get_secret_value()
    if token and token != DEMO_TOKEN:
        raise SettingsError("MUSTER_TELEGRAM_TOKEN is set: the demonstration only talks to its simulator")
    real = ("database_url", "redis_url", "public_url", "accounts_file", "twilio_account_sid", "viber_token")
    for name in real:
        if str(getattr(settings, name) or ""):
            raise SettingsError(f"MUSTER_{name.upper()} is set: the demonstration brings its own")
    for name in ("telegram_api_base", "twilio_api_base", "viber_api_base"):
        if name in settings.model_fields_set:
            raise SettingsError(f"MUSTER_{name.upper()} is set: the demonstration brings its own")


def demo_settings(settings: Settings, folder: Path, port: int) -> Settings:
    """The settings of the demonstration in `folder`, whose simulator listens on `port`."""
    secret = folder / "telegram-secret"
    folder.mkdir(parents=True, exist_ok=True)
    if not secret.exists():
        secret.write_text(secrets.token_urlsafe(24))
        secret.chmod(0o600)
    (sms,), (whatsapp,) = DEMO_ACCOUNT.senders_of("sms"), DEMO_ACCOUNT.senders_of("whatsapp")
    changes = {
        "demo": True,
        "data_dir": folder,
        "public_url": f"http://{settings.public_listen}",
        "gazetteer": settings.gazetteer_path,
        "telegram_token": SecretStr(DEMO_TOKEN),
        "telegram_secret": SecretStr(secret.read_text()),
        "telegram_api_base": f"http://127.0.0.1:{port}",
        "twilio_account_sid": DEMO_ACCOUNT.sid,
        "twilio_auth_token": SecretStr(DEMO_ACCOUNT.token),
        "twilio_sms_from": sms.sender,
        "twilio_sms_per_second": sms.per_second,
        "twilio_whatsapp_from": whatsapp.sender,
        "twilio_whatsapp_per_second": whatsapp.per_second,
        "twilio_api_base": f"http://127.0.0.1:{port}",
        "viber_token": SecretStr(DEMO_VIBER.token),
        "viber_api_base": f"http://127.0.0.1:{port}/pa",
    }
    changed = settings.model_copy(update=changes)
    changed.model_fields_set.update(changes)
    return changed


def free_port(folder: Path) -> int:
    """The simulator's port: the one of the last start when it is free, so that nothing must be told anew."""
    kept = folder / "simulator-port"
    folder.mkdir(parents=True, exist_ok=True)
    for wanted in [int(kept.read_text())] if kept.exists() else []:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                break
            return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept.write_text(str(port))
    return port


def simulated_world(folder: Path, port: int, people: int, settings: Settings, logs: Path) -> Child:
    """The simulator's process: the fake providers and their citizens, who register by themselves."""
    inherited = {name: value for name, value in environment().items() if not name.startswith("MUSTER_")}
    command = [sys.executable, "-m", "simulator", "serve", "--port", str(port)]
    if people:
        command += ["--state", str(folder / "citizens.json"), "--people", str(people)]
        command += ["--service", settings.site_url]
    return Child("simulator", command, inherited, logs / "simulator.log")


async def add_officers(settings: Settings) -> None:
    """Two officers who may do everything everywhere, and a mission; once."""
    database = open_database(settings.sql_url)
    everything = [Grant(role, None) for role in Role]
    try:
        async with database.read() as connection:
            known = {officer.login for officer in await officers.list_all(connection)}
        enrolment = Enrolment(database, open_vault(settings), SystemClock(), Passwords())
        for login, name in OFFICERS:
            if login not in known:
                await enrolment.add(login=login, name=name, grants=everything)
        async with database.durable() as connection:
            if await missions.for_country(connection, MISSION[1]) is None:
                name, country, phone = MISSION
                await missions.add(connection, name=name, country=country, phone=phone)
    finally:
        await database.close()


async def tell(installation: Installation, began: float) -> None:
    """Say where to look once everything answers."""
    settings = installation.settings
    await asyncio.gather(ready_at_last(settings.site_url), supply_templates(settings))
    links = await sign_in_links(settings)
    sys.stdout.write(
        "\n"
        f"  Muster is ready after {time.monotonic() - began:.1f} s. Everything in here is a drill.\n\n"
        f"  Chat, as a citizen      {settings.site_url}/chat\n"
        f"  Console, officer one    {links[0]}\n"
        f"  Console, officer two    {links[1]}\n"
        "                          (each link signs in once; open the second one in a private window)\n\n"
        f"  Data and logs           {settings.data_dir}\n"
        "  Stop                    Ctrl-C\n\n"
    )
    sys.stdout.flush()
    answers = await supply_answers(settings)
    sys.stdout.write(
        f"  The chat answers questions now, with {answers} starter answers in four languages. Nobody has\n"
        "  reviewed them, and each says so; a real installation sends none before two officers approve.\n\n"
    )
    sys.stdout.flush()
    if await teach_meaning(settings):
        sys.stdout.write("  It finds questions by their meaning now, too.\n\n")
        sys.stdout.flush()


async def ready_at_last(url: str) -> None:
    """Return once the service is ready, however long a busy machine takes; says so meanwhile."""
    while True:
        try:
            return await until_ready(url)
        except TimeoutError:
            sys.stdout.write(
                "  Muster is still starting: this machine is busy. Logs lie in the data folder.\n"
            )
            sys.stdout.flush()


async def until_ready(url: str) -> None:
    """Return once the service can store a message; raises `TimeoutError` after 90 s."""
    async with asyncio.timeout(READY_S), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(f"{url}/readyz") as answer:
                    if answer.status == 200 and json.loads(await answer.read())["redis"]:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def sign_in_links(settings: Settings) -> list[str]:
    """A fresh one-time sign-in for each of the two officers."""
    base = settings.console_url or f"http://{settings.console_listen}"
    database: Database = open_database(settings.sql_url)
    links = []
    try:
        async with database.durable() as connection:
            for login, _ in OFFICERS:
                officer = await officers.by_login(connection, login)
                if officer is None:
                    raise SettingsError(f"the officer {login} of the demonstration is locked")
                session = await sessions.start_once(connection, officer.id, SystemClock().now())
                links.append(f"{base}/sign-in/once/{session.token}")
    finally:
        await database.close()
    return links
