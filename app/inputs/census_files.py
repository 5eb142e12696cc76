"""A census table from a file: found in CSV as offices and statisticians really write it.

Understood are tables with columns for age, men and women (in any order, under a title or two), and the long form
of the Czech Statistical Office's open data, where each row has one number with its sex, age and place. The
separator may be a semicolon, a comma or a tab; the text UTF-8, UTF-16 or Windows-1250. Totals are left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.census import MOST_ROWS, TypedRow, age_of, age_text, people_of
from gis.analysis.groups import AgeRange, Sex, plain, sex_of

MOST_LINES = 300_000
HEADER_WITHIN = 40
"""Lines in which the heading must stand: titles come before it."""
SEPARATORS = (";", ",", "\t")
AGE_HEADS = re.compile(r"(vek|vek_txt|veky|vekova skupina|vekove skupiny|vekova_skupina|age|age group|ages)\b.*")
WOMEN_HEADS = re.compile(r"(z toho )?(zeny|zen|zena|women|woman|females?)\b.*|z|f")
MEN_HEADS = re.compile(r"(z toho )?(muzi|muzu|muz|men|man|males?)\b.*|m")
VALUE_HEADS = ("hodnota", "pocet", "pocet obyvatel", "value", "people")
SEX_HEADS = ("pohlavi_txt", "pohlavi", "sex", "gender")
PLACE_HEADS = ("uzemi_kod", "vuzemi_kod", "kod obce", "obec_kod", "municipality")
DAY_HEADS = ("casref_do", "sldb_datum", "rok", "sldb_rok", "year")
LEFT_OUT = re.compile(
    r"(celkem|total|uhrn|soucet|sum|prumer|median|index|z toho|v tom|vsechny vekove|nezjisten|neuveden)"
)
"""Rows that are no ages: totals, means, and headings of groups of rows."""

PICTURES_AND_PROGRAMS = (b"MZ", b"\x7fELF", b"%PDF", b"\x89PNG", b"\xff\xd8")


@dataclass(frozen=True)
class FileTable:
    """The rows of a file as they stand there, with what was left out of them."""

    rows: Sequence[TypedRow]
    left_out: Sequence[str]
    """The ages or headings of rows that only add others up."""


def read_census_file(data: bytes, municipality: int | None = None) -> FileTable:
    """The rows of a file; `municipality` is the code of the town where a file speaks of several places.

    Raises InvalidInput where no table is found; what is wrong with single rows is for `check_table` to say.
    """
    text = _text(data)
    for separator in SEPARATORS:
        lines = _lines(text, separator)
        for head, (_, cells) in enumerate(lines[:HEADER_WITHIN]):
            columns = [plain(cell) for cell in cells]
            reader = _reader(columns, municipality)
            if reader is not None:
                return _without_sums(reader(lines[head + 1 :]))
    raise _refused(N_("We found no columns of ages, men and women. The first row should say: věk;muži;ženy."))


def _reader(
    columns: Sequence[str], municipality: int | None
) -> Callable[[Sequence[tuple[int, list[str]]]], FileTable] | None:
    """How to read the rows under this heading, or None where it is none."""
    age = _only(columns, AGE_HEADS)
    if age is None:
        return None
    women, men = _only(columns, WOMEN_HEADS), _only(columns, MEN_HEADS)
    if women is not None and men is not None:
        return lambda lines: _wide(lines, age, women, men)
    value, sex = _named(columns, VALUE_HEADS), _named(columns, SEX_HEADS)
    if value is None or sex is None:
        return None
    # In the open data "vek" stands in several names; the words of the ages are in "vek_txt".
    words = _named(columns, ("vek_txt",))
    place, day = _named(columns, PLACE_HEADS), _named(columns, DAY_HEADS)
    long = _LongForm(age if words is None else words, sex, value, place, day, municipality)
    return long.read


def _wide(lines: Sequence[tuple[int, list[str]]], age: int, women: int, men: int) -> FileTable:
    rows, left_out = [], []
    for number, cells in lines:
        row = TypedRow(number, _cell(cells, age), _cell(cells, women), _cell(cells, men))
        if row.is_empty:
            continue
        if LEFT_OUT.search(plain(row.age)) or not (row.women or row.men):
            left_out.append(row.age)
        else:
            rows.append(row)
    return FileTable(rows, left_out)


@dataclass(frozen=True)
class _LongForm:
    """Columns of a table with one number a row."""

    age: int
    sex: int
    value: int
    place: int | None
    day: int | None
    municipality: int | None

    def read(self, lines: Sequence[tuple[int, list[str]]]) -> FileTable:
        """The rows put together, both sexes of an age in one."""
        here = [(number, cells) for number, cells in lines if self._is_wanted(cells)]
        latest = max((_cell(cells, self.day) for _, cells in here), default="") if self.day is not None else ""
        found: dict[str, dict[Sex, str]] = {}
        first: dict[str, int] = {}
        for number, cells in here:
            if self.day is not None and _cell(cells, self.day) != latest:
                continue
            age, sex = _cell(cells, self.age), sex_of(_cell(cells, self.sex))
            if sex is None or not age or LEFT_OUT.search(plain(age)):
                continue
            if sex in found.setdefault(age, {}):
                raise _refused(N_("The file speaks of several places. Keep only the rows of your town in it."))
            found[age][sex] = _cell(cells, self.value)
            first.setdefault(age, number)
        rows = [TypedRow(first[age], age, by[Sex.WOMAN], by[Sex.MAN]) for age, by in found.items() if len(by) == 2]
        if not rows:
            raise _refused(N_("We found no rows of your town with both women and men in the file."))
        return FileTable(rows, [])

    def _is_wanted(self, cells: Sequence[str]) -> bool:
        if self.place is None or self.municipality is None:
            return True
        return _cell(cells, self.place) == str(self.municipality)


def _without_sums(table: FileTable) -> FileTable:
    """The table without rows that only add up finer ones, as 0–14 over 0–4 and 5–14."""
    if len(table.rows) > MOST_ROWS:
        raise _refused(N_("The file is too long. Keep only the rows of your town in it."))
    known = [
        (row, ages, people_of(row.women), people_of(row.men)) for row in table.rows if (ages := age_of(row.age))
    ]
    finer_first = sorted(known, key=lambda one: _width(one[1]))
    kept: list[tuple[TypedRow, AgeRange, int | None, int | None]] = []
    sums = []
    for one in finer_first:
        inside = sorted((other for other in kept if _within(other[1], one[1])), key=lambda other: other[1].least)
        if len(inside) > 1 and _tile(one[1], [other[1] for other in inside]) and _adds_up(one, inside):
            sums.append(one[0])
        else:
            kept.append(one)
    rows = [row for row in table.rows if row not in sums]
    left_out = [*table.left_out, *(age_text(ages) for row, ages, _, _ in known if row in sums)]
    return FileTable(rows, left_out)


def _adds_up(
    whole: tuple[TypedRow, AgeRange, int | None, int | None],
    parts: Sequence[tuple[TypedRow, AgeRange, int | None, int | None]],
) -> bool:
    return all(whole[n] == sum(part[n] or 0 for part in parts) for n in (2, 3))  # type: ignore[misc]


def _tile(whole: AgeRange, parts: Sequence[AgeRange]) -> bool:
    ends = [part.most for part in parts]
    if parts[0].least != whole.least or ends[-1] != whole.most:
        return False
    return all(end is not None and end + 1 == later.least for end, later in zip(ends, parts[1:], strict=False))


def _within(part: AgeRange, whole: AgeRange) -> bool:
    if part.least < whole.least or part == whole:
        return False
    return whole.most is None or (part.most is not None and part.most <= whole.most)


def _width(ages: AgeRange) -> int:
    return 1000 - ages.least if ages.most is None else ages.most - ages.least


def _text(data: bytes) -> str:
    """The text of a file in one of the encodings that spreadsheets write."""
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise _refused(N_("This is a workbook. In your spreadsheet choose “Save as” and CSV, and send that."))
    if not data.strip():
        raise _refused(N_("The file is empty."))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1250"]
    if not data.startswith(PICTURES_AND_PROGRAMS):
        for encoding in encodings:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" not in text:
                return text
    raise _refused(N_("This is no table of text. Save it as CSV and send that."))


def _lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """The rows with their numbers in the file."""
    return list(_numbered(text, separator))


def _numbered(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=separator)
    try:
        for cells in reader:
            if reader.line_num > MOST_LINES:
                raise _refused(N_("The file is too long. Keep only the rows of your town in it."))
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise _refused(N_("This is no table of text. Save it as CSV and send that.")) from error


def _only(columns: Sequence[str], heads: re.Pattern[str]) -> int | None:
    """The column with this heading, where there is one: of several the one that says no more than that."""
    found = [n for n, column in enumerate(columns) if heads.fullmatch(column)]
    bare = [n for n in found if re.fullmatch(r"[\w]+", columns[n])]
    return (bare or found)[0] if found else None


def _named(columns: Sequence[str], names: Sequence[str]) -> int | None:
    return next((columns.index(name) for name in names if name in columns), None)


def _cell(cells: Sequence[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


def _refused(message: str) -> InvalidInput:
    return InvalidInput(Problem("file", message))
