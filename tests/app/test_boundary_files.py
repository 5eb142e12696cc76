"""Boundaries from files: every format and order of axes that comes; one sentence for all that can't be used."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from app.config import ROOT
from app.errors import InvalidInput
from app.inputs import boundary_files
from app.inputs.boundary_files import UploadedAreas, Wanted, read_boundary_file
from app.inputs.reading_apart import bare_environment
from tests.layers import a_geojson, a_layer, in_krovak, zipped

TOWN = Polygon([(15.50, 49.61), (15.54, 49.61), (15.55, 49.63), (15.50, 49.63)])
NEXT = box(15.54, 49.55, 15.60, 49.60)
BOW_TIE = Polygon([(15.50, 49.61), (15.54, 49.63), (15.54, 49.61), (15.50, 49.63)])
CHRUDIM = Wanted(571164, "Chrudim")


def read(data: bytes | Path, name: str = "hranice.gpkg", wanted: Wanted = CHRUDIM) -> UploadedAreas:
    raw = data.read_bytes() if isinstance(data, Path) else data
    return read_boundary_file(io.BytesIO(raw), name, wanted)


def refusal(data: bytes | Path, name: str = "hranice.gpkg") -> str:
    with pytest.raises(InvalidInput) as refused:
        read(data, name)
    (problem,) = refused.value.problems
    assert problem.field == "file"
    return problem.message % problem.data if problem.data else problem.message


def is_town(found: UploadedAreas) -> bool:
    (one,) = found.areas
    return bool(one.chosen and one.crossing is None and shapely.hausdorff_distance(one.area, TOWN) < 0.00002)


def swapped(shape: Polygon) -> Polygon:
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


def positive(shape: Polygon) -> Polygon:
    return shapely.transform(shape, lambda xy: -xy)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5514", "EPSG:32633", "EPSG:3857", "EPSG:3035"])
@pytest.mark.parametrize("ending", [".gpkg", ".shp"])
def test_a_layer_is_read_in_the_system_it_names(tmp_path: Path, crs: str, ending: str) -> None:
    from gis.crs import transform_geometry, transformer

    epsg = int(crs.removeprefix("EPSG:"))
    path = a_layer(tmp_path / f"hranice{ending}", [transform_geometry(TOWN, transformer(4326, epsg))], crs)
    assert is_town(read(zipped(path) if ending == ".shp" else path))


def test_krovak_is_recognised_in_every_order_and_sign(tmp_path: Path) -> None:
    for n, turned in enumerate((lambda s: s, swapped, positive, lambda s: swapped(positive(s)))):
        for crs in (None, "EPSG:5514", "EPSG:4326"):
            path = a_layer(tmp_path / f"h{n}-{crs}.gpkg".replace(":", ""), [turned(in_krovak(TOWN))], crs)
            found = read(path)
            assert is_town(found), (n, crs)
            assert found.turned_krovak == (n > 0 or crs != "EPSG:5514")


def test_a_shapefile_without_prj_is_read_where_its_numbers_are_plain(tmp_path: Path) -> None:
    path = a_layer(tmp_path / "obec.shp", [in_krovak(TOWN)], "EPSG:5514")
    assert is_town(read(zipped(path, leave_out=[".prj"])))
    assert is_town(read(zipped(path, folder="data/hranice 2026/")))


def test_geojson_is_read_with_and_without_a_feature_around(tmp_path: Path) -> None:
    assert is_town(read(a_geojson(TOWN), "hranice.txt"))
    assert is_town(read(b"\xef\xbb\xbf" + shapely.to_geojson(TOWN).encode()))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::5514"}}
    assert is_town(read(a_geojson(in_krovak(TOWN), crs=crs)))


def test_a_zip_may_hold_a_geopackage_or_geojson(tmp_path: Path) -> None:
    path = a_layer(tmp_path / "hranice.gpkg", [TOWN])
    assert is_town(read(zipped(path)))
    geojson = tmp_path / "mesto.json"
    geojson.write_bytes(a_geojson(TOWN))
    assert is_town(read(zipped(geojson)))


def test_heights_and_the_turn_of_rings_do_not_matter(tmp_path: Path) -> None:
    path = a_layer(tmp_path / "h.gpkg", [shapely.force_3d(shapely.reverse(TOWN), 300)])
    assert is_town(read(path))


def test_the_town_is_found_by_its_code_among_many(tmp_path: Path) -> None:
    fields = {"nazev": ["Slatiňany", "Chrudim"], "psc": [53821, 571164], "kod_obce": ["572268", "571164"]}
    found = read(a_layer(tmp_path / "obce.gpkg", [NEXT, TOWN], fields=fields))
    assert [(area.name, area.chosen) for area in found.areas] == [("Slatiňany", False), ("Chrudim", True)]


def test_all_parts_of_the_town_are_found_by_its_code(tmp_path: Path) -> None:
    """Cadastral areas carry the code of their municipality."""
    fields = {"KOD": [654299, 654302, 1], "OBEC_KOD": [571164.0, 571164.0, 2.0], "NAZEV": ["A", "B", "C"]}
    found = read(a_layer(tmp_path / "ku.gpkg", [TOWN, NEXT, box(16, 49, 16.1, 49.1)], fields=fields))
    assert [area.chosen for area in found.areas] == [True, True, False]


def test_without_a_code_its_name_will_do_and_otherwise_nobody_guesses(tmp_path: Path) -> None:
    fields = {"nazev": ["Slatiňany", "CHRUDIM"]}
    found = read(a_layer(tmp_path / "a.gpkg", [NEXT, TOWN], fields=fields))
    assert [area.chosen for area in found.areas] == [False, True]
    fields = {"nazev": ["Slatiňany", "Orel"]}
    found = read(a_layer(tmp_path / "b.gpkg", [NEXT, TOWN], fields=fields))
    assert [area.chosen for area in found.areas] == [False, False]


def test_layers_beside_one_another_are_all_offered(tmp_path: Path) -> None:
    path = a_layer(tmp_path / "vse.gpkg", [TOWN], fields={"kod": [571164]}, layer="obce")
    a_layer(path, [NEXT], fields={"kod": [500]}, layer="casti")
    a_layer(path, [Point(15.5, 49.6)], fields={"kod": [571164]}, layer="body")
    found = read(path)
    assert {area.name: area.chosen for area in found.areas} == {"obce": True, "casti": False}


def test_a_boundary_that_crosses_itself_is_mended_and_says_so(tmp_path: Path) -> None:
    (one,) = read(a_layer(tmp_path / "h.gpkg", [BOW_TIE])).areas
    assert one.crossing is not None
    assert "15.52 49.62" in one.crossing
    assert isinstance(one.area, MultiPolygon)
    assert one.area.is_valid
    assert len(one.area.geoms) == 2


def test_points_and_lines_are_no_boundary(tmp_path: Path) -> None:
    assert "only Point;" in refusal(a_layer(tmp_path / "p.gpkg", [Point(15.5, 49.6)]))
    line = shapely.LineString(TOWN.exterior.coords)
    assert "only LineString;" in refusal(a_layer(tmp_path / "l.gpkg", [line]))
    assert "polygons" in refusal(a_geojson(Point(15.5, 49.6)))


def test_an_empty_layer_is_told(tmp_path: Path) -> None:
    assert "empty" in refusal(a_layer(tmp_path / "e.gpkg", []))
    assert "empty" in refusal(b'{"type":"FeatureCollection","features":[]}')
    assert "empty" in refusal(b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}')


def test_a_wrong_system_is_told(tmp_path: Path) -> None:
    utm = shapely.transform(TOWN, lambda xy: xy * 0 + [[500_000, 5_500_000]] + xy * 1000)
    assert "does not name its coordinate system" in refusal(a_layer(tmp_path / "a.gpkg", [utm], None))
    assert "outside Europe" in refusal(a_geojson(box(-70, -30, -69, -29)))
    assert "swapped" in refusal(a_geojson(swapped(TOWN)))
    assert "outside Europe" in refusal(a_layer(tmp_path / "b.gpkg", [utm], "EPSG:32718"))


def test_files_that_are_something_else_are_told() -> None:
    assert "This is a program" in refusal(b"MZ\x90\x00" + b"\x00" * 500, "hranice.gpkg")
    assert "This is a program" in refusal(b"\x7fELF" + b"\x00" * 500, "hranice.geojson")
    assert "KML" in refusal(b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>')
    assert "foto.jpg is not a map layer" in refusal(b"\xff\xd8\xff\xe0" + b"\x00" * 500, "C:/x/foto.jpg")
    assert "Choose a file" in refusal(b"")
    assert "not valid GeoJSON" in refusal(b'{"type": "FeatureCollection", "features": [')
    assert "not valid GeoJSON" in refusal(b'{"type": "Polygon", "coordinates": [[["a"]]]}')
    assert "not valid GeoJSON" in refusal(b'{"a":' * 200_000)
    assert "can't be read" in refusal(b"SQLite format 3\x00" + os.urandom(5000))


def test_a_lone_shp_or_one_without_its_parts_says_what_to_pack(tmp_path: Path) -> None:
    path = a_layer(tmp_path / "obec.shp", [TOWN])
    assert "into one zip" in refusal(path.read_bytes(), "obec.shp")
    assert "lacks the Shapefile's .shx, .dbf" in refusal(zipped(path, leave_out=[".shx", ".dbf"]))


def a_zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return whole.getvalue()


def test_a_zip_bomb_is_not_unpacked() -> None:
    bomb = a_zip(("hranice.geojson", b" " * 200_000_000))
    assert len(bomb) < 300_000
    began = time.perf_counter()
    assert "stays packed" in refusal(bomb)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_in_a_way_that_can_not_be_bounded_is_refused(method: int) -> None:
    """Python unpacks a whole piece of these before it minds how much comes out."""
    assert "damaged" in refusal(a_zip(("hranice.geojson", a_geojson(TOWN)), method=method))


def test_a_zip_that_lies_about_its_sizes_is_stopped_while_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(a_zip(("hranice.geojson", b" " * 3_000_000)))
    size = (3_000_000).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
    monkeypatch.setattr(boundary_files, "MOST_UNPACKED_BYTES", 1_000_000)
    assert "damaged" in refusal(bytes(data)) or "stays packed" in refusal(bytes(data))


def test_zips_with_too_many_files_or_ways_out_are_refused(tmp_path: Path) -> None:
    layer = ("hranice.geojson", a_geojson(TOWN))
    assert "more than 200 files" in refusal(a_zip(*((f"{n}.txt", b"") for n in range(201)), layer))
    for name in (
        "../hranice.geojson",
        "/etc/hranice.geojson",
        "a/../../b.geojson",
        "..\\b.geojson",
        "C:\\b.geojson",
    ):
        assert "lead out of it" in refusal(a_zip((name, a_geojson(TOWN)))), name
    link = zipfile.ZipInfo("hranice.geojson")
    link.external_attr = 0o120777 << 16
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "lead out of it" in refusal(whole.getvalue())
    assert "several layers" in refusal(a_zip(layer, ("b.geojson", a_geojson(NEXT))))
    assert "no Shapefile" in refusal(a_zip(("mapa.docx", b"x"), ("nested.zip", a_zip(layer))))
    assert "damaged" in refusal(a_zip(layer)[:-30])
    assert is_town(read(a_zip(layer, ("__MACOSX/._hranice.geojson", b"litter"))))


def test_a_zip_with_a_password_is_told() -> None:
    data = bytearray(a_zip(("hranice.geojson", a_geojson(TOWN))))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    assert "password" in refusal(bytes(data))


def test_more_than_twenty_megabytes_are_not_read() -> None:
    assert "larger than 20 MB" in refusal(b"{" + b" " * (21 << 20))


def test_a_geopackage_that_computes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view in it may be any query."""
    path = a_layer(tmp_path / "h.gpkg", [TOWN], layer="obec")
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE obec RENAME TO pravda")
        database.execute(
            "CREATE VIEW obec AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
            " SELECT pravda.fid, geom, nazev FROM pravda, n WHERE x < 0"
        )
    database.close()
    monkeypatch.setattr(boundary_files, "READING_S", 4)
    began = time.perf_counter()
    assert "half a minute" in refusal(path)
    assert time.perf_counter() - began < 12


def test_a_geopackage_opens_nothing_beside_itself(tmp_path: Path) -> None:
    secret = a_layer(tmp_path / "secret.gpkg", [NEXT], layer="secret")
    path = a_layer(tmp_path / "h.gpkg", [TOWN], layer="obec")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = 1")
        database.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'cizi', 'cizi', 0,"
            f" 'CREATE VIRTUAL TABLE cizi USING VirtualOGR(''{secret}'')')"
        )
    database.close()
    with contextlib.suppress(InvalidInput):  # refused as a whole: just as good
        assert all(area.name != "secret" for area in read(path).areas)


def test_the_reading_process_has_only_the_drivers_we_offer_and_no_secrets(tmp_path: Path) -> None:
    """A newer GDAL may bring more drivers: then they belong on the list of those left out."""
    code = "import os, pyogrio; print(sorted(pyogrio.list_drivers()), sorted(os.environ))"
    environment = bare_environment(tmp_path, boundary_files.SKIPPED_DRIVERS)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("['ESRI Shapefile', 'GPKG', 'MEM']")
    assert "DATABASE" not in done.stdout
    assert "POCIT" not in done.stdout


def test_thousands_of_municipalities_are_too_many_and_two_thousand_are_quick(tmp_path: Path) -> None:
    many = [box(15 + n * 0.0005, 49, 15 + n * 0.0005 + 0.0004, 49.01) for n in range(2_001)]
    assert "more than 2000 areas" in refusal(a_layer(tmp_path / "a.gpkg", many))
    fields = {"kod": [571164 if n == 7 else n for n in range(2_000)]}
    found = read(a_layer(tmp_path / "b.gpkg", many[:2_000], fields=fields))
    assert [n for n, area in enumerate(found.areas) if area.chosen] == [7]


def all_municipalities(shapes: list[Polygon], at: int) -> tuple[list[Polygon], dict[str, list[object]]]:
    """The country's 6 258 areas as RÚIAN's layer has them, the town's own at this place in it."""
    areas = [
        box(13 + n % 80 * 0.05, 49 + n // 80 * 0.015, 13.04 + n % 80 * 0.05, 49.01 + n // 80 * 0.015)
        for n in range(6_258)
    ]
    areas[at : at + len(shapes)] = shapes
    fields: dict[str, list[object]] = {
        "KOD": [500_000 + n if not at <= n < at + len(shapes) else 571_164 for n in range(6_258)],
        "NAZEV": [f"Obec {n}" if n != at else "Chrudim" for n in range(6_258)],
    }
    return areas, fields


@pytest.mark.parametrize("ending", [".gpkg", ".shp"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_town_is_taken_out_of_the_layer_of_all_municipalities(tmp_path: Path, ending: str, sign: int) -> None:
    areas, fields = all_municipalities([TOWN], 4_321)
    shapes = shapely.transform(np.array([in_krovak(area) for area in areas]), lambda xy: sign * xy)
    path = a_layer(tmp_path / f"obce{ending}", list(shapes), "EPSG:5514", fields)
    found = read(zipped(path) if ending == ".shp" else path)
    assert is_town(found)
    assert found.areas[0].name == "Chrudim"
    assert found.turned_krovak == (sign < 0)
    assert "more than 2000 areas" in refusal_of_other(path, ending)


def refusal_of_other(path: Path, ending: str) -> str:
    raw = zipped(path) if ending == ".shp" else path.read_bytes()
    with pytest.raises(InvalidInput) as refused:
        read_boundary_file(io.BytesIO(raw), "obce", Wanted(111_111, "Jinde"))
    (problem,) = refused.value.problems
    return problem.message % problem.data


def test_a_shapefile_in_windows_1250_keeps_its_names(tmp_path: Path) -> None:
    path = tmp_path / "obce.shp"
    fields = {"KOD": np.array([572268, 571164]), "NAZEV": np.array(["Slatiňany", "Chrudim – Žďár"], dtype=object)}
    shapes = shapely.to_wkb(np.array([in_krovak(positive_degrees) for positive_degrees in (NEXT, TOWN)]))
    pyogrio.raw.write(
        path,
        shapes,
        list(fields.values()),
        list(fields),
        geometry_type="Polygon",
        crs="EPSG:5514",
        encoding="cp1250",
    )
    for left_out in ([], [".cpg"]):
        found = read(zipped(path, leave_out=left_out))
        assert [area.chosen for area in found.areas] == [False, True]
        if not left_out:
            assert [area.name for area in found.areas] == ["Slatiňany", "Chrudim – Žďár"]
