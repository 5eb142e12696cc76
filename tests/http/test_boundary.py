"""The boundary's page: what was drawn or uploaded is looked at first, then set, and pins stay."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from shapely import Polygon, box
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Pin, TownMap
from app.queries.maps import read_map
from tests.builders import BOX, a_map, a_pin, an_official, moment
from tests.doors import csrf_of, sign_in
from tests.layers import a_geojson, a_layer, in_krovak, zipped

PAGE = "/office/maps/testov/boundary"
HALF = box(15.50, 49.61, 15.52, 49.63)
BOW_TIE = Polygon([(15.50, 49.61), (15.54, 49.63), (15.54, 49.61), (15.50, 49.63)])


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of the map's town."""
    a_map(session, ruian=571164)
    an_official(session)
    return sign_in(client, "urad@testov.example")


def send(client: FlaskClient, address: str = PAGE, **fields: object) -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), **fields}
    return client.post(address, data=form, headers={"Accept": "text/html"}, query_string={"lang": "en"})


def upload(client: FlaskClient, data: bytes, name: str) -> TestResponse:
    return send(client, file=(io.BytesIO(data), name))


def draw(client: FlaskClient, shape: Polygon) -> str:
    """The address of the look at what was drawn."""
    answer = send(client, polygon=shapely.to_geojson(shape))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def seen(client: FlaskClient, address: str) -> str:
    return re.sub(r"\s+", " ", client.get(address, headers={"Accept-Language": "en"}).text)


def test_a_drawn_boundary_is_looked_at_and_then_set(editor: FlaskClient, session: Session) -> None:
    look = draw(editor, HALF)
    assert shapely.equals(read_map(session, "testov").boundary, BOX)  # nothing has changed yet
    page = seen(editor, look)
    assert "3.21 km²" in page
    assert "now 6.43 km²" in page
    before = read_map(session, "testov").version
    assert send(editor, look, part="0").location == f"{PAGE}?saved=1"
    the_map = read_map(session, "testov")
    assert shapely.equals(the_map.boundary, HALF)
    assert the_map.version == before + 1
    assert editor.get(look).location == f"{PAGE}?gone=1"  # what was put aside is taken away


def test_pins_outside_are_counted_stay_and_are_looked_at_again(editor: FlaskClient, session: Session) -> None:
    the_map = read_map(session, "testov")
    now = moment("2026-10-01T10:00:00+00:00")
    for lon in (15.51, 15.52, 15.53, 15.535):  # the second on the edge, which is inside
        a_pin(session, the_map, at=(lon, 49.62), checked_at=now)
    look = draw(editor, HALF)
    page = seen(editor, look)
    assert "2 pins would lie outside. They stay" in page
    scene = json.loads(re.search(r'id="scene">(.*?)</script>', page)[1])  # type: ignore[index]
    assert sorted(scene["outside"]) == [[15.53, 49.62], [15.535, 49.62]]
    send(editor, look, part="0")
    session.expire_all()
    assert session.scalars(select(Pin.checked_at)).all() == [None] * 4


def test_squares_stay_comparable_once_there_are_pins(editor: FlaskClient, session: Session) -> None:
    row = session.scalars(select(TownMap)).one()
    row.metric_srid = 32633
    session.commit()
    a_pin(session, read_map(session, "testov"))
    send(editor, draw(editor, HALF), part="0")
    assert read_map(session, "testov").metric_srid == 32633


def test_an_empty_map_counts_where_its_boundary_is(editor: FlaskClient, session: Session) -> None:
    row = session.scalars(select(TownMap)).one()
    row.metric_srid, row.town.ruian = 32601, None
    session.commit()
    send(editor, draw(editor, box(9.70, 63.40, 9.80, 63.45)), part="0")
    assert read_map(session, "testov").metric_srid == 32632


def test_the_deed_is_in_the_log(editor: FlaskClient, session: Session) -> None:
    send(editor, draw(editor, HALF), part="0")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "map.boundary")).one()
    assert (entry.official, entry.map_slug) == ("urad@testov.example", "testov")
    assert entry.detail == {"km2": 3.215, "points": 5, "mended": False}


def test_a_shapefile_in_krovak_goes_the_whole_way(editor: FlaskClient, session: Session, tmp_path: Path) -> None:
    path = a_layer(tmp_path / "obec.shp", [in_krovak(HALF)], "EPSG:5514")
    answer = upload(editor, zipped(path), "obec.zip")
    send(editor, str(answer.location), part="0")
    assert shapely.hausdorff_distance(read_map(session, "testov").boundary, HALF) < 0.00002


def test_among_many_the_town_s_own_is_ticked_and_others_can_be_joined(
    editor: FlaskClient, session: Session, tmp_path: Path
) -> None:
    east = box(15.52, 49.61, 15.54, 49.63)
    fields = {"nazev": ["Západ", "Východ"], "kod": [571164, 1]}
    look = str(
        upload(editor, a_layer(tmp_path / "o.gpkg", [HALF, east], fields=fields).read_bytes(), "o").location
    )
    page = seen(editor, look)
    assert "There are 2 areas in the file" in page
    assert re.findall(r'name="part" value="(\d)" checked', page) == ["0"]
    assert "6.43 km²" in seen(editor, f"{look}?choose=1&part=0&part=1").partition("now")[0]
    assert "Set this boundary" not in seen(editor, f"{look}?choose=1")
    refused = send(editor, look)  # without a choice the ticked one
    assert refused.status_code == 303
    assert shapely.equals(read_map(session, "testov").boundary, HALF)


def test_two_areas_become_one_without_a_seam(editor: FlaskClient, session: Session, tmp_path: Path) -> None:
    east = box(15.52, 49.61, 15.54, 49.63)
    path = a_layer(tmp_path / "o.gpkg", [HALF, east], fields={"nazev": ["A", "B"]})
    look = str(upload(editor, path.read_bytes(), "o.gpkg").location)
    send(editor, look, part=["0", "1"])
    assert shapely.equals(read_map(session, "testov").boundary, BOX)


@pytest.mark.parametrize("way", ["drawn", "uploaded"])
def test_a_mended_boundary_is_never_set_unseen(editor: FlaskClient, session: Session, way: str) -> None:
    answer = (
        send(editor, polygon=shapely.to_geojson(BOW_TIE))
        if way == "drawn"
        else upload(editor, a_geojson(BOW_TIE), "h.geojson")
    )
    look = str(answer.location)
    assert "The outline crossed itself, so we mended it" in seen(editor, look)
    refused = send(editor, look, part="0")
    assert refused.status_code == 422
    assert "tick that it is right" in refused.text
    assert shapely.equals(read_map(session, "testov").boundary, BOX)
    assert send(editor, look, part="0", looked="on").status_code == 303
    assert read_map(session, "testov").boundary.is_valid


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (box(15.5, 49.6, 15.50005, 49.60005), "smaller than a garden"),
        (box(10, 45, 16, 50), "larger than any town or region"),
    ],
)
def test_what_is_too_small_or_too_large_is_told(editor: FlaskClient, shape: Polygon, said: str) -> None:
    look = draw(editor, shape)
    assert said in seen(editor, look)
    assert send(editor, look, part="0").status_code == 422


@pytest.mark.parametrize(
    "polygon", ["{", '{"type":"Point","coordinates":[1,2]}', '{"type":"Polygon"}', "\x00", "[]"]
)
def test_a_drawing_that_is_none_comes_back_with_a_sentence(editor: FlaskClient, polygon: str) -> None:
    answer = send(editor, polygon=polygon)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text


def test_a_bad_file_is_told_beside_its_field(editor: FlaskClient) -> None:
    answer = upload(editor, b"MZ" + b"\x00" * 300, "hranice.gpkg")
    assert answer.status_code == 422
    assert re.search(r'id="file-error"[^>]*>This is a program, not a map layer', answer.text)
    assert upload(editor, b"", "").status_code == 422


def test_a_file_of_a_hundred_megabytes_gets_a_sentence_in_the_page(editor: FlaskClient) -> None:
    frame = b'--x\r\nContent-Disposition: form-data; name="file"; filename="kraj.gpkg"\r\n\r\n'
    whole = frame + bytes(100_000_000) + b"\r\n--x--\r\n"
    answer = editor.post(
        PAGE, data=whole, content_type="multipart/form-data; boundary=x", headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 413
    assert re.search(r'id="file-error"[^>]*>The file is larger than 20 MB', answer.text)


def test_a_stranger_s_large_body_is_not_taken_in(app: Flask, session: Session) -> None:
    a_map(session)
    nobody = app.test_client()
    answer = nobody.post(PAGE, data=bytes(1_000_000), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_what_was_put_aside_belongs_to_its_map(editor: FlaskClient, session: Session) -> None:
    look = draw(editor, HALF)
    a_map(session, "druhy", town={"name": "Testov", "slug": "testov", "ruian": 571164})
    there = look.replace("/testov/", "/druhy/")
    assert editor.get(there).location == "/office/maps/druhy/boundary?gone=1"
    for token in ("../../../etc/passwd", "x" * 22, "a.json"):
        assert editor.get(f"{PAGE}/{token}").status_code in (303, 404)


def test_nothing_is_left_in_the_temporary_folder(
    editor: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    upload(editor, a_geojson(HALF), "h.geojson")
    upload(editor, b"PK\x03\x04" + b"x" * 100, "h.zip")
    assert list(folder.glob("pocit-*")) == []
