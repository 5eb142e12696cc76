"""`pocit facts`: layers of facts of a town, laid beside the feelings."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.output import CommandRefused, opened_session
from app.errors import Unknown
from app.inputs.fact_files import FactFile, read_fact_file
from app.inputs.fact_forms import parse_fact_form, stored_form
from app.inputs.fact_reader import FactWanted
from app.queries.facts import FactLayerRecord, around_maps, fact_layers
from app.queries.towns import TownRecord, find_town
from app.services.audit import BY_ITSELF
from app.services.facts import fetch_facts, remove_facts, replace_facts, save_facts


@click.group()
def group() -> None:
    """Facts: lamps, stops, crossings or police records that a town lays beside the feelings."""


@group.command("import")
@click.argument("town_slug", metavar="TOWN")
@click.argument("source", metavar="FILE")
@click.option("--name", required=True, help="What they are, in the plural and the town's language: street lamps.")
@click.option("--note", default="", help="Who keeps the data, and under which terms.")
@click.option("--day", default="", help="Of which day the data are: 2026-09-14.")
@click.option("--label-field", "label", default="", help="The column with a short label; no other is kept.")
@click.option("--date-field", "happened", default="", help="The column with the day on which it happened.")
@click.option("--crs", default="", help="EPSG:n, where the file does not say it.")
def import_(town_slug: str, source: str, **said: str) -> None:
    """Load FILE, or what is at its https address, as a layer of TOWN; one of the same name is replaced.

    FILE is a GeoJSON, CSV with coordinates, GeoPackage, FlatGeobuf or zipped Shapefile. Each bad row is reported
    with its number and reason, and the rest is loaded.
    """
    is_address = source.startswith(("https://", "http://"))
    form = parse_fact_form({**said, "address": source if is_address else ""}, with_address=is_address)
    with opened_session() as session:
        town = _town(session, town_slug)
        wanted = form.wanted(around_maps(session, town.id))
        session.commit()
        found = fetch_facts(source, wanted) if is_address else _read(Path(source), wanted)
        save_facts(session, BY_ITSELF, town.id, form, found)
        session.commit()
    say_facts(found)


@group.command("reload")
@click.argument("town_slug", metavar="TOWN")
@click.argument("name", metavar="NAME")
def reload_(town_slug: str, name: str) -> None:
    """Fetch the layer called NAME once more from its address."""
    with opened_session() as session:
        town = _town(session, town_slug)
        layer = _layer(session, town, name)
        form = stored_form(layer.name, layer.source)
        if not form.address:
            raise CommandRefused(f"“{name}” came from a file; import it again")
        wanted = form.wanted(around_maps(session, town.id))
        session.commit()
        found = fetch_facts(form.address, wanted)
        replace_facts(session, BY_ITSELF, town.id, layer.id, found)
        session.commit()
    say_facts(found)


@group.command("list")
@click.argument("town_slug", metavar="TOWN")
def list_(town_slug: str) -> None:
    """The layers of TOWN, one a line: name, what of, how many, whence."""
    with opened_session() as session:
        for layer in fact_layers(session, _town(session, town_slug).id):
            whence = layer.source.get("address") or layer.source.get("file") or ""
            click.echo(f"{layer.name}\t{layer.shape}\t{layer.features}\t{whence}")


@group.command()
@click.argument("town_slug", metavar="TOWN")
@click.argument("name", metavar="NAME")
def remove(town_slug: str, name: str) -> None:
    """Take the layer called NAME away."""
    with opened_session() as session:
        town = _town(session, town_slug)
        layer = _layer(session, town, name)
        remove_facts(session, BY_ITSELF, town.id, layer.id)
        session.commit()
    click.echo(f"{layer.features} facts removed", err=True)


def _read(path: Path, wanted: FactWanted) -> FactFile:
    try:
        with path.open("rb") as source:
            return read_fact_file(source, path.name, wanted)
    except OSError as error:
        raise CommandRefused(f"{path} can't be read: {error.strerror}") from error


def _town(session: Session, slug: str) -> TownRecord:
    try:
        return find_town(session, slug)
    except Unknown as error:
        raise CommandRefused(f"there is no town “{slug}”") from error


def _layer(session: Session, town: TownRecord, name: str) -> FactLayerRecord:
    for layer in fact_layers(session, town.id):
        if layer.name.casefold() == name.casefold():
            return layer
    raise CommandRefused(f"{town.slug} has no layer “{name}”")


def say_facts(found: FactFile) -> None:
    """Every bad row on stderr with its number and reason, then the sum."""
    for row in found.refused:
        reason = row.problem.message % row.problem.data if row.problem.data else row.problem.message
        click.echo(f"row {row.number}: {reason}", err=True)
    if found.refused_count > len(found.refused):
        click.echo(f"… and {found.refused_count - len(found.refused)} more", err=True)
    turned = ", recognised as S-JTSK" if found.turned_krovak else ""
    click.echo(f"{len(found.rows)} {found.shape} stored{turned}, {found.refused_count} rows refused", err=True)
