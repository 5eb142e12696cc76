"""Layers as files: the same columns in every form, the right place in every system, and no secrets."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyproj import Transformer
from sqlalchemy.orm import Session

from app import turns
from app.inputs.filters import Scope
from app.models import Pin, PinState
from app.queries.layers import LAYERS
from app.queries.maps import MapRecord
from app.services import layer_files
from gis.formats.table_csv import _cell
from tests.builders import CENTRE, a_draft, a_map, a_pin, a_token, an_answered_place, an_official, moment
from tests.doors import sign_in
from tests.taken_files import FORMS, by_gdal, everything_said, taken

PUBLIC = "/data/testov"
OFFICE = "/office/maps/testov"
SECRETS = ("SKRYTY", "CEKAJICI", "NEZVEREJNENA", "woman", "TAJNY-DUVOD")
FOR_EVERYBODY = [name for name, kind in LAYERS.items() if not kind.office_only]
QUESTIONS = [
    {
        "key": "when",
        "label": {"cs": "Kdy?"},
        "type": "multiple",
        "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
    },
    {"key": "secretly", "label": {"cs": "Tajně?"}, "type": "text", "published": False},
]
ABOUT = [
    {
        "key": "gender",
        "label": {"cs": "Kdo?"},
        "type": "single",
        "options": [{"key": "woman", "label": {"cs": "žena"}}],
    }
]
LONG = "Ž" * 400
KEY = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 +step +proj=cart"
    " +ellps=WGS84 +step +inv +proj=helmert +x=572.213 +y=85.334 +z=461.94 +rx=-4.9732 +ry=-1.529 +rz=-5.2484"
    " +s=3.5378 +convention=coordinate_frame +step +inv +proj=cart +ellps=bessel +step +proj=pop +v_3 +step"
    " +proj=krovak +ellps=bessel"
)


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A crowd with one long comment and several answers; a hidden pin, a waiting pin, a lone person far off."""
    the_map = a_map(session, questions=QUESTIONS, about=ABOUT)
    for n in range(7):
        a_pin(
            session,
            the_map,
            "unsafe",
            respondent=f"r{n}",
            about={"gender": "woman"},
            answers={"when": ["day", "night"], "secretly": "NEZVEREJNENA"},
            comment=LONG if n == 0 else "=1+1; „lampy“\nnesvítí",
            created_at=moment("2026-09-01T10:00:00.123456Z"),
        )
    a_pin(session, the_map, comment="SKRYTY", state=PinState.HIDDEN, hidden_reason=":TAJNY-DUVOD", respondent="h")
    a_pin(session, the_map, comment="CEKAJICI", state=PinState.PENDING, respondent="p")
    an_answered_place(session, the_map)
    return the_map


@pytest.fixture
def office(app: Flask, session: Session, town: MapRecord) -> FlaskClient:
    """An official of the town, signed in."""
    return sign_in(app.test_client(), an_official(session, role="viewer"))


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("layer", FOR_EVERYBODY)
def test_no_public_file_holds_a_person_or_what_is_not_shown(
    client: FlaskClient, session: Session, town: MapRecord, layer: str, ending: str
) -> None:
    people = [str(pin.respondent_id) for pin in session.query(Pin).all()]
    answer = client.get(f"{PUBLIC}/{layer}.{ending}?lang=cs")
    assert answer.status_code == 200
    said = everything_said(answer.data, ending)
    for secret in (*SECRETS, *people, "respondent", "hidden_reason", "about_gender"):
        assert secret not in said
    file = taken(answer.data, ending, layer)
    assert layer != "pins" or len(file.rows) == 7
    assert layer in ("clusters", "hot-spots") or file.rows


@pytest.mark.parametrize("layer", ["pins", "heat-cells", "places"])
def test_office_file_holds_what_the_public_one_must_not(office: FlaskClient, layer: str) -> None:
    for ending in FORMS:
        answer = office.get(f"{OFFICE}/{layer}.{ending}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        file = taken(answer.data, ending, layer)
        if layer == "pins":
            said = everything_said(answer.data, ending)
            assert all(secret in said for secret in SECRETS)
            assert len(file.rows) == 9


@pytest.mark.parametrize("where", [PUBLIC, OFFICE])
def test_all_forms_have_the_same_columns_and_values(app: Flask, office: FlaskClient, where: str) -> None:
    found = {ending: taken(office.get(f"{where}/pins.{ending}?lang=cs").data, ending) for ending in FORMS}
    described = office.get(f"{where}/columns.json").json["columns"]
    names = [column["name"] for column in described]
    assert all(file.columns == names for ending, file in found.items() if ending not in ("gpkg", "shp.zip"))
    assert found["gpkg"].columns == names
    short = [column["short"] for column in described]
    assert [name for name in found["shp.zip"].columns if not name.startswith("comment_")] == short
    whole = {row["id"]: row for row in found["geojson"].rows}
    for ending in set(FORMS) - {"shp.zip"}:
        assert {row["id"] for row in found[ending].rows} == set(whole)
        for row in found[ending].rows:
            for name in ("category", "comment", "channel", "status"):
                said = row[name] if ending != "csv" else (row[name].removeprefix("'") or None)
                assert said == whole[row["id"]][name]
            assert (row["when"] or None) in (None, "day; night", ["day", "night"])
            assert str(row["created_at"])[11:19] == whole[row["id"]]["created_at"][11:19]


def test_long_comment_goes_on_in_the_next_column_of_a_shapefile(client: FlaskClient, town: MapRecord) -> None:
    data = client.get(f"{PUBLIC}/pins.shp.zip?lang=cs").data
    rows = taken(data, "shp.zip").rows
    longest = max(rows, key=lambda row: len(row["comment"]))
    parts = [name for name in longest if name.startswith("comment")]
    assert parts == ["comment", "comment_2", "comment_3", "comment_4"]
    assert "".join(longest[part] or "" for part in parts) == LONG
    assert all(len(name) <= 10 for name in longest)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.read("pins.cpg") == b"UTF-8"
        explained = packed.read("columns.txt").decode("utf-8-sig")
    assert "answered_a\tanswered_at\t" in explained
    assert "comment_2\tcomment (2/4)\t" in explained


@pytest.mark.parametrize("epsg", [5514, 4258, 32633, 5513])
def test_every_form_lies_in_the_system_that_was_asked_for(client: FlaskClient, town: MapRecord, epsg: int) -> None:
    places = set()
    for ending in FORMS:
        answer = client.get(f"{PUBLIC}/pins.{ending}?crs=EPSG:{epsg}")
        file = taken(answer.data, ending)
        assert file.epsg == epsg
        digits = 5 if epsg == 4258 else 2
        places |= {(round(shape.x, digits), round(shape.y, digits)) for shape in file.shapes}
    assert len(places) == 1
    if epsg == 5514:
        x, y = Transformer.from_pipeline(KEY).transform(*CENTRE)
        assert abs(next(iter(places))[0] - x) < 1.0
        assert abs(next(iter(places))[1] - y) < 1.0


def test_geojson_in_s_jtsk_says_so_in_its_name_and_inside(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get(f"{PUBLIC}/pins.geojson?crs=EPSG:5514")
    assert 'filename="testov-pins_sjtsk.geojson"' in answer.headers["Content-Disposition"]
    assert answer.json["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::5514"
    plain = client.get(f"{PUBLIC}/pins.geojson")
    assert 'filename="testov-pins.geojson"' in plain.headers["Content-Disposition"]
    assert "crs" not in plain.json


@pytest.mark.parametrize(
    "query", ["crs=5514", "crs=EPSG:1", "crs=EPSG:4979", "crs=EPSG:2193", "crs=EPSG:27700", "state=hidden", "x=1"]
)
@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_what_can_not_be_asked_is_a_problem(client: FlaskClient, town: MapRecord, query: str, ending: str) -> None:
    answer = client.get(f"{PUBLIC}/pins.{ending}?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["pins.kml", "nothing.gpkg", "everything.geojson", "pins.zip"])
def test_unknown_layers_and_forms_are_not_there(client: FlaskClient, town: MapRecord, path: str) -> None:
    assert client.get(f"{PUBLIC}/{path}").status_code == 404


def test_unpublished_layers_are_refused_each_by_its_own_rule(client: FlaskClient, session: Session) -> None:
    a_map(session, "tichov", publish={"pins": False, "heat": True})
    a_map(session, "chladov", publish={"pins": True, "heat": False})
    for ending in FORMS:
        assert client.get(f"/data/tichov/pins.{ending}").status_code == 403
        assert client.get(f"/data/chladov/heat-cells.{ending}").status_code == 403
        assert client.head(f"/data/chladov/hot-spots.{ending}").status_code == 403
    assert client.get("/data/tichov/heat-cells.geojson").status_code == 200
    assert client.get("/data/chladov/pins.geojson").status_code == 200


def test_draft_has_no_files_for_anybody_outside(client: FlaskClient, session: Session) -> None:
    a_draft(session)
    for path in ("pins.geojson", "everything.gpkg", "columns", "columns.csv"):
        assert client.get(f"/data/koncept/{path}").status_code == 404


def test_geopackage_opens_in_the_maps_colours_and_explains_itself(
    client: FlaskClient, town: MapRecord, tmp_path: Path
) -> None:
    path = tmp_path / "pins.gpkg"
    path.write_bytes(client.get(f"{PUBLIC}/pins.gpkg?crs=EPSG:5514&lang=cs").data)
    with sqlite3.connect(path) as file:
        name, geometry, qml = file.execute(
            "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles WHERE useAsDefault"
        ).fetchone()
        assert (name, geometry) == ("pins", "geom")
        assert 'value="unsafe"' in qml
        assert 'value="triangle"' in qml
        assert 'value="213,94,0,255"' in qml
        codes = file.execute(
            "SELECT value, c.description FROM gpkg_data_column_constraints c JOIN gpkg_data_columns d"
            " ON c.constraint_name = d.constraint_name WHERE d.column_name = 'category'"
        ).fetchall()
        assert ("safe", "Tady se cítím bezpečně") in codes
        described = dict(file.execute("SELECT column_name, description FROM gpkg_data_columns"))
        assert "Ve dne" in described["when"]
        assert all(described[name] for name in described)
        extensions = {row[0] for row in file.execute("SELECT extension_name FROM gpkg_extensions")}
        assert {"gpkg_rtree_index", "gpkg_schema", "gpkg_metadata"} <= extensions
        assert file.execute("SELECT description FROM gpkg_contents WHERE table_name = 'pins'").fetchone()[0]
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not file.execute("PRAGMA foreign_key_check").fetchall()


def test_everything_is_one_geopackage_of_what_the_reader_may_have(
    office: FlaskClient, client: FlaskClient, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "all.gpkg"
    path.write_bytes(office.get(f"{OFFICE}/everything.gpkg?crs=EPSG:5514").data)
    for name, kind in LAYERS.items():
        if not kind.analysis:
            assert by_gdal(str(path), name).epsg == 5514
    assert len(by_gdal(str(path), "pins").rows) == 9
    path.write_bytes(client.get(f"{PUBLIC}/everything.gpkg").data)
    assert len(by_gdal(str(path), "pins").rows) == 7
    a_map(session, "tichov", publish={"pins": False, "heat": False})
    path.write_bytes(client.get("/data/tichov/everything.gpkg").data)
    with sqlite3.connect(path) as file:
        tables = {row[0] for row in file.execute("SELECT table_name FROM gpkg_contents")}
    assert tables == {"boundary", "places", "layer_styles"}


@pytest.mark.parametrize("ending", FORMS)
def test_head_costs_nothing_and_claims_no_length(client: FlaskClient, town: MapRecord, ending: str) -> None:
    answer = client.head(f"{PUBLIC}/pins.{ending}")
    assert answer.status_code == 200
    assert answer.mimetype == client.get(f"{PUBLIC}/pins.{ending}").mimetype
    assert "Content-Length" not in answer.headers
    assert answer.headers["Accept-Ranges"] == "none"


def test_built_file_has_a_length_a_mark_and_leaves_nothing_on_disk(
    app: Flask, client: FlaskClient, session: Session, town: MapRecord
) -> None:
    answer = client.get(f"{PUBLIC}/pins.gpkg")
    assert answer.content_length == len(answer.data)
    again = client.get(f"{PUBLIC}/pins.gpkg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    a_pin(session, town)
    assert client.get(f"{PUBLIC}/pins.gpkg", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200
    folder: Path = app.extensions["pocit-config"].home / "files"
    assert list(folder.iterdir()) == []


def test_flood_of_files_is_told_to_come_again(
    client: FlaskClient, town: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.01)
    with layer_files.turn():
        answer = client.get(f"{PUBLIC}/pins.gpkg")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get(f"{PUBLIC}/pins.gpkg").status_code == 200


@pytest.mark.parametrize("name", ["boundary.fgb", "boundary.csv", "pins.geojson"])
def test_slow_readers_take_only_so_many_places_and_none_of_the_offices(
    client: FlaskClient, session: Session, town: MapRecord, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.01)
    token = a_token(session, an_official(session))
    most = layer_files.MOST_SENT[Scope.PUBLIC]
    held = [client.get(f"{PUBLIC}/{name}", buffered=False) for _ in range(most)]
    answer = client.get(f"{PUBLIC}/pins.csv")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(f"{OFFICE}/{name}", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    for answer in held:
        answer.close()
    del held, answer
    assert client.get(f"{PUBLIC}/{name}").status_code == 200


def test_who_finds_the_queue_full_is_sent_away_at_once(client: FlaskClient, town: MapRecord) -> None:
    with ThreadPoolExecutor(turns.MOST_WAITING) as others, layer_files.turn():
        waiting = [others.submit(_one_turn) for _ in range(turns.MOST_WAITING)]
        while layer_files._building._queue._value:
            time.sleep(0.01)
        since = time.monotonic()
        assert client.get(f"{PUBLIC}/boundary.geojson").status_code == 503
        assert time.monotonic() - since < turns.WAIT_S / 2
        assert not any(one.done() for one in waiting)


def _one_turn() -> None:
    with layer_files.turn():
        pass


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", " =", "\n=", "＝", "\ufeff@"])
def test_csv_of_pins_and_of_layers_runs_no_formula(
    client: FlaskClient, session: Session, town: MapRecord, beginning: str
) -> None:
    a_pin(session, town, comment=f"{beginning}1+1")
    found = csv.reader(io.StringIO(client.get(f"{PUBLIC}/pins.csv").text, newline=""), delimiter=";")
    assert any(f"'{beginning}1+1" in row for row in found)
    assert _cell(f"{beginning}1+1").startswith("'")


def test_token_reads_the_office_files(client: FlaskClient, session: Session, town: MapRecord) -> None:
    token = a_token(session, an_official(session))
    answer = client.get(f"{OFFICE}/pins.geojson", headers={"Authorization": f"Bearer {token}"})
    assert len(json.loads(answer.data)["features"]) == 9


def test_csv_names_its_axes_and_its_system(client: FlaskClient, town: MapRecord) -> None:
    head = client.get(f"{PUBLIC}/pins.csv").text.splitlines()[0]
    assert head.startswith("\ufeffid;wkt;lon;lat;crs;category;")
    krovak = client.get(f"{PUBLIC}/pins.csv?crs=EPSG:5514").text.splitlines()
    assert krovak[0].startswith("\ufeffid;wkt;x;y;crs;category;")
    assert ";EPSG:5514;unsafe;" in krovak[1]


@pytest.mark.parametrize("lang", ["cs", "en"])
def test_dictionary_is_a_page_and_two_files(office: FlaskClient, client: FlaskClient, lang: str) -> None:
    page = client.get(f"{PUBLIC}/columns?lang={lang}").text
    assert "<code>category</code>" in page
    assert "Tady se cítím bezpečně" in page if lang == "cs" else "Here I feel safe" in page
    assert "about_gender" not in page
    assert "secretly" not in page
    assert "about_gender" in office.get(f"{OFFICE}/columns?lang={lang}").text
    table = client.get(f"{PUBLIC}/columns.csv?lang={lang}").text
    assert table.startswith("\ufeffcolumn;kind;short_name;meaning;codes")
    whole = client.get(f"{PUBLIC}/columns.json?lang={lang}").json
    assert whole["columns"][0]["name"] == "id"
    assert {"secretly", "about_gender"} <= {
        c["name"] for c in office.get(f"{OFFICE}/columns.json").json["columns"]
    }
