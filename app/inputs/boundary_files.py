"""A boundary from an uploaded file: unpacked with care, read by a process of its own, or refused in a sentence."""

from __future__ import annotations

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import shapely
from shapely import MultiPolygon

from app.errors import InvalidInput
from app.inputs.boundary_words import UploadFault, reader_problem, upload_problem
from app.inputs.reading_apart import read_apart

MOST_UPLOAD_BYTES = 20 * 1024 * 1024
MOST_UNPACKED_BYTES = 150 * 1024 * 1024
MOST_RATIO = 120
"""Shapefiles pack to a third or a tenth, dull GeoJSON to a thirtieth; bombs to a thousandth."""
RATIO_FROM_BYTES = 4 * 1024 * 1024
MOST_ENTRIES = 200
READING_S = 30
MOST_SAID_BYTES = 72 << 20
"""Two million vertices as the reader writes them, and names."""
PIECE_BYTES = 1 << 16

LAYER_ENDINGS = (".shp", ".gpkg", ".geojson", ".json")
SHAPEFILE_ENDINGS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

SKIPPED_DRIVERS = (
    "PCIDSK,PDS4,VICAR,PDF,MBTiles,EEDA,OGCAPI,GDALG,MapInfo File,LVBAG,S57,DGN,OGR_VRT,VRT,CSV,GML,GPX,"
    "LIBKML,KML,GeoJSON,GeoJSONSeq,ESRIJSON,TopoJSON,OGR_GMT,SQLite,WAsP,OpenFileGDB,DXF,FlatGeobuf,"
    "GeoRSS,VFK,PGDUMP,OSM,GPSBabel,OGR_PDS,WFS,OAPIF,EDIGEO,Idrisi,ODS,XLSX,Elasticsearch,Carto,"
    "AmigoCloud,SXF,Selafin,JML,PLSCENES,CSW,VDV,MVT,NGW,MapML,GTFS,PMTiles,JSONFG,MiraMonVector,ADBC,"
    "AVCBin,AVCE00,AIVector,HTTP"
)
"""Every vector driver of GDAL but the two we offer (and its memory); a test tells when a new GDAL brings more."""


@dataclass(frozen=True)
class Wanted:
    """Whose boundary is looked for in a file of many."""

    ruian: int | None
    town: str


@dataclass(frozen=True)
class UploadedArea:
    """One area of a file, WGS 84 and valid."""

    name: str
    area: MultiPolygon
    crossing: str | None
    """Where the outline crossed itself before it was mended: then somebody must have a look."""
    chosen: bool
    """Whether it is plainly the town's."""


@dataclass(frozen=True)
class UploadedAreas:
    """What a file holds."""

    areas: Sequence[UploadedArea]
    turned_krovak: bool
    """Whether S-JTSK was recognised in an order or sign that the file did not name."""


def read_boundary_file(source: IO[bytes], filename: str, wanted: Wanted) -> UploadedAreas:
    """The areas of a GeoJSON, GeoPackage or zipped Shapefile; InvalidInput says in one sentence what to do."""
    with tempfile.TemporaryDirectory(prefix="pocit-boundary-") as folder:
        upload = Path(folder) / "upload"
        _save(source, upload)
        layer = _layer_file(upload, Path(folder), filename)
        return _read(layer, wanted)


def _save(source: IO[bytes], path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while piece := source.read(PIECE_BYTES):
            size += len(piece)
            if size > MOST_UPLOAD_BYTES:
                raise InvalidInput(upload_problem(UploadFault.TOO_LARGE, megabytes=MOST_UPLOAD_BYTES >> 20))
            file.write(piece)
    if not size:
        raise InvalidInput(upload_problem(UploadFault.NO_FILE))


def _layer_file(upload: Path, folder: Path, filename: str) -> Path:
    """The file to read, by what it holds; what its name says may be anything."""
    with upload.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return unpacked(upload, folder)
    if head.startswith(b"SQLite format 3\x00"):
        return upload.rename(folder / "layer.gpkg")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return upload.rename(folder / "layer.geojson")
    if head.startswith(b"\x00\x00\x27\x0a"):
        raise InvalidInput(upload_problem(UploadFault.LONE_SHP))
    if head.startswith((b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!")):
        raise InvalidInput(upload_problem(UploadFault.PROGRAM))
    if b"<kml" in head or b"<gml" in head or head.lstrip().startswith(b"<?xml"):
        raise InvalidInput(upload_problem(UploadFault.XML))
    raise InvalidInput(upload_problem(UploadFault.NOT_A_LAYER, name=Path(filename).name[:80] or "?"))


def unpacked(upload: Path, folder: Path, endings: tuple[str, ...] = LAYER_ENDINGS) -> Path:
    """The one layer in a zip, with the files that belong to it; their folders are left behind."""
    try:
        with zipfile.ZipFile(upload) as archive:
            members = archive.infolist()
            _refuse_bad_members(members)
            layer = _only_layer(members, endings)
            budget = MOST_UNPACKED_BYTES
            for member in _of_layer(members, layer):
                ending = PurePosixPath(member.filename).suffix.lower()
                ending = ".geojson" if ending == ".json" else ending
                budget -= _extract(archive, member, folder / f"layer{ending}", budget)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise InvalidInput(upload_problem(UploadFault.BROKEN_ZIP)) from error
    ending = PurePosixPath(layer.filename).suffix.lower()
    return folder / f"layer{'.geojson' if ending == '.json' else ending}"


def _refuse_bad_members(members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_ENTRIES:
        raise InvalidInput(upload_problem(UploadFault.MANY_ENTRIES, limit=MOST_ENTRIES))
    for member in members:
        name = member.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
            raise InvalidInput(upload_problem(UploadFault.ESCAPING))
        if not name:
            raise InvalidInput(upload_problem(UploadFault.BROKEN_ZIP))
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InvalidInput(upload_problem(UploadFault.ESCAPING))
        if member.flag_bits & 0x1:
            raise InvalidInput(upload_problem(UploadFault.ENCRYPTED))
        # Python unpacks a whole piece of bz2 or LZMA before it minds how much comes out: a bomb in 300 bytes.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidInput(upload_problem(UploadFault.BROKEN_ZIP))
        packed = max(1, member.compress_size)
        if member.file_size > RATIO_FROM_BYTES and member.file_size / packed > MOST_RATIO:
            raise InvalidInput(upload_problem(UploadFault.BOMB, megabytes=MOST_UNPACKED_BYTES >> 20))
    if sum(member.file_size for member in members) > MOST_UNPACKED_BYTES:
        raise InvalidInput(upload_problem(UploadFault.BOMB, megabytes=MOST_UNPACKED_BYTES >> 20))


def _only_layer(members: Sequence[zipfile.ZipInfo], endings: tuple[str, ...]) -> zipfile.ZipInfo:
    files = [m for m in members if not m.is_dir() and not _is_litter(m.filename)]
    layers = [m for m in files if m.filename.lower().endswith(endings)]
    if not layers:
        raise InvalidInput(upload_problem(UploadFault.NO_LAYER_IN_ZIP))
    if len(layers) > 1:
        names = ", ".join(PurePosixPath(m.filename).name[:40] for m in layers[:5])
        raise InvalidInput(upload_problem(UploadFault.SEVERAL_LAYERS_IN_ZIP, names=names))
    layer = layers[0]
    if layer.filename.lower().endswith(".shp"):
        there = {PurePosixPath(m.filename).suffix.lower() for m in _of_layer(members, layer)}
        missing = [ending for ending in (".shx", ".dbf") if ending not in there]
        if missing:
            raise InvalidInput(upload_problem(UploadFault.MISSING_PARTS, missing=", ".join(missing)))
    return layer


def _of_layer(members: Sequence[zipfile.ZipInfo], layer: zipfile.ZipInfo) -> list[zipfile.ZipInfo]:
    """The layer's file and, for a Shapefile, those of the same name beside it."""
    path = PurePosixPath(layer.filename)
    if path.suffix.lower() != ".shp":
        return [layer]
    beside = [
        m
        for m in members
        if PurePosixPath(m.filename).with_suffix("").as_posix().lower() == path.with_suffix("").as_posix().lower()
    ]
    return [m for m in beside if PurePosixPath(m.filename).suffix.lower() in SHAPEFILE_ENDINGS]


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Bytes written; what the directory of a zip says of sizes may be a lie, so they are counted."""
    written = 0
    with archive.open(member) as packed, target.open("wb") as file:
        while piece := packed.read(PIECE_BYTES):
            written += len(piece)
            if written > budget:
                raise InvalidInput(upload_problem(UploadFault.BOMB, megabytes=MOST_UNPACKED_BYTES >> 20))
            file.write(piece)
    return written


def _read(layer: Path, wanted: Wanted) -> UploadedAreas:
    answer = read_apart(
        "app.inputs.boundary_reader",
        (str(layer), str(wanted.ruian or 0), wanted.town),
        layer.parent,
        skipped_drivers=SKIPPED_DRIVERS,
        seconds=READING_S,
        too_hard=upload_problem(UploadFault.TOO_HARD),
        most_said=MOST_SAID_BYTES,
    )
    if "problem" in answer:
        raise InvalidInput(reader_problem(str(answer["problem"]), answer["data"]))
    areas = [_area(one) for one in answer["areas"]]
    if not areas:
        raise InvalidInput(upload_problem(UploadFault.NOTHING_LEFT))
    return UploadedAreas(areas, bool(answer["turned"]))


def _area(written: Mapping[str, Any]) -> UploadedArea:
    return UploadedArea(
        str(written["name"]), shapely.from_wkb(written["wkb"]), written["crossing"], bool(written["chosen"])
    )
