"""The command line `pocit`: each command parses, calls one function, commits, prints."""

from __future__ import annotations

import sys

import click

from app.cli import database, heat, maps, official, pins
from app.cli.output import said_in_english
from app.errors import Refusal


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Emotional maps of towns: maps, pins, heat, officials."""


cli.add_command(database.group, "db")
cli.add_command(maps.group, "map")
cli.add_command(pins.group, "pins")
cli.add_command(heat.group, "heat")
cli.add_command(official.group, "official")


def main() -> None:
    """Run a command: exit 0 on success, 1 on a refusal with one clear line, 2 on bad usage."""
    try:
        cli(prog_name="pocit")
    except Refusal as refusal:
        click.echo(f"pocit: {said_in_english(refusal)}", err=True)
        sys.exit(1)
    except RuntimeError as error:
        click.echo(f"pocit: {error}", err=True)
        sys.exit(1)
