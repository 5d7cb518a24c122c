"""`muster template`: the register of WhatsApp templates, from a shell. Touches SQL; `sync` asks Twilio."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from app.cli_output import RefusedError, run, say, settings_now, show
from app.core import Core, open_core
from app.embedded import url_of
from app.templates import Checked, Templates
from bot.gateways.twilio import whatsapp_book
from bot.gateways.twilio.whatsapp_templates import (
    ANY_LANGUAGE,
    BUTTON_SLOTS,
    SID,
    SLOTS,
    THREE_BUTTON_SLOTS,
    Category,
    Purpose,
    Template,
    TemplateState,
)
from bot.gateways.twilio.whatsapp_texts import contents
from bot.slots import Slot

ANY = "any"

Account = Annotated[str, typer.Option(help="our name of the sender account")]
AsJson = Annotated[bool, typer.Option("--json")]
ForWhat = Annotated[Purpose, typer.Argument(help="what it is for")]
Language = Annotated[str, typer.Argument(help="language (BCP 47), or `any`")]


def build() -> typer.Typer:
    """The commands of `muster template`."""
    commands = typer.Typer(help="WhatsApp templates: what may be used, and why not.", no_args_is_help=True)
    commands.command("list")(list_command)
    commands.command("texts")(texts_command)
    commands.command("sync")(sync_command)
    commands.command("set")(set_command)
    commands.command("remove")(remove_command)
    return commands


def list_command(as_json: AsJson = False) -> None:
    """Every template in the register, as Twilio last told."""

    async def work() -> list[Template]:
        async with _opened() as core, core.database.read() as connection:
            return await whatsapp_book.read_all(connection)

    show([_row(one) for one in run(work())], as_json=as_json)


def texts_command(as_json: AsJson = False) -> None:
    """Our templates as the Content API takes them, to be reviewed, created and submitted at Twilio."""
    known = {f"{purpose} {language or ANY}": body for (purpose, language), body in contents().items()}
    if as_json:
        say(json.dumps(known, ensure_ascii=False))
        return
    for name, body in known.items():
        (shown,) = body["types"].values()
        buttons = "".join(f"\n[{action['title']}]" for action in shown.get("actions", ()))
        say(f"--- {name}: {body['friendly_name']}\n{shown['body']}{buttons}\n")


def sync_command(as_json: AsJson = False) -> None:
    """Ask Twilio for the state and category of every template."""

    async def work() -> list[Checked]:
        async with _opened() as core:
            return await Templates(core.database, core.clock, core.gateways.all).sync()

    found = run(work())
    rows = [{**_row(checked.after), "problems": "; ".join(checked.problems)} for checked in found]
    show(rows, as_json=as_json)
    for checked in found:
        if checked.problems:
            name = f"{checked.after.purpose} {checked.after.language or ANY}"
            sys.stderr.write(f"warning: {name}: {'; '.join(checked.problems)}\n")
    if any(not checked.asked for checked in found):
        raise RefusedError("Twilio could not be asked for all of them; what could not be asked is as it was")


def set_command(
    purpose: ForWhat,
    language: Language,
    sid: Annotated[str, typer.Argument(help="Twilio's id of the content, HX...")],
    account: Account = "main",
    name: Annotated[str, typer.Option(help="its name at Twilio")] = "",
    slots: Annotated[
        str, typer.Option(help="its variables in their order, with commas: what,sender,place,time,code")
    ] = "",
) -> None:
    """Use a content of Twilio's for a purpose and a language; `sync` then tells whether it may be."""
    given = tuple(part.strip() for part in slots.split(",") if part.strip()) if slots else SLOTS[purpose]
    _check(purpose, language, sid, given)
    new = Template(
        account=account,
        purpose=purpose,
        language=_tag(language),
        name=name or f"{purpose}_{language}",
        sid=sid,
        category=Category.UNKNOWN,
        state=TemplateState.UNSUBMITTED,
        slots=given,
    )

    async def work() -> None:
        async with _opened() as core, core.database.durable() as connection:
            await whatsapp_book.write(connection, new, core.clock.now())

    run(work())
    say(f"{purpose} in {language} is {sid} now; `muster template sync` asks Twilio for its state")


def remove_command(purpose: ForWhat, language: Language, account: Account = "main") -> None:
    """Take a template out of the register; Twilio keeps it."""

    async def work() -> bool:
        async with _opened() as core, core.database.durable() as connection:
            return await whatsapp_book.remove(connection, account, purpose, _tag(language))

    if not run(work()):
        raise RefusedError(f"there is no template for {purpose} in {language}")
    say(f"{purpose} in {language} is not used any more")


@asynccontextmanager
async def _opened() -> AsyncIterator[Core]:
    settings = settings_now()
    own = settings.model_copy(update={"redis_url": url_of(settings.data_dir / "redis")})
    async with open_core(settings if settings.redis_url else own) as core:
        yield core


def _check(purpose: Purpose, language: str, sid: str, slots: tuple[str, ...]) -> None:
    if not SID.fullmatch(sid):
        raise RefusedError("the id of a content is HX and 32 hexadecimal digits")
    if (purpose is Purpose.BUTTONS) != (_tag(language) == ANY_LANGUAGE):
        raise RefusedError("`buttons` serve `any` language, and every other template one language")
    known = (BUTTON_SLOTS, THREE_BUTTON_SLOTS) if purpose is Purpose.BUTTONS else None
    if known is not None and slots not in known:
        raise RefusedError(f"the variables of `buttons` are {','.join(BUTTON_SLOTS)}[,label3,data3]")
    if known is None and not set(slots) <= set(Slot):
        raise RefusedError(f"a variable must be one of {', '.join(Slot)}")


def _tag(language: str) -> str:
    return ANY_LANGUAGE if language == ANY else language


def _row(one: Template) -> dict[str, Any]:
    return {
        "account": one.account,
        "purpose": one.purpose.value,
        "language": one.language or ANY,
        "name": one.name,
        "sid": one.sid,
        "category": one.category.value,
        "state": one.state.value,
        "slots": ",".join(one.slots),
        "checked_at": None if one.checked_at is None else one.checked_at.isoformat(),
        "refused": one.refusal,
    }
