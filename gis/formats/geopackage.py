"""Layers as one GeoPackage: rows by GDAL, then styles, the meanings of columns and codes, and metadata.

Extensions used, both of the OGC's GeoPackage 1.3: Schema (annex F.9) and Metadata (F.8). `layer_styles` is QGIS's
own table, which other programs pass over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from gis.formats.gdal_files import write_rows
from gis.formats.layer import GEOMETRY, ID, Field, Kind, Layer, layer_schema
from gis.formats.qgis_style import QGIS_METADATA, qgis_metadata, qml, sld

STYLE_NAME_CHARACTERS: Final = 30

TABLES: Final = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
  timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), md_file_id INTEGER NOT NULL,
  md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
  VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS styles', 0);
"""
EXTENSIONS: Final = (
    ("gpkg_data_columns", "gpkg_schema", "http://www.geopackage.org/spec130/#extension_schema"),
    ("gpkg_data_column_constraints", "gpkg_schema", "http://www.geopackage.org/spec130/#extension_schema"),
    ("gpkg_metadata", "gpkg_metadata", "http://www.geopackage.org/spec130/#extension_metadata"),
    ("gpkg_metadata_reference", "gpkg_metadata", "http://www.geopackage.org/spec130/#extension_metadata"),
)


def write_geopackage(layers: Sequence[Layer], path: Path) -> None:
    """Write the layers as tables of one file; each opens in QGIS as its look says."""
    titles = [layer.title for layer in layers]
    for layer in layers:
        once = titles.count(layer.title) == 1
        _write_layer(layer, layer.title if once else f"{layer.title} ({layer.name})", path)
    # Only now, with the rows in: GDAL would write tables of its own for what it finds described.
    with closing(sqlite3.connect(path)) as file:
        file.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)
        file.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
            EXTENSIONS,
        )
        for layer in layers:
            _describe(file, layer)
            _style(file, layer)
        file.commit()


def _write_layer(layer: Layer, identifier: str, path: Path) -> None:
    write_rows(
        path,
        "GPKG",
        layer,
        (layer_schema((field.name, field.kind) for field in layer.fields), layer.batches),
        {
            "FID": _free("fid", layer.fields),
            "GEOMETRY_NAME": _geometry_name(layer),
            "IDENTIFIER": identifier,
            "DESCRIPTION": layer.description,
            "SPATIAL_INDEX": "YES",
        },
        # What QGIS 3.16 and GDAL 3.0 still read without a word.
        dataset_options={"VERSION": "1.3", "DATETIME_FORMAT": "UTC"},
    )


def _geometry_name(layer: Layer) -> str:
    return _free("geom", layer.fields)


def _free(name: str, fields: Iterable[Field]) -> str:
    """The name, or one like it that no field has."""
    taken = {field.name.lower() for field in fields} | {ID, GEOMETRY}
    while name in taken:
        name += "_"
    return name


def _describe(file: sqlite3.Connection, layer: Layer) -> None:
    for field in layer.fields:
        constraint = _constrain(file, layer, field)
        file.execute(
            "INSERT INTO gpkg_data_columns VALUES (?, ?, NULL, ?, ?, NULL, ?)",
            (layer.name, field.name, field.meaning, _in_full(field), constraint),
        )
    row = file.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata)"
        " VALUES ('dataset', ?, 'text/xml', ?)",
        (QGIS_METADATA, qgis_metadata(layer)),
    ).lastrowid
    file.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id) VALUES ('table', ?, ?)",
        (layer.name, row),
    )


def _constrain(file: sqlite3.Connection, layer: Layer, field: Field) -> str | None:
    """The name of the list of the field's codes; a joined text of several codes has none."""
    if not field.values or field.kind is not Kind.TEXT:
        return None
    # Lower case as the standard wants it.
    name = f"{layer.name}_{field.name}_codes".lower().replace("-", "_")
    file.executemany(
        "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)"
        " VALUES (?, 'enum', ?, ?)",
        [(name, code, said) for code, said in field.values.items()],
    )
    return name


def _in_full(field: Field) -> str:
    if field.kind is not Kind.LIST or not field.values:
        return field.meaning
    codes = ", ".join(f"{code} = {said}" for code, said in field.values.items())
    return f"{field.meaning} ({codes})"


def _style(file: sqlite3.Connection, layer: Layer) -> None:
    if layer.look is None:
        return
    file.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, styleSLD, useAsDefault, description, owner, ui)"
        " VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '', NULL)",
        (
            layer.name,
            _geometry_name(layer),
            layer.title[:STYLE_NAME_CHARACTERS],
            qml(layer),
            sld(layer),
            layer.title,
        ),
    )
