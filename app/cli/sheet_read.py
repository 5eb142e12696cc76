"""`pocit sheet read`: marks on photographed sheets as candidate pins; nothing is stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.output import CommandRefused, opened_session, output_option, with_progress, written
from app.i18n import language
from app.inputs.photo_reading import MarkTold, PageRead, PageRefused, SheetFiles, SheetReading, Wanted
from app.inputs.photo_words import told_refusal
from app.queries.sheets import clean_picture, find_sheet
from app.services.sheet_merging import same_places
from gis.crs import to_wgs84
from gis.paper.serial import parse_serial
from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason
from gis.scan.mark import precision_mm

DECIMALS = 7


@click.command("read")
@click.argument("photos", metavar="PHOTO…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--serial", default="", help="The serial of the sheet, where the photo does not tell it.")
@click.option("--merge", is_flag=True, help="What several photos of one sheet show becomes one pin.")
@output_option
def read_photos(photos: tuple[Path, ...], serial: str, output: Path | None, *, merge: bool) -> None:
    """Read photographed or scanned sheets: JPEG, PNG, HEIC, WebP, TIFF, PDF; in one go as many as there are.

    Candidate pins go to stdout as GeoJSON; its member `refused` names each photo that could not be read, and why.
    Nothing is stored.
    """
    typed = parse_serial(serial) if serial else None
    if serial and typed is None:
        raise CommandRefused(f"“{serial}” is not the serial of a sheet: nine signs, the last of which checks them")
    for photo in photos:
        if not photo.is_file():
            raise CommandRefused(f"there is no photo {photo}")
    with opened_session() as session:
        sheets: dict[str, SheetFiles] = {}
        told = list(_read(session, photos, Wanted(serial=typed), sheets))
    pages = [(photo, page) for photo, page in told if isinstance(page, PageRead)]
    refused = [_refused(photo, page) for photo, page in told if isinstance(page, PageRefused)]
    found = {"type": "FeatureCollection", "features": _features(pages, sheets, merge=merge), "refused": refused}
    with written(output) as file:
        file.write(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    for one in refused:
        click.echo(f"{one['photo']}: {one['words']}", err=True)
    if not pages:
        sys.exit(1)


def _read(
    session: Session, photos: Sequence[Path], wanted: Wanted, sheets: dict[str, SheetFiles]
) -> Iterator[tuple[Path, PageRead | PageRefused]]:
    """The pages of all photos, read by one process that knows only the sheets it has asked for."""
    with SheetReading(partial(_lookup, session, sheets)) as reading:
        for photo in with_progress(photos, "photos"):
            for page in reading.read(photo, wanted):
                yield photo, page


def _lookup(session: Session, sheets: dict[str, SheetFiles], serial: str) -> SheetFiles | Failure:
    found = find_sheet(session, serial)
    if found is None:
        return Failure(Reason.UNKNOWN_SHEET, {"serial": serial})
    sheets[serial] = SheetFiles(found.sheet, clean_picture(session, found.map_id, found.print_id))
    return sheets[serial]


def _features(
    pages: Sequence[tuple[Path, PageRead]], sheets: dict[str, SheetFiles], *, merge: bool
) -> list[dict[str, Any]]:
    known: dict[str, list[MarkTold]] = {}
    features: list[dict[str, Any]] = []
    for photo, page in pages:
        marks = page.marks
        if merge:
            before = known.setdefault(page.serial, [])
            again = same_places(before, marks)
            marks = [mark for n, mark in enumerate(marks) if n not in again]
            before.extend(marks)
        features += _pins(photo, replace(page, marks=marks), sheets[page.serial].sheet)
    return features


def _pins(photo: Path, page: PageRead, sheet: PaperSheet) -> list[dict[str, Any]]:
    if not page.marks:
        return []
    east, north = sheet.to_ground([mark.x_mm for mark in page.marks], [mark.y_mm for mark in page.marks])
    lon, lat = to_wgs84(sheet.crs)(east, north)
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(float(x), DECIMALS), round(float(y), DECIMALS)]},
            "properties": {
                "category": mark.category,
                "confidence": round(mark.confidence, 3),
                "sheet": page.serial,
                "photo": str(photo),
                "page": page.page,
                "precision_m": round(precision_mm(mark.error_mm) * sheet.scale / 1000, 1),
                "kind": mark.kind,
                "page_mm": [round(mark.x_mm, 2), round(mark.y_mm, 2)],
            },
        }
        for mark, x, y in zip(page.marks, lon, lat, strict=True)
    ]


def _refused(photo: Path, page: PageRefused) -> dict[str, Any]:
    failure = page.failure
    words = told_refusal(failure.reason, failure.evidence, language("en"))
    return {
        "photo": str(photo),
        "page": page.page,
        "reason": str(failure.reason),
        "words": " ".join(part for part in (words.what, words.more, words.do) if part),
        "evidence": dict(failure.evidence),
    }
