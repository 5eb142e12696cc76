"""Census tables from files, as offices and statisticians write them."""

from __future__ import annotations

import random

import pytest

from app.errors import InvalidInput
from app.inputs.census import CensusInput, check_table
from app.inputs.census_files import read_census_file
from gis.analysis.groups import AgeRange

LONG_HEAD = (
    "idhod,hodnota,stapro_kod,pohlavi_cis,pohlavi_kod,vek_cis,vek_kod,vuzemi_cis,vuzemi_kod,casref_do,"
    "pohlavi_txt,vek_txt,vuzemi_txt\n"
)
YOUNG, OLD = "0 až 5 (více nebo rovno 0 a méně než 5)", "Od 5 (více nebo rovno 5)"


def table_of(data: bytes | str, municipality: int | None = None) -> CensusInput:
    file = read_census_file(data.encode() if isinstance(data, str) else data, municipality)
    checked = check_table(file.rows, "ČSÚ")
    assert checked.table is not None, (checked.problems, checked.whole)
    return checked.table


def long_row(people: int, sex: str, age: str, place: int = 554821, day: str = "2025-12-31") -> str:
    return f"1,{people},2406,102,1,7700,4,43,{place},{day},{sex},{age},Ostrava\n"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250", "utf-16"])
def test_separators_and_encodings_of_spreadsheets_are_understood(separator: str, encoding: str) -> None:
    text = "věk;muži;ženy\r\n0–4;1 080;1\u00a0020\r\n5+;5;7\r\n"
    table = table_of(text.replace(";", separator).encode(encoding))
    assert table.rows == [(AgeRange(0, 4), 1020, 1080), (AgeRange(5, None), 7, 5)]


def test_titles_totals_and_sums_are_left_out_and_named() -> None:
    text = (
        "Obyvatelstvo města;;;\nk 31. 12. 2025;;;\n\nVěk;Celkem;Muži;Ženy\n"
        "0–14;30;14;16\n0–4;10;4;6\n5–9;10;5;5\n10–14;10;5;5\n15+;100;50;50\n"
        "Celkem;130;64;66\nPrůměrný věk;42,1;40,8;43,4\n"
    )
    file = read_census_file(text.encode())
    assert [row.age for row in file.rows] == ["0–4", "5–9", "10–14", "15+"]
    assert list(file.left_out) == ["Celkem", "Průměrný věk", "0–14"]
    assert table_of(text).people == 130


def test_single_years_and_english_heads_are_understood() -> None:
    table = table_of("age,female,male\n" + "".join(f"{year},2,1\n" for year in range(100)) + "100+,1,0\n")
    assert len(table.rows) == 101
    assert table.rows[17] == (AgeRange(17, 17), 2, 1)


def test_columns_named_after_the_whole_are_found() -> None:
    table = table_of("Věková skupina;Celkem;z toho ženy;z toho muži\n0+;11;6;5\n")
    assert table.rows == [(AgeRange(0, None), 6, 5)]


def test_open_data_of_the_statistical_office_are_read_for_the_town_and_its_last_year() -> None:
    rows = [
        long_row(10, "muž", YOUNG),
        long_row(12, "žena", YOUNG),
        long_row(22, "", YOUNG),
        long_row(7, "muž", OLD),
        long_row(9, "žena", OLD),
        long_row(500, "žena", OLD, day="2024-12-31"),
        long_row(900, "žena", OLD, place=1),
    ]
    table = table_of(LONG_HEAD + "".join(rows), 554821)
    assert table.rows == [(AgeRange(0, 4), 12, 10), (AgeRange(5, None), 9, 7)]


def test_open_data_of_several_places_are_refused_where_the_town_is_not_known() -> None:
    rows = [long_row(1, "muž", OLD), long_row(2, "žena", OLD), long_row(3, "žena", OLD, place=1)]
    with pytest.raises(InvalidInput, match="several places"):
        read_census_file((LONG_HEAD + "".join(rows)).encode())


def test_bad_rows_are_named_by_number_and_reason_and_the_rest_is_kept() -> None:
    file = read_census_file(b"vek;muzi;zeny\n0-4;1;2\nnevim;3;4\n5-9;x;5\n10-14;6;\n15+;7;8\n")
    checked = check_table(file.rows, "x")
    assert checked.table is None
    assert [(p.row, p.field) for p in checked.problems] == [(3, "age"), (4, "men"), (5, "women")]
    assert len(file.rows) == 5


def test_overlapping_rows_and_gaps_are_told() -> None:
    file = read_census_file(b"vek;muzi;zeny\n0-4;1;2\n3-9;3;4\n10+;1;1\n")
    assert [p.row for p in check_table(file.rows, "x").problems] == [3]
    file = read_census_file(b"vek;muzi;zeny\n0-4;1;2\n10+;1;1\n")
    assert [p.data for p in check_table(file.rows, "x").whole] == [{"since": 5, "until": 9}]


def test_dash_is_nobody_and_nobody_at_all_is_no_table() -> None:
    assert table_of("vek;muzi;zeny\n0-99;-;3\n100+;-;-\n").people == 3
    file = read_census_file(b"vek;muzi;zeny\n0+;0;0\n")
    assert check_table(file.rows, "x").table is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a workbook", "workbook"),
        (b"\xd0\xcf\x11\xe0 an old one", "workbook"),
        (b"MZ\x90\x00\x03 a program", "no table of text"),
        (b"\x89PNG\r\n\x1a\n", "no table of text"),
        (b"vek\x00;muzi;zeny\n", "no table of text"),
        (b"a;b;c\n1;2;3\n", "no columns"),
        (b"vek;celkem\n0-4;10\n", "no columns"),
        (b"vek;muzi;zeny\n" + b"0-4;1;2\n" * 200, "too long"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_census_file(data)


def test_no_bytes_do_anything_but_parse_or_refuse() -> None:
    chance = random.Random(85)  # noqa: S311 - the same every time
    pieces = [
        b"vek;muzi;zeny\n",
        b"0-4;1;2\n",
        b"\xff\xfe",
        b'"',
        b";;;",
        b"\n",
        b"85+;x;\xe9\n",
        b"\x00",
        b"5-9;1;1",
    ]
    for _ in range(1500):
        data = b"".join(chance.choice(pieces) for _ in range(chance.randrange(12)))
        try:
            check_table(read_census_file(data).rows, "x")
        except InvalidInput:
            continue
