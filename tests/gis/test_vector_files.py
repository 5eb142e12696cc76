"""Layers in files of every form: odd names and texts, layers without rows, limits, and the way through a pipe."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet

from gis.formats import flatgeobuf, shapefile
from gis.formats.copied_points import CopiedPoints
from gis.formats.layer import Field, Kind, Layer, Look, Paint, layer_schema
from gis.formats.layer_pipe import BrokenOff, receive_layers, send_layers
from gis.formats.shapefile import FileTooLarge
from gis.formats.vector_files import FORMS, write_layers
from gis.formats.wkb import point_wkb
from tests.taken_files import by_gdal, taken

ENDINGS = {"shp": "shp.zip"}
MOMENT = datetime(2026, 9, 1, 10, 0, 0, 123456, tzinfo=UTC)
FIELDS = (
    Field("category", Kind.TEXT, "category", "What it is", {"safe": "Bezpečně", "unsafe": "Nebezpečně"}),
    Field("fid", Kind.INTEGER, "fid", "A question called as GDAL calls its key"),
    Field("geom", Kind.TEXT, "geom", "One called as a geometry"),
    Field("share", Kind.NUMBER, "share", "A number"),
    Field("answered_at", Kind.TIME, "answered_a", "When"),
    Field("when", Kind.LIST, "when", "Several", {"day": "Ve dne", "night": "V noci"}),
)
LOOK = Look(
    [Paint("safe", "Bezpečně", "#009e73", "circle"), Paint("unsafe", "Nebezpečně", "#d55e00", "cross")], "category"
)


def a_layer(rows: int = 3, **values: Any) -> Layer:
    """Points on a line, the last without any value."""
    return Layer(
        **(
            {
                "name": "pins",
                "title": "Značky <a> & „b“",
                "geometry_type": "Point",
                "epsg": 5514,
                "fields": FIELDS,
                "batches": batches(rows),
                "look": LOOK,
                "description": "Jak vznikla & co neumí",
            }
            | values
        )
    )


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """Two rows a batch."""
    for start in range(0, rows, 2):
        numbers = range(start, min(start + 2, rows))
        last = [n == rows - 1 for n in numbers]
        columns = [
            [f"id {n}" for n in numbers],
            [None if gone else "unsafe" for gone in last],
            [None if gone else n for n, gone in zip(numbers, last, strict=True)],
            [None if gone else "; \n\"'„ž“" for gone in last],
            [None if gone else n / 3 for n, gone in zip(numbers, last, strict=True)],
            [None if gone else MOMENT for gone in last],
            [None if gone else "day; night" for gone in last],
        ]
        schema = layer_schema((field.name, field.kind) for field in FIELDS)
        arrays = [pa.array(values, kind.type) for values, kind in zip(columns, list(schema)[:-1], strict=True)]
        place = point_wkb(-472_000.0 - np.array(numbers), -1_101_000.0 + np.array(numbers))
        yield pa.RecordBatch.from_arrays([*arrays, place], schema=schema)


def parsed(text: str) -> ET.Element:
    """XML of our own."""
    return ET.fromstring(text)  # noqa: S314 - we wrote it a moment ago


@pytest.mark.parametrize("form", FORMS)
def test_rows_come_back_as_they_went(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{ENDINGS.get(form, form)}"
    write_layers([a_layer()], form, path)
    file = taken(path.read_bytes(), ENDINGS.get(form, form))
    assert file.epsg == 5514
    # FlatGeobuf has them as they lie, and not as they came.
    found = sorted(zip(file.rows, file.shapes, strict=True), key=lambda one: one[0]["id"])
    assert [(round(at.x), round(at.y)) for _, at in found] == [(-472_000 - n, -1_101_000 + n) for n in range(3)]
    rows = [row for row, _ in found]
    assert [row["id"] for row in rows] == ["id 0", "id 1", "id 2"]
    assert [row["category"] or None for row in rows] == ["unsafe", "unsafe", None]
    assert rows[0]["geom"] == "; \n\"'„ž“"
    assert [None if row["fid"] in (None, "") else int(row["fid"]) for row in rows] == [0, 1, None]
    assert "2026-09-01" in str(rows[0]["answered_a" if form == "shp" else "answered_at"])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", FORMS)
def test_layer_without_rows_is_a_file_all_the_same(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{ENDINGS.get(form, form)}"
    write_layers([a_layer(0)], form, path)
    assert taken(path.read_bytes(), ENDINGS.get(form, form)).rows == []


def test_debian_s_older_gdal_reads_the_geopackage_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "file.gpkg"
    area = a_layer(
        name="areas", geometry_type="MultiPolygon", batches=areas(), look=Look([Paint("", "Vše", "#5d3f6a")])
    )
    write_layers([a_layer(), area], "gpkg", path)
    read = subprocess.run(["ogrinfo", "-so", "-al", path], capture_output=True, text=True, check=True)
    assert read.stderr == ""
    assert read.stdout.count("Feature Count: 3") == 1
    with sqlite3.connect(path) as file:
        assert {row[0] for row in file.execute("SELECT f_table_name FROM layer_styles")} == {"pins", "areas"}
        assert file.execute("SELECT geometry_type_name FROM gpkg_geometry_columns ORDER BY 1").fetchall() == [
            ("MULTIPOLYGON",),
            ("POINT",),
        ]
        assert not file.execute(
            "SELECT * FROM gpkg_data_columns d LEFT JOIN gpkg_data_column_constraints c USING (constraint_name)"
            " WHERE d.constraint_name IS NOT NULL AND c.value IS NULL"
        ).fetchall()


def areas() -> Iterator[pa.RecordBatch]:
    """One square, with no values."""
    schema = layer_schema((field.name, field.kind) for field in FIELDS)
    square = shapely.to_wkb(shapely.MultiPolygon([shapely.box(-472_100, -1_101_100, -472_000, -1_101_000)]))
    nothing = [pa.nulls(1, kind.type) for kind in list(schema)[1:-1]]
    yield pa.RecordBatch.from_arrays([pa.array(["a"]), *nothing, pa.array([square], pa.binary())], schema=schema)


def test_styles_are_proper_xml_with_every_category_in_colour_and_shape(tmp_path: Path) -> None:
    path = tmp_path / "file.gpkg"
    write_layers([a_layer()], "gpkg", path)
    with sqlite3.connect(path) as file:
        qml, sld, about = file.execute(
            "SELECT styleQML, styleSLD, metadata FROM layer_styles, gpkg_metadata"
        ).fetchone()
    style = parsed(qml.partition("\n")[2])
    assert [one.get("value") for one in style.iter("category")] == ["safe", "unsafe", ""]
    shapes = [one.get("v") for one in style.iter("prop") if one.get("k") == "name"]
    assert shapes[:2] == ["circle", "cross_fill"]
    assert len(list(parsed(sld).iter("{http://www.opengis.net/sld}Rule"))) == 2
    assert parsed(about.partition("\n")[2]).findtext("abstract") == "Jak vznikla & co neumí"


def test_geoparquet_says_what_the_standard_wants(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    write_layers([a_layer(5)], "parquet", path)
    geo = json.loads(parquet.read_schema(path).metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB")
    assert column["geometry_types"] == ["Point"]
    assert column["bbox"] == [-472_004.0, -1_101_000.0, -472_000.0, -1_100_996.0]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 5514}
    described = json.loads(parquet.read_schema(path).metadata[b"columns"])
    assert described["category"]["values"]["safe"] == "Bezpečně"


def test_large_flatgeobuf_goes_without_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatgeobuf, "MOST_INDEXED_ROWS", 2)
    write_layers([a_layer(2)], "fgb", tmp_path / "small.fgb")
    write_layers([a_layer(3)], "fgb", tmp_path / "large.fgb")
    assert len(by_gdal(str(tmp_path / "large.fgb"), "pins").rows) == 3


def test_shapefile_past_two_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapefile, "MOST_BYTES", 300)
    with pytest.raises(FileTooLarge):
        write_layers([a_layer()], "shp", tmp_path / "file.shp.zip")
    assert list(tmp_path.iterdir()) == []


def test_parts_of_long_texts_get_names_that_nobody_has(tmp_path: Path) -> None:
    fields = [Field("poznamka", Kind.TEXT, "poznamka"), Field("poznamka_2", Kind.TEXT, "poznamka_2")]
    schema = layer_schema((field.name, field.kind) for field in fields)
    text = "ab" + "🌳" * 200
    rows = [pa.array(["a"]), pa.array([text]), pa.array(["x"]), point_wkb(np.array([1.0]), np.array([2.0]))]
    layer = a_layer(fields=fields, batches=iter([pa.RecordBatch.from_arrays(rows, schema=schema)]), look=None)
    path = tmp_path / "file.shp.zip"
    write_layers([layer], "shp", path)
    (row,) = taken(path.read_bytes(), "shp.zip").rows
    parts = [name for name in row if name.startswith("poznam") and name != "poznamka_2"]
    assert "".join(row[name] or "" for name in parts) == text
    assert row["poznamka_2"] == "x"
    assert all(len(name) <= 10 for name in row)
    with zipfile.ZipFile(path) as packed:
        assert set(packed.namelist()) >= {"pins.shp", "pins.dbf", "pins.prj", "pins.cpg", "columns.txt"}


def test_layers_go_through_the_pipe_as_rows_and_as_copied_text(tmp_path: Path) -> None:
    fields = [Field("comment", Kind.TEXT, "comment"), Field("n", Kind.INTEGER, "n"), Field("at", Kind.TIME, "at")]
    text = 'a,1.5,2.5,"á ""b"",\nc",7,2026-09-01 10:00:00.5\nb,3,4,,,\n'.encode()
    pieces = (text[n : n + 5] for n in range(0, len(text), 5))
    copied = a_layer(name="copied", epsg=4326, fields=fields, batches=CopiedPoints(pieces, fields), look=None)
    pipe = io.BytesIO()
    send_layers([a_layer(), copied, a_layer(0, name="none")], "gpkg", pipe)
    pipe.seek(0)
    layers, form = receive_layers(pipe)
    assert form == "gpkg"
    write_layers(layers, form, tmp_path / "file.gpkg")
    assert len(by_gdal(str(tmp_path / "file.gpkg"), "pins").rows) == 3
    assert by_gdal(str(tmp_path / "file.gpkg"), "none").rows == []
    read = by_gdal(str(tmp_path / "file.gpkg"), "copied")
    assert [(row["id"], row["comment"], row["n"]) for row in read.rows] == [
        ("a", 'á "b",\nc', 7),
        ("b", None, None),
    ]
    assert (read.shapes[0].x, read.shapes[0].y) == (1.5, 2.5)


def test_stream_that_breaks_off_is_no_file(tmp_path: Path) -> None:
    pipe = io.BytesIO()
    send_layers([replace(a_layer(), name="pins")], "gpkg", pipe)
    half = pipe.getvalue()[: len(pipe.getvalue()) // 2]
    layers, _ = receive_layers(io.BytesIO(half))
    with pytest.raises(BrokenOff):
        list(layers[0].batches)
    own = tmp_path / "own"
    own.mkdir()
    made = subprocess.run(
        [sys.executable, "-m", "gis.formats.file_maker", str(own / "file.gpkg")],
        input=half,
        capture_output=True,
        check=False,
    )
    assert made.returncode != 0
    assert not own.exists()
