"""`muster cap`: read CAP files, export our own alerts. Touches files, standard input and SQL (reads)."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from alerts import revisions, store
from alerts.cap.export import reference, to_cap
from alerts.cap.read import read as read_cap
from app.cli_output import RefusedError, run, say, settings_now, show
from app.settings import Settings
from storage.database import open_database


def build() -> typer.Typer:
    """The commands of `muster cap`."""
    commands = typer.Typer(help="Read CAP files; export our own alerts.", no_args_is_help=True)
    commands.command("read")(read_command)
    commands.command("export")(export_command)
    return commands


def read_command(
    file: Annotated[str, typer.Argument(help="a CAP file or feed; - = standard input")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say what a CAP file or feed holds; refuses what is not one, with the reason."""

    async def work() -> None:
        alerts = [alert.to_json() for alert in read_cap(_bytes(file))]
        if as_json:
            say(json.dumps(alerts, ensure_ascii=False))
            return
        shown = ("identifier", "sender", "sent", "status", "msgType", "scope")
        show(
            [
                {**{name: alert[name] for name in shown}, "languages": ",".join(_languages(alert))}
                for alert in alerts
            ],
            as_json=False,
        )

    run(work())


def export_command(alert: Annotated[int, typer.Argument(help="id of an approved alert")]) -> None:
    """Print an approved alert of ours as CAP 1.2."""
    say(run(_export(settings_now(), alert)).decode())


async def _export(settings: Settings, alert_id: int) -> bytes:
    database = open_database(settings.sql_url)
    try:
        async with database.read() as connection:
            alert = await store.read_alert(connection, alert_id)
            revision = await revisions.latest(connection, alert_id)
            followed = []
            if alert.corrects is not None:
                first = await store.read_alert(connection, alert.corrects)
                written = await revisions.latest(connection, alert.corrects)
                followed.append(reference(first, written, sender=settings.cap_sender))
    finally:
        await database.close()
    return to_cap(
        alert, revision, sender=settings.cap_sender, sender_name=settings.ministry, references=followed
    )


def _languages(alert: dict[str, object]) -> list[str]:
    infos = alert["infos"]
    return [str(info["language"]) for info in infos] if isinstance(infos, list) else []


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise RefusedError(f"{file} cannot be read") from error
