"""`pocit pins import` and `export`: what goes in comes out, what is bad is named, twice changes nothing."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin, Respondent
from gis.crs import to_metric
from tests.builders import CENTRE, OUTSIDE, a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]
LON, LAT = CENTRE


def a_csv(folder: Path, rows: list[list[object]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> str:
    path = folder / "pins.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return str(path)


def pins(session: Session) -> list[Pin]:
    session.expire_all()
    return list(session.scalars(select(Pin).order_by(Pin.comment)))


HEADING = ["who", "feeling", "X", "Y", "said"]
FIELDS = ("--category-field", "feeling", "--comment-field", "said", "--respondent-field", "who")
FEELINGS = ("--category", "Dobře=safe", "--category", "Špatně=unsafe")


def test_a_csv_goes_in_with_its_own_words(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    rows = [
        HEADING,
        ["a", "Dobře", LON, LAT, "Lavička\nu řeky, <3"],
        ["a", "Špatně", LON, LAT, " "],
        ["b", "Dobře", LON, LAT, ""],
    ]
    said = pocit("pins", "import", "testov", a_csv(tmp_path, rows), *FIELDS, *FEELINGS)
    assert said.status == 0, said.err
    assert "3 stored" in said.err
    assert said.out == ""
    stored = pins(live_session)
    assert {pin.category for pin in stored} == {"safe", "unsafe"}
    assert [pin.comment for pin in stored] == ["Lavička\nu řeky, <3", None, None]
    assert {pin.channel for pin in stored} == {"import"}
    assert live_session.scalar(select(func.count()).select_from(Respondent)) == 2


def test_the_same_file_twice_changes_nothing(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    row = ["a", "Dobře", LON, LAT, "stejné"]
    path = a_csv(tmp_path, [HEADING, row, row, ["b", *row[1:]]])
    assert "3 stored" in pocit("pins", "import", "testov", path, *FIELDS, *FEELINGS).err
    assert "0 stored, 3 already there" in pocit("pins", "import", "testov", path, *FIELDS, *FEELINGS).err
    assert len(pins(live_session)) == 3


BAD = {
    "outside": (["a", "Dobře", *OUTSIDE, ""], "outside the map"),
    "no number": (["a", "Dobře", "here", LAT, ""], "no point"),
    "nothing": (["a", "Dobře", "", "", ""], "no point"),
    "not a number": (["a", "Dobře", "NaN", LAT, ""], "no point"),
    "unknown category": (["a", "Nijak", LON, LAT, ""], "no category “Nijak”"),
    "short row": (["a", "Dobře"], "no point"),
    "NUL": (["a", "Dobře", LON, LAT, "a\x00b"], "can't be stored"),
}


@pytest.mark.parametrize(("row", "reason"), BAD.values(), ids=BAD)
def test_a_bad_row_is_named_and_the_rest_is_loaded(
    pocit: Pocit, live_session: Session, tmp_path: Path, row: list[object], reason: str
) -> None:
    a_map(live_session)
    good = ["a", "Dobře", LON, LAT, "dobrý"]
    path = a_csv(tmp_path, [HEADING, good, row, ["b", *good[1:]]])
    said = pocit("pins", "import", "testov", path, *FIELDS, *FEELINGS)
    assert said.status == 0
    assert "row 2 (line 3)" in said.err
    assert reason in said.err
    assert "2 stored, 0 already there, 1 refused" in said.err
    assert len(pins(live_session)) == 2


def test_strict_loads_nothing_when_a_row_is_bad(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    path = a_csv(tmp_path, [HEADING, ["a", "Dobře", LON, LAT, ""], ["a", "Nijak", LON, LAT, ""]])
    said = pocit("pins", "import", "testov", path, *FIELDS, *FEELINGS, "--strict")
    assert said.status == 1
    assert "row 2" in said.err
    assert pins(live_session) == []


@pytest.mark.parametrize(("encoding", "delimiter"), [("cp1250", ";"), ("utf-16", "\t"), ("utf-8", ";")])
def test_files_as_czech_offices_save_them(
    pocit: Pocit, live_session: Session, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    a_map(live_session)
    comma = [str(number).replace(".", ",") for number in CENTRE]
    rows = [HEADING, ["ž", "Špatně", *comma, "Příliš žluťoučký"]]
    path = a_csv(tmp_path, rows, encoding=encoding, delimiter=delimiter)
    said = pocit("pins", "import", "testov", path, *FIELDS, *FEELINGS)
    assert "1 stored" in said.err, said.err
    assert pins(live_session)[0].comment == "Příliš žluťoučký"


def krovak() -> tuple[float, float]:
    east, north = to_metric(5514)(LON, LAT)
    return float(east), float(north)


@pytest.mark.parametrize("order", ["5514", "positive", "turned"])
@pytest.mark.parametrize("named", [True, False])
def test_krovak_in_any_order_lands_in_its_place(
    pocit: Pocit, live_session: Session, tmp_path: Path, order: str, named: bool
) -> None:
    a_map(live_session)
    east, north = krovak()
    x, y = {"5514": (east, north), "positive": (-east, -north), "turned": (-north, -east)}[order]
    path = a_csv(tmp_path, [["category", "x", "y"], ["safe", x, y]])
    said = pocit("pins", "import", "testov", path, *(["--crs", "EPSG:5514"] if named else []))
    assert "1 stored" in said.err, said.err
    assert ("turned to EPSG:5514" in said.err) == (order != "5514")
    where = live_session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    assert where == pytest.approx(CENTRE, abs=1e-7)


@pytest.mark.parametrize(
    ("driver", "epsg"),
    [("GeoJSON", 4326), *itertools.product(["GPKG", "ESRI Shapefile", "FlatGeobuf"], [4326, 5514, 32633])],
)
def test_files_of_a_gis_go_in_by_their_own_crs(
    pocit: Pocit, live_session: Session, tmp_path: Path, driver: str, epsg: int
) -> None:
    a_map(live_session)
    source = tmp_path / "source.geojson"
    feature = {
        "type": "Feature",
        "properties": {"druh": "unsafe", "text": "Tma"},
        "geometry": {"type": "Point", "coordinates": [LON, LAT]},
    }
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    ending = {"GPKG": "gpkg", "ESRI Shapefile": "shp", "FlatGeobuf": "fgb", "GeoJSON": "geojson"}[driver]
    path = tmp_path / f"old.{ending}"
    subprocess.run(
        ["ogr2ogr", "-f", driver, "-t_srs", f"EPSG:{epsg}", path, source], check=True, capture_output=True
    )
    said = pocit("pins", "import", "testov", str(path), "--category-field", "druh", "--comment-field", "text")
    assert "1 stored" in said.err, said.err
    where = live_session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    # GDAL on its own may choose another key for S-JTSK than ours, within its stated metre.
    assert where == pytest.approx(CENTRE, abs=1.5e-5)


REFUSED = {
    "unknown map": (["pins", "import", "nowhere", "FILE"], 1, "no map"),
    "unknown field": (["pins", "import", "testov", "FILE", "--comment-field", "nic"], 1, "no column nic"),
    "unknown key": (
        ["pins", "import", "testov", "FILE", "--category", "x=nonsense"],
        1,
        "no category nonsense",
    ),
    "not TEXT=KEY": (["pins", "import", "testov", "FILE", "--category", "x"], 2, "TEXT=KEY"),
    "bad crs": (["pins", "import", "testov", "FILE", "--crs", "krovak"], 2, "EPSG:n"),
    "unknown crs": (["pins", "import", "testov", "FILE", "--crs", "EPSG:999999"], 1, "EPSG:999999"),
    "no such file": (["pins", "import", "testov", "/nowhere.csv"], 2, "does not exist"),
}


@pytest.mark.parametrize(("words", "status", "reason"), REFUSED.values(), ids=REFUSED)
def test_refusals_are_one_clear_line(
    pocit: Pocit, live_session: Session, tmp_path: Path, words: list[str], status: int, reason: str
) -> None:
    a_map(live_session)
    path = a_csv(tmp_path, [["category", "x", "y"], ["safe", LON, LAT]])
    said = pocit(*(path if word == "FILE" else word for word in words))
    assert said.status == status
    assert reason in said.err
    assert "Traceback" not in said.err
    if status == 1:
        assert len(said.err.splitlines()) == 1
    assert pins(live_session) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gpkg", b"MZ this is a program"),
        ("a.geojson", b"{"),
        ("a.shp", b""),
        ("a.csv", b""),
        ("a.exe", b"MZ"),
        ("a.csv", b"a;b\n1;2\n"),
    ],
)
def test_a_file_that_is_no_points_is_refused_in_words(
    pocit: Pocit, live_session: Session, tmp_path: Path, name: str, content: bytes
) -> None:
    a_map(live_session)
    (tmp_path / name).write_bytes(content)
    said = pocit("pins", "import", "testov", str(tmp_path / name))
    assert said.status == 1
    assert said.err.startswith("pocit: ")
    assert "Traceback" not in said.err


def test_export_holds_all_that_was_imported(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    spread = [
        [f"p{n}", "safe", round(LON + n / 100_000, 6), round(LAT - n / 200_000, 6), f"č. {n}"] for n in range(1500)
    ]
    path = a_csv(tmp_path, [["who", "category", "lon", "lat", "comment"], *spread])
    pocit("pins", "import", "testov", path, "--respondent-field", "who")
    out = tmp_path / "out.geojson"
    assert pocit("pins", "export", "testov", "--scope", "public", "-o", str(out)).status == 0
    exported = json.loads(out.read_text())["features"]
    assert {tuple(feature["geometry"]["coordinates"]) for feature in exported} == {
        (row[2], row[3]) for row in spread
    }
    assert all(uuid.UUID(feature["id"]) for feature in exported)


def test_the_public_export_holds_nothing_that_is_not_public(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    the_map = a_map(live_session)
    a_pin(live_session, the_map, comment="vidět", about={"age": "15-24"})
    a_pin(live_session, the_map, comment="skryté", state="hidden")
    a_pin(live_session, the_map, comment="čeká", state="pending")
    public = pocit("pins", "export", "testov", "--scope", "public").out
    assert "vidět" in public
    for secret in ("skryté", "čeká", "15-24", "respondent", "hidden"):
        assert secret not in public
    office = pocit("pins", "export", "testov").out
    for known in ("vidět", "skryté", "čeká", "15-24", "respondent"):
        assert known in office


def test_gdal_reads_the_export_without_a_warning(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    the_map = a_map(live_session)
    for n in range(20):
        a_pin(
            live_session,
            the_map,
            at=(LON + n / 1000, LAT),
            comment="háček 'a' \"b\" \n </script>" if n else None,
        )
    out = tmp_path / "pins.geojson"
    pocit("pins", "export", "testov", "-o", str(out))
    read = subprocess.run(["ogrinfo", "-so", "-al", out], capture_output=True, text=True, check=True)
    assert "Feature Count: 20" in read.stdout
    assert "Geometry: Point" in read.stdout
    assert "WGS 84" in read.stdout
    assert read.stderr == ""
    assert "Warning" not in read.stdout


def test_an_office_export_can_be_imported_again(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    the_map = a_map(live_session)
    a_pin(live_session, the_map, "unsafe", comment="Tma", about={"age": "15-24"}, zoom=17)
    a_pin(live_session, the_map, state="hidden")
    out = tmp_path / "office.geojson"
    pocit("pins", "export", "testov", "-o", str(out))
    assert "0 stored, 2 already there" in pocit("pins", "import", "testov", str(out)).err
    before: dict[str, Any] = {str(pin.id): (pin.respondent_id, pin.state, pin.zoom) for pin in pins(live_session)}
    a_map(live_session, "druhy")
    assert "2 stored" in pocit("pins", "import", "druhy", str(out)).err
    copies = live_session.scalars(
        select(Pin).join(Respondent, Respondent.id == Pin.respondent_id).where(Pin.map_id != the_map.id)
    )
    assert {str(pin.id): (pin.respondent_id, pin.state, pin.zoom) for pin in copies} == before


def test_a_file_appears_only_when_it_is_whole(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session, publish={"pins": False})
    assert pocit("pins", "export", "testov", "--scope", "public", "-o", str(tmp_path / "no.geojson")).status == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("order", ["5514", "positive", "turned"])
@pytest.mark.parametrize("written", ["dot", "comma", "wkt", "geojson"])
def test_krovak_of_any_sign_in_any_writing_lands_in_its_place(
    pocit: Pocit, live_session: Session, tmp_path: Path, order: str, written: str
) -> None:
    a_map(live_session)
    east, north = krovak()
    x, y = {"5514": (east, north), "positive": (-east, -north), "turned": (-north, -east)}[order]
    if written == "geojson":
        feature = {
            "type": "Feature",
            "properties": {"category": "safe"},
            "geometry": {"type": "Point", "coordinates": [x, y]},
        }
        path = str(tmp_path / "a.geojson")
        Path(path).write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    elif written == "wkt":
        path = a_csv(tmp_path, [["category", "wkt"], ["safe", f"POINT ({x} {y})"]])
    else:
        numbers = [str(n).replace(".", "," if written == "comma" else ".") for n in (x, y)]
        path = a_csv(tmp_path, [["kategorie", "Souřadnice X", "Souřadnice Y"], ["safe", *numbers]], delimiter=";")
    said = pocit(
        "pins",
        "import",
        "testov",
        path,
        *(["--category-field", "kategorie"] if written in ("dot", "comma") else []),
    )
    assert "1 stored" in said.err, said.err
    where = live_session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    assert where == pytest.approx(CENTRE, abs=1e-7)


def test_a_layer_in_a_system_without_a_code_goes_in_by_the_one_that_is_named(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session)
    path = tmp_path / "mistni.gpkg"
    east, north = krovak()
    own = "+proj=tmerc +lat_0=49 +lon_0=15.3 +k=0.99 +x_0=7 +y_0=9 +ellps=bessel +units=m"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([shapely.Point(east, north)], dtype=object)),
        [np.array(["safe"], dtype=object)],
        ["category"],
        geometry_type="Point",
        crs=own,
    )
    said = pocit("pins", "import", "testov", str(path))
    assert said.status == 1
    assert "--crs" in said.err
    assert "1 stored" in pocit("pins", "import", "testov", str(path), "--crs", "EPSG:5514").err


@pytest.mark.parametrize(
    "written", ["14. 9. 2015 8:30", "14.9.2015 08:30:00", "2015-09-14T06:30:00Z", "2015-09-14 06:30"]
)
def test_the_time_of_a_pin_is_read_as_offices_write_it(
    pocit: Pocit, live_session: Session, tmp_path: Path, written: str
) -> None:
    a_map(live_session)
    path = a_csv(tmp_path, [["category", "x", "y", "kdy"], ["safe", LON, LAT, written]])
    assert "1 stored" in pocit("pins", "import", "testov", path, "--created-field", "kdy").err
    (pin,) = pins(live_session)
    assert pin.created_at.isoformat() == "2015-09-14T06:30:00+00:00" or pin.created_at.timestamp() == 1442212200
