"""`pocit sheet read`: candidate pins of photographed sheets, refusals with reasons, nothing stored."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin, SheetMark, SheetPhoto
from app.queries.maps import MapRecord
from app.queries.sheets import find_sheet
from app.services.sheets import Printed
from gis.crs import to_wgs84
from gis.paper.serial import make_serial
from gis.paper.sheet import PaperSheet
from gis.scan.mark import AIM_MM
from tests.builders import a_basemap, a_map, a_print
from tests.cli.conftest import Said
from tests.paper_scans import as_file, no_sheet, scan_of

Pocit = Callable[..., Said]
STICKERS = (("safe", 80.0, 80.0), ("unsafe", 110.0, 90.0))


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    return a_map(live_session, basemap_geojson=a_basemap())


@pytest.fixture
def printed(live_session: Session, town: MapRecord, tmp_path: Path) -> Printed:
    return a_print(live_session, town, tmp_path)


@pytest.fixture
def sheet(live_session: Session, printed: Printed) -> PaperSheet:
    found = find_sheet(live_session, printed.serials[0])
    assert found
    return found.sheet


@pytest.fixture
def scan(printed: Printed, sheet: PaperSheet, tmp_path: Path) -> Path:
    path = tmp_path / "scan.png"
    path.write_bytes(as_file(scan_of(printed.pdf, sheet, STICKERS), "PNG"))
    return path


def test_marks_become_candidate_pins_where_they_lie_on_the_ground(
    pocit: Pocit, live_session: Session, printed: Printed, sheet: PaperSheet, scan: Path
) -> None:
    said = pocit("sheet", "read", str(scan))
    assert said.status == 0, said.err
    found = json.loads(said.out)
    assert (found["type"], found["refused"]) == ("FeatureCollection", [])
    assert [feature["properties"]["category"] for feature in found["features"]] == ["safe", "unsafe"]
    for feature, (_, x_mm, y_mm) in zip(found["features"], STICKERS, strict=True):
        lon, lat = feature["geometry"]["coordinates"]
        true_lon, true_lat = to_wgs84(sheet.crs)(*sheet.to_ground(x_mm, y_mm))
        metres = math.hypot((lon - true_lon) * math.cos(math.radians(lat)), lat - true_lat) * 111_320
        assert metres <= 0.5 * sheet.scale / 1000
        told = feature["properties"]
        assert (told["sheet"], told["photo"], told["page"]) == (printed.serials[0], str(scan), 1)
        assert 0.5 < told["confidence"] <= 1
        assert AIM_MM <= told["precision_m"] / sheet.scale * 1000 < AIM_MM + 0.5
    for table in (Pin, SheetMark, SheetPhoto):
        assert live_session.scalar(select(func.count()).select_from(table)) == 0


def test_what_cannot_be_read_is_named_with_its_reason_and_the_rest_is_read(
    pocit: Pocit, scan: Path, tmp_path: Path
) -> None:
    (tmp_path / "kočka.jpg").write_bytes(no_sheet())
    (tmp_path / "text.jpg").write_bytes(b"not a picture")
    said = pocit("sheet", "read", str(tmp_path / "kočka.jpg"), str(scan), str(tmp_path / "text.jpg"))
    assert said.status == 0
    found = json.loads(said.out)
    assert len(found["features"]) == 2
    assert [Path(one["photo"]).name for one in found["refused"]] == ["kočka.jpg", "text.jpg"]
    assert found["refused"][1]["reason"] == "not_a_picture"
    assert all(isinstance(one["evidence"], dict) for one in found["refused"])
    assert "text.jpg: This file is no picture that we can open." in said.err


def test_no_photo_read_is_exit_one_and_still_json(pocit: Pocit, town: MapRecord, tmp_path: Path) -> None:
    (tmp_path / "kočka.jpg").write_bytes(no_sheet())
    said = pocit("sheet", "read", str(tmp_path / "kočka.jpg"))
    assert said.status == 1
    assert json.loads(said.out)["features"] == []


def test_a_missing_photo_is_a_refusal_in_one_line(pocit: Pocit, town: MapRecord) -> None:
    said = pocit("sheet", "read", "there-is-none.jpg")
    assert (said.status, said.out) == (1, "")
    assert said.err == "pocit: there is no photo there-is-none.jpg\n"


def test_no_photo_at_all_is_bad_usage(pocit: Pocit, town: MapRecord) -> None:
    assert pocit("sheet", "read").status == 2


def test_a_typed_serial_that_the_sheet_does_not_bear_is_refused(pocit: Pocit, scan: Path) -> None:
    said = pocit("sheet", "read", "--serial", make_serial(), str(scan))
    assert said.status == 1
    assert json.loads(said.out)["refused"][0]["reason"] == "unknown_sheet"
    assert "not the serial of a sheet" in pocit("sheet", "read", "--serial", "ABC", str(scan)).err


def test_two_photos_of_one_sheet_are_told_each_or_as_one(
    pocit: Pocit, printed: Printed, sheet: PaperSheet, scan: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(as_file(scan_of(printed.pdf, sheet, [*STICKERS, ("improve", 60.0, 110.0)]).rotate(180)))
    out = tmp_path / "pins.geojson"
    each = json.loads(pocit("sheet", "read", str(scan), str(other)).out)["features"]
    assert [feature["properties"]["photo"] for feature in each] == [str(scan)] * 2 + [str(other)] * 3
    assert pocit("sheet", "read", "--merge", str(scan), str(other), "-o", str(out)).out == ""
    assert len(json.loads(out.read_text())["features"]) == 3
