"""What makes a map an app on the phone: worker, manifest, icons, and what may be kept."""

from __future__ import annotations

import json
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from app.config import ROOT
from app.views.worker_script import joined_script
from tests.builders import a_map


def test_the_worker_is_one_classic_script_that_is_asked_for_anew_each_time(
    client: FlaskClient, tmp_path: Path
) -> None:
    answer = client.get("/service-worker.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not any(line.startswith(("import ", "export ")) for line in answer.text.splitlines())
    node = shutil.which("node")
    assert node
    script = tmp_path / "worker.js"
    script.write_text(answer.text)
    subprocess.run([node, "--check", script], check=True)
    again = client.get("/service-worker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_joined_script_does_what_its_modules_do(tmp_path: Path) -> None:
    folder = tmp_path / "js"
    folder.mkdir()
    (folder / "one.js").write_text(
        "/** A remark. */\nexport const ONE = 1;\nexport class Thing {}\n"
        "export async function two() {\n  return 2;\n}\n"
    )
    (folder / "entry.js").write_text(
        'import { ONE, two as deux } from "#js/one.js";\n\n'
        "const n = ONE;\ndeux().then((m) => console.log(n + m));\n"
    )
    joined = tmp_path / "joined.js"
    joined.write_text(joined_script(tmp_path, "js/entry.js"))
    node = shutil.which("node")
    assert node
    said = subprocess.run([node, joined], check=True, capture_output=True, text=True)
    assert said.stdout == "3\n"


def test_the_worker_carries_nothing_of_the_page_s_document(client: FlaskClient) -> None:
    script = client.get("/service-worker.js").text
    assert "window." not in script.replace("globalThis.window", "")
    assert 'modules["#js/lib/dom.js"]' not in script


def test_a_map_stands_among_a_phone_s_apps_under_its_own_name(client: FlaskClient, session: Session) -> None:
    a_map(session, title={"cs": "Pocitová mapa Testova", "en": "Emotional map of Testov"})
    session.commit()
    page = client.get("/m/testov?lang=en").text
    assert 'rel="manifest" href="/m/testov/manifest.webmanifest?lang=en"' in page
    assert 'rel="apple-touch-icon"' in page
    manifest = json.loads(client.get("/m/testov/manifest.webmanifest?lang=en").text)
    assert manifest["name"] == "Emotional map of Testov"
    assert manifest["start_url"] == manifest["scope"] == manifest["id"] == "/m/testov"
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        picture = client.get(icon["src"])
        width, height = Image.open(BytesIO(picture.data)).size
        assert icon["sizes"] == f"{width}x{height}"
        assert "immutable" in picture.headers["Cache-Control"]
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}


def test_a_maskable_icon_keeps_its_shapes_where_no_phone_cuts(client: FlaskClient, session: Session) -> None:
    a_map(session)
    session.commit()
    picture = Image.open(BytesIO(client.get("/m/testov/icon-maskable.png").data)).convert("RGB")
    paper = picture.getpixel((0, 0))
    size = picture.width
    reach = 0.4 * size
    coloured = [
        (x, y)
        for x in range(0, size, 4)
        for y in range(0, size, 4)
        if picture.getpixel((x, y)) != paper and ((x - size / 2) ** 2 + (y - size / 2) ** 2) ** 0.5 > reach
    ]
    assert coloured == []


def test_an_icon_of_another_kind_or_of_no_map_is_not_there(client: FlaskClient, session: Session) -> None:
    a_map(session)
    session.commit()
    assert client.get("/m/testov/icon-13.png").status_code == 404
    assert client.get("/m/nikde/icon-192.png").status_code == 404
    assert client.get("/m/nikde/manifest.webmanifest").status_code == 404


def test_a_page_names_all_files_it_needs_without_a_connection(client: FlaskClient, session: Session) -> None:
    a_map(session)
    session.commit()
    page = client.get("/m/testov").text
    listed = page.split('id="offline-files">')[1].split("</script>")[0]
    files = json.loads(listed)
    assert files
    for address in files:
        name, _, mark = address.partition("?v=")
        assert (ROOT / name.lstrip("/")).is_file(), address
        assert mark or "/build/" in name


def test_the_page_for_no_connection_is_nobody_s_in_particular(client: FlaskClient) -> None:
    answer = client.get("/offline?lang=cs")
    assert answer.status_code == 200
    assert "offline-files" in answer.text
    assert 'name="robots" content="noindex"' in answer.text
