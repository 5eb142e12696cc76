"""`pocit map`: maps from folders, which there are, and the end of what they know of persons."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.facts import say_facts
from app.cli.output import CommandRefused, find_map, opened_session, with_progress
from app.cli.pins import say_report
from app.inputs.fact_files import FactFile, map_folder_facts, read_fact_file
from app.inputs.imports import ImportOptions
from app.inputs.map_folder import read_map_folder
from app.inputs.pin_files import open_pin_file
from app.queries.facts import around_maps
from app.queries.maps import list_maps, read_map
from app.services.audit import BY_ITSELF
from app.services.counts import settle
from app.services.facts import save_facts
from app.services.imports import import_pins
from app.services.maps import save_map
from app.services.retention import anonymise, anonymise_next, due_at


@click.group()
def group() -> None:
    """Maps: import one from a folder, list them, take the persons out of those that have ended."""


@group.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def import_(folder: Path) -> None:
    """Create the map that FOLDER describes, or bring it up to date; its name becomes the address."""
    wanted = read_map_folder(folder)
    with opened_session() as session:
        saved = save_map(session, wanted)
        report = None
        if wanted.pins_file:
            the_map = read_map(session, saved.slug)
            opened = open_pin_file(wanted.pins_file)
            parts = with_progress(opened.parts, "pins", opened.count, size=len)
            report = import_pins(session, the_map, parts, ImportOptions(keep_channel=True), opened.epsg)
        layers = _save_facts(session, folder, read_map(session, saved.slug).town_id)
        session.commit()
        if report:
            settle(session, read_map(session, saved.slug))
    click.echo(f"{'created' if saved.created else 'updated'} map {saved.slug}", err=True)
    if wanted.boundary_turned:
        click.echo("boundary recognised as S-JTSK, turned to WGS 84", err=True)
    if saved.town_was_called:
        click.echo(f"the town {saved.town_was_called} is now called {wanted.town.name}, on all its maps", err=True)
    if report:
        say_report(report)
    for name, found in layers:
        click.echo(f"layer of facts “{name}”:", err=True)
        say_facts(found)


def _save_facts(session: Session, folder: Path, town_id: int) -> list[tuple[str, FactFile]]:
    """The layers of facts that lie in the folder, stored for its town."""
    saved = []
    for path, form in map_folder_facts(folder):
        with path.open("rb") as source:
            found = read_fact_file(source, path.name, form.wanted(around_maps(session, town_id)))
        save_facts(session, BY_ITSELF, town_id, form, found)
        saved.append((form.name, found))
    return saved


@group.command("list")
def list_() -> None:
    """The maps, one a line: address, town, title, whether it collects now."""
    with opened_session() as session:
        for the_map in list_maps(session):
            title = next(iter(the_map.title.values()), "")
            state = "open" if the_map.is_open() else "closed"
            click.echo(f"{the_map.slug}\t{the_map.town}\t{title}\t{state}")


@group.command("anonymise")
@click.argument("slug", metavar="MAP", required=False)
@click.option("--due", is_flag=True, help="All maps whose time has come; for a daily job.")
@click.option("--yes", is_flag=True, help="Don't ask before anonymising one map.")
def anonymise_(slug: str | None, *, due: bool, yes: bool) -> None:
    """Take the persons out of closed maps for good: who placed which pins, answers about people, receipts.

    The server does it by itself when a map's retention time is over; MAP does it for one closed map now.
    """
    if (slug is None) is not due:
        msg = "name one MAP, or say --due"
        raise click.UsageError(msg)
    if slug is None:
        _anonymise_due()
    else:
        _anonymise_one(slug, sure=yes)


def _anonymise_due() -> None:
    now = datetime.now(UTC)
    with opened_session() as session:
        while (done := anonymise_next(session, now)) is not None:
            session.commit()
            click.echo(done)


def _anonymise_one(slug: str, *, sure: bool) -> None:
    with opened_session() as session:
        the_map = find_map(session, slug)
        until = due_at(the_map)
        if the_map.anonymised_at is None and until and not sure:
            warning = (
                f"Until {until:%Y-%m-%d} people may still take their pins back. This can't be undone. Do it now?"
            )
            click.confirm(warning, abort=True, err=True)
        if not anonymise(session, the_map, datetime.now(UTC)):
            raise CommandRefused(f"{slug} was anonymised on {the_map.anonymised_at:%Y-%m-%d}")
        session.commit()
        click.echo(slug)
