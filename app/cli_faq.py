"""`muster faq`: ask, serve to scripts, import and export entries. Reads a file of entries, or SQL."""

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.cli_staff import opened
from assistance.errors import AssistanceError
from assistance.faq.engine import Bank, Decision, Engine, Found, texts_needed
from assistance.faq.files import read_entries, write_entries
from assistance.faq.intake import Taken, give, starter_bank, take
from assistance.faq.publishing import open_edition
from assistance.faq.search import holding
from assistance.faq.semantic import load_embedder
from assistance.faq.vectors import vectors_now
from storage.clock import SystemClock

Entries = Annotated[
    Path | None,
    typer.Option(
        help="JSON list of {id, lang, questions, answer}; without it what is published", envvar="FAQ_ENTRIES"
    ),
]
WithoutModel = Annotated[bool, typer.Option("--lexical", help="leave the [semantic] extra out")]
Country = Annotated[str, typer.Option(help="where the asker is, ISO-2; empty = unknown")]
Ask = Callable[[str, str], Found]


def build() -> typer.Typer:
    """The commands of `muster faq`."""
    commands = typer.Typer(help="Questions, and the answers officers approved.", no_args_is_help=True)
    commands.command("ask")(ask_command)
    commands.command("serve")(serve_command)
    commands.command("import")(import_command)
    commands.command("export")(export_command)
    return commands


def ask_command(
    question: str,
    lang: Annotated[str, typer.Option(help="language of the asker")] = "en",
    entries: Entries = None,
    country: Country = "",
    lexical: WithoutModel = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say what would be done with QUESTION."""
    found = _reply(_engine(entries, country, lexical=lexical)(question, lang))
    if as_json:
        say(json.dumps(found, ensure_ascii=False))
        return
    say(f"{found['decision']} {found['entry_id'] or ''} (how sure: {found['score']:.2f})")
    show([{"entry": name, "score": f"{score:.3f}"} for name, score in found["candidates"]], as_json=False)


def serve_command(entries: Entries = None, country: Country = "", lexical: WithoutModel = False) -> None:
    """Answer JSON lines {question, lang} on standard input with what would be done."""
    ask = _engine(entries, country, lexical=lexical)
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            answer = _reply(ask(str(asked["question"]), str(asked.get("lang", "en"))))
        except (ValueError, KeyError, TypeError):
            answer = {"error": "expected a JSON object with a question"}
        say(json.dumps(answer, ensure_ascii=False))


def import_command(
    file: Annotated[Path | None, typer.Argument(help="entries, .yaml or .csv")] = None,
    starter: Annotated[bool, typer.Option("--starter", help="the entries that ship with Muster")] = False,
) -> None:
    """Take entries in, reviewed by nobody: two officers must stand for each before it is answered."""
    if (file is None) is not starter:
        raise RefusedError("name a file, or --starter")
    try:
        found = starter_bank() if file is None else read_entries(_read(file), kind=_kind(file))
    except AssistanceError as error:
        raise RefusedError(error.text) from error

    async def work() -> Taken:
        async with opened(settings_now()) as database, database.durable() as connection:
            origin = "starter" if file is None else "import"
            return await take(connection, found, origin=origin, now=SystemClock().now())

    taken = run(work())
    say(f"{len(found)} entries: {taken.new} parts taken in, unreviewed; {taken.same} as they were")


def export_command(
    file: Annotated[Path, typer.Argument(help="file to write, .yaml or .csv; - = YAML on standard output")],
    unreviewed: Annotated[bool, typer.Option(help="the newest versions, approved or not")] = False,
) -> None:
    """Give entries out as they are approved."""

    async def work() -> str:
        async with opened(settings_now()) as database, database.read() as connection:
            kind = "yaml" if str(file) == "-" else _kind(file)
            return write_entries(await give(connection, unreviewed=unreviewed), kind=kind)

    text = run(work())
    if str(file) == "-":
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"{file} cannot be written") from error


def _engine(entries: Path | None, country: str, *, lexical: bool) -> Ask:
    return (
        _published(country.upper(), lexical=lexical)
        if entries is None
        else _of_file(entries, lexical=lexical)
    )


def _of_file(path: Path, *, lexical: bool) -> Ask:
    bank: dict[str, dict[str, list[str]]] = {}
    try:
        for entry in json.loads(_read(path)):
            questions = [str(question) for question in entry["questions"]]
            bank.setdefault(str(entry["lang"]), {}).setdefault(str(entry["id"]), []).extend(questions)
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"{path} is not a list of {{id, lang, questions, answer}}") from error
    known: Bank = bank
    embedder = None if lexical else load_embedder()
    vectors = vectors_now(embedder, texts_needed(known)) if embedder is not None else None
    return Engine(known, embedder, vectors).search


def _published(country: str, *, lexical: bool) -> Ask:
    settings = settings_now()
    today: date = SystemClock().now().date()

    async def work() -> Ask:
        async with opened(settings) as database:
            embedder = None if lexical else load_embedder()
            edition = await open_edition(database, embedder, demo=settings.demo)
        if edition is None:
            raise RefusedError("nothing is published yet; publish in the console, or name a file of entries")
        allowed = holding(edition, country, today)
        return lambda question, language: edition.engine.search(question, language, allowed)

    return run(work())


def _reply(found: Found) -> dict[str, Any]:
    first = found.candidates[0].subject if found.candidates else None
    return {
        "entry_id": first if found.decision is Decision.ANSWER else None,
        "score": round(found.score, 6),
        "decision": found.decision.value,
        "candidates": [[each.subject, round(each.score, 6)] for each in found.candidates],
    }


def _kind(path: Path) -> str:
    kinds = {".yaml": "yaml", ".yml": "yaml", ".csv": "csv"}
    if path.suffix.lower() not in kinds:
        raise RefusedError(f"{path} is neither .yaml nor .csv")
    return kinds[path.suffix.lower()]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{path} cannot be read") from error
