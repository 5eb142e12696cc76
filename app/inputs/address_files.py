"""Addresses of a municipality from the RÚIAN list that ČÚZK gives away, row by row, each bad one with its reason.

The list is a CSV of 19 columns in Windows-1250, alone or in a zip; copies in UTF-8 are read as well, columns are
found by their names. "Souřadnice Y" is the westing and "Souřadnice X" the southing of S-JTSK, both positive:
EPSG:5514 is (−Y, −X).
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Final

import numpy as np

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.pin_files import decimal
from gis.crs import KROVAK, WGS84, transformer

MOST_UPLOAD_BYTES: Final = 64 * 1024 * 1024
MOST_UNPACKED_BYTES: Final = 192 * 1024 * 1024
"""The list of Prague has 25 MB, that of the whole country 350 MB."""
MOST_ROWS: Final = 600_000
MOST_ENTRIES: Final = 10_000
"""The zip of the whole country has a file for each of 6 258 municipalities."""
MOST_REFUSED: Final = 1_000
"""Bad rows told one by one; the others are counted."""
MOST_CELL: Final = 300
PIECE_BYTES: Final = 1 << 18

CODE, TOWN_CODE, TOWN_NAME, PART, STREET = (
    "kod adm", "kod obce", "nazev obce", "nazev casti obce", "nazev ulice",
)  # fmt: skip
KIND, HOUSE, ORIENTATION, LETTER = "typ so", "cislo domovni", "cislo orientacni", "znak cisla orientacniho"
WESTING, SOUTHING = "souradnice y", "souradnice x"
COLUMNS: Final = (
    CODE, TOWN_CODE, TOWN_NAME, PART, STREET, KIND, HOUSE, ORIENTATION, LETTER, WESTING, SOUTHING,
)  # fmt: skip
"""Columns we read, plain; the others (district of Prague, later called MOP, post code and so on) we don't need."""

CZECHIA: Final = (12.0, 48.5, 18.9, 51.1)
LEAST_SHARE: Final = 0.5
"""Of a list's coordinates that must be Czech places; with fewer it is not in S-JTSK at all."""
FAR_M: Final = 60_000.0
"""From the middle of the list; the largest municipality, Prague, is 45 km across."""
FILE = "file"
NOT_THE_LIST = N_(
    "This is not a RÚIAN address list: the first row does not name the columns “Kód ADM”, “Souřadnice Y” and more."
)


@dataclass(frozen=True)
class Wanted:
    """Whose addresses are looked for."""

    ruian: int | None
    town: str


@dataclass(frozen=True)
class AddressRow:
    """One address with its place in WGS 84."""

    code: int
    label: str
    street: str | None
    number: str
    part: str | None
    lon: float
    lat: float


@dataclass(frozen=True)
class RefusedAddress:
    """A row that can't be an address, and why; rows are counted from 1, the heading is not one."""

    number: int
    problem: Problem


@dataclass
class AddressList:
    """What a list holds for one municipality."""

    rows: list[AddressRow] = field(default_factory=list, repr=False)
    read: int = 0
    refused: list[RefusedAddress] = field(default_factory=list)
    refused_count: int = 0
    without_place: int = 0
    """Addresses that RÚIAN knows no coordinates of."""
    elsewhere: int = 0
    """Rows of other municipalities."""

    def refuse(self, number: int, message: str, **data: object) -> None:
        """Note a bad row."""
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(RefusedAddress(number, Problem("row", message, data)))


@dataclass(frozen=True)
class _Placeless:
    """An address before its place is known."""

    number: int
    code: int
    label: str
    street: str | None
    house: str
    part: str | None
    westing: float
    southing: float


def read_address_file(source: IO[bytes], wanted: Wanted) -> AddressList:
    """The addresses of the municipality in a RÚIAN list or a zip of lists; InvalidInput when it is none."""
    with tempfile.TemporaryFile(prefix="pocit-addresses-") as plain:
        _unpack(source, plain, wanted)
        return _read(plain, wanted)


def _unpack(source: IO[bytes], plain: IO[bytes], wanted: Wanted) -> None:
    """The one list, as it lies on the disk, whatever it came in."""
    with tempfile.TemporaryFile(prefix="pocit-addresses-") as upload:
        if not _copy(source, upload, MOST_UPLOAD_BYTES):
            raise InvalidInput(Problem(FILE, N_("Choose a file first; this one is empty or missing.")))
        upload.seek(0)
        packed = upload.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06"))
        upload.seek(0)
        if not packed:
            shutil.copyfileobj(upload, plain)
            return
        try:
            with zipfile.ZipFile(upload) as archive, archive.open(_member(archive, wanted)) as member:
                _copy(member, plain, MOST_UNPACKED_BYTES)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
        ) as error:  # fmt: skip
            problem = Problem(FILE, N_("The zip is damaged and can't be unpacked; download it again."))
            raise InvalidInput(problem) from error


def _member(archive: zipfile.ZipFile, wanted: Wanted) -> zipfile.ZipInfo:
    """The list of the municipality in a zip: the only one, or the one that has its code in its name."""
    members = archive.infolist()
    if len(members) > MOST_ENTRIES:
        many = N_("There are more than %(limit)s files in the zip; pack only the one list.")
        raise InvalidInput(Problem(FILE, many, {"limit": MOST_ENTRIES}))
    files = [m for m in members if m.filename and not m.is_dir()]
    lists = [m for m in files if PurePosixPath(m.filename).suffix.lower() in (".csv", ".txt")]
    lists = [m for m in lists if not PurePosixPath(m.filename).name.startswith("._")]
    if len(lists) > 1 and wanted.ruian:
        lists = [m for m in lists if str(wanted.ruian) in PurePosixPath(m.filename).stem.split("_")]
    if len(lists) != 1:
        none = N_("There is no list of your municipality in the zip; upload just its CSV file.")
        raise InvalidInput(Problem(FILE, none))
    # Python unpacks a whole piece of bz2 or LZMA before it minds how much comes out: a bomb in 300 bytes.
    if lists[0].flag_bits & 0x1 or lists[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    return lists[0]


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> int:
    """Bytes written; InvalidInput beyond `most`, whatever a zip's own directory says of sizes."""
    written = 0
    while piece := source.read(PIECE_BYTES):
        written += len(piece)
        if written > most:
            large = N_("The file is larger than %(megabytes)s MB; choose the list of your municipality only.")
            raise InvalidInput(Problem(FILE, large, {"megabytes": most >> 20}))
        target.write(piece)
    return written


def _read(plain: IO[bytes], wanted: Wanted) -> AddressList:
    plain.seek(0)
    heading = plain.readline(4096)
    plain.seek(0)
    text = io.TextIOWrapper(plain, _encoding(heading), errors="surrogateescape", newline="")
    found = AddressList()
    towns: dict[int, str] = {}
    try:
        placeless = list(_addresses(text, wanted, found, towns))
    finally:
        text.detach()
    if not placeless and towns:
        raise InvalidInput(_of_another_town(towns, wanted))
    if not found.read:
        raise InvalidInput(Problem(FILE, N_("There are no addresses in the file.")))
    found.rows = list(_placed(placeless, found))
    return found


def _of_another_town(towns: Mapping[int, str], wanted: Wanted) -> Problem:
    code, name = next(iter(towns.items()))
    names = {"town": name, "code": code, "wanted": wanted.town, "wanted_code": wanted.ruian or "?"}
    other = N_("This is the list of %(town)s (%(code)s); we need that of %(wanted)s (%(wanted_code)s).")
    return Problem(FILE, other, names)


def _encoding(heading: bytes) -> str:
    """The list says "Kód" first of all: in Windows-1250 that is no UTF-8."""
    try:
        heading.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1250"
    return "utf-8-sig"


def _addresses(
    text: io.TextIOWrapper, wanted: Wanted, found: AddressList, towns: dict[int, str]
) -> Iterator[_Placeless]:
    """The town's addresses that have coordinates; `towns` gets the other municipalities of the file."""
    csv.field_size_limit(MOST_CELL * 100)
    try:
        first = text.readline(4096)
        rows = csv.reader(text, delimiter=";" if first.count(";") >= first.count(",") else ",")
        place = _columns(next(csv.reader([first], delimiter=";" if ";" in first else ","), []))
        seen: set[int] = set()
        for number, cells in enumerate(rows, 1):
            if number > MOST_ROWS:
                many = N_(
                    "There are more than %(limit)s rows in the file; choose the list of your municipality only."
                )
                raise InvalidInput(Problem(FILE, many, {"limit": MOST_ROWS}))
            if not cells:
                continue
            found.read += 1
            if address := _address(number, cells, place, wanted, found, towns):
                if address.code in seen:
                    found.refuse(number, N_("The address %(code)s comes twice."), code=address.code)
                    continue
                seen.add(address.code)
                yield address
    except csv.Error as error:
        raise InvalidInput(Problem(FILE, NOT_THE_LIST)) from error


def _columns(heading: Sequence[str]) -> dict[str, int]:
    names = {_plain(name): n for n, name in reversed(list(enumerate(heading)))}
    if any(name not in names for name in COLUMNS):
        raise InvalidInput(Problem(FILE, NOT_THE_LIST))
    return {name: names[name] for name in COLUMNS}


class _Bad(Exception):
    """What makes a row no address."""

    def __init__(self, message: str, **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


def _address(
    number: int,
    cells: Sequence[str],
    place: Mapping[str, int],
    wanted: Wanted,
    found: AddressList,
    towns: dict[int, str],
) -> _Placeless | None:
    """One row; None where it is of no use, which is noted."""
    try:
        row = _row(cells, place)
        code, town = _whole(row[CODE]), _whole(row[TOWN_CODE])
        _whole(row[HOUSE])
        if not _is_wanted(town, row[TOWN_NAME], wanted):
            found.elsewhere += 1
            towns.setdefault(town, row[TOWN_NAME])
            return None
        if not row[WESTING] and not row[SOUTHING]:
            found.without_place += 1
            return None
        return _said(number, code, row)
    except _Bad as bad:
        found.refuse(number, bad.message, **bad.data)
        return None


def _row(cells: Sequence[str], place: Mapping[str, int]) -> dict[str, str]:
    if len(cells) <= max(place.values()):
        raise _Bad(N_("The row has %(n)s columns."), n=len(cells))
    row = {name: " ".join(cells[n].split()) for name, n in place.items()}
    if not all(storable(value) and len(value) <= MOST_CELL for value in row.values()):
        raise _Bad(N_("The text holds characters that can't be stored."))
    return row


def _said(number: int, code: int, row: Mapping[str, str]) -> _Placeless:
    """The address as people write it."""
    westing, southing = decimal(row[WESTING]), decimal(row[SOUTHING])
    if westing is None or southing is None:
        raise _Bad(N_("The coordinates are not numbers."))
    part = row[PART] or row[TOWN_NAME]
    street, said = row[STREET] or None, _number(row)
    label = f"{street} {said}" if street else said if said.startswith("č.") else f"č. p. {said}"
    return _Placeless(number, code, f"{label}, {part}", street, said, part or None, westing, southing)


def _is_wanted(code: int, name: str, wanted: Wanted) -> bool:
    """By code; only a town that has none is known by its name."""
    return code == wanted.ruian if wanted.ruian else name.casefold() == wanted.town.casefold()


def _number(row: Mapping[str, str]) -> str:
    """The number as people write it: 12, 12/3a, or č. ev. 5 for cottages.

    >>> _number({"typ so": "č.p.", "cislo domovni": "12", "cislo orientacni": "3", "znak cisla orientacniho": "a"})
    '12/3a'
    """
    number = row[HOUSE]
    if row[ORIENTATION]:
        number += f"/{row[ORIENTATION]}{row[LETTER]}"
    return f"č. ev. {number}" if "ev" in row[KIND].lower() else number


def _placed(addresses: Sequence[_Placeless], found: AddressList) -> Iterator[AddressRow]:
    if not addresses:
        return
    y = np.array([address.westing for address in addresses])
    x = np.array([address.southing for address in addresses])
    # A copy may have its signs or columns turned; the westing is always the smaller number.
    west, south = np.minimum(np.abs(y), np.abs(x)), np.maximum(np.abs(y), np.abs(x))
    lon, lat = transformer(KROVAK, WGS84)(-west, -south)
    left, bottom, right, top = CZECHIA
    inside = (lon > left) & (lon < right) & (lat > bottom) & (lat < top)
    if inside.mean() < LEAST_SHARE:
        strange = N_("The coordinates are not those of S-JTSK; download the list from ČÚZK once more.")
        raise InvalidInput(Problem(FILE, strange))
    # Medians: a few rows far away don't move the middle.
    off = np.hypot(west - np.median(west[inside]), south - np.median(south[inside]))
    for n, address in enumerate(addresses):
        if not inside[n]:
            found.refuse(address.number, N_("The coordinates lie outside Czechia."))
            continue
        if off[n] > FAR_M:
            far = N_("The address lies more than %(km)s km from the others.")
            found.refuse(address.number, far, km=round(FAR_M / 1000))
            continue
        yield AddressRow(
            address.code, address.label, address.street, address.house, address.part, float(lon[n]), float(lat[n])
        )


def _whole(text: str) -> int:
    """A positive whole number of at most 12 digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _Bad(N_("The codes or the house number are not numbers."))
    return int(text)


def _plain(text: str) -> str:
    """A column's name in small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.strip().strip('"\ufeff').lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
