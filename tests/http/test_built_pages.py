"""Pages with a build: one sheet, one script, small, compressed, kept for ever; without one, the plain modules."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.assets import Assets, read_build
from app.config import ROOT
from app.inputs.map_folder import read_map_folder
from app.services.maps import save_map
from tests.builders import a_basemap, a_map, an_official
from tests.doors import sign_in
from tests.front_end import a_built_front_end

SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
FIRST_VISIT_KB = 180


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static folder with a build, made once."""
    return a_built_front_end(tmp_path_factory.mktemp("front-end"))


@pytest.fixture
def page(app: Flask, built: Path) -> FlaskClient:
    """A browser on an app that has a build."""
    app.static_folder = str(built)
    app.extensions["pocit-assets"] = Assets(built)
    return app.test_client()


def weight(client: FlaskClient, address: str) -> int:
    """Bytes of the answer's body as a browser gets them."""
    with client.get(address, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.status_code == 200, address
        return len(answer.data)


def test_a_page_asks_for_one_sheet_and_its_scripts_at_once(page: FlaskClient, session: Session) -> None:
    a_map(session)
    shown = page.get("/m/testov").text
    assert len(SHEET.findall(shown)) == 1
    assert "importmap" not in shown
    script = page.application.extensions["pocit-assets"].build.scripts["js/pages/citizen.js"]
    assert f'<script type="module" src="/static/build/{script.file}">' in shown
    head = shown.partition("</head>")[0]
    for file in (script.file, *script.first):
        assert f'<link rel="modulepreload" fetchpriority="low" href="/static/build/{file}">' in head


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/m/testov",
        "/m/testov/results",
        "/m/testov/privacy",
        "/m/testov/write",
        "/office/",
        "/office/maps/testov",
    ],
)
def test_no_page_asks_for_more_than_one_sheet(page: FlaskClient, session: Session, path: str) -> None:
    a_map(session)
    sign_in(page, an_official(session))
    sheets = SHEET.findall(page.get(path).text)
    assert len(sheets) == 1
    assert sheets[0].startswith("/static/build/")


def test_every_script_and_every_list_of_sheets_of_the_templates_is_built(built: Path) -> None:
    build = read_build(built)
    asked = {
        name
        for template in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"asset\('(js/[\w/-]+\.js)'\)", template.read_text())
    }
    assert asked <= set(build.scripts)
    for name in build.styles:
        assert name.startswith("palette.css css/base.css css/components.css")


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_a_built_file_comes_compressed_as_it_lies_there_and_is_kept_for_ever(
    page: FlaskClient, built: Path, coding: str
) -> None:
    file = read_build(built).scripts["js/pages/citizen.js"].file
    with page.get(f"/static/build/{file}", headers={"Accept-Encoding": coding}) as answer:
        assert answer.headers.get("Content-Encoding") == (None if coding == "identity" else coding)
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        plain = (built / "build" / file).read_bytes()
        assert (brotli.decompress(answer.data) if coding == "br" else plain) == plain
        if coding == "br":
            assert answer.data == (built / "build" / f"{file}.br").read_bytes()


@pytest.mark.parametrize(
    "way",
    [
        "build/..%2fcss%2fbase.css",
        "build/../css/base.css",
        "build/.%2f..%2fcss%2fbase.css",
        "build%2f..%2fcss/base.css",
    ],
)
def test_a_way_round_through_the_built_files_is_kept_no_longer_than_any_file(page: FlaskClient, way: str) -> None:
    with page.get(f"/static/{way}") as answer:
        assert "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("br;q=0, gzip;q=0", None),
        ("br; q=0.000, gzip;q=0", None),
        ("br;q=0", None),
        ("*;q=0", None),
        ("identity", None),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("gzip;q=0.5, br;q=0.9", "br"),
        ("gzip, deflate, br, zstd", "br"),
    ],
)
def test_a_coding_that_the_browser_refuses_is_not_sent(
    page: FlaskClient, built: Path, session: Session, said: str, sent: str | None
) -> None:
    a_map(session)
    file = read_build(built).scripts["js/pages/citizen.js"].file
    for address in ("/m/testov", f"/static/build/{file}", "/static/css/base.css"):
        with page.get(address, headers={"Accept-Encoding": said}) as answer:
            assert (address, answer.headers.get("Content-Encoding")) == (address, sent)
            assert "Accept-Encoding" in answer.headers["Vary"]


def test_an_old_build_is_not_used(built: Path, tmp_path: Path) -> None:
    changed = tmp_path / "static"
    shutil.copytree(built, changed)
    assert read_build(changed).scripts
    (changed / "js" / "lib" / "new.js").write_text("export const x = 1;\n")
    assert not read_build(changed).scripts
    (changed / "js" / "lib" / "new.js").unlink()
    with (changed / "css" / "base.css").open("a") as file:
        file.write("/* changed */\n")
    assert not read_build(changed).styles


def test_without_a_build_pages_get_the_plain_modules(app: Flask, session: Session, tmp_path: Path) -> None:
    a_map(session)
    app.extensions["pocit-assets"] = Assets(ROOT / "static", watch=True)
    shown = app.test_client().get("/m/testov").text
    assert '"#js/pages/citizen.js"' in shown
    assert 'src="/static/js/pages/citizen.js?v=' in shown
    assert len(SHEET.findall(shown)) > 3


def test_what_a_script_needs_offline_is_named_whole(built: Path) -> None:
    build = read_build(built)
    files = Assets(built).files_of("js/pages/citizen.js")
    script = build.scripts["js/pages/citizen.js"]
    assert files == [f"/static/build/{name}" for name in (script.file, *script.first, *script.later)]
    assert all((built / address.removeprefix("/static/")).is_file() for address in files)
    plain = Assets(ROOT / "static", watch=True).files_of("js/pages/citizen.js")
    assert any("vendor/leaflet" in address for address in plain)
    assert any("js/citizen/state.js" in address for address in plain)


def test_the_first_visit_of_the_demo_is_small(page: FlaskClient, session: Session) -> None:
    save_map(session, read_map_folder(ROOT / "sample_maps" / "vzorov"))
    session.commit()
    shown = page.get("/m/vzorov").text
    config = json.loads(re.search(r'id="config">(.*?)</script>', shown)[1])  # type: ignore[index]
    assets: Assets = page.application.extensions["pocit-assets"]
    script = assets.build.scripts["js/pages/citizen.js"]
    addresses = {
        "/m/vzorov",
        *SHEET.findall(shown),
        *re.findall(r'<link rel="(?:icon|manifest)"[^>]* href="([^"]+)"', shown),
        *(f"/static/build/{name}" for name in (script.file, *script.first)),
        config["boundaryUrl"],
        config["basemap"]["url"],
        config["basemap"]["painter"],
    }
    total = sum(weight(page, address.replace("&amp;", "&")) for address in addresses)
    assert total <= FIRST_VISIT_KB * 1000


def test_the_ground_comes_compact_and_compressed_and_is_made_once(
    page: FlaskClient, session: Session, app: Flask
) -> None:
    a_map(session, basemap_geojson=a_basemap("Lipová"))
    first = page.get("/m/testov/ground.json", headers={"Accept-Encoding": "br"})
    assert first.headers["Content-Encoding"] == "br"
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Lipová" in brotli.decompress(first.data).decode()
    assert "Lipová" in page.get("/m/testov/ground.json").text
    mark = first.headers["ETag"].strip('"').partition(":")[0]
    with page.get(f"/m/testov/ground.json?v={mark}") as again:
        assert "immutable" in again.headers["Cache-Control"]
    kept = list((app.extensions["pocit-config"].home / "grounds").rglob("*.json*"))
    assert sorted(path.name.partition(".")[2] for path in kept) == ["json", "json.br", "json.gz"]
    a_map(session, basemap_geojson=a_basemap("Příčná"))
    assert "Příčná" in page.get("/m/testov/ground.json").text
    kept = list((app.extensions["pocit-config"].home / "grounds").rglob("*.json*"))
    assert len(kept) == 3, "what was made of the layer before is gone"


def test_a_map_without_an_own_layer_has_no_ground(page: FlaskClient, session: Session) -> None:
    a_map(session)
    assert page.get("/m/testov/ground.json").status_code == 404


def test_no_template_imports_a_module_by_its_bare_name() -> None:
    """A built page has no import map: its scripts come by `asset()`."""
    templates = (ROOT / "templates").rglob("*.html")
    assert [str(path) for path in templates if re.search(r'(import|from) "#js/', path.read_text())] == []
