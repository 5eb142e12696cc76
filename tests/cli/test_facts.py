"""`pocit facts`: a layer from a file, the list, the same again, and its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import FactLayer
from tests.builders import a_map
from tests.cli.conftest import Said

Pocit = Callable[..., Said]


def test_a_layer_is_loaded_listed_replaced_and_removed(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session)
    file = tmp_path / "lampy.csv"
    file.write_text("lon;lat\n15.52;49.62\n;\n15.53;49.62\n", encoding="utf-8")
    said = pocit("facts", "import", "testov", str(file), "--name", "lampy")
    assert (said.status, said.err.splitlines()) == (
        0,
        ["row 2: The row has no place.", "2 points stored, 1 rows refused"],
    )
    assert pocit("facts", "list", "testov").out == "lampy\tpoints\t2\tlampy.csv\n"
    assert pocit("facts", "import", "testov", str(file), "--name", "lampy").status == 0
    (layer,) = live_session.scalars(select(FactLayer))
    assert (layer.features, layer.version) == (2, 1)
    assert pocit("facts", "remove", "testov", "lampy").status == 0
    assert pocit("facts", "list", "testov").out == ""


def test_what_can_not_be_is_refused_in_a_line(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    there = tmp_path / "lampy.csv"
    there.write_text("a;b\n1;2\n", encoding="utf-8")
    for words in (
        ("import", "nikde", str(there), "--name", "lampy"),
        ("import", "testov", str(tmp_path / "none.csv"), "--name", "lampy"),
        ("import", "testov", str(there), "--name", "lampy"),
        ("import", "testov", "http://127.0.0.1:9/lampy.csv", "--name", "lampy"),
        ("remove", "testov", "lampy"),
        ("reload", "testov", "lampy"),
    ):
        said = pocit("facts", *words)
        assert (said.status, len(said.err.splitlines())) == (1, 1), words
