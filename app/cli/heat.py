"""`pocit heat`: heat surfaces as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import click
from sqlalchemy.orm import Session

from app.cli.output import CommandRefused, find_map, opened_session, output_option, written
from app.i18n import language
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import Arguments, HeatQuery, Measure, Weight, parse_heat, refuse_share_of_all
from app.inputs.office import parse_office_heat
from app.queries.heat import refuse_unpublished
from app.queries.heat_files import heat_file
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.services.snapshots import ensure_snapshot

FORMS = ("tif", "geojson", "png", "html")


@dataclass(frozen=True)
class Asked:
    """What a command line asks of heat: as parameters of an address, and the filter among them."""

    scope: Scope
    parameters: Arguments
    chosen: Sequence[tuple[str, str]]


class Condition(click.ParamType[tuple[str, str]]):
    """`name=value`, as in the address of the office's map."""

    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Name and value."""
        if isinstance(value, tuple):
            return value
        name, sign, text = str(value).partition("=")
        if not name or not sign or not text:
            self.fail(f"“{value}” is not name=value, such as about_gender=woman", param, ctx)
        return name, text


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
@click.option(
    "--measure",
    type=click.Choice([measure.value for measure in Measure]),
    default=Measure.DENSITY.value,
    show_default=True,
    help="How many for each hectare, or which per cent of all feelings are this category (office only).",
)
@click.option(
    "--where",
    "conditions",
    type=Condition(),
    multiple=True,
    help="Only pins of which this holds, by the names of the office map’s address: since, until, channel, event,"
    " state, status, answered, flagged, area, words, person, about_<question>, answer_<question>. Repeatable;"
    " all must hold (office only).",
)
@click.option("-f", "--format", "form", type=click.Choice(FORMS), default="tif", show_default=True)
@output_option
def export(
    map_slug: str,
    category: str | None,
    bandwidth: str | None,
    weight: str,
    scope: str,
    measure: str,
    conditions: Sequence[tuple[str, str]],
    form: str,
    output: Path | None,
) -> None:
    """Write the heat of MAP as GeoTIFF, contours, picture, or a map in one file that opens offline."""
    given = {"category": category, "bandwidth": bandwidth, "weight": weight}
    parameters = {name: [value] for name, value in given.items() if value is not None}
    if measure != Measure.DENSITY:
        parameters["measure"] = [measure]
    for name, value in conditions:
        parameters.setdefault(name, []).append(value)
    asked = Asked(Scope(scope), parameters, conditions)
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        query, wanted = _wanted(session, the_map, asked)
        if form != "html":
            refuse_share_of_all(query)
        store = HeatStore()
        if form == "html":
            from app.queries.heat_page import Edition, heat_page

            spoken = language(the_map.languages[0])
            edition = Edition(query, asked.scope, wanted, spoken)
            content = heat_page(session, store, the_map, edition).encode()
        else:
            heat = store.heat(session, the_map, query, asked.scope, wanted)
            content = heat_file(the_map, heat, form, chosen=urlencode(asked.chosen))
    with written(output) as file:
        file.write(content)


def _wanted(session: Session, the_map: MapRecord, asked: Asked) -> tuple[HeatQuery, PinFilter]:
    """The surface and the pins of a scope; for the public today's snapshot is taken where its map lives on one."""
    if asked.scope is Scope.OFFICE:
        return parse_office_heat(asked.parameters, the_map)
    if asked.chosen or "measure" in asked.parameters:
        raise CommandRefused(
            "everybody’s heat knows neither --where nor --measure share; leave them out, or --scope office"
        )
    refuse_unpublished(the_map)
    if ensure_snapshot(session, the_map):
        session.commit()
    return parse_heat(asked.parameters, the_map.category_by_key), PUBLIC_FILTER
