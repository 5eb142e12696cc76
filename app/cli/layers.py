"""`pocit layer`: the layers of a map as files for a GIS."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from app.cli.output import CommandRefused, find_map, opened_session, output_option, written
from app.errors import FormTooSmall, InvalidInput, Refusal
from app.i18n import Language, language
from app.inputs.file_forms import FORMS, Form, parse_epsg
from app.inputs.filters import Scope
from app.queries.layers import (
    EVERYTHING,
    LAYERS,
    PINS,
    all_layers,
    make_layer,
    pins_wanted,
    refuse_uncomputed,
    refuse_unpublished,
    refuse_unreached,
)
from app.queries.maps import MapRecord
from app.queries.pin_rows import csv_pins, geojson_pins
from app.services.snapshots import ensure_snapshot
from gis.formats.layer import Layer

F = TypeVar("F", bound=Callable[..., Any])


class Epsg(click.ParamType[int]):
    """`EPSG:n`, of a system that flat maps have."""

    name = "EPSG:n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The code."""
        if isinstance(value, int):
            return value
        try:
            return parse_epsg(value)
        except Refusal as refusal:
            problem = refusal.problems[0]
            self.fail(problem.message % problem.data if problem.data else problem.message, param, ctx)


def file_options(command: F) -> F:
    """The options of every command that writes a layer."""
    for option in (
        output_option,
        click.option(
            "--scope",
            type=click.Choice([scope.value for scope in Scope]),
            default=Scope.OFFICE.value,
            show_default=True,
        ),
        click.option("--crs", type=Epsg(), default="EPSG:4326", show_default=True, help="The coordinate system."),
        click.option(
            "-f", "--format", "form", type=click.Choice(list(FORMS)), default="geojson", show_default=True
        ),
    ):
        command = option(command)
    return command


@click.group()
def group() -> None:
    """Layers for a GIS: pins and what is made of them."""


@group.command("list")
def list_() -> None:
    """The layers that every map has, one a line."""
    for kind in LAYERS.values():
        click.echo(f"{kind.name}\t{kind.title}")
    click.echo(f"{EVERYTHING}\tall of them in one GeoPackage")


@group.command()
@click.argument("map_slug", metavar="MAP")
@click.argument("name", metavar="LAYER", type=click.Choice([*LAYERS, EVERYTHING]))
@file_options
def export(map_slug: str, name: str, form: str, crs: int, scope: str, output: Path | None) -> None:
    """One LAYER of MAP as a file (see `pocit layer list`), or everything as one GeoPackage."""
    if name == EVERYTHING and form != "gpkg":
        msg = "everything only fits into a GeoPackage: -f gpkg"
        raise click.UsageError(msg)
    export_layer(map_slug, name, FORMS[form], Scope(scope), crs, output)


def export_layer(map_slug: str, name: str, form: Form, scope: Scope, epsg: int, output: Path | None) -> None:
    """Write one layer of a map, or everything, to a file or to stdout."""
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        words = language(the_map.languages[0])
        try:
            refuse_unpublished(the_map, name, scope)
            refuse_unreached(session, the_map, epsg)
        except Refusal as refusal:
            raise InvalidInput(*refusal.problems) from refusal
        refuse_uncomputed(session, the_map, name)
        if scope is Scope.PUBLIC and ensure_snapshot(session, the_map):
            session.commit()
        if name == PINS and form.streamed:
            _write_pieces(_pieces(session, the_map, form, scope, epsg), output)
        elif name == EVERYTHING:
            _write_file(all_layers(session, the_map, scope, epsg=epsg, words=words), form, output)
        else:
            _write_file([_layer(session, the_map, name, scope, epsg, words)], form, output)


def _layer(session: Session, the_map: MapRecord, name: str, scope: Scope, epsg: int, words: Language) -> Layer:
    return make_layer(session, the_map, name, scope, epsg=epsg, words=words)


def _pieces(session: Session, the_map: MapRecord, form: Form, scope: Scope, epsg: int) -> Iterator[bytes]:
    """Pins as PostgreSQL writes them itself."""
    rows = geojson_pins if form.key == "geojson" else csv_pins
    return rows(session, the_map, pins_wanted(scope, None), scope, epsg)


def _write_pieces(pieces: Iterator[bytes], output: Path | None) -> None:
    with written(output) as file:
        file.writelines(pieces)


def _write_file(layers: Sequence[Layer], form: Form, output: Path | None) -> None:
    """The file, made beside where it shall lie, so that it appears only when it is whole."""
    from gis.formats.shapefile import FileTooLarge
    from gis.formats.vector_files import write_layers

    place = output.parent if output else None
    try:
        folder = Path(tempfile.mkdtemp(dir=place, prefix=".pocit-"))
    except OSError as error:
        raise CommandRefused(f"can't write to {output}: {error.strerror}") from error
    try:
        made = folder / f"file.{form.ending}"
        write_layers(layers, form.key, made)
        if output is not None:
            made.chmod(0o644)
            made.replace(output)
            return
        with made.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except FileTooLarge as error:
        raise FormTooSmall from error
    finally:
        shutil.rmtree(folder)
