"""The `muster` command. Exit 0 = done, 2 = refused with a reason on standard error."""

import sys

import typer

from app import (
    cli_alerts,
    cli_cap,
    cli_faq,
    cli_figures,
    cli_missions,
    cli_people,
    cli_places,
    cli_service,
    cli_staff,
    cli_templates,
    cli_words,
)
from app.cli_output import RefusedError, refuse
from app.settings import settle_libraries


def build() -> typer.Typer:
    """Every command in one tree."""
    top = typer.Typer(
        name="muster",
        help="Warn every citizen abroad, account for every one, say who is missing.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    cli_service.add(top)
    cli_people.add(top)
    cli_figures.add(top)
    top.add_typer(cli_cap.build(), name="cap")
    top.add_typer(cli_places.build(), name="place")
    top.add_typer(cli_faq.build(), name="faq")
    top.add_typer(cli_figures.build_estimate(), name="estimate")
    top.add_typer(cli_missions.build_mission(), name="mission")
    top.add_typer(cli_missions.build_emergency(), name="emergency")
    top.add_typer(cli_alerts.build(), name="alert")
    top.add_typer(cli_staff.build_officer(), name="officer")
    top.add_typer(cli_staff.build_audit(), name="audit")
    top.add_typer(cli_templates.build(), name="template")
    top.add_typer(cli_words.build(), name="words")
    cli_staff.add(top)
    return top


def main() -> None:
    """Run one command."""
    settle_libraries()
    try:
        build()()
    except RefusedError as reason:
        sys.exit(refuse(reason))


if __name__ == "__main__":
    main()
