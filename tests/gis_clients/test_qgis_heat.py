"""QGIS's own heatmap beside ours, of the same points; and our GeoTIFF as QGIS and Debian's GDAL read it."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.analysis.density import Frame, Surface, density
from gis.analysis.peaks import peaks
from gis.formats.geotiff import geotiff
from gis.grid import Cells, square_of
from tests.crowds import a_crowd_of
from tests.gis_clients.test_qgis import SYSTEM_PYTHON, _has_qgis

SCRIPT = Path(__file__).with_name("qgis_heat.py")
WEST, SOUTH, WIDE, HIGH = -474_000, -1_104_000, 6_000, 4_500
TOWN = shapely.box(WEST, SOUTH, WEST + WIDE, SOUTH + HIGH)
BANDWIDTH_M = 75.0
RADIUS_M = BANDWIDTH_M * math.sqrt(8)
"""The quartic hill that is as broad: its variance along an axis is an eighth of its radius squared."""
CELL_M = 25
TOP = 10


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Our surface of all pins, QGIS's heatmap of the same points, and what QGIS says of our file."""
    if not _has_qgis():
        pytest.skip("PyQGIS is not installed: apt-get install python3-qgis qgis-providers")
    folder = tmp_path_factory.mktemp("heat")
    folder.chmod(0o700)
    crowd = a_crowd_of(350, width_m=WIDE, height_m=HIGH, margin_m=400)
    x, y = WEST + crowd.x, SOUTH + crowd.y
    squares, pins = np.unique(np.column_stack(square_of(x, y)), axis=0, return_counts=True)
    ours = density(Cells.of(squares[:, 0], squares[:, 1], pins), TOWN, srid=5514, bandwidth_m=BANDWIDTH_M)
    (folder / "ours.tif").write_bytes(geotiff(ours, unit="pins/ha"))
    _write_points(folder / "points.geojson", x, y)
    asked = {
        "points": str(folder / "points.geojson"),
        "radius_m": RADIUS_M,
        "cell_m": CELL_M,
        "output": str(folder / "theirs.tif"),
        "ours": str(folder / "ours.tif"),
    }
    return {
        "seen": _ask_qgis(asked, folder),
        "ours": ours,
        "theirs": _read(folder / "theirs.tif"),
        "folder": folder,
    }


def _write_points(path: Path, x: np.ndarray, y: np.ndarray) -> None:
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [float(a), float(b)]}}
        for a, b in zip(x, y, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::5514"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))


def _ask_qgis(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    quiet = {
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_CUSTOM_CONFIG_PATH": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    done = subprocess.run(
        [SYSTEM_PYTHON, str(SCRIPT), json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**environment, **quiet},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _read(path: Path) -> Surface:
    """QGIS's raster as a surface per hectare: its hills are 1 high, a third of a cylinder of their radius."""
    from rasterio import open as opened

    with opened(path) as raster:
        values = np.maximum(raster.read(1), 0) * 3 / (math.pi * RADIUS_M**2) * 10_000
        frame = Frame(raster.transform.c, raster.transform.f, CELL_M, raster.width, raster.height)
    return Surface(values.astype(np.float32), frame, 5514, BANDWIDTH_M, 0.0, TOWN)


def test_the_highest_places_are_those_of_qgis(made: dict[str, Any]) -> None:
    ours = peaks(made["ours"], least=1, limit=TOP)
    theirs = peaks(made["theirs"], least=1, limit=2 * TOP)
    assert len(ours) == TOP
    away = []
    for n, peak in enumerate(ours):
        nearest = min(theirs, key=lambda one: math.hypot(one.x - peak.x, one.y - peak.y))
        away.append(math.hypot(nearest.x - peak.x, nearest.y - peak.y))
        # Another hill of the same breadth: flatter at its top, with no tail.
        assert nearest.value == pytest.approx(peak.value, rel=0.2), f"place {n + 1}"
        assert abs(theirs.index(nearest) - n) <= 3, f"place {n + 1}"
    assert np.median(away) <= 35
    # Where two places run together the top of their ridge may be anywhere on it.
    assert max(away) <= BANDWIDTH_M
    assert away[0] <= 35


def test_both_count_every_pin(made: dict[str, Any]) -> None:
    pins = made["ours"].total
    assert made["seen"]["heatmap"] == {"points": pins, "crs": "EPSG:5514", "made": True}
    assert made["ours"].counted() == pytest.approx(pins, rel=1e-4)
    assert made["theirs"].counted() == pytest.approx(pins, rel=0.01)


def test_qgis_reads_our_file_to_the_last_pin(made: dict[str, Any]) -> None:
    opened = made["seen"]["opened"]
    assert (opened["valid"], opened["crs"], opened["cell_m"]) == (True, "EPSG:5514", [25.0, 25.0])
    assert opened["has_nodata"]
    assert opened["sum"] * 25 * 25 / 10_000 == pytest.approx(made["ours"].total, rel=1e-4)
    assert opened["highest"] == pytest.approx(made["ours"].peak, rel=1e-6)


def test_gdal_reads_our_file_to_the_last_pin(made: dict[str, Any]) -> None:
    if not shutil.which("gdalinfo"):
        pytest.fail("gdalinfo is missing: ./run test installs gdal-bin")
    done = subprocess.run(
        ["gdalinfo", "-json", "-stats", str(made["folder"] / "ours.tif")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GDAL_PAM_ENABLED": "NO"},
    )
    told = json.loads(done.stdout)
    [band] = told["bands"]
    given = float(band["metadata"][""]["STATISTICS_VALID_PERCENT"]) / 100
    columns, rows = told["size"]
    found = band["mean"] * given * columns * rows * 25 * 25 / 10_000
    # GDAL tells the share of cells with data to four digits.
    assert found == pytest.approx(made["ours"].total, rel=2e-3)
    assert (band["noDataValue"], band["unit"]) == (-9999, "pins/ha")
