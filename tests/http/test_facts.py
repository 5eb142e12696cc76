"""Layers of facts in the office: from a file or an address, row by row, for one town only, drawn on its maps."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import geopandas
import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Config
from app.inputs import fact_files, fact_reader
from app.models import AuditEntry, Fact, FactLayer
from app.queries import facts as queries
from app.services import facts as services
from gis.crs import to_metric
from tests.builders import CENTRE, a_fact_layer, a_map, an_official
from tests.doors import csrf_of, sign_in

PAGE = "/office/towns/testov/facts"
LAMPS = b"id;lon;lat;druh;jmeno;datum\n1;15.521;49.621;LED;Jan;14. 9. 2026\n2;15.522;49.622;plyn;Eva;brzy\n"


@pytest.fixture
def office(client: FlaskClient, session: Session) -> FlaskClient:
    a_map(session, ruian=900001)
    return sign_in(client, an_official(session))


def upload(client: FlaskClient, content: bytes, filename: str = "lampy.csv", **said: str) -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), "name": "lampy", "file": (io.BytesIO(content), filename)} | said
    return client.post(PAGE, data=form, content_type="multipart/form-data", buffered=True)


def fetch(client: FlaskClient, address: str, **said: str) -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), "name": "lampy", "address": address} | said
    return client.post(PAGE, data=form, buffered=True)


def stored(session: Session) -> list[Fact]:
    session.expire_all()
    return list(session.scalars(select(Fact).order_by(Fact.layer_id, Fact.n)))


def layers(session: Session) -> list[FactLayer]:
    session.expire_all()
    return list(session.scalars(select(FactLayer).order_by(FactLayer.id)))


def without_digest(layer: FactLayer) -> dict[str, object]:
    return {key: value for key, value in layer.source.items() if key != "digest"}


def geojson(*geometries: object, **members: object) -> bytes:
    features = [{"type": "Feature", "properties": {"n": n}, "geometry": g} for n, g in enumerate(geometries)]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def point(lon: float, lat: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [lon, lat]}


def test_a_table_becomes_a_layer_that_keeps_no_column_nobody_named(office: FlaskClient, session: Session) -> None:
    answer = upload(office, LAMPS, note="Technické služby", day="2026-09-01")
    assert answer.status_code == 303
    (layer,) = layers(session)
    assert (layer.name, layer.shape, layer.features, layer.version) == ("lampy", "points", 2, 1)
    assert without_digest(layer) == {"file": "lampy.csv", "note": "Technické služby", "day": "2026-09-01"}
    assert [(to_shape(fact.place).coords[0], fact.label, fact.happened_on) for fact in stored(session)] == [
        ((15.521, 49.621), None, None),
        ((15.522, 49.622), None, None),
    ]
    deed = session.scalars(select(AuditEntry).where(AuditEntry.action == "facts.load")).one()
    assert (deed.subject, deed.detail["rows"]) == ("lampy", 2)
    page = office.get(PAGE).text
    assert "Technické služby" in page
    assert "lampy.csv" in page


def test_the_two_columns_that_are_named_are_kept(office: FlaskClient, session: Session) -> None:
    page = upload(office, LAMPS, label="druh", happened="datum").text
    assert [(fact.label, str(fact.happened_on)) for fact in stored(session)] == [
        ("LED", "2026-09-14"),
        ("plyn", "None"),
    ]
    assert "1" in page.partition("notice-good")[2]  # one day could not be read


def test_a_column_that_is_not_there_is_told_with_those_that_are(office: FlaskClient, session: Session) -> None:
    answer = upload(office, LAMPS, label="popis")
    assert answer.status_code == 422
    assert "id, lon, lat, druh, jmeno, datum" in answer.text
    assert not layers(session)


def test_bad_rows_are_told_by_their_numbers_and_the_rest_is_loaded(office: FlaskClient, session: Session) -> None:
    rows = b"lon,lat\n15.52,49.62\n,49.62\n14.4,50.08\n15.53,49.62\n"
    page = upload(office, rows).text
    assert len(stored(session)) == 2
    refused = page.partition('class="import-refused"')[2].partition("</ul>")[0]
    assert [number in refused for number in (" 1:", " 2:", " 3:", " 4:")] == [False, True, True, False]


@pytest.mark.parametrize("turned", [False, True])
def test_krovak_is_recognised_in_any_order_and_sign(
    office: FlaskClient, session: Session, *, turned: bool
) -> None:
    east, north = (float(value) for value in to_metric(5514)(*CENTRE))
    pair = (-north, -east) if turned else (east, north)
    upload(office, f"x;y\n{pair[0]};{pair[1]}\n{pair[0] + 1};{pair[1]}\n".encode())
    assert to_shape(stored(session)[0].place).distance(shapely.Point(CENTRE)) < 1e-6


def test_lines_and_areas_are_layers_of_their_own_and_odd_ones_are_told(
    office: FlaskClient, session: Session
) -> None:
    line = {"type": "LineString", "coordinates": [[15.51, 49.62], [15.53, 49.62]]}
    bow = {"type": "Polygon", "coordinates": [[[15.51, 49.61], [15.53, 49.63], [15.53, 49.61], [15.51, 49.63], [15.51, 49.61]]]}  # fmt: skip  # noqa: E501
    page = upload(office, geojson(line, line, point(15.52, 49.62)), "cesty.geojson", name="cesty").text
    assert " 3:" in page.partition('class="import-refused"')[2]
    upload(office, geojson(bow), "parky.geojson", name="parky")
    assert [(layer.name, layer.shape, layer.features) for layer in layers(session)] == [
        ("cesty", "lines", 2),
        ("parky", "areas", 1),
    ]
    assert to_shape(stored(session)[-1].place).is_valid


def test_points_of_a_group_count_one_by_one(office: FlaskClient, session: Session) -> None:
    upload(office, geojson({"type": "MultiPoint", "coordinates": [[15.52, 49.62], [15.53, 49.62]]}), "l.geojson")
    assert layers(session)[0].features == 2


@pytest.mark.parametrize("form", ["gpkg", "shp.zip"])
def test_files_of_a_gis_are_read_in_their_own_system(
    office: FlaskClient, session: Session, tmp_path: Path, form: str
) -> None:
    frame = geopandas.GeoDataFrame({"druh": ["A"]}, geometry=[shapely.Point(*CENTRE)], crs=4326).to_crs(5514)
    if form == "gpkg":
        frame.to_file(tmp_path / "stops.gpkg", driver="GPKG")
        content = (tmp_path / "stops.gpkg").read_bytes()
    else:
        frame.to_file(tmp_path / "stops.shp")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file in tmp_path.glob("stops.*"):
                archive.write(file, file.name)
        content = packed.getvalue()
    assert upload(office, content, f"stops.{form}", label="druh").status_code == 303
    (fact,) = stored(session)
    assert fact.label == "A"
    assert to_shape(fact.place).distance(shapely.Point(CENTRE)) < 1e-6


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"", "lampy.csv"),
        (b"PK\x03\x04broken", "lampy.zip"),
        (b"\x00" * 100, "lampy.csv"),
        (b"<html>hello</html>", "lampy.csv"),
        (b"a;b\n1;2\n", "lampy.csv"),
        (b"lon;lat\n;\n", "lampy.csv"),
        (b"lon;lat\n2.35;48.85\n", "paris.csv"),
        (b"lon;lat\n49.62;15.52\n", "turned.csv"),
        (b"x;y\n5000000;300\n", "no-system.csv"),
        (b'{"type":"FeatureCollection","features":[]}', "empty.geojson"),
        (b'{"type":"FeatureCollection","features":', "broken.geojson"),
        (b"<OGRVRTDataSource></OGRVRTDataSource>", "layer.vrt"),
        (b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1/', "layer.geojson"),
    ],
)
def test_what_can_not_be_used_is_refused_in_words(
    office: FlaskClient, session: Session, content: bytes, filename: str
) -> None:
    answer = upload(office, content, filename)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not layers(session)


def test_latitude_and_longitude_turned_are_told_as_that(office: FlaskClient) -> None:
    words = upload(office, b"lon;lat\n49.62;15.52\n").text
    assert "lon" in words.partition('role="alert"')[2][:200]


def test_a_damaged_file_is_told_without_where_it_lay(office: FlaskClient) -> None:
    answer = upload(office, b"SQLite format 3\x00" + bytes(3_000), "lampy.gpkg")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert tempfile.gettempdir() not in answer.text
    assert "pocit-facts-" not in answer.text


def test_too_much_is_refused(office: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_files, "MOST_UPLOAD_BYTES", 20)
    assert upload(office, LAMPS).status_code == 422
    monkeypatch.setattr(services, "MOST_LAYERS", 1)
    monkeypatch.setattr(fact_files, "MOST_UPLOAD_BYTES", 1000)
    assert upload(office, LAMPS).status_code == 303
    assert upload(office, LAMPS, name="jiné").status_code == 422
    assert len(layers(session)) == 1
    # The limit of facts holds in the process that reads; here it is the same function.
    monkeypatch.setattr(fact_reader, "MOST_FACTS", 1)
    found = fact_reader.Facts([1, 2], [shapely.Point(15, 49)] * 2, [None] * 2, [None] * 2)
    with pytest.raises(fact_reader.InvalidInput):
        fact_reader._kept(shapely.points([[15, 49], [15, 49]]), fact_reader.FactWanted(), found)


def test_a_name_is_needed_and_is_only_once(office: FlaskClient, session: Session) -> None:
    assert upload(office, LAMPS, name=" ").status_code == 422
    assert upload(office, LAMPS).status_code == 303
    assert upload(office, LAMPS, name="Lampy").status_code == 422
    assert len(layers(session)) == 1


def test_a_layer_can_be_removed(office: FlaskClient, session: Session) -> None:
    upload(office, LAMPS)
    (layer,) = layers(session)
    form = {"csrf_token": csrf_of(office, PAGE)}
    assert office.post(f"{PAGE}/{layer.id}/remove", data=form).status_code == 303
    assert (layers(session), stored(session)) == ([], [])
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "facts.remove")).one().subject == "lampy"


@contextmanager
def a_server(answers: Callable[[], tuple[int, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/data/lampy?format=csv"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def inner(app: Flask) -> None:
    """A server of the town's own network, allowed by name."""
    config: Config = app.extensions["pocit-config"]
    object.__setattr__(config, "tile_hosts", frozenset({"127.0.0.1"}))


@pytest.mark.usefixtures("inner")
def test_a_layer_comes_from_an_address_and_comes_again(office: FlaskClient, session: Session) -> None:
    now = [(200, LAMPS)]
    with a_server(lambda: now[0]) as address:
        assert fetch(office, address, label="druh").status_code == 303
        (layer,) = layers(session)
        assert without_digest(layer) == {"address": address, "label": "druh"}
        now[0] = (200, LAMPS + b"3;15.523;49.623;LED;Ota;1. 1. 2027\n")
        form = {"csrf_token": csrf_of(office, PAGE)}
        assert office.post(f"{PAGE}/{layer.id}/reload", data=form).status_code == 303
        (layer,) = layers(session)
        assert (layer.features, layer.version) == (3, 2)
        assert [fact.label for fact in stored(session)] == ["LED", "plyn", "LED"]
        office.post(f"{PAGE}/{layer.id}/reload", data=form)
        assert layers(session)[0].version == 2  # the same again: analyses made with it stay of today
        now[0] = (500, b"")
        answer = office.post(f"{PAGE}/{layer.id}/reload", data=form)
        assert answer.status_code == 422
        assert len(stored(session)) == 3


@pytest.mark.usefixtures("inner")
@pytest.mark.parametrize("body", [b"<!doctype html><html>login", b"", b"x" * 3000])
def test_an_address_without_a_file_is_refused_beside_its_field(
    office: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(services, "MOST_UPLOAD_BYTES", 2000)
    with a_server(lambda: (200, body)) as address:
        answer = fetch(office, address)
    assert answer.status_code == 422
    assert 'id="a-address-error"' in answer.text
    assert not layers(session)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x.csv", "http://[::1]/x.csv", "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x.csv", "http://localhost/x.csv", "file:///etc/passwd", "ftp://example.org/x",
        "/vsicurl/http://127.0.0.1", "http://user@example.org/x.csv", "http://", "x" * 1200,
    ],
)  # fmt: skip
def test_no_address_of_our_own_network_is_asked(office: FlaskClient, session: Session, address: str) -> None:
    answer = fetch(office, address)
    assert answer.status_code == 422
    assert 'id="a-address-error"' in answer.text
    assert not layers(session)


def test_towns_do_not_see_or_touch_each_others_layers(office: FlaskClient, session: Session) -> None:
    other = a_map(session, "jinde")
    theirs = a_fact_layer(session, other, "klokani-lampy")
    form = {"csrf_token": csrf_of(office, PAGE)}
    assert "klokani" not in office.get(PAGE).text
    assert office.get(f"/office/maps/testov/facts/{theirs.id}.geojson").status_code == 404
    assert office.get(f"/office/maps/jinde/facts/{theirs.id}.geojson").status_code == 404
    for deed in ("remove", "reload"):
        assert office.post(f"{PAGE}/{theirs.id}/{deed}", data=form).status_code == 404
        assert office.post(f"/office/towns/jinde/facts/{theirs.id}/{deed}", data=form).status_code == 404
    assert len(layers(session)) == 1
    assert office.post(f"{PAGE}/99999999999/remove", data=form).status_code == 404


def test_the_map_offers_the_layers_of_its_town_and_draws_what_lies_in_view(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_map(session)
    layer = a_fact_layer(session, the_map, "lampy & spol", ["POINT(15.51 49.62)", "POINT(15.53 49.62)"])
    viewer = sign_in(client, an_official(session, "kdo@testov.example", role="viewer"))
    page = viewer.get("/office/maps/testov").text
    assert "lampy &amp; spol" in page
    assert f"/office/maps/testov/facts/{layer.id}.geojson" in page
    whole = viewer.get(f"/office/maps/testov/facts/{layer.id}.geojson").get_json(force=True)
    assert whole["complete"] is True
    assert [f["geometry"]["coordinates"] for f in whole["features"]] == [[15.51, 49.62], [15.53, 49.62]]
    part = viewer.get(f"/office/maps/testov/facts/{layer.id}.geojson?bbox=15.5,49.6,15.52,49.7").get_json(
        force=True
    )
    assert len(part["features"]) == 1
    for wrong in ("1,2,3", "a,b,c,d", "9,9,1,1," * 60, "nan,1,2,3"):
        assert viewer.get(f"/office/maps/testov/facts/{layer.id}.geojson?bbox={wrong}").status_code == 400


@pytest.mark.parametrize("kind", ["points", "lines", "areas"])
def test_of_too_many_the_map_gets_fewer_and_is_told_so(
    office: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(queries, "MOST_SHOWN", 10)
    from app.queries.maps import read_map

    made = {
        "points": [f"POINT({15.51 + n * 1e-6} 49.62)" for n in range(30)],
        "lines": [f"LINESTRING(15.51 {49.61 + n * 1e-4}, 15.52 {49.61 + n * 1e-4})" for n in range(30)],
        "areas": [shapely.box(15.51, 49.61, 15.511 + n * 1e-4, 49.62).wkt for n in range(30)],
    }[kind]
    layer = a_fact_layer(session, read_map(session, "testov"), "mnoho", made)
    shown = office.get(f"/office/maps/testov/facts/{layer.id}.geojson").get_json(force=True)
    assert shown["complete"] is False
    if kind == "points":
        assert sum(feature["properties"]["n"] for feature in shown["features"]) == 30
    else:
        assert len(shown["features"]) == 10
