"""`pocit map`: maps from folders, and which there are."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import opened_session, with_progress
from app.cli.pins import say_report
from app.inputs.imports import ImportOptions
from app.inputs.map_folder import read_map_folder
from app.inputs.pin_files import open_pin_file
from app.queries.maps import list_maps, read_map
from app.services.imports import import_pins
from app.services.maps import save_map


@click.group()
def group() -> None:
    """Maps: import one from a folder, list them."""


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
            rows = with_progress(opened.rows, "pins", opened.count)
            report = import_pins(session, the_map, rows, ImportOptions(keep_channel=True), opened.epsg)
        session.commit()
    click.echo(f"{'created' if saved.created else 'updated'} map {saved.slug}", err=True)
    if saved.town_was_called:
        click.echo(f"the town {saved.town_was_called} is now called {wanted.town.name}, on all its maps", err=True)
    if report:
        say_report(report)


@group.command("list")
def list_() -> None:
    """The maps, one a line: address, town, title, whether it collects now."""
    with opened_session() as session:
        for the_map in list_maps(session):
            title = next(iter(the_map.title.values()), "")
            state = "open" if the_map.is_open() else "closed"
            click.echo(f"{the_map.slug}\t{the_map.town}\t{title}\t{state}")
