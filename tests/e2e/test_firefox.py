"""The main path in Firefox, driven by WebDriver BiDi: the same pages in another engine."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import ROOT
from app.models import Pin
from tests.builders import a_basemap, a_map

PATIENCE_S = 180


def test_a_pin_is_placed_found_again_and_counted_in_firefox(live_server: str, live_session: Session) -> None:
    if not shutil.which("firefox-esr"):
        pytest.fail("Firefox is missing: ./run test installs it")
    a_map(live_session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    live_session.commit()

    walked = subprocess.run(
        ["node", str(ROOT / "tests" / "firefox" / "walk.mjs"), live_server, "testov"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert walked.returncode == 0, walked.stderr
    seen = json.loads(walked.stdout)
    assert (seen["errors"], seen["strangers"]) == ([], [])
    assert seen["thanks"] == "Děkujeme, je na mapě"
    assert seen["mine"] == ["Za rohem je tma."]
    assert seen["results"]
    pin = live_session.scalars(select(Pin)).one()
    assert (pin.category, pin.comment, pin.channel) == ("unsafe", "Za rohem je tma.", "web")
