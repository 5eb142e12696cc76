"""An older map by upload: what is found, what is said about it, what becomes of each row."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Config
from app.inputs import older_maps, older_reader
from app.models import AuditEntry, Pin, Respondent
from gis.crs import to_metric
from tests.builders import CENTRE, OUTSIDE, a_map, an_official
from tests.doors import csrf_of, sign_in

OLDER = "/office/maps/testov/older"
LON, LAT = CENTRE
HEADING = ["kdo", "pocit", "x", "y", "poznámka", "datum"]
ROWS: Sequence[Sequence[object]] = (
    ["a", "Cítím se bezpečně", LON, LAT, "U lípy", "14. 9. 2015 8:30"],
    ["a", "Bojím se tu", LON + 0.001, LAT, "", "2015-09-14"],
    ["b", "Bojím se tu", LON + 0.002, LAT, "tma", ""],
)


def a_csv(rows: Sequence[Sequence[object]] = ROWS, heading: Sequence[str] = HEADING) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([heading, *rows])
    return text.getvalue().encode("cp1250")


@pytest.fixture
def office(client: FlaskClient, session: Session) -> FlaskClient:
    a_map(session)
    return sign_in(client, an_official(session))


def upload(client: FlaskClient, content: bytes, name: str = "stara.csv") -> TestResponse:
    form = {"csrf_token": csrf_of(client, OLDER), "file": (io.BytesIO(content), name)}
    return client.post(OLDER, data=form, content_type="multipart/form-data", buffered=True)


def looked(client: FlaskClient, content: bytes, name: str = "stara.csv", **query: str) -> tuple[str, str]:
    """The address of the second step, and its page."""
    answer = upload(client, content, name)
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location, query_string=query)
    assert page.status_code == 200, page.text
    return answer.location, page.text


CHOSEN = {
    "category": "pocit",
    "comment": "poznámka",
    "person": "kdo",
    "time": "datum",
    "x": "x",
    "y": "y",
    "crs": "",
}
MEANS = {"means-0": "unsafe", "means-1": "safe"}


def imported(client: FlaskClient, address: str, **form: str) -> TestResponse:
    return client.post(address, data={"csrf_token": csrf_of(client, address), **CHOSEN, **MEANS, **form})


def pins(session: Session) -> list[Pin]:
    session.expire_all()
    return list(session.scalars(select(Pin).order_by(func.ST_X(Pin.position))))


def test_the_whole_way_of_a_table_with_its_own_words(office: FlaskClient, session: Session) -> None:
    address, page = looked(office, a_csv())
    assert "3 řádky" in page or "3 rows" in page
    for name in HEADING:
        assert name in page
    assert '<option value="safe" selected>' in page
    assert '<option value="unsafe" selected>' in page
    assert pins(session) == []
    answer = imported(office, address)
    assert answer.status_code == 303, answer.text
    safe, *unsafe = pins(session)
    assert (safe.category, safe.comment, safe.channel) == ("safe", "U lípy", "import")
    assert safe.created_at.isoformat().startswith("2015-09-14T06:30")
    assert [(pin.category, pin.channel) for pin in unsafe] == [("unsafe", "import")] * 2
    assert session.scalar(select(func.count()).select_from(Respondent)) == 2
    deed = session.scalars(select(AuditEntry).where(AuditEntry.action == "pins.import")).one()
    assert deed.detail == {"source": "stara.csv", "rows": 3, "pins": 3}
    assert "stara.csv" in office.get(address).text


def test_the_same_file_twice_changes_nothing(office: FlaskClient, session: Session) -> None:
    for _ in range(2):
        address, _ = looked(office, a_csv())
        assert imported(office, address).status_code == 303
    assert len(pins(session)) == 3
    assert "<dd>3</dd>" in office.get(address).text


def test_refused_rows_are_told_with_their_reasons_and_given_as_a_file(
    office: FlaskClient, session: Session
) -> None:
    bad = [
        ["c", "Bojím se tu", *OUTSIDE, "venku", ""],
        ["c", "Bojím se tu", "", "", "nikde", ""],
        ["c", "Bojím se tu", LON, LAT, "kdy", "včera"],
        ["c", "Něco jiného", LON, LAT, "=1+1", ""],
    ]
    address, page = looked(office, a_csv([*ROWS, *bad]))
    assert "Něco jiného" in page
    # The texts stand by how often they come.
    assert imported(office, address, **{"means-2": ""}).status_code == 303
    assert len(pins(session)) == 3
    file = office.get(f"{address}/refused.csv")
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row[0], row[1]) for row in rows[1:]] == [("4", "5"), ("5", "6"), ("6", "7"), ("7", "8")]
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Něco jiného" in office.get(address).text


def test_where_not_one_row_can_be_a_pin_nothing_is_stored(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv([["a", "Bojím se tu", *OUTSIDE, "", ""]]))
    answer = imported(office, address, **{"means-0": "unsafe"})
    assert answer.status_code == 422
    assert pins(session) == []
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "pins.import")).all() == []
    assert office.get(address).status_code == 200  # still there to be chosen otherwise


def test_one_category_for_all_and_nothing_else(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv())
    answer = imported(office, address, category="", comment="", person="", time="", one="improve")
    assert answer.status_code == 303, answer.text
    assert {(pin.category, pin.comment) for pin in pins(session)} == {("improve", None)}
    assert session.scalar(select(func.count()).select_from(Respondent)) == 3


def test_columns_that_only_sound_like_ours_mean_nothing(office: FlaskClient, session: Session) -> None:
    heading = ["category", "x", "y", "state", "status", "event", "zoom", "channel", "answer", "about.age"]
    content = a_csv([["safe", LON, LAT, "Czech Republic", "open", "party", "far", "tv", "no", "old"]], heading)
    address, _ = looked(office, content)
    answer = imported(office, address, category="category", comment="", person="", time="", **{"means-0": "safe"})
    assert answer.status_code == 303, answer.text
    (pin,) = pins(session)
    assert (pin.state, pin.status, pin.event, pin.answer, pin.channel) == (
        "visible",
        "received",
        None,
        None,
        "import",
    )


@pytest.mark.parametrize("order", ["5514", "positive", "turned", "northing first"])
def test_krovak_numbers_of_any_order_are_recognised_and_turned(
    office: FlaskClient, session: Session, order: str
) -> None:
    east, north = (float(n) for n in to_metric(5514)(LON, LAT))
    x, y = {
        "5514": (east, north),
        "positive": (-east, -north),
        "turned": (-north, -east),
        "northing first": (north, east),
    }[order]
    address, page = looked(office, a_csv([["a", "Bojím se tu", x, y, "", ""]]))
    assert "S-JTSK" in page
    assert imported(office, address).status_code == 303
    where = session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    assert where == pytest.approx(CENTRE, abs=1e-7)


def test_columns_of_the_place_can_be_chosen(office: FlaskClient, session: Session) -> None:
    content = a_csv([["dobře", LAT, LON]], ["pocit", "nahoru", "doprava"])
    address, page = looked(office, content)
    assert "1 řádek bez bodu" in page or "1 row without a point" in page
    page = office.get(address, query_string={"category": "pocit", "x": "doprava", "y": "nahoru"}).text
    assert '"inside":[[15.52,49.62]]' in page
    form = {"comment": "", "person": "", "time": "", "x": "doprava", "y": "nahoru", "means-0": "safe"}
    assert imported(office, address, **form).status_code == 303
    assert len(pins(session)) == 1


def as_json(crs: str | None = None, at: tuple[float, float] = CENTRE) -> bytes:
    feature = {
        "type": "Feature",
        "properties": {"pocit": "Bojím se tu"},
        "geometry": {"type": "Point", "coordinates": list(at)},
    }
    whole: dict[str, Any] = {"type": "FeatureCollection", "features": [feature]}
    if crs:
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(whole).encode()


def by_gdal(folder: Path, driver: str, ending: str, *options: str) -> Path:
    source = folder / "source.geojson"
    source.write_bytes(as_json())
    path = folder / f"vrstva.{ending}"
    subprocess.run(["ogr2ogr", "-f", driver, *options, path, source], check=True, capture_output=True)
    return path


def a_shapefile(folder: Path) -> bytes:
    by_gdal(folder, "ESRI Shapefile", "shp", "-t_srs", "EPSG:5514")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in folder.glob("vrstva.*"):
            archive.write(part, f"data/{part.name}")
    return packed.getvalue()


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stara mapa.csv", content)
    return packed.getvalue()


def zipped_csv(_: Path) -> bytes:
    return zipped(a_csv([["a", "Bojím se tu", LON, LAT, "", ""]]))


FILES: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "GeoJSON": ("a.geojson", lambda _: as_json()),
    "GeoJSON in S-JTSK, positive, unnamed": (
        "a.json",
        lambda _: as_json(at=tuple(-float(n) for n in to_metric(5514)(LON, LAT))),
    ),
    "GeoJSON in S-JTSK by its old member": (
        "a.json",
        lambda _: as_json("urn:ogc:def:crs:EPSG::5514", tuple(float(n) for n in to_metric(5514)(LON, LAT))),
    ),
    "GeoPackage": ("b.gpkg", lambda f: by_gdal(f, "GPKG", "gpkg", "-t_srs", "EPSG:32633").read_bytes()),
    "FlatGeobuf": ("c.fgb", lambda f: by_gdal(f, "FlatGeobuf", "fgb").read_bytes()),
    "Shapefile": ("d.zip", a_shapefile),
    "CSV in a zip": ("e.zip", zipped_csv),
}


@pytest.mark.parametrize(("name", "make"), FILES.values(), ids=FILES)
def test_every_point_format_goes_in(
    office: FlaskClient, session: Session, tmp_path: Path, name: str, make: Callable[[Path], bytes]
) -> None:
    address, _ = looked(office, make(tmp_path), name)
    form = {"comment": "", "person": "", "time": "", "x": "", "y": "", "means-0": "unsafe"}
    assert imported(office, address, **form).status_code == 303
    where = session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    assert where == pytest.approx(CENTRE, abs=1.5e-5)


REFUSED = {
    "nothing": (b"", "a.csv"),
    "a program": (b"MZ\x00\x01" * 100, "a.csv"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00", "a.png"),
    "no JSON": (b"{", "a.geojson"),
    "a broken GeoPackage": (b"SQLite format 3\x00" + b"x" * 5000, "a.gpkg"),
    "a broken FlatGeobuf": (b"fgb\x03fgb\x00" + b"\xff" * 200, "a.fgb"),
    "a heading alone": (b"x;y\n", "a.csv"),
    "a broken zip": (b"PK\x03\x04" + b"x" * 50, "a.zip"),
    "nothing to read in the zip": (b"PK\x05\x06" + b"\x00" * 18, "a.zip"),
    "empty GeoJSON": (b'{"type":"FeatureCollection","features":[]}', "a.geojson"),
    "an XML that calls outside": (b'<?xml version="1.0"?><OGRVRTDataSource/>', "a.csv.xml"),
}


@pytest.mark.parametrize(("content", "name"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_file_of_points_is_refused_in_words(
    office: FlaskClient, config: Config, content: bytes, name: str
) -> None:
    answer = upload(office, content, name)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert not list((config.home / "uploads" / "older").iterdir())


def test_too_many_rows_are_sent_to_the_command_line(office: FlaskClient) -> None:
    rows = b"x;y\n" + b"15.5;49.6\n" * (older_reader.MOST_ROWS + 1)
    answer = upload(office, zipped(rows), "mnoho.zip")
    assert answer.status_code == 422
    assert "pocit pins import" in answer.text


def kept_files(config: Config) -> list[Path]:
    return [path for path in (config.home / "uploads" / "older").rglob("*") if path.is_file()]


@pytest.mark.parametrize("length", [201, 4000])
def test_a_column_named_by_a_whole_text_is_refused(office: FlaskClient, config: Config, length: int) -> None:
    answer = upload(office, b"x;y;" + b"n" * length + b"\n15.52;49.62;a\n")
    assert answer.status_code == 422
    assert "200" in answer.text
    assert "n" * 41 not in answer.text
    assert kept_files(config) == []


def test_more_columns_than_anybody_reads_are_refused(office: FlaskClient, config: Config) -> None:
    heading = [f"c{n}" for n in range(older_reader.MOST_FIELDS + 1)]
    answer = upload(office, a_csv([[1]], heading))
    assert answer.status_code == 422
    assert str(older_reader.MOST_FIELDS) in answer.text
    assert kept_files(config) == []


def test_a_small_file_stays_small_on_the_disk_and_on_the_page(office: FlaskClient, config: Config) -> None:
    # Names as long as may be, lines with nothing in them, cells of letters that escapes would swell.
    heading = [f"{n:03}".ljust(older_reader.MOST_NAME_CHARACTERS, "&") for n in range(older_reader.MOST_FIELDS)]
    content = a_csv([["ř" * 500] * len(heading)], heading) + b"\r\n" * 5_000
    _, page = looked(office, content)
    assert sum(path.stat().st_size for path in kept_files(config)) < 5 * len(content)
    assert len(page.encode()) < 2_000_000
    assert "ř" * (older_reader.MOST_EXAMPLE_CHARACTERS + 1) not in page


def test_rows_that_would_fill_the_disk_are_refused_and_taken_away(
    office: FlaskClient, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_maps, "MOST_KEPT_BYTES", 1 << 20)
    content = a_csv([["a", "Bojím se tu", LON, LAT, "x" * 1000, ""]] * 2000)
    answer = upload(office, zipped(content), "stara.zip")
    assert answer.status_code == 422
    assert "1 MB" in answer.text.replace("\xa0", " ")
    assert kept_files(config) == []


def test_rows_shorter_than_the_heading_go_in(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv([["a", "Bojím se tu", LON, LAT], [], *ROWS[1:]]))
    assert imported(office, address, **{"means-0": "unsafe"}).status_code == 303
    assert sorted(str(pin.comment) for pin in pins(session)) == ["None", "None", "tma"]


def test_a_file_that_lies_about_its_kind_reaches_no_other_driver(office: FlaskClient) -> None:
    vrt = b'{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read /etc/passwd"}'
    assert upload(office, vrt, "a.json").status_code == 422


def test_the_uploaded_rows_are_only_their_officials_and_their_maps(
    app: Flask, office: FlaskClient, session: Session
) -> None:
    address, _ = looked(office, a_csv())
    colleague = sign_in(app.test_client(), an_official(session, "kolegyne@testov.example"))
    assert colleague.get(address).status_code == 303
    a_map(session, "druhy", town={"name": "Testov", "slug": "testov"})
    assert office.get(address.replace("/testov/", "/druhy/")).status_code == 303
    assert office.get(f"{OLDER}/{'x' * 22}").status_code == 303
    assert office.get(f"{OLDER}/..%2f..%2fsecret").status_code in (303, 404)


def test_rows_are_forgotten_after_the_import_after_hours_and_when_left_be(
    office: FlaskClient, config: Config
) -> None:
    folder = config.home / "uploads" / "older"
    address, _ = looked(office, a_csv())
    imported(office, address)
    assert list(folder.glob("*/rows.jsonl")) == []
    address, _ = looked(office, a_csv())
    office.post(f"{address}/forget", data={"csrf_token": csrf_of(office, address)})
    assert list(folder.glob("*/rows.jsonl")) == []
    looked(office, a_csv())
    (kept,) = {path.parent for path in folder.glob("*/rows.jsonl")}
    assert kept.stat().st_mode & 0o077 == 0
    hours_ago = time.time() - 7 * 3600
    os.utime(kept, (hours_ago, hours_ago))
    looked(office, a_csv())
    assert not kept.exists()


def test_an_import_is_not_done_twice_by_two_clicks(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv())
    token = csrf_of(office, address)
    for _ in range(2):
        assert office.post(address, data={"csrf_token": token, **CHOSEN, **MEANS}).status_code == 303
    assert len(pins(session)) == 3


def test_what_people_wrote_in_the_file_is_only_text(office: FlaskClient) -> None:
    mean = "<script>alert(1)</script>"
    _, page = looked(office, a_csv([[mean, mean, LON, LAT, mean, ""]], [*HEADING[:-1], mean]), f"{mean}.csv")
    assert mean not in page
    assert "&lt;script&gt;" in page


def test_comments_of_an_older_map_are_looked_through(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv([["a", "Bojím se tu", LON, LAT, "volejte 777 123 456", ""]]))
    imported(office, address)
    (pin,) = pins(session)
    assert pin.checked_at is not None


def test_a_broken_choice_is_refused_beside_its_field(office: FlaskClient, session: Session) -> None:
    address, _ = looked(office, a_csv())
    assert imported(office, address, crs="krovak").status_code == 422
    assert imported(office, address, crs="EPSG:999999").status_code == 422
    assert imported(office, address, category="").status_code == 422
    assert imported(office, address, **{"means-0": "", "means-1": "nonsense"}).status_code == 422
    assert office.get(address, query_string={"category": "pocit", "crs": "x" * 2000}).status_code == 422
    assert pins(session) == []


def test_the_reading_process_gets_only_the_drivers_it_needs() -> None:
    skipped = older_maps.OUR_SKIPPED_DRIVERS.split(",")
    assert "GeoJSON" not in skipped
    assert "FlatGeobuf" not in skipped
    assert {"OGR_VRT", "CSV", "GML", "SQLite", "HTTP", "GDALG", "GeoJSONSeq"} <= set(skipped)
