"""`pocit counts`: the counts of squares that are kept beside the pins."""

from __future__ import annotations

import click

from app.cli.output import CommandRefused, find_map, opened_session
from app.queries.maps import all_slugs, read_map
from app.services.counts import rebuild


@click.group()
def group() -> None:
    """What heat counts, kept beside the pins: prove it, or make it anew."""


@group.command("rebuild")
@click.argument("map_slug", metavar="MAP", required=False)
def rebuild_(map_slug: str | None) -> None:
    """Count all pins of MAP, or of every map, anew, and tell where that differs from what was kept: nowhere.

    One line a map: its address, its pins, its counted squares, and how many of these were kept otherwise.
    """
    with opened_session() as session:
        slugs = [find_map(session, map_slug).slug] if map_slug else all_slugs(session)
        for slug in slugs:
            the_map = read_map(session, slug)
            session.rollback()
            found = rebuild(session, the_map)
            session.commit()
            if found is None:
                raise CommandRefused(f"{slug}: another process is taking in changes; try again")
            click.echo(f"{slug}\t{found.pins}\t{found.squares}\t{found.different}")
