"""`pocit pins export` and `pocit layer export`: every form, both scopes, any system; refusals in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.layers import LAYERS
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said
from tests.taken_files import by_gdal, taken

Pocit = Callable[..., Said]
ENDINGS = {
    "geojson": "geojson",
    "csv": "csv",
    "gpkg": "gpkg",
    "fgb": "fgb",
    "shp": "shp.zip",
    "parquet": "parquet",
}


@pytest.fixture
def out(live_session: Session, tmp_path: Path) -> Path:
    """Where to write; there is a map with one pin that is shown and one that is hidden."""
    the_map = a_map(live_session)
    a_pin(live_session, the_map, "unsafe", comment="Tma")
    a_pin(live_session, the_map, comment="SKRYTY", state=PinState.HIDDEN)
    return tmp_path / "file"


@pytest.mark.parametrize("form", list(ENDINGS))
def test_pins_leave_in_every_form_and_scope(pocit: Pocit, out: Path, form: str) -> None:
    for scope, count in (("public", 1), ("office", 2)):
        said = pocit(
            "pins", "export", "testov", "-f", form, "--crs", "EPSG:5514", "--scope", scope, "-o", str(out)
        )
        assert (said.status, said.out, said.err) == (0, "", "")
        file = taken(out.read_bytes(), ENDINGS[form])
        assert len(file.rows) == count
        assert file.epsg == 5514
    assert [one.name for one in out.parent.iterdir()] == ["file"]


def test_every_layer_leaves_and_everything_in_one_geopackage(pocit: Pocit, out: Path) -> None:
    out = out.with_suffix(".gpkg")
    for name, kind in LAYERS.items():
        said = pocit("layer", "export", "testov", name, "-f", "gpkg", "-o", str(out))
        if kind.analysis:
            assert (said.status, said.err.count("\n")) == (1, 1)
            assert "not been computed" in said.err
            continue
        assert said.status == 0
        by_gdal(str(out), name)
    assert pocit("layer", "export", "testov", "everything", "-f", "gpkg", "-o", str(out)).status == 0
    assert len(by_gdal(str(out), "pins").rows) == 2
    assert len(by_gdal(str(out), "boundary").rows) == 1
    assert "hot-spots" in pocit("layer", "list").out


def test_refusals_are_one_line_and_leave_no_file(pocit: Pocit, live_session: Session, out: Path) -> None:
    for crs in ("5514", "EPSG:1", "EPSG:4978"):
        assert pocit("pins", "export", "testov", "--crs", crs, "-o", str(out)).status == 2
    assert pocit("layer", "export", "testov", "everything", "-f", "csv").status == 2
    far = pocit("pins", "export", "testov", "-f", "gpkg", "--crs", "EPSG:27700", "-o", str(out))
    assert (far.status, far.err.count("\n")) == (1, 1)
    a_map(live_session, "tichov", publish={"pins": False})
    kept = pocit("pins", "export", "tichov", "--scope", "public", "-f", "fgb", "-o", str(out))
    assert (kept.status, kept.err.count("\n")) == (1, 1)
    nowhere = pocit("pins", "export", "testov", "-f", "gpkg", "-o", "/nowhere/at/all.gpkg")
    assert (nowhere.status, nowhere.err.count("\n")) == (1, 1)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []
