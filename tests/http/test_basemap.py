"""The basemap's page: sources are tried, files are checked, and citizens get what was set."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Config
from app.errors import InvalidInput
from app.inputs.basemap_forms import KINDS, PRESETS, read_layer, tile_template
from app.models import AuditEntry
from app.queries.maps import read_map
from app.services.tiles import tile_at
from app.views.tiles import NOTHING
from tests.builders import BOX, CENTRE, a_map, an_official
from tests.doors import csrf_of, sign_in
from tests.packs import a_pack, a_picture, middle

PAGE = "/office/maps/testov/basemap"


@pytest.fixture
def config(config: Config) -> Config:
    """The source of these tests is called by an allowed name; 127.0.0.1 itself stays what is never asked."""
    return replace(config, tile_hosts=frozenset({"localhost"}))


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of the map's town."""
    a_map(session, languages=["cs", "en"])
    an_official(session)
    return sign_in(client, "urad@testov.example")


@pytest.fixture
def source() -> Iterator[tuple[int, list[str]]]:
    """Port and asked paths of a small tile server."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = a_picture() if "/ok/" in self.path else b'{"secret": "of the inner network"}'
            self.send_response(404 if "/gone/" in self.path else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()
    thread.join()


def send(client: FlaskClient, **fields: object) -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), "attribution": "© Kdosi", **fields}
    return client.post(PAGE, data=form, headers={"Accept": "text/html", "Accept-Language": "en"})


def said(answer: TestResponse, field: str) -> str:
    """The words beside one field."""
    assert answer.status_code in (413, 422), answer.status_code
    found = re.search(rf'id="{field}-error"[^>]*>([^<]+)<', answer.text)
    assert found, answer.text
    return found[1].replace("&#39;", "'")


def citizens_basemap(client: FlaskClient) -> dict[str, str]:
    page = client.get("/m/testov").text
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    assert found
    config: dict[str, dict[str, str]] = json.loads(found[1])
    return config["basemap"]


def test_a_source_of_tiles_is_set_and_reaches_citizens(
    editor: FlaskClient, session: Session, source: tuple[int, list[str]]
) -> None:
    url = f"http://localhost:{source[0]}/ok/{{z}}/{{y}}/{{x}}"
    assert send(editor, kind="xyz", url=url, max_zoom="18").location == f"{PAGE}?saved=1"
    basemap = citizens_basemap(editor)
    assert (basemap["kind"], basemap["maxZoom"], basemap["attribution"]) == ("xyz", 18, "© Kdosi")
    x, y = tile_at(*CENTRE, 15)
    address = basemap["url"].replace("{z}", "15").replace("{x}", str(x)).replace("{y}", str(y))
    assert editor.get(address).data == a_picture()
    assert source[1][-1] == f"/ok/15/{y}/{x}"


def test_another_source_gets_another_address_so_that_no_browser_shows_the_old(editor: FlaskClient) -> None:
    before = citizens_basemap(editor)
    send(editor, kind="xyz", url=PRESETS[0].url)
    first = citizens_basemap(editor)["url"]
    send(editor, kind="xyz", url=PRESETS[1].url)
    assert len({before.get("url"), first, citizens_basemap(editor)["url"]}) == 3


def test_the_deed_is_in_the_log(editor: FlaskClient, session: Session) -> None:
    before = read_map(session, "testov").version
    send(editor, kind="xyz", url=PRESETS[0].url)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "map.basemap")).one()
    assert entry.detail == {"kind": "xyz", "url": PRESETS[0].url}
    assert read_map(session, "testov").version == before + 1


@pytest.mark.parametrize(
    ("path", "words"),
    [("gone", "Something answers, but not with a picture"), ("page", "Something answers, but not with a picture")],
)
def test_a_source_that_gives_no_picture_is_told_and_may_be_insisted_on(
    editor: FlaskClient, source: tuple[int, list[str]], path: str, words: str
) -> None:
    url = f"http://localhost:{source[0]}/{path}/{{z}}/{{x}}/{{y}}"
    answer = send(editor, kind="xyz", url=url)
    assert words in said(answer, "url")
    assert url in answer.text  # what was typed is still there
    assert "secret" not in answer.text
    assert 'name="anyway"' in answer.text
    assert send(editor, kind="xyz", url=url, anyway="on").status_code == 303


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "[::1]:{port}", "169.254.169.254", "192.168.1.1", "0x7f.1:{port}"]
)
def test_the_inner_network_is_not_asked_for_tiles(
    editor: FlaskClient, source: tuple[int, list[str]], host: str
) -> None:
    url = f"http://{host.format(port=source[0])}/ok/{{z}}/{{x}}/{{y}}"
    answer = send(editor, kind="xyz", url=url)
    assert "not on the public internet" in said(answer, "url")
    assert 'name="anyway"' not in answer.text
    tile = editor.get(f"{PAGE}/tile/15/17797/11156", query_string={"url": url})
    assert (tile.status_code, tile.headers["X-Why"], tile.data) == (204, "forbidden", b"")
    # Insisting does not help either: nothing comes through.
    send(editor, kind="xyz", url=url, anyway="on")
    x, y = tile_at(*CENTRE, 15)
    assert editor.get(f"/m/testov/base/15/{x}/{y}").status_code == 204
    assert source[1] == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "with {z}, {x} and {y}"),
        ("https://a.example/{z}/{x}", "with {z}, {x} and {y}"),
        ("https://a.example/{z}/{x}/{y}/{x}", "with {z}, {x} and {y}"),
        ("https://{x}.example/{z}/{y}", "with {z}, {x} and {y}"),
        ("javascript:{z}{x}{y}", "with {z}, {x} and {y}"),
        ("file:///{z}/{x}/{y}", "with {z}, {x} and {y}"),
        ("https://a.example/{z}/{x}/{-y}", "counts rows from the south"),
        ("https://{s}.a.example/{z}/{x}/{y}", "in the place of {s}"),
        ("https://me:secret@a.example/{z}/{x}/{y}", "name and password"),
        ("https://a.example/{z}/{x}/{y}?<script>", "with {z}, {x} and {y}"),
    ],
)
def test_an_address_that_is_none_says_what_it_lacks(editor: FlaskClient, url: str, words: str) -> None:
    assert words in said(send(editor, kind="xyz", url=url), "url").replace("’", "'")


def test_an_address_in_the_manner_of_wmts_is_understood() -> None:
    given = "https://a.example/wmts?TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}"
    assert tile_template(f"  {given} ") == "https://a.example/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"


def test_presets_of_the_state_have_the_row_before_the_column() -> None:
    for preset in PRESETS:
        assert tile_template(preset.url) == preset.url
        assert preset.attribution
        if preset.key in ("ztm", "orto"):
            assert preset.url.endswith("/{z}/{y}/{x}")


def test_other_fields_are_checked_too(editor: FlaskClient) -> None:
    url = PRESETS[0].url
    assert "whole number" in said(send(editor, kind="xyz", url=url, max_zoom="99"), "max_zoom")
    assert "whole number" in said(send(editor, kind="xyz", url=url, max_zoom="x"), "max_zoom")
    assert "whose the map is" in said(send(editor, kind="xyz", url=url, attribution=" "), "attribution")
    assert "At most 200" in said(send(editor, kind="none", attribution="x" * 201), "attribution")
    assert "Choose what" in said(send(editor, kind="papyrus"), "kind")


def test_an_editor_looks_at_a_source_before_it_is_saved(
    editor: FlaskClient, session: Session, source: tuple[int, list[str]]
) -> None:
    url = f"http://localhost:{source[0]}/ok/{{z}}/{{x}}/{{y}}"
    tile = editor.get(f"{PAGE}/tile/15/17797/11156", query_string={"url": url})
    assert (tile.status_code, tile.mimetype) == (200, "image/png")
    assert "private" in tile.headers["Cache-Control"]
    assert read_map(session, "testov").basemap["kind"] == "none"
    for where in ("2/1/1", "23/1/1", "15/99999/1"):
        assert editor.get(f"{PAGE}/tile/{where}", query_string={"url": url}).status_code == 404
    page = editor.get(f"{PAGE}/tile/15/1/1", query_string={"url": url.replace("ok", "page")})
    assert (page.status_code, page.headers["X-Why"], page.data) == (204, "no_picture", b"")


def test_looking_fills_no_disk(editor: FlaskClient, source: tuple[int, list[str]], config: Config) -> None:
    url = f"http://localhost:{source[0]}/ok/{{z}}/{{x}}/{{y}}"
    editor.get(f"{PAGE}/tile/15/17797/11156", query_string={"url": url})
    assert not (config.home / "tiles").exists()


def test_a_town_s_own_file_of_tiles_serves_everybody(
    editor: FlaskClient, session: Session, config: Config
) -> None:
    answer = send(editor, kind="pmtiles", pack=(io.BytesIO(a_pack()), "mesto.pmtiles"))
    assert answer.status_code == 303, answer.text
    basemap = citizens_basemap(editor)
    assert (basemap["kind"], basemap["maxZoom"]) == ("xyz", 14)
    at = middle(13)
    address = basemap["url"].replace("{z}", "13").replace("{x}", str(at.x)).replace("{y}", str(at.y))
    tile = editor.get(address)
    assert (tile.data, tile.mimetype) == (a_picture(), "image/png")
    beside = editor.get(address.replace(f"/{at.x}/", f"/{at.x + 1}/"))
    assert (beside.status_code, beside.data) == (200, NOTHING.data)
    assert editor.get("/m/testov/base/14/0/0").status_code == 404
    # On other pages as well, and again without a new file.
    assert basemap["url"].partition("?")[0] in editor.get("/office/maps/testov").text
    assert send(editor, kind="pmtiles", attribution="© Město").status_code == 303
    assert read_map(session, "testov").basemap["attribution"] == {"cs": "© Město", "en": "© Město"}


def test_a_file_that_no_map_needs_any_more_is_taken_away(
    editor: FlaskClient, session: Session, config: Config
) -> None:
    send(editor, kind="pmtiles", pack=(io.BytesIO(a_pack()), "mesto.pmtiles"))
    folder: Path = config.home / "basemaps"
    assert len(list(folder.iterdir())) == 1
    send(editor, kind="none")
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_pmtiles_is_told_beside_its_field(editor: FlaskClient) -> None:
    answer = send(editor, kind="pmtiles", pack=(io.BytesIO(b"MZ" + bytes(999)), "mesto.pmtiles"))
    assert "not a PMTiles file" in said(answer, "pack")
    assert "Choose the PMTiles file" in said(send(editor, kind="pmtiles"), "pack")


def test_the_clear_picture_is_one() -> None:
    from PIL import Image

    with Image.open(io.BytesIO(NOTHING.data)) as picture:
        assert picture.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


def a_file(*features: object) -> tuple[io.BytesIO, str]:
    return io.BytesIO(json.dumps({"type": "FeatureCollection", "features": features}).encode()), "vrstva.geojson"


def a_street(kind: object = "street", at: float = 15.52, **properties: object) -> dict[str, object]:
    line = {"type": "LineString", "coordinates": [[at, 49.62], [at + 0.01, 49.62]]}
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": line}


def test_an_own_layer_is_kept_in_its_plain_parts(editor: FlaskClient) -> None:
    layer = a_file(a_street(name="Lipová", tags={"a": 1}), a_street("constructor"), a_street("kavárna"))
    assert send(editor, kind="vector", layer=layer).status_code == 303
    basemap = citizens_basemap(editor)
    assert basemap["kind"] == "vector"
    stored = editor.get(basemap["url"]).get_json(force=True)
    assert stored["sorts"] == [["LineString", {"kind": "street"}]]
    assert (len(stored["of"]), stored["names"]) == (1, {"0": "Lipová"})
    # A layer stays under another basemap, and one can come back to it.
    send(editor, kind="none")
    assert send(editor, kind="vector").status_code == 303


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ((io.BytesIO(b"{"), "a.geojson"), "whose features have a kind"),
        ((io.BytesIO(b'{"features": [1]}'), "a.geojson"), "whose features have a kind"),
        ((io.BytesIO(b"[" * 100_000), "a.geojson"), "whose features have a kind"),
        (a_file(a_street("kavárna")), "No feature has a kind"),
        (a_file(a_street("water")), "Feature 1 (water) has no Polygon"),
        (a_file(a_street(at=14.0)), "lies elsewhere"),
        (
            a_file(a_street() | {"geometry": {"type": "LineString", "coordinates": [["a", 1], [2, 3]]}}),
            "Feature 1",
        ),
        (a_file(a_street() | {"geometry": None}), "Feature 1"),
        (
            a_file(
                a_street()
                | {"geometry": {"type": "LineString", "coordinates": [[-650e3, -1080e3], [-651e3, -1081e3]]}}
            ),
            "S-JTSK",
        ),
        ((io.BytesIO(b""), ""), "Choose the file"),
    ],
)
def test_a_layer_that_can_t_be_drawn_is_told(editor: FlaskClient, layer: object, words: str) -> None:
    assert words in said(send(editor, kind="vector", layer=layer), "layer")


def test_a_layer_of_more_than_twenty_megabytes_is_told() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_layer(io.BytesIO(b" " * 20_000_001), BOX)
    assert refused.value.problems[0].field == "layer"


def test_our_kinds_are_those_that_the_map_draws() -> None:
    script = Path("static/js/map/atlas.js").read_text()
    drawn = re.findall(r"const (?:POLYGON|LINE|POINT)_KINDS = (\[.*?\]);", script)
    assert tuple(kind for group in drawn for kind in json.loads(group)) == KINDS


def test_blank_paper_needs_nothing(editor: FlaskClient) -> None:
    send(editor, kind="xyz", url=PRESETS[0].url)
    assert send(editor, kind="none", attribution="").status_code == 303
    assert citizens_basemap(editor)["kind"] == "none"
