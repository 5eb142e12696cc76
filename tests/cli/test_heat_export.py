"""`pocit heat export`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rasterio.io import MemoryFile
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.maps import MapRecord
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """Six people in one place, one alone elsewhere, one hidden."""
    the_map = a_map(live_session)
    for i in range(6):
        a_pin(live_session, the_map, "unsafe", respondent=f"r{i}", comment="Tma </script><b>tady")
    a_pin(live_session, the_map, "safe", (15.51, 49.62), respondent="alone")
    a_pin(live_session, the_map, "safe", respondent="spam", state=PinState.HIDDEN, comment="hidden words")
    return the_map


def total_of(path: Path) -> float:
    with MemoryFile(path.read_bytes()) as memory, memory.open() as raster:
        return float(raster.read(1, masked=True).sum()) * raster.res[0] ** 2 / 10_000


def test_officials_get_all_and_the_public_what_k_allows(pocit: Pocit, town: MapRecord, tmp_path: Path) -> None:
    for scope, total in (("office", 7), ("public", 6)):
        file = tmp_path / f"{scope}.tif"
        assert pocit("heat", "export", "testov", "--scope", scope, "-o", str(file)).status == 0
        assert total_of(file) == pytest.approx(total, rel=5e-3)


def test_areas_go_to_stdout(pocit: Pocit, town: MapRecord) -> None:
    said = pocit("heat", "export", "testov", "--category", "unsafe", "--bandwidth", "50", "-f", "geojson")
    assert said.status == 0
    assert json.loads(said.out)["features"]


def test_the_standalone_map_is_one_file_with_all_categories(pocit: Pocit, town: MapRecord, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    assert pocit("heat", "export", "testov", "-f", "html", "-o", str(file)).status == 0
    page = file.read_text()
    assert "Bezpečně" in page
    assert "Nebezpečně" in page
    assert "</script><b>tady" not in page
    assert "hidden words" not in page
    assert 'src="http' not in page


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["nowhere"], 1),
        (["testov", "--category", "nonsense"], 1),
        (["testov", "--bandwidth", "1"], 1),
        (["testov", "--weight", "women"], 2),
        (["testov", "-f", "gif"], 2),
    ],
)
def test_what_cant_be_done_is_said_in_one_line(
    pocit: Pocit, town: MapRecord, words: list[str], status: int
) -> None:
    said = pocit("heat", "export", *words)
    assert said.status == status
    assert said.out == ""
    if status == 1:
        assert len(said.err.strip().splitlines()) == 1


def test_heat_that_is_kept_back_is_refused_in_public(pocit: Pocit, live_session: Session) -> None:
    a_map(live_session, publish={"heat": False})
    said = pocit("heat", "export", "testov", "--scope", "public")
    assert said.status == 1
    assert "does not publish" in said.err


def test_share_and_filters_are_those_of_the_office_address(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    gender = {"key": "gender", "label": {"cs": "pohlaví"}, "options": [{"key": "woman", "label": {"cs": "žena"}}]}
    the_map = a_map(live_session, about=[gender])
    for n in range(6):
        about = {"gender": "woman"} if n < 5 else {}
        a_pin(live_session, the_map, "unsafe", respondent=f"r{n}", about=about)
        a_pin(live_session, the_map, "safe", respondent=f"r{n}")
    file = tmp_path / "heat.tif"
    women = ["--where", "about_gender=woman"]
    assert pocit("heat", "export", "testov", *women, "--category", "safe", "-o", str(file)).status == 0
    assert total_of(file) == pytest.approx(5, rel=5e-3)
    share = ["--measure", "share", "--category", "safe"]
    assert pocit("heat", "export", "testov", *women, *share, "-o", str(file)).status == 0
    with MemoryFile(file.read_bytes()) as memory, memory.open() as raster:
        values = raster.read(1, masked=True)
        assert raster.units == ("%",)
        assert raster.tags()["filter"] == "about_gender=woman"
    assert values.count() > 0
    assert float(np.ma.median(values)) == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--measure", "share"], 1),
        (["--measure", "ratio"], 2),
        (["--where", "about_age=1"], 1),
        (["--where", "state=lost"], 1),
        (["--where", "state"], 2),
        (["--where", "channel=web", "--where", "channel=paper"], 1),
        (["--where", "channel=web", "--scope", "public"], 1),
        (["--measure", "share", "--category", "safe", "--scope", "public"], 1),
    ],
)
def test_filter_that_cant_be_is_refused_and_nothing_written(
    pocit: Pocit, town: MapRecord, words: list[str], status: int, tmp_path: Path
) -> None:
    file = tmp_path / "heat.tif"
    said = pocit("heat", "export", "testov", *words, "-o", str(file))
    assert said.status == status
    assert not file.exists()
    if status == 1:
        assert len(said.err.strip().splitlines()) == 1
