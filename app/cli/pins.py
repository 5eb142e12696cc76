"""`pocit pins`: pins from files, and into files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from app.cli.layers import export_layer, file_options
from app.cli.output import find_map, opened_session, with_progress
from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.file_forms import FORMS
from app.inputs.filters import Scope
from app.inputs.imports import ImportOptions
from app.inputs.pin_files import PinFile, open_pin_file
from app.queries.layers import PINS
from app.queries.queue import queue_counts
from app.services.counts import settle
from app.services.flags import check_again, check_all
from app.services.imports import ImportReport, import_pins


@click.group()
def group() -> None:
    """Pins: import them from files, export them."""


@group.command("import")
@click.argument("map_slug", metavar="MAP")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--category-field", metavar="F", help="The field that says the category.")
@click.option(
    "--category", "categories", metavar="TEXT=KEY", multiple=True, help="What a text of that field means."
)
@click.option("--comment-field", metavar="F", help="The field with comments.")
@click.option("--respondent-field", metavar="F", help="The field that tells people apart.")
@click.option("--x", "x_field", metavar="F", help="The column with x or longitude (CSV).")
@click.option("--y", "y_field", metavar="F", help="The column with y or latitude (CSV).")
@click.option("--crs", metavar="EPSG:n", help="The coordinate system; else the file's own, else WGS 84.")
@click.option("--created-field", metavar="F", help="The field with the time of each pin.")
@click.option("--strict", is_flag=True, help="Load nothing when any row is bad.")
def import_(
    map_slug: str,
    file: Path,
    category_field: str | None,
    categories: Sequence[str],
    comment_field: str | None,
    respondent_field: str | None,
    x_field: str | None,
    y_field: str | None,
    crs: str | None,
    created_field: str | None,
    strict: bool,
) -> None:
    """Load the points of FILE (CSV, GeoJSON, GeoPackage, Shapefile, FlatGeobuf) into MAP.

    Each bad row is reported with its number and reason; importing the same file twice changes nothing.
    """
    options = ImportOptions(
        category_field, _category_keys(categories), comment_field, respondent_field, created_field
    )
    opened = open_pin_file(file, x_field, y_field)
    _expect_fields(opened, file, category_field, comment_field, respondent_field, created_field)
    if opened.unknown_crs and not crs:
        unknown = N_("The file's coordinate system is not an EPSG one; name it with --crs.")
        raise InvalidInput(Problem("crs", unknown))
    epsg = _epsg(crs) if crs else opened.epsg
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        parts = with_progress(opened.parts, "pins", opened.count, size=len)
        report = import_pins(session, the_map, parts, options, epsg)
        say_report(report)
        if strict and report.refused:
            raise InvalidInput(
                Problem("--strict", N_("%(n)s rows are bad, so nothing was loaded."), {"n": len(report.refused)})
            )
        session.commit()
        settle(session, the_map)
        check_all(session, the_map)


@group.command()
@click.argument("map_slug", metavar="MAP")
@file_options
def export(map_slug: str, form: str, crs: int, scope: str, output: Path | None) -> None:
    """The pins of MAP as a file: everything (office), or only what is public. A Shapefile comes as a zip."""
    export_layer(map_slug, PINS, FORMS[form], Scope(scope), crs, output)


@group.command()
@click.argument("map_slug", metavar="MAP")
@click.option("--again", is_flag=True, help="Check all pins, also those that were checked before.")
def check(map_slug: str, again: bool) -> None:
    """Look through the pins of MAP for what an official should see: texts, repetitions, bursts, places.

    What is found stands in the queue of the office; nobody's pin is hidden by it.
    """
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        if again:
            check_again(session, [the_map.id])
            session.commit()
        checked = check_all(session, the_map)
        counts = queue_counts(session, the_map)
        click.echo(f"{checked} pins checked; {counts.whole} stand in the queue", err=True)
        for reason, n in sorted(counts.by_reason.items()):
            click.echo(f"{reason}\t{n}")


def say_report(report: ImportReport) -> None:
    """The import's outcome on stderr: every bad row, then the sum."""
    if report.turned_krovak:
        click.echo(f"coordinates recognised as S-JTSK ({report.turned_krovak}), turned to EPSG:5514", err=True)
    for row in report.refused:
        where = f"row {row.number}" + (f" (line {row.line})" if row.line else "")
        reason = row.problem.message % row.problem.data if row.problem.data else row.problem.message
        click.echo(f"{where}: {row.problem.field}: {reason}", err=True)
    click.echo(
        f"{report.read} rows read: {report.stored} stored, {report.known} already there, "
        f"{len(report.refused)} refused",
        err=True,
    )


def _category_keys(pairs: Sequence[str]) -> dict[str, str]:
    keys = {}
    for pair in pairs:
        text, separator, key = pair.rpartition("=")
        if not separator or not text or not key:
            msg = f"“{pair}” is not TEXT=KEY"
            raise click.BadParameter(msg, param_hint="--category")
        keys[text.strip()] = key.strip()
    return keys


def _epsg(text: str) -> int:
    kind, _, code = text.partition(":")
    if kind.upper() != "EPSG" or not code.isdecimal() or len(code) > 6:
        msg = f"“{text}” is not EPSG:n"
        raise click.BadParameter(msg, param_hint="--crs")
    return int(code)


def _expect_fields(opened: PinFile, file: Path, *names: str | None) -> None:
    for name in names:
        if name is not None and name not in opened.fields:
            raise InvalidInput(
                Problem(
                    file.name,
                    N_("There is no column %(name)s; there are: %(names)s."),
                    {"name": name, "names": ", ".join(opened.fields)},
                )
            )
