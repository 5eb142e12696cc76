"""`pocit sheet print` and `sheet show`: what is printed can be told, and is where it is said to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from app.queries.sheets import find_sheet
from gis.crs import to_metric
from gis.paper.markers import dictionary, marker_number
from gis.paper.serial import parse_serial, serial_in_code
from tests.builders import a_basemap, a_map, an_event
from tests.cli.conftest import Said

Pocit = Callable[..., Said]
PX_PER_MM = 8


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Secrets and tiles of this test alone."""
    monkeypatch.setenv("POCIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("POCIT_ADDRESS", raising=False)
    return tmp_path


@pytest.fixture
def the_map(live_session: Session) -> MapRecord:
    """A map with an event."""
    made = a_map(live_session, basemap_geojson=a_basemap())
    an_event(live_session, made, "VAKA47")
    live_session.commit()
    return made


def page_of(path: Path, number: int = 0) -> np.ndarray:
    """A printed page as grey pixels, PX_PER_MM to the millimetre."""
    document = pypdfium2.PdfDocument(path)
    return document[number].render(scale=PX_PER_MM * 25.4 / 72, grayscale=True).to_numpy()


def test_each_sheet_has_its_serial_in_its_codes_and_on_stdout(
    pocit: Pocit, the_map: MapRecord, home: Path
) -> None:
    file = home / "sheets.pdf"
    address = ("--address", "https://mapa.testov.cz")
    said = pocit(
        "sheet", "print", "testov", "--paper", "A4", "--count", "3", "--event", "vaka47", *address, "-o", str(file)
    )
    serials = said.out.split()
    assert (said.status, said.err, len(set(serials))) == (0, "", 3)
    assert all(parse_serial(serial) == serial for serial in serials)
    for number, serial in enumerate(serials):
        read = [found.text for found in zxingcpp.read_barcodes(page_of(file, number))]
        assert [serial_in_code(text) for text in read].count(serial) == 4
        assert "https://mapa.testov.cz/m/testov?event=VAKA47" in read


def test_markers_and_frame_lie_where_show_says_and_the_scale_is_true(
    pocit: Pocit, the_map: MapRecord, home: Path
) -> None:
    file = home / "sheets.pdf"
    serial = pocit("sheet", "print", "testov", "--paper", "A3", "--scale", "10000", "-o", str(file)).out.strip()
    told = json.loads(pocit("sheet", "show", serial.lower()).out)
    assert (told["map"], told["event"], told["paper"], told["scale"], told["crs"]) == (
        "testov", None, "A3", 10_000, "EPSG:5514",
    )  # fmt: skip
    left, top, width, height = told["frame_mm"]
    west, south, east, north = told["bounds"]
    assert east - west == pytest.approx(width * 10)
    assert north - south == pytest.approx(height * 10)
    x, y = to_metric(5514)(*the_map.boundary.centroid.coords[0])
    assert west < float(x) < east
    assert south < float(y) < north
    assert [one["key"] for one in told["categories"]] == ["safe", "unsafe", "improve"]
    assert told["categories"][0]["sticker"] == "#009e73"
    page = page_of(file)
    assert [side / PX_PER_MM for side in page.shape] == pytest.approx(told["page_mm"][::-1], abs=0.2)
    dark = page[int(top * PX_PER_MM) - 3 : int(top * PX_PER_MM) + 4, int((left + width / 2) * PX_PER_MM)]
    assert dark.min() < 120, "the frame's upper edge"


def test_every_marker_is_where_the_stored_geometry_has_it(
    pocit: Pocit, the_map: MapRecord, home: Path, live_session: Session
) -> None:
    file = home / "sheets.pdf"
    serial = pocit("sheet", "print", "testov", "--paper", "A4", "-o", str(file)).out.strip()
    found = find_sheet(live_session, serial)
    assert found
    corners, numbers, _ = cv2.aruco.ArucoDetector(dictionary()).detectMarkers(page_of(file))
    seen = {int(number): at[0] for number, at in zip(numbers.ravel(), corners, strict=True)}
    for marker in found.sheet.layout.markers:
        at = seen[marker_number(serial, marker.place)] / PX_PER_MM
        assert np.abs(at - np.array(marker.corners())).max() < 0.25


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--count", "0"), "whole number from 1 to 200"),
        (("--count", "many"), "whole number from 1 to 200"),
        (("--count", "00000000300"), "whole number from 1 to 200"),
        (("--scale", "3"), "whole number from 200"),
        (("--event", "NONE9"), "no event with the code NONE9"),
        (("--paper", "A4", "--pages-on", "A3"), "smaller than itself"),
        (("--centre", "here"), "longitude, latitude"),
    ],
)
def test_a_bad_order_is_refused_in_one_line(
    pocit: Pocit, the_map: MapRecord, home: Path, words: tuple[str, ...], reason: str
) -> None:
    file = home / "sheets.pdf"
    said = pocit("sheet", "print", "testov", *words, "-o", str(file))
    assert said.status == 1
    assert reason in said.err.splitlines()[-1]
    assert not file.exists()


def test_a_serial_that_is_none_or_was_not_printed_here_is_told(pocit: Pocit, the_map: MapRecord) -> None:
    assert "not the serial of a sheet" in pocit("sheet", "show", "nonsense").err
    assert "was printed here" in pocit("sheet", "show", "22222222" + "2").err
