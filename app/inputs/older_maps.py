"""An older emotional map as an uploaded file: unpacked with care, read by a process of its own, kept plain."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.boundary_files import LAYER_ENDINGS, SKIPPED_DRIVERS, unpacked
from app.inputs.imports import ImportOptions
from app.inputs.left_files import NotAResult, open_result
from app.inputs.older_reader import ROWS_FILE
from app.inputs.pin_files import TABLE_ENDINGS, PinRow, decimal
from app.inputs.place_search import plain
from app.inputs.reading_apart import read_apart

MOST_UPLOAD_BYTES: Final = 64 * 1024 * 1024
MOST_KEPT_BYTES: Final = 256 * 1024 * 1024
"""Of the rows put aside: more than any honest file unpacks to, and few enough for a disk that others use too."""
READING_S: Final = 120
PIECE_BYTES: Final = 1 << 18
FILE: Final = "file"
ZIPPED_ENDINGS: Final = (*LAYER_ENDINGS, ".fgb", *TABLE_ENDINGS)
READ_HERE = {"GeoJSON", "FlatGeobuf"}
OUR_SKIPPED_DRIVERS: Final = ",".join(name for name in SKIPPED_DRIVERS.split(",") if name not in READ_HERE)

TOO_LARGE: Final = N_("The file is larger than %(megabytes)s MB.")
NOT_POINTS: Final = N_(
    "%(name)s is not a file that we read; choose a CSV, GeoJSON, GeoPackage, FlatGeobuf or zipped Shapefile."
)
TOO_HARD: Final = N_("The file could not be read in two minutes; save it anew in your GIS, with its points only.")

LEFT_OUT: Final = ""
"""What a text means whose rows are not wanted."""


@dataclass(frozen=True)
class Column:
    """One column of a file."""

    name: str
    filled: int
    examples: Sequence[str]
    values: Mapping[str, int] | None
    """Its different texts and how often each comes; None where they are too many to be told one by one."""


@dataclass(frozen=True)
class OlderFile:
    """What an uploaded file holds."""

    filename: str
    epsg: int | None
    unknown_crs: str | None
    place: tuple[str, ...]
    is_table: bool
    """Whether its place stands in columns, which can be chosen."""
    count: int
    columns: tuple[Column, ...]

    def column(self, name: str | None) -> Column | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Choice:
    """What somebody says that the columns mean; None: nothing does."""

    category: str | None = None
    comment: str | None = None
    person: str | None = None
    time: str | None = None
    x: str | None = None
    y: str | None = None
    crs: int | None = None


def read_older_file(source: IO[bytes], filename: str, folder: Path) -> dict[str, Any]:
    """What the file holds, its rows put into the folder; InvalidInput says in a sentence what is wrong with it."""
    upload = folder / "upload"
    save_upload(source, upload)
    layer = _points_file(upload, folder, filename)
    try:
        found = read_apart(
            "app.inputs.older_reader",
            (str(layer), str(folder), str(MOST_KEPT_BYTES)),
            folder,
            skipped_drivers=OUR_SKIPPED_DRIVERS,
            seconds=READING_S,
            too_hard=Problem(FILE, TOO_HARD),
        )
    finally:
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            elif left.name != ROWS_FILE:
                left.unlink()
    if "problem" in found:
        raise InvalidInput(Problem(FILE, str(found["problem"]), found["data"]))
    try:
        open_result(folder / ROWS_FILE, MOST_KEPT_BYTES).close()
    except NotAResult as error:
        raise InvalidInput(Problem(FILE, TOO_HARD)) from error
    return found | {"filename": _shown(filename)}


def older_file(told: Mapping[str, Any]) -> OlderFile:
    """What a file holds, from what its reading told."""
    columns = tuple(Column(c["name"], c["filled"], tuple(c["examples"]), c["values"]) for c in told["columns"])
    return OlderFile(
        told["filename"], told["epsg"], told["unknown_crs"], tuple(told["place"]), told["is_table"], told["count"],
        columns,
    )  # fmt: skip


def older_rows(path: Path, choice: Choice) -> Iterator[PinRow]:
    """The rows of a file that was read before, their places in the columns chosen."""
    with open_result(path, MOST_KEPT_BYTES) as file:
        names = json.loads(next(file))
        for line in file:
            number, at_line, x, y, told = json.loads(line)
            values = dict(zip(names, told, strict=False))  # a row ends with the last value that it has
            if choice.x and choice.y:
                x, y = decimal(_text(values.get(choice.x))), decimal(_text(values.get(choice.y)))
            yield PinRow(number, at_line, x, y, values)


def parse_choice(form: Mapping[str, str], file: OlderFile) -> Choice:
    """What was chosen; what was never asked yet is guessed by the columns' names. InvalidInput for a bad CRS."""
    if "category" not in form:
        return _guessed(file)
    roles = ("category", "comment", "person", "time", "x", "y")
    names = {role: form.get(role) if file.column(form.get(role)) else None for role in roles}
    return Choice(**names, crs=_crs(form.get("crs", "")))


def parse_options(form: Mapping[str, str], file: OlderFile, choice: Choice, keys: Sequence[str]) -> ImportOptions:
    """How the rows become pins: what each text of the category column means, or one category for all."""
    column = file.column(choice.category)
    if column is None:
        one = form.get("one", "")
        if one not in keys:
            raise InvalidInput(Problem("one", N_("Say which category the points mean.")))
        return _options(choice, category=one)
    if column.values is None:
        many = N_("This column holds too many different texts to be categories; choose another.")
        raise InvalidInput(Problem("category", many))
    meanings = {text: form.get(f"means-{n}", LEFT_OUT) for n, text in enumerate(column.values)}
    wanted = {text: key for text, key in meanings.items() if key in keys}
    if not wanted:
        raise InvalidInput(Problem("means", N_("Say for at least one of the texts which category it means.")))
    return _options(choice, category_keys=wanted)


def guessed_meanings(column: Column, names: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    """The category that each text of a column likely means, by the map's own words or by usual ones."""
    folded = {plain(name): key for name, key in names.items()}
    found = {}
    for text in column.values or ():
        said = plain(text)
        key = folded.get(said) or next((key for sign, key in SIGNS if sign in said and key in keys), LEFT_OUT)
        found[text] = key
    return found


SIGNS: Final = (
    ("nebezpec", "unsafe"), ("strach", "unsafe"), ("boji", "unsafe"), ("unsafe", "unsafe"), ("necit", "unsafe"),
    ("negativ", "unsafe"), ("spatn", "unsafe"), ("nelibi", "unsafe"), ("cerven", "unsafe"), ("danger", "unsafe"),
    ("bezpec", "safe"), ("pozitiv", "safe"), ("safe", "safe"), ("dobr", "safe"), ("libi", "safe"),
    ("zelen", "safe"), ("positive", "safe"), ("prijemn", "safe"),
    ("zlepsi", "improve"), ("zmeni", "improve"), ("navrh", "improve"), ("improve", "improve"), ("modr", "improve"),
    ("opravi", "improve"), ("chybi", "improve"), ("neporad", "improve"),
)  # fmt: skip
"""Parts of words by which older maps called the three usual feelings; the first that fits counts."""

USUAL: Final[Mapping[str, Sequence[str]]] = {
    "category": ("category", "kategorie", "pocit", "feeling", "typ", "druh", "type", "otazka", "barva", "color"),
    "comment": ("comment", "koment", "poznamk", "popis", "text", "vzkaz", "note", "description"),
    "person": ("respondent", "person", "user", "uzivatel", "autor", "ucastnik", "osoba", "cookie", "session"),
    "time": ("created", "datum", "date", "cas", "time", "vytvoren", "vlozeno"),
}


def _guessed(file: OlderFile) -> Choice:
    found: dict[str, str] = {}
    for role, beginnings in USUAL.items():
        for beginning in beginnings:
            column = next(
                (
                    c
                    for c in file.columns
                    if beginning in plain(c.name) and c.filled and c.name not in found.values()
                ),
                None,
            )
            if column and (role != "category" or column.values is not None):
                found.setdefault(role, column.name)
    x, y = file.place if len(file.place) == 2 else (None, None)
    category, comment, person, time = (found.get(role) for role in USUAL)
    return Choice(category, comment, person, time, x, y)


def _options(choice: Choice, **category: Any) -> ImportOptions:
    return ImportOptions(
        category_field=choice.category,
        comment_field=choice.comment,
        respondent_field=choice.person,
        created_field=choice.time,
        only_named=True,
        **category,
    )


def _crs(text: str) -> int | None:
    """A coordinate system by its EPSG code, with or without the word; nothing for nothing."""
    code = text.strip().upper().removeprefix("EPSG:").strip()
    if not code:
        return None
    if not (code.isascii() and code.isdigit() and len(code) <= 6):
        raise InvalidInput(Problem("crs", N_("A coordinate system is written EPSG:5514.")))
    return int(code)


def save_upload(source: IO[bytes], path: Path, most_bytes: int = MOST_UPLOAD_BYTES) -> None:
    """Write what was sent to a file; InvalidInput where it is empty or larger than may be."""
    size = 0
    with path.open("wb") as file:
        while piece := source.read(PIECE_BYTES):
            size += len(piece)
            if size > most_bytes:
                raise InvalidInput(Problem(FILE, TOO_LARGE, {"megabytes": most_bytes >> 20}))
            file.write(piece)
    if not size:
        raise InvalidInput(Problem(FILE, N_("Choose a file first; this one is empty or missing.")))


def _points_file(upload: Path, folder: Path, filename: str) -> Path:
    """The file to read, named by what it holds; only tables are known by their own name."""
    with upload.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return unpacked(upload, folder, ZIPPED_ENDINGS)
    if head.startswith(b"SQLite format 3\x00"):
        return upload.rename(folder / "layer.gpkg")
    if head.startswith(b"fgb\x03fgb"):
        return upload.rename(folder / "layer.fgb")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return upload.rename(folder / "layer.geojson")
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if filename.lower().endswith(TABLE_ENDINGS) and (is_wide or b"\x00" not in head):
        return upload.rename(folder / "layer.csv")
    raise InvalidInput(Problem(FILE, NOT_POINTS, {"name": _shown(filename) or "?"}))


def _shown(filename: str) -> str:
    """A file's name as it may be shown and kept."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable() and not "\ud800" <= char <= "\udfff")[:80]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
