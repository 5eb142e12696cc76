"""`pocit addresses`: the addresses of a town, for the place search of its maps."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import CommandRefused, opened_session
from app.errors import Unknown
from app.inputs.address_files import AddressList, Wanted, read_address_file
from app.queries.towns import TownRecord, find_town
from app.services.addresses import remove_addresses, replace_addresses
from app.services.audit import BY_ITSELF


@click.group()
def group() -> None:
    """Addresses: load a town's RÚIAN list for the place search, or remove it."""


@group.command("import")
@click.argument("town_slug", metavar="TOWN")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(town_slug: str, file: Path) -> None:
    """Load FILE, the RÚIAN address list of TOWN (CSV or zip, as ČÚZK gives it), in the place of what is there.

    Each bad row is reported with its number and reason, and the rest is loaded.
    """
    with opened_session() as session:
        try:
            town: TownRecord = find_town(session, town_slug)
        except Unknown as error:
            raise CommandRefused(f"there is no town “{town_slug}”") from error
        with file.open("rb") as source:
            found = read_address_file(source, Wanted(town.ruian, town.name))
        if not found.rows:
            say_refused(found)
            raise CommandRefused("no address of the file can be used, so nothing was changed")
        loaded = replace_addresses(session, BY_ITSELF, town_slug, found.rows)
        session.commit()
    say_refused(found)
    click.echo(
        f"{found.read} rows read: {loaded.count} addresses stored in the place of {loaded.before}, "
        f"{found.without_place} without coordinates, {found.elsewhere} of other municipalities, "
        f"{found.refused_count} refused",
        err=True,
    )


@group.command()
@click.argument("town_slug", metavar="TOWN")
def remove(town_slug: str) -> None:
    """Take the addresses of TOWN away."""
    with opened_session() as session:
        try:
            removed = remove_addresses(session, BY_ITSELF, town_slug)
        except Unknown as error:
            raise CommandRefused(f"there is no town “{town_slug}”") from error
        session.commit()
    click.echo(f"{removed} addresses removed", err=True)


def say_refused(found: AddressList) -> None:
    """Every bad row on stderr, with its number and reason."""
    for row in found.refused:
        reason = row.problem.message % row.problem.data if row.problem.data else row.problem.message
        click.echo(f"row {row.number}: {reason}", err=True)
    if found.refused_count > len(found.refused):
        click.echo(f"… and {found.refused_count - len(found.refused)} more", err=True)
