"""`muster words`: an officer who reads a language signs the texts that save lives. Touches the file of
signatures, and SQL through `staff`."""

import asyncio
import sys
from typing import Annotated

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import acting_officer, opened
from app.settings import Settings
from locales.catalog import Catalog
from locales.errors import BrokenCatalogError
from locales.reviews import Signature, add_signature, fingerprint, is_life_safety, read_signatures, unsigned
from staff import audit
from storage.clock import SystemClock

YES, STOP = "yes", "stop"


def build() -> typer.Typer:
    """The commands of `muster words`."""
    commands = typer.Typer(help="Who stands for the texts that save lives.", no_args_is_help=True)
    commands.command("list")(list_command)
    commands.command("sign")(sign_command)
    return commands


def list_command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Count the life-safety texts of each language: signed as they stand, not signed, not even translated."""
    catalog = Catalog.load()
    gaps = unsigned(catalog, _signatures(settings_now()))
    every = {key for key in catalog.keys("en") if is_life_safety(key)}
    rows = []
    for language in catalog.languages():
        own, missing = catalog.keys(language), gaps.get(language, ())
        rows.append(
            {
                "language": language,
                "signed": len(every | {key for key in own if is_life_safety(key)}) - len(missing),
                "unsigned": sum(key in own for key in missing),
                "not translated": sum(key not in own for key in missing),
            }
        )
    show(rows, as_json=as_json)


def sign_command(
    language: Annotated[str, typer.Argument(help="code of a language you read, e.g. vi")],
    as_login: Annotated[str, typer.Option("--as", help="login of the officer, in a demo only")] = "",
) -> None:
    """Read each unsigned life-safety text of LANGUAGE and sign those you answer `yes` to.

    Every signature is kept at once, in the file and in the audit chain, under the officer of `muster login`.
    """
    settings, catalog = settings_now(), Catalog.load()
    if language not in catalog.languages():
        raise RefusedError(f"{language!r} is not a language; there are: {', '.join(catalog.languages())}")
    open_keys = unsigned(catalog, _signatures(settings)).get(language, ())
    own = [key for key in open_keys if key in catalog.keys(language)]
    run(_officer(settings, as_login))
    signed = []
    for number, key in enumerate(own, 1):
        entry = catalog.entry(language, key)
        say(f"\n{number} of {len(own)}: {key}\n" + "\n---\n".join(entry.forms))
        say(f"Right? ({YES} / no / {STOP})")
        answer = (sys.stdin.readline() or STOP).strip().lower()
        if answer == STOP:
            break
        if answer == YES:
            run(_sign(settings, as_login, language, key, fingerprint(entry)))
            signed.append(key)
    say("\n" + "\n".join([f"signed: {len(signed)}", *signed]))
    left = [key for key in open_keys if key not in signed]
    say(f"unsigned: {len(left)}")
    for key in left:
        say(key if key in own else f"{key} (not translated; English would be used)")


def _signatures(settings: Settings) -> tuple[Signature, ...]:
    try:
        return read_signatures(settings.reviews_path)
    except BrokenCatalogError as error:
        raise RefusedError(f"{settings.reviews_path}: {error}") from error


async def _officer(settings: Settings, as_login: str) -> str:
    async with opened(settings) as database:
        return (await acting_officer(settings, database, as_login)).login


async def _sign(settings: Settings, as_login: str, language: str, key: str, words: str) -> None:
    """One signature, in the transaction of its audit row: two who sign at once stand in line for it."""
    now = SystemClock().now()
    async with opened(settings) as database:
        officer = await acting_officer(settings, database, as_login)
        async with database.durable() as connection:
            await audit.append(
                connection,
                at=now,
                actor=officer.actor,
                action="words.sign",
                subject=f"words:{language}:{key}",
                detail={"fingerprint": words},
            )
            signature = Signature(language, key, words, officer.login, now.date().isoformat())
            await asyncio.to_thread(add_signature, settings.reviews_path, signature)
