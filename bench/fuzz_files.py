"""Files that people upload, whole as programs write them, to be spoiled: layers, photos, archives, tiles."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import shapely
from PIL import Image, ImageCms

from bench.fuzz_values import NASTY, as_json, spoiled_bytes, spoiled_document
from gis.crs import KROVAK, WGS84, transform_geometry, transformer

CENTRE: Final = (15.52, 49.62)
"""In the middle of the fictional town."""
HEIC: Final = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAZdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAAAERA"
    "AAIAAQAAAAABuwABAAAAAAAAAC0AAgAAAAAB6AABAAAAAAAAACoAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQAC"
    "AABFeGlmAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAA"
    "AAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBJZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0A"
    "BoAAAAAUaXNwZQAAAAAAAABgAAAASAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQAB"
    "AAAAX21kYXQAAAApKAGvGYD3fIU3//r5gR8uIb8mC7T4XVZn+bO+du3oAex0rvmRegkjwd0AAAAGRXhpZgAATU0AKgAAAAgAAQEPAAIAAAAFAAAAGgAA"
    "AABKYW5hAAA="
)
"""A small picture as a phone writes it."""


def spoiled_file(files: Mapping[str, bytes], dice: Random) -> tuple[str, bytes]:
    """One of the files with something wrong in it: its bytes, what it is called, or what lies within."""
    name = dice.choice(sorted(files))
    content = files[name]
    if name.endswith((".geojson", ".json")) and dice.random() < 0.6:
        content = as_json(spoiled_document(json.loads(content), dice.getrandbits(40)))
    elif name.endswith(".zip") and dice.random() < 0.6:
        content = _spoiled_zip(content, dice)
    elif name.endswith(".gpkg") and dice.random() < 0.5:
        content = _spoiled_geopackage(content, dice)
    else:
        content = spoiled_bytes(content, dice)
    if dice.random() < 0.1:
        name = dice.choice((*NASTY[:60], dice.choice(sorted(files)), "../../x.csv", "a.shp", ".", "con.geojson"))
    return name, content


def layers() -> dict[str, bytes]:
    """Areas, points and lines in every form that is read, in WGS 84 and in S-JTSK."""
    lon, lat = CENTRE
    areas = [shapely.box(lon - w, lat - w, lon + w, lat + w) for w in (0.03, 0.01)]
    points = [shapely.Point(lon + n / 5000, lat) for n in range(12)]
    lines = [shapely.LineString([(lon, lat), (lon + 0.01, lat + n / 1000)]) for n in range(3)]
    holed = shapely.MultiPolygon([areas[0].difference(areas[1])])
    values = {"name": ["Vzorov", "Ves", "x"], "category": ["safe", "unsafe", "improve"], "day": ["2026-05-01"] * 3}
    made: dict[str, bytes] = {}
    for kind, shapes in (("areas", areas), ("points", points), ("lines", lines), ("holed", [holed])):
        fields = {
            key: np.array([found[n % 3] for n in range(len(shapes))], dtype=object)
            for key, found in values.items()
        }
        fields["obec_kod"] = np.array([900_001 + n for n in range(len(shapes))])
        for driver, ending in (("GPKG", ".gpkg"), ("GeoJSON", ".geojson"), ("FlatGeobuf", ".fgb")):
            made[f"{kind}{ending}"] = _written(np.array(shapes), fields, driver, ending, WGS84)
        turned = np.array([transform_geometry(one, transformer(WGS84, KROVAK)) for one in shapes])
        made[f"{kind}_sjtsk.gpkg"] = _written(turned, fields, "GPKG", ".gpkg", KROVAK)
        made[f"{kind}.zip"] = _written(turned, fields, "ESRI Shapefile", ".shp", KROVAK)
    rows = "".join(f"safe;Tma {n};{point.x};{point.y};2026-05-01\n" for n, point in enumerate(points))
    made["points.csv"] = f"category;comment;x;y;day\n{rows}".encode()
    made["wide.csv"] = f"category;comment;x;y;day\n{rows}".encode("utf-16")
    made["table.zip"] = _zipped({"points.csv": made["points.csv"]})
    return made


def _written(shapes: Any, fields: Mapping[str, Any], driver: str, ending: str, epsg: int) -> bytes:
    from pyogrio.raw import write

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"layer{ending}"
        kind = shapely.get_type_id(shapes[0])
        geometry_type = {0: "Point", 1: "LineString", 3: "Polygon", 6: "MultiPolygon"}[int(kind)]
        write(
            path, shapely.to_wkb(shapes), list(fields.values()), list(fields), driver=driver,
            geometry_type=geometry_type, crs=f"EPSG:{epsg}",
        )  # fmt: skip
        files = {one.name: one.read_bytes() for one in sorted(Path(folder).iterdir())}
    return _zipped(files) if ending == ".shp" else files[path.name]


def _zipped(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def _spoiled_zip(content: bytes, dice: Random) -> bytes:
    """The archive with its members spoiled, renamed, doubled, left out or with a lie about their size."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {one.filename: archive.read(one) for one in archive.infolist()}
    for name in list(files):
        deed = dice.random()
        if deed < 0.4:
            files[name] = spoiled_bytes(files[name], dice)
        elif deed < 0.5:
            del files[name]
        elif deed < 0.6:
            files[
                dice.choice(("../x.shp", "/etc/x.shp", "a/b/layer.shp", "layer.SHP", "layer.gpkg", "x\\y.dbf"))
            ] = files.pop(name)
        elif deed < 0.65:
            files[name] = b"\0" * dice.choice((0, 1, 100, 5_000_000))
    whole = bytearray(_zipped(files))
    if dice.random() < 0.3 and whole:
        start = dice.randrange(len(whole))
        whole[start : start + 4] = dice.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"PK\x01\x02"))
    return bytes(whole)


SPOILING_SQL: Final = (
    "UPDATE gpkg_geometry_columns SET geometry_type_name = '{nasty}'",
    "UPDATE gpkg_contents SET table_name = '{nasty}'",
    "UPDATE gpkg_contents SET srs_id = {number}", "UPDATE gpkg_geometry_columns SET srs_id = {number}",
    "UPDATE gpkg_spatial_ref_sys SET definition = '{nasty}'", "UPDATE layer SET geom = x'{hex}'",
    "UPDATE layer SET geom = substr(geom, 1, {small})", "UPDATE layer SET geom = {number}",
    "DELETE FROM gpkg_contents",
    "UPDATE layer SET name = x'{hex}'", "UPDATE layer SET name = zeroblob(300000)",
    "ALTER TABLE layer RENAME TO other",
    "CREATE VIEW v AS SELECT * FROM layer", "CREATE TRIGGER t AFTER INSERT ON layer BEGIN DELETE FROM layer; END",
    "UPDATE gpkg_contents SET min_x = {number}, max_x = 'nan'", "DROP TABLE gpkg_spatial_ref_sys",
    "INSERT INTO layer (geom) SELECT geom FROM layer, json_each('[1,2,3,4,5,6,7]')",
    'ALTER TABLE layer ADD COLUMN "{plain}" TEXT', "UPDATE layer SET day = '{nasty}'",
    "INSERT INTO gpkg_contents VALUES ('gpkg_contents', 'features', 'x', '', 0, 0, 0, 0, 0, 4326)",
)  # fmt: skip
"""What somebody with a database tool can do to a GeoPackage."""


def _spoiled_geopackage(content: bytes, dice: Random) -> bytes:
    """The GeoPackage changed as a database, so that it stays one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.gpkg"
        path.write_bytes(content)
        opened = sqlite3.connect(path)
        try:
            for _ in range(dice.choice((1, 2, 3))):
                nasty = (
                    dice.choice(NASTY)
                    .encode("utf-8", "replace")
                    .decode()
                    .replace("\0", "")
                    .replace("'", "''")[:2000]
                )
                opened.executescript(
                    dice.choice(SPOILING_SQL).format(
                        nasty=nasty,
                        plain="".join(char for char in nasty if char.isalnum())[:200] or "x",
                        number=dice.choice((0, -1, 5514, 999_999, 2**62, 4326)),
                        small=dice.randrange(60),
                        hex=spoiled_bytes(_geometry(), dice)[:5000].hex(),
                    )
                )
        except sqlite3.Error:
            pass  # what it can't be told stays as it was
        finally:
            opened.close()
        return path.read_bytes()


def _geometry() -> bytes:
    """A geometry as GeoPackages hold it."""
    whole: bytes = b"GP\0\1" + (4326).to_bytes(4, "little") + shapely.to_wkb(shapely.box(15, 49, 16, 50))
    return whole


def photos() -> dict[str, bytes]:
    """Photos of every kind that phones send, small ones: what is tried is the reading, not the size."""
    waves = Image.merge(
        "RGB", [Image.linear_gradient("L").rotate(turn).resize((320, 240)) for turn in (0, 90, 180)]
    )
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Jana"
    plain: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "a.jpg": (waves, "JPEG", {"quality": 80, "exif": exif, "icc_profile": profile}),
        "passes.jpg": (waves, "JPEG", {"progressive": True}),
        "grey.jpg": (waves.convert("L"), "JPEG", {}),
        "ink.jpg": (waves.convert("CMYK"), "JPEG", {}),
        "a.png": (waves, "PNG", {"icc_profile": profile}),
        "clear.png": (waves.convert("RGBA"), "PNG", {}),
        "few.png": (waves.convert("P"), "PNG", {"transparency": 0}),
        "deep.png": (waves.convert("I").convert("I;16"), "PNG", {}),
        "one.png": (waves.convert("1"), "PNG", {}),
        "a.webp": (waves, "WEBP", {"quality": 70, "exif": exif}),
        "exact.webp": (waves.convert("RGBA"), "WEBP", {"lossless": True}),
    }
    made = {"a.heic": HEIC}
    for name, (picture, kind, options) in plain.items():
        out = io.BytesIO()
        picture.save(out, kind, **options)
        made[name] = out.getvalue()
    return made


def tile_pack(middle: Callable[[int], tuple[int, int, int]]) -> bytes:
    """A PMTiles file with tiles of the middle from zoom 10 to 14."""
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import Writer

    writer_of: Any = Writer

    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "#dfe8cf").save(picture, "PNG")
    whole = io.BytesIO()
    writer = writer_of(whole)
    for z in range(10, 15):
        writer.write_tile(zxy_to_tileid(*middle(z)), picture.getvalue())
    lon, lat = CENTRE
    edges = {"min_lon_e7": lon - 1, "min_lat_e7": lat - 1, "max_lon_e7": lon + 1, "max_lat_e7": lat + 1}
    header = {
        "tile_type": TileType.PNG,
        "tile_compression": Compression.NONE,
        "min_zoom": 10,
        "max_zoom": 14,
        "center_zoom": 12,
    }
    middle_of = {"center_lon_e7": int(lon * 1e7), "center_lat_e7": int(lat * 1e7)}
    writer.finalize(header | middle_of | {name: int(edge * 1e7) for name, edge in edges.items()}, {"name": "x"})
    return whole.getvalue()
