"""The page that brings a map into the town's GIS, and the file that opens it in QGIS."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from shapely import MultiPolygon, box
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs.file_forms import FORMS
from app.models import AccessToken, Official, TownRole
from app.queries.layers import EVERYTHING, LAYERS
from app.queries.maps import MapRecord
from app.views.office.connect import ABOUT
from gis.crs import KROVAK_ACCURACY
from tests.builders import PASSWORD, a_draft, a_map, a_pin, a_token, an_official, bearer
from tests.doors import csrf_of, sign_in

PAGE = "/office/maps/testov/connect"
COPIED = re.compile(r'<code id="(\w+)"[^>]*>(.*?)</code>', re.DOTALL)


@pytest.fixture
def the_map(session: Session, client: FlaskClient) -> MapRecord:
    """A map of a town whose viewer is signed in."""
    made = a_map(session)
    a_pin(session, made)
    an_official(session, "gis@testov.example", role="viewer")
    sign_in(client, "gis@testov.example")
    return made


def texts(client: FlaskClient, page: str = PAGE) -> dict[str, str]:
    """What the page gives to be copied, by its id."""
    return {key: html.unescape(text).strip() for key, text in COPIED.findall(client.get(page).text)}


def file_for_qgis(client: FlaskClient, password: str = PASSWORD, page: str = PAGE) -> TestResponse:
    return client.post(f"{page}/qgis", data={"csrf_token": csrf_of(client, page), "password": password})


def layers_of(answer: TestResponse) -> ET.Element:
    """The file without its document type."""
    return ET.fromstring(answer.text.partition("\n")[2])  # noqa: S314 - our own answer


def token_of(answer: TestResponse) -> str:
    """The token in the file."""
    found = re.search(r"pocit_[A-Za-z0-9_-]{43}", answer.text)
    assert found
    return found[0]


def test_addresses_to_be_copied_answer_to_a_token(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    given = texts(client)
    assert set(given) == {"api", "heat", "tiles", "arcgis", "gdal", "python"}
    headers = bearer(a_token(session, "gis@testov.example"))
    program = client.application.test_client()
    assert program.get(urlsplit(given["api"]).path, headers=headers).status_code == 200
    tile = {"z": 14, "x": 8898, "y": 5597}
    heat = urlsplit(given["heat"]).path.format(**tile)
    assert program.get(heat, headers=headers).mimetype == "image/png"
    assert given["tiles"].endswith("/api/collections/testov/tiles/WebMercatorQuad/{z}/{y}/{x}")
    assert '"OAPIF:http://localhost/api/" testov -t_srs EPSG:5514' in given["gdal"]
    compile(given["python"], "python", "exec")


def test_every_layer_is_offered_in_every_form_and_in_the_town_s_coordinates_first(
    client: FlaskClient, the_map: MapRecord
) -> None:
    page = client.get(PAGE).text
    assert set(ABOUT) == set(LAYERS)
    assert f"/office/maps/testov/{EVERYTHING}.gpkg?crs=EPSG:5514" in page
    for layer in LAYERS:
        for form in FORMS.values():
            assert f"/office/maps/testov/{layer}.{form.ending}?crs=EPSG:5514" in page
    assert KROVAK_ACCURACY in page
    other = client.get(PAGE + "?crs=EPSG:4258").text
    assert "/office/maps/testov/pins.gpkg?crs=EPSG:4258" in other
    assert "crs=EPSG:5514" in client.get(PAGE + "?crs=EPSG:1%22%3E%3Cscript%3E").text


def test_map_outside_czechia_promises_nothing_of_krovak(client: FlaskClient, session: Session) -> None:
    far = MultiPolygon([box(2.30, 48.80, 2.40, 48.90)])
    a_map(session, "daleko", boundary=far, town={"name": "Daleko", "slug": "daleko"})
    an_official(session, town="daleko")
    sign_in(client, "urad@testov.example")
    page = client.get("/office/maps/daleko/connect").text
    assert "pins.gpkg?crs=EPSG:32631" in page
    assert "S-JTSK" not in page


def test_file_for_qgis_holds_the_layers_and_a_token_of_its_own(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    answer = file_for_qgis(client)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-qgis-layer-definition")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="testov.qlr"'
    assert answer.cache_control.no_store
    root = layers_of(answer)
    layers = root.findall("maplayers/maplayer")
    in_tree = {one.get("id"): one.get("source") for one in root.iter("layer-tree-layer")}
    assert {one.findtext("id"): one.findtext("datasource") for one in layers} == in_tree
    assert [one.get("type") for one in layers] == ["vector", *["raster"] * 4]
    values = [one.get("value") for one in layers[0].iter("category")]
    assert values[:3] == ["safe", "unsafe", "improve"]
    token = token_of(answer)
    for layer in layers[1:]:
        source = parse_qs(layer.findtext("datasource"))
        assert source["password"] == [token]
        tile = urlsplit(unquote(source["url"][0])).path.format(z=14, x=8898, y=5597)
        found = client.application.test_client().get(tile, headers=bearer(token))
        assert found.mimetype == "image/png"
    row = session.scalars(select(AccessToken)).one()
    assert row.name.startswith("QGIS: ")
    assert row.towns == [the_map.town_id]


def test_file_opens_only_the_town_of_its_map(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    other = a_map(session, "jinde")
    official = session.scalars(select(Official.id)).one()
    session.add(TownRole(official_id=official, town_id=other.town_id, role="editor"))
    session.commit()
    headers = bearer(token_of(file_for_qgis(client)))
    program = client.application.test_client()
    assert program.get("/office/maps/testov/heat.geojson", headers=headers).status_code == 200
    assert program.get("/office/maps/jinde/heat.geojson", headers=headers).status_code == 404


def test_file_of_an_admin_opens_the_map(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    an_official(session, "spravce@server.example", town=None, role="admin")
    admin = sign_in(client.application.test_client(), "spravce@server.example")
    headers = bearer(token_of(file_for_qgis(admin)))
    program = client.application.test_client()
    assert program.get("/office/maps/testov/heat.geojson", headers=headers).status_code == 200


def test_file_wants_the_password(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    answer = file_for_qgis(client, "wrong")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert session.scalars(select(AccessToken)).all() == []


def test_words_of_the_map_can_t_break_the_file(client: FlaskClient, session: Session) -> None:
    bad = "A & B <c> \"d\" 'e' ]]> \\"
    a_map(session, "divny", title={"cs": bad})
    an_official(session, town="divny")
    sign_in(client, "urad@testov.example")
    answer = file_for_qgis(client, page="/office/maps/divny/connect")
    root = layers_of(answer)
    assert [one.get("name") for one in root.iter("layer-tree-group")] == ["", bad]


def test_draft_connects_as_well(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov", "ruian": the_map.ruian})
    answer = file_for_qgis(client, page="/office/maps/koncept/connect")
    headers = bearer(token_of(answer))
    program = client.application.test_client()
    assert program.get("/api/collections/koncept/items", headers=headers).status_code == 200
