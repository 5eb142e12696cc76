"""The command line `pocit`: each command parses, calls one function, commits, prints."""

from __future__ import annotations

import importlib
import sys

import click

from app.cli.output import CommandRefused, said_in_english
from app.errors import Refusal

GROUPS = {
    "db": "app.cli.database",
    "map": "app.cli.maps",
    "pins": "app.cli.pins",
    "layer": "app.cli.layers",
    "heat": "app.cli.heat",
    "sheet": "app.cli.sheet",
    "counts": "app.cli.counts",
    "analysis": "app.cli.analysis",
    "official": "app.cli.official",
    "addresses": "app.cli.addresses",
    "facts": "app.cli.facts",
    "backup": "app.cli.backup:backup",
    "restore": "app.cli.backup:restore",
}


class Groups(click.Group):
    """Groups and commands that are loaded when asked for: listing maps needs no rasters."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """What there is."""
        return list(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One group or command, loaded now."""
        if cmd_name not in GROUPS:
            return None
        module, _, name = GROUPS[cmd_name].partition(":")
        found: click.Command = getattr(importlib.import_module(module), name or "group")
        return found


@click.group(cls=Groups, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Emotional maps of towns: maps, pins, heat, officials, backups."""


def main() -> None:
    """Run a command: exit 0 on success, 1 on a refusal with one clear line, 2 on bad usage."""
    try:
        cli(prog_name="pocit")
    except Refusal as refusal:
        _refuse(said_in_english(refusal))
    except (CommandRefused, RuntimeError) as error:
        _refuse(str(error))


def _refuse(reason: str) -> None:
    click.echo(f"pocit: {reason}", err=True)
    sys.exit(1)
