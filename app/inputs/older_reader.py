"""Points from a stranger's file, read in its own process: `python -m app.inputs.older_reader FILE FOLDER MOST`.

GDAL opens the file here, with little memory, a minute, no secrets in the environment and few drivers. What comes
out is our own plain form, safe to read again: `rows.jsonl`, and on stdout one JSON object that tells what the file
holds, or what is wrong with it.

The names of the columns stand once, on the first line of `rows.jsonl`; each row is a JSON list whose last member
are its values in that order. What is written stays about as large as what was read: a small file of long names and
empty lines would otherwise fill the disk. In any case it ends at MOST bytes.
"""

from __future__ import annotations

import errno
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.pin_files import PinFile, PinRow, look_into_pin_file
from app.inputs.reading_apart import confine, reason

MOST_CPU_S = 90
MOST_ROWS = 100_000
"""As many as the largest campaign of a capital had, and half a minute of work; the command line takes more."""
MOST_FIELDS = 200
MOST_NAME_CHARACTERS = 200
"""Of a column's name, which the page says a dozen times; databases stop at 63."""
MOST_VALUES = 40
"""Different texts of a column that can still be told apart one by one."""
MOST_VALUE_CHARACTERS = 20_000
EXAMPLES = 3
MOST_EXAMPLE_CHARACTERS = 80
ROWS_FILE = "rows.jsonl"


class Column:
    """What is noticed of one column while its rows go by."""

    def __init__(self) -> None:
        self.filled = 0
        self.examples: list[str] = []
        self.values: Counter[str] | None = Counter()

    def see(self, value: Any) -> None:
        """One row's value."""
        text = "" if value is None else str(value).strip()
        if not text:
            return
        self.filled += 1
        if len(self.examples) < EXAMPLES and text[:MOST_EXAMPLE_CHARACTERS] not in self.examples:
            self.examples.append(text[:MOST_EXAMPLE_CHARACTERS])
        if self.values is not None:
            self.values[text] += 1
            if len(self.values) > MOST_VALUES or len(text) > MOST_EXAMPLE_CHARACTERS:
                self.values = None

    def told(self, name: str) -> dict[str, Any]:
        """The column as JSON."""
        values = dict(self.values.most_common()) if self.values is not None else None
        return {"name": name, "filled": self.filled, "examples": self.examples, "values": values}


def main() -> None:
    """Read the file named on the command line into the folder named after it."""
    path, folder, most_bytes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    confine(MOST_CPU_S, most_bytes)
    json.dump(_answer(path, folder, most_bytes), sys.stdout)


def _answer(path: Path, folder: Path, most_bytes: int) -> dict[str, Any]:
    try:
        opened = look_into_pin_file(path)
        with (folder / ROWS_FILE).open("w", encoding="utf-8") as file:
            count, columns = _write(opened, file)
    except InvalidInput as refusal:
        return {"problem": refusal.problems[0].message, "data": _plain_data(refusal.problems[0].data)}
    except (
        ValueError,
        LookupError,
        TypeError,
        RuntimeError,
        OverflowError,
        MemoryError,
    ) as error:  # of GDAL's readers and of broken texts
        damaged = N_("The file can't be read: %(reason)s")
        return {"problem": damaged, "data": {"reason": reason(error, path)}}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        much = N_("The rows take more than %(megabytes)s MB; leave in the file only the columns you need.")
        return {"problem": much, "data": {"megabytes": most_bytes >> 20}}
    return {
        "epsg": opened.epsg,
        "unknown_crs": opened.unknown_crs,
        "place": list(opened.place),
        "is_table": opened.count is None,
        "count": count,
        "columns": [column.told(name) for name, column in columns.items()],
    }


def _write(opened: PinFile, file: IO[str]) -> tuple[int, dict[str, Column]]:
    _refuse_bad_names(opened.fields)
    columns = {name: Column() for name in dict.fromkeys(opened.fields)}
    _put(file, list(columns))
    count = 0
    for row in opened.rows:
        count += 1
        if count > MOST_ROWS:
            many = N_(
                "There are more than %(limit)s rows in the file; on the command line, pocit pins import takes it."
            )
            raise InvalidInput(Problem("file", many, {"limit": MOST_ROWS}))
        values = [_kept(row.values.get(name)) for name in columns]
        for value, column in zip(values, columns.values(), strict=True):
            column.see(value)
        _put(file, _line(row, values))
    if not count:
        raise InvalidInput(Problem("file", N_("There are no rows in the file.")))
    return count, columns


def _refuse_bad_names(names: Iterable[str]) -> None:
    """InvalidInput where the columns are too many, or one has a text for its name."""
    names = list(names)
    if len(names) > MOST_FIELDS:
        many = N_("There are more than %(limit)s columns in the file.")
        raise InvalidInput(Problem("file", many, {"limit": MOST_FIELDS}))
    for name in names:
        if len(name) > MOST_NAME_CHARACTERS:
            long = N_(
                "A column’s name is longer than %(limit)s characters (“%(name)s…”); is the first row a heading?"
            )
            raise InvalidInput(Problem("file", long, {"limit": MOST_NAME_CHARACTERS, "name": name[:40]}))


def _line(row: PinRow, values: list[Any]) -> list[Any]:
    # What a short row leaves out at its end is not written: an empty line stays a short line.
    while values and values[-1] is None:
        values.pop()
    return [row.number, row.line, row.x, row.y, values]


def _put(file: IO[str], line: list[Any]) -> None:
    # Letters as they are: with escapes, a Czech text would be three times as long.
    file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    file.write("\n")


def _kept(value: Any) -> Any:
    """A value as JSON holds it; what could not be stored anyway is marked by a NUL, to be refused with its row."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:MOST_VALUE_CHARACTERS] if storable(text) else "\x00"


def _plain_data(data: Mapping[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, (int, float)) else str(value) for key, value in data.items()}


if __name__ == "__main__":
    main()
