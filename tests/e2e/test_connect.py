"""From the office into a GIS: a token made in the browser, read by GDAL; a file that opens in QGIS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.models import PinState
from tests.builders import BOX, PASSWORD, a_map, a_pin, an_official

QGIS_PYTHON = "/usr/bin/python3"
"""The Python for which the distribution packages QGIS."""
READ = """
import json, sys
import pyogrio
source, *login = sys.argv[1:]
signed_in = {"USERPWD": login[0]} if login else {}
columns = pyogrio.read_info(source, layer="testov", **signed_in)["fields"].tolist()
states = pyogrio.raw.read(source, layer="testov", columns=["state"], **signed_in)[3][0].tolist() if login else []
print(json.dumps([columns, states]))
"""
"""What GDAL finds in the map, signed in or not."""
OPEN_IN_QGIS = Path(__file__).with_name("open_in_qgis.py")


@pytest.fixture
def office(desktop: Page, live_session: Session) -> Page:
    """A viewer on the page that brings the map into the GIS; one of the three pins is nobody's to see yet."""
    the_map = a_map(live_session, title={"cs": "Mapa Testova"})
    a_pin(live_session, the_map, "safe", (15.51, 49.615), comment="Lavička")
    a_pin(live_session, the_map, "unsafe", (15.52, 49.62))
    a_pin(live_session, the_map, "improve", (15.53, 49.625), comment="Tma", state=PinState.PENDING)
    an_official(live_session, "gis@testov.example", role="viewer")
    desktop.goto("/office/maps/testov/connect?lang=en")
    desktop.fill("#email", "gis@testov.example")
    desktop.fill("#password", PASSWORD)
    desktop.keyboard.press("Enter")
    desktop.wait_for_url("**/connect**")
    return desktop


@pytest.mark.usefixtures("live_session")
def test_token_made_in_the_browser_is_read_by_gdal_until_it_is_revoked(office: Page, live_server: str) -> None:
    office.context.grant_permissions(["clipboard-read", "clipboard-write"])
    office.locator("[data-copy=api]").click()
    api = office.evaluate("navigator.clipboard.readText()")
    assert api == f"{live_server}/api/"
    office.get_by_role("link", name="Make a token").click()
    office.fill("#name", "ogr2ogr")
    office.fill("#password", PASSWORD)
    office.get_by_role("button", name="Make a token").click()
    token = office.locator("#token-text").input_value()
    office.locator("[data-copy=token-text]").click()
    assert office.evaluate("navigator.clipboard.readText()") == token

    columns, states = _states(api, token)
    assert {"state", "respondent"} <= set(columns)
    assert sorted(states) == ["pending", "visible", "visible"]
    assert "state" not in _states(api, None)[0], "nobody in particular sees what everybody sees"

    office.reload()
    expect(office.locator("#token-text")).to_have_count(0)
    expect(office.get_by_text("last used")).to_be_visible()
    office.get_by_text("Revoke…").click()
    office.get_by_role("button", name="Revoke the token").click()
    expect(office.locator(".notice-good")).to_be_visible()
    refused = _gdal(api, token)
    assert refused.returncode
    assert "401" in refused.stderr


def test_file_opens_in_qgis_with_the_pins_and_the_heat(office: Page, tmp_path: Path) -> None:
    if subprocess.run([QGIS_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode:
        pytest.skip("QGIS is not installed here (python3-qgis)")
    office.fill("#password", PASSWORD)
    with office.expect_download() as download:
        office.get_by_role("button", name="Download for QGIS").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    surroundings = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    words = [QGIS_PYTHON, str(OPEN_IN_QGIS), str(file), *(str(value) for value in BOX.bounds)]
    said = subprocess.run(words, env=surroundings, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(said.stdout.splitlines()[-1])
    assert (found["loaded"], found["problem"]) == (True, "")
    pins, *heat = found["layers"].values()
    assert (pins["valid"], pins["shown"], pins["pins"]) == (True, True, 3)
    assert "state" in pins["fields"]
    assert {"#009e73", "#d55e00", "#0072b2"} <= set(pins["colours"]), "each category in its colour"
    assert [(one["valid"], one["shown"]) for one in heat] == [(True, True), *[(True, False)] * 3]
    assert all(len(one["colours"]) > 10 for one in heat)


def _states(api: str, token: str | None) -> tuple[list[str], list[str]]:
    """The columns that GDAL's driver finds at the API, and what stands in `state`, where it is one of them."""
    said = _gdal(api, token)
    assert said.returncode == 0, said.stderr
    columns, states = json.loads(said.stdout)
    return columns, states


def _gdal(api: str, token: str | None) -> subprocess.CompletedProcess[str]:
    """GDAL in a process of its own: in this one it would wait for a server that waits for it."""
    words = [sys.executable, "-c", READ, f"OAPIF:{api}", *([f"whoever:{token}"] if token else [])]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
