"""`pocit sheet`: print paper sheets, tell what is known of one, read photos of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.cli.output import CommandRefused, find_map, opened_session, output_option, written
from app.cli.sheet_read import read_photos
from app.config import Config
from app.inputs.sheets import parse_print
from app.queries.office import events_of
from app.queries.sheets import SheetRecord, find_sheet
from app.services.audit import BY_ITSELF
from app.services.sheets import PrintShop, print_sheets
from gis.paper.layout import PAPERS
from gis.paper.serial import parse_serial


@click.group()
def group() -> None:
    """Paper sheets: print them, tell of one, read photos of them."""


@group.command("print")
@click.argument("map_slug", metavar="MAP")
@click.option("--paper", type=click.Choice(list(PAPERS), case_sensitive=False), default="A3", show_default=True)
@click.option("--scale", metavar="N", help="1 : N; else the one that shows the whole town.")
@click.option("--count", default="1", show_default=True, metavar="N", help="So many sheets, each with its serial.")
@click.option("--event", metavar="CODE", help="The event at which they lie on the tables.")
@click.option("--rows", is_flag=True, help="Each numbered row of a sheet is a person, not the sheet.")
@click.option("--pages-on", metavar="PAPER", help="Print a large sheet in parts on A4 or A3, to be glued.")
@click.option("--centre", metavar="LON,LAT", help="The middle of the sheet; else that of the town.")
@click.option("--address", metavar="URL", help="Of the server, as people reach it; else POCIT_ADDRESS.")
@output_option
def print_command(
    map_slug: str, address: str | None, output: Path | None, *, rows: bool, **asked: str | None
) -> None:
    """Make printable sheets of a map as PDF."""
    config = Config.from_environment()
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        form = {name: value for name, value in asked.items() if value} | ({"by_row": "yes"} if rows else {})
        wanted = parse_print(form, [event.code for event in events_of(session, the_map.id)])
        if not address and not config.address:
            click.echo(
                f"pocit: the QR code leads to {LOCAL}: say --address or POCIT_ADDRESS before printing for people",
                err=True,
            )
        shop = PrintShop(address or config.address or LOCAL, config.secret_key, config.home, config.tile_hosts)
        made = print_sheets(session, BY_ITSELF, the_map, wanted, shop)
        with written(output) as file:
            file.write(made.pdf)
        session.commit()
    if output:
        click.echo("\n".join(made.serials))


LOCAL = "http://127.0.0.1:8000"


@group.command("show")
@click.argument("serial")
def show_command(serial: str) -> None:
    """Tell as JSON what is known of one printed sheet."""
    with opened_session() as session:
        whole = parse_serial(serial)
        found = find_sheet(session, whole) if whole else None
    if whole is None:
        raise CommandRefused(f"“{serial}” is not the serial of a sheet: nine signs, the last of which checks them")
    if found is None:
        raise CommandRefused(f"no sheet {whole} was printed here")
    click.echo(json.dumps(shown_sheet(found), ensure_ascii=False, indent=2))


def shown_sheet(found: SheetRecord) -> dict[str, object]:
    """A sheet as `sheet show` tells it."""
    sheet = found.sheet
    return {
        "serial": found.serial,
        "map": found.map_slug,
        "event": found.event,
        "paper": sheet.layout.paper,
        "page_mm": list(sheet.layout.page),
        "frame_mm": list(sheet.layout.frame),
        "crs": f"EPSG:{sheet.crs}",
        "bounds": list(sheet.bounds),
        "scale": sheet.scale,
        "categories": [{"key": sticker.key, "sticker": sticker.hex} for sticker in sheet.stickers],
        "by_row": found.by_row,
        "checked": found.checked_at is not None,
    }


group.add_command(read_photos)
