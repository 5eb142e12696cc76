"""Tables of text as people upload them: a census, addresses, rows of pins."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from app.errors import Refusal
from app.inputs import address_files, census, census_files, older_maps, pin_files, row_values
from app.inputs.imports import ImportMap, ImportOptions, PartReader
from app.queries.maps import MapRecord
from bench.fuzz_target import Ground, Target
from bench.fuzz_values import AnsweringForm, drawn_from, seeds, spoiled_bytes, spoiled_texts

CENSUS: Final = (
    "Obyvatelstvo podle věku\nVěk;Muži;Ženy\n0–14;120;110\n15–64;500;510\n65+;90;140\nCelkem;710;760\n".encode(
        "cp1250"
    ),
    "vek_txt,pohlavi_txt,hodnota,uzemi_kod\n0 až 4,muž,12,554821\n0 až 4,žena,11,554821\n".encode("utf-8-sig"),
    "věk\tmuži\tženy\n0-4\t1\t2\n5 a více\t7\t8\n".encode("utf-16"),
)
HEAD_OF_ADDRESSES: Final = (
    "Kód ADM;Kód obce;Název obce;Kód MOMC;Název MOMC;Kód obvodu Prahy;Název obvodu Prahy;Kód části obce;"
    "Název části obce;Kód ulice;Název ulice;Typ SO;Číslo domovní;Číslo orientační;Znak čísla orientačního;PSČ;"
    "Souřadnice Y;Souřadnice X;Platí Od"
)
ADDRESSES: Final = "\r\n".join(
    [HEAD_OF_ADDRESSES]
    + [
        f"{1000 + n};571164;Chrudim;;;;;1;Chrudim I;{n};Lipová;č.p.;{n};{n};a;53701;"
        f"6470{n:02}.24;10705{n:02}.50;2020-01-01"
        for n in range(1, 30)
    ]
).encode("cp1250")
PINS_CSV: Final = (
    "category;comment;created_at;respondent;lon;lat;when\n"
    "safe;Hezky tu je;2026-05-01T10:00:00Z;a;15.52;49.62;day\n"
    "unsafe;Tma;1. 5. 2026 10:00;b;15,521;49,622;night\n"
)


def of_tables(ground: Ground) -> list[Target]:
    """Texts in rows and columns."""
    chrudim = address_files.Wanted(571164, "Chrudim")

    def spoiled(*good: bytes) -> st.SearchStrategy[bytes]:
        return st.builds(lambda one, n: spoiled_bytes(one, Random(n)), drawn_from(good), seeds())

    def rows(raw: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="pocit-fuzz-") as folder:
            path = Path(folder) / "pins.csv"
            path.write_bytes(raw)
            _read_rows(ground.the_map, path)

    typed = st.builds(census.TypedRow, st.integers(0, 9), *[spoiled_texts("0–14", "65+", "120")] * 3)
    choice = {
        "category": "category",
        "comment": "comment",
        "time": "created_at",
        "crs": "5514",
        "x": "lon",
        "y": "lat",
    }
    column = older_maps.Column("category", 3, ("safe",), {"safe": 2, "x": 1})
    others = [older_maps.Column(name, 3, ("1",), None) for name in ("comment", "created_at", "lon", "lat")]
    file = older_maps.OlderFile("a.csv", None, None, ("lon", "lat"), True, 3, (column, *others))

    def older(form: Any) -> None:
        chosen = older_maps.parse_choice(form, file)
        older_maps.parse_options(form, file, chosen, ("safe", "unsafe"))

    return [
        Target("census file", spoiled(*CENSUS), lambda raw: census_files.read_census_file(raw, 554821)),
        Target("census table", st.lists(typed, max_size=6), lambda found: census.check_table(found, "ČSÚ")),
        Target(
            "addresses", spoiled(ADDRESSES), lambda raw: address_files.read_address_file(io.BytesIO(raw), chrudim)
        ),
        Target(
            "rows of pins", spoiled(PINS_CSV.encode(), PINS_CSV.encode("utf-16"), PINS_CSV.encode("cp1250")), rows
        ),
        Target("older map", st.builds(lambda n: AnsweringForm(n, choice), seeds()), older),
        Target("moment of a row", spoiled_texts("1. 5. 2026 10:00", "2026-05-01T10:00:00Z"), _cell),
    ]


def _cell(text: str) -> None:
    try:
        row_values.moment_of(text, "created_at")
        row_values.comment_of(text)
        row_values.zoom_of(text)
        row_values.uuid_of(text)
    except row_values.Bad as bad:
        raise Refusal(bad.problem) from bad


def _read_rows(the_map: MapRecord, path: Path) -> None:
    """A table of pins as `pocit pins import` reads it, up to where they would be stored."""
    opened = pin_files.open_pin_file(path)
    known = {category.key: category.key for category in the_map.categories}
    target = ImportMap(
        the_map.slug,
        the_map.salt,
        known,
        frozenset({"FORUM1"}),
        tuple(the_map.questions),
        tuple(the_map.about),
    )
    reader = PartReader(target, ImportOptions())
    for part in opened.parts:
        placed = replace(part, x=np.nan_to_num(part.x), y=np.nan_to_num(part.y))
        reader.read(placed, placed.x, placed.y)
