"""`pocit addresses`: a RÚIAN list in, every bad row told, refusals in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.address import Address
from tests.builders import a_map
from tests.cli.conftest import Said
from tests.ruian import a_city, a_list, a_row, zipped

Pocit = Callable[..., Said]


def stored(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Address)) or 0


def test_a_list_goes_in_and_bad_rows_are_told(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session, ruian=900001)
    path = tmp_path / "adresy.csv"
    path.write_bytes(a_list([a_row(1), a_row(2, y="daleko"), a_row(3, None), a_row(4, town=5)]))
    said = pocit("addresses", "import", "testov", str(path))
    assert said.status == 0, said.err
    assert "row 2: The coordinates are not numbers." in said.err
    assert "4 rows read: 1 addresses stored in the place of 0, 1 without coordinates, 1 of other" in said.err
    assert stored(live_session) == 1


def test_a_made_up_city_goes_in_from_a_zip_and_again(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session, ruian=900001)
    path = tmp_path / "adresy.zip"
    path.write_bytes(zipped(a_list(list(a_city(2000)))))
    assert "2000 addresses stored in the place of 0" in pocit("addresses", "import", "testov", str(path)).err
    assert "2000 addresses stored in the place of 2000" in pocit("addresses", "import", "testov", str(path)).err
    assert "2000 addresses removed" in pocit("addresses", "remove", "testov").err
    assert stored(live_session) == 0


def test_refusals_are_one_line_and_change_nothing(pocit: Pocit, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session, ruian=900001)
    path = tmp_path / "adresy.csv"
    path.write_bytes(a_list([a_row(1)]))
    pocit("addresses", "import", "testov", str(path))
    other = tmp_path / "jinde.csv"
    other.write_bytes(a_list([a_row(2, town=571164, town_name="Chrudim")]))
    for words, reason in (
        (("import", "testov", str(other)), "Chrudim (571164)"),
        (("import", "nowhere", str(path)), "no town “nowhere”"),
        (("remove", "nowhere"), "no town “nowhere”"),
    ):
        said = pocit("addresses", *words)
        assert (said.status, len(said.err.splitlines())) == (1, 1)
        assert reason in said.err
    assert stored(live_session) == 1
