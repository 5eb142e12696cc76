"""A layer of facts as a file: unpacked with care, read by a process of its own, row by row."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.boundary_files import unpacked
from app.inputs.fact_forms import FactForm, parse_fact_form
from app.inputs.fact_reader import FACTS_FILE, FactWanted
from app.inputs.left_files import NotAResult, open_result
from app.inputs.older_maps import OUR_SKIPPED_DRIVERS, ZIPPED_ENDINGS, save_upload
from app.inputs.pin_files import TABLE_ENDINGS
from app.inputs.reading_apart import read_apart

MOST_UPLOAD_BYTES: Final = 32 * 1024 * 1024
MOST_ROWS_BYTES: Final = 256 * 1024 * 1024
"""Of the facts as they are told: more than any honest file unpacks to."""
READING_S: Final = 60
FILE: Final = "file"

TOO_LARGE: Final = N_("The file is larger than %(megabytes)s MB.")
NOT_FACTS: Final = N_(
    "%(name)s is not a file that we read; choose a GeoJSON, a CSV with coordinates, a GeoPackage or a zipped "
    "Shapefile."
)
A_PAGE: Final = N_("A web page is there, not a file. Copy the address of the download itself.")
TOO_HARD: Final = N_("The file could not be read in a minute; save it anew in your GIS, only with what you need.")


@dataclass(frozen=True)
class FactRow:
    """One fact as it is stored: its place as hexadecimal EWKB in WGS 84."""

    place: str
    label: str | None
    happened_on: str | None


@dataclass(frozen=True)
class RefusedFact:
    """A row that can't be a fact, and why; rows are counted from 1, the heading of a table is none."""

    number: int
    problem: Problem


@dataclass(frozen=True)
class FactFile:
    """What a file holds."""

    filename: str
    shape: str
    rows: Sequence[FactRow] = field(repr=False)
    columns: Sequence[str]
    refused: Sequence[RefusedFact]
    refused_count: int
    undated: int
    """Rows whose day can't be read, where one was asked for."""
    turned_krovak: bool

    @property
    def digest(self) -> str:
        """Another once any fact is: loading the same again changes nothing."""
        said = repr([(row.place, row.label, row.happened_on) for row in self.rows])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def read_fact_file(source: IO[bytes], filename: str, wanted: FactWanted) -> FactFile:
    """The facts of a GeoJSON, CSV, GeoPackage, FlatGeobuf or zipped Shapefile; InvalidInput says what to do."""
    with tempfile.TemporaryDirectory(prefix="pocit-facts-") as name:
        folder = Path(name)
        upload = folder / "upload"
        save_upload(source, upload, MOST_UPLOAD_BYTES)
        told = _told(_layer_file(upload, folder, filename), folder, wanted)
        return FactFile(
            shown(filename),
            told["shape"],
            _rows(folder / FACTS_FILE),
            tuple(told["columns"]),
            tuple(RefusedFact(number, Problem("row", text, data)) for number, text, data in told["refused"]),
            told["refused_count"],
            told["undated"],
            told["turned_krovak"],
        )


def map_folder_facts(folder: Path) -> Iterator[tuple[Path, FactForm]]:
    """The layers in a map's folder: `facts/*.geojson`, each with its `name` beside `type` and `features`.

    Where they want to, also with `note`, `day`, `label` and `happened`. InvalidInput names the file that is wrong.
    """
    for path in sorted((folder / "facts").glob("*.geojson")):
        try:
            members = json.loads(path.read_bytes())
        except ValueError as error:
            raise InvalidInput(Problem(f"facts/{path.name}", NOT_FACTS, {"name": path.name})) from error
        keys = ("name", "note", "day", "label", "happened")
        said = {key: str(members[key]) for key in keys if isinstance(members, dict) and key in members}
        try:
            yield path, parse_fact_form(said, with_address=False)
        except InvalidInput as refusal:
            named = (Problem(f"facts/{path.name}: {p.field}", p.message, p.data) for p in refusal.problems)
            raise InvalidInput(*named) from refusal


def shown(filename: str) -> str:
    """A file's name as it may be shown and kept."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable() and not "\ud800" <= char <= "\udfff")[:80]


def _told(layer: Path, folder: Path, wanted: FactWanted) -> dict[str, Any]:
    told = read_apart(
        "app.inputs.fact_reader",
        (str(layer), str(folder), wanted.as_json()),
        folder,
        skipped_drivers=OUR_SKIPPED_DRIVERS,
        seconds=READING_S,
        too_hard=Problem(FILE, TOO_HARD),
    )
    if "problem" in told:
        raise InvalidInput(Problem(str(told["field"]), str(told["problem"]), told["data"]))
    return told


def _rows(path: Path) -> tuple[FactRow, ...]:
    try:
        with open_result(path, MOST_ROWS_BYTES) as file:
            return tuple(FactRow(*json.loads(line)[1:]) for line in file)
    except (NotAResult, ValueError, TypeError) as error:
        raise InvalidInput(Problem(FILE, TOO_HARD)) from error


def _layer_file(upload: Path, folder: Path, filename: str) -> Path:
    """The file to read, named by what it holds; only tables have no mark of their own."""
    with upload.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return unpacked(upload, folder, ZIPPED_ENDINGS)
    if head.startswith(b"SQLite format 3\x00"):
        return upload.rename(folder / "layer.gpkg")
    if head.startswith(b"fgb\x03fgb"):
        return upload.rename(folder / "layer.fgb")
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin[:1] == b"{":
        return upload.rename(folder / "layer.geojson")
    if begin[:1] == b"<":
        if b"<html" in begin.lower():
            raise InvalidInput(Problem(FILE, A_PAGE))
        raise InvalidInput(Problem(FILE, NOT_FACTS, {"name": shown(filename) or "?"}))
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if filename.lower().endswith(TABLE_ENDINGS) and (is_wide or b"\x00" not in head):
        return upload.rename(folder / "layer.csv")
    raise InvalidInput(Problem(FILE, NOT_FACTS, {"name": shown(filename) or "?"}))
