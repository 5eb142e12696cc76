"""`pocit heat`: heat surfaces as files."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.output import find_map, opened_session, output_option, written
from app.i18n import language
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import COUNTED_STATES, Weight, parse_heat
from app.queries.heat import refuse_unpublished
from app.queries.heat_files import heat_file
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.services.snapshots import ensure_snapshot

FORMS = ("tif", "geojson", "png", "html")


@click.group()
def group() -> None:
    """Heat: export surfaces."""


@group.command("export")
@click.argument("map_slug", metavar="MAP")
@click.option("--category", metavar="C", help="One category by its key; else all together.")
@click.option("--bandwidth", metavar="M", help="Standard deviation of the Gaussians, in metres (75).")
@click.option(
    "--weight",
    type=click.Choice([weight.value for weight in Weight]),
    default=Weight.PEOPLE.value,
    show_default=True,
)
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.OFFICE.value,
    show_default=True,
)
@click.option("-f", "--format", "form", type=click.Choice(FORMS), default="tif", show_default=True)
@output_option
def export(
    map_slug: str,
    category: str | None,
    bandwidth: str | None,
    weight: str,
    scope: str,
    form: str,
    output: Path | None,
) -> None:
    """Write the heat of MAP as GeoTIFF, contours, picture, or a map in one file that opens offline."""
    asked = {"category": category, "bandwidth": bandwidth, "weight": weight}
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        query = parse_heat(
            {name: [value] for name, value in asked.items() if value is not None}, the_map.category_by_key
        )
        wanted = _open_scope(session, the_map, Scope(scope))
        store = HeatStore()
        if form == "html":
            from app.queries.heat_page import Edition, heat_page

            spoken = language(the_map.languages[0])
            edition = Edition(query, Scope(scope), wanted, spoken)
            content = heat_page(session, store, the_map, edition).encode()
        else:
            content = heat_file(the_map, store.heat(session, the_map, query, Scope(scope), wanted), form)
    with written(output) as file:
        file.write(content)


def _open_scope(session: Session, the_map: MapRecord, scope: Scope) -> PinFilter:
    """The pins of a scope; for the public today's snapshot is taken where its map lives on one."""
    if scope is Scope.PUBLIC:
        refuse_unpublished(the_map)
        if ensure_snapshot(session, the_map):
            session.commit()
    return PinFilter(states=COUNTED_STATES)
