"""Pins from files, part by part: the same ids, numbers and flags however large the file and its parts are."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.inputs import imports, pin_files, row_values
from app.inputs.imports import ImportOptions
from app.inputs.pin_files import open_pin_file
from app.inputs.row_ids import NAMESPACE, Times, named, salted, unsalted
from app.models import Pin, PinFlag
from app.queries.maps import MapRecord
from app.services.flags import check_again, check_all
from app.services.imports import ImportReport, import_pins
from app.services.loading import Loading
from tests.builders import CENTRE, OUTSIDE, a_map, a_pin

LON, LAT = CENTRE
HEADING = ["respondent", "category", "lon", "lat", "comment"]


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map."""
    return a_map(session)


@pytest.fixture(params=[2, 20_000])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Rows read at once."""
    monkeypatch.setattr(pin_files, "ROWS_AT_ONCE", request.param)
    return int(request.param)


def a_csv(folder: Path, rows: list[list[object]]) -> Path:
    path = folder / "pins.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADING, *rows])
    return path


def load(session: Session, town: MapRecord, path: Path, **options: Any) -> ImportReport:
    report = import_pins(session, town, open_pin_file(path).parts, ImportOptions(**options))
    session.commit()
    return report


@contextmanager
def the_version_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows are stored as the version before stored them: under ids without the map's secret."""
    with monkeypatch.context() as patch:
        patch.setattr(imports, "salted", lambda slug, secret: unsalted(slug))
        patch.setattr(row_values, "visible", lambda text: text)
        yield


def everything(session: Session) -> list[tuple[Any, ...]]:
    """All rows of pins and persons, as they are."""
    session.expire_all()
    tables = ("pin", "respondent")
    return [tuple(row) for name in tables for row in session.execute(text(f"SELECT * FROM {name} ORDER BY id"))]


OLDER_ROWS: list[list[object]] = [
    ["a", "safe", LON, LAT, "Tma"],
    ["a", "unsafe", LON, LAT, "Ti\u202ecího"],
    ["b", "safe", LON, LAT, ""],
    ["b", "safe", LON, LAT, ""],
    ["", "safe", LON, LAT, "Kdosi"],
    ["0b1f6a3e-5a71-4d28-9f3c-0a6c1f7f2d11", "safe", LON, LAT, "Sám"],
]


def test_a_file_that_was_loaded_by_the_version_before_changes_nothing(
    session: Session, town: MapRecord, tmp_path: Path, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_csv(tmp_path, OLDER_ROWS)
    with the_version_before(monkeypatch):
        load(session, town, path)
    stored = everything(session)
    known = set(session.scalars(select(Pin.id)))
    tma = repr(("testov", "a", "safe", f"{LON:.7f} {LAT:.7f}", "Tma", None))
    assert uuid.uuid5(NAMESPACE, tma) in known
    assert len(known) == len(OLDER_ROWS)
    for _ in range(2):
        again = load(session, town, path)
        assert (again.stored, again.known) == (0, len(OLDER_ROWS))
        assert everything(session) == stored


def test_rows_added_to_a_file_of_the_version_before_are_its_persons_under_new_ids(
    session: Session, town: MapRecord, tmp_path: Path, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with the_version_before(monkeypatch):
        load(session, town, a_csv(tmp_path, OLDER_ROWS))
    before = {pin.id: pin.respondent_id for pin in session.scalars(select(Pin))}
    added: list[list[object]] = [
        ["a", "safe", LON, LAT + 0.001, "Nově"],
        ["b", "safe", LON, LAT, ""],
        ["c", "safe", LON, LAT, "Další"],
    ]
    path = a_csv(tmp_path, [added[0], *OLDER_ROWS, *added[1:]])
    report = load(session, town, path)
    assert (report.stored, report.known) == (3, len(OLDER_ROWS))
    pins = {pin.id: pin for pin in session.scalars(select(Pin))}
    new = {pin.comment: pin for key, pin in pins.items() if key not in before}
    assert set(new) == {"Nově", None, "Další"}
    a, b = (uuid.uuid5(NAMESPACE, repr(("testov", "respondent", one))) for one in "ab")
    assert (new["Nově"].respondent_id, new[None].respondent_id) == (a, b)
    assert new["Další"].respondent_id != uuid.uuid5(NAMESPACE, repr(("testov", "respondent", "c")))
    published = (
        ["a", "safe", f"{LON:.7f} {LAT + 0.001:.7f}", "Nově"],
        ["c", "safe", f"{LON:.7f} {LAT:.7f}", "Další"],
    )
    assert not {uuid.uuid5(NAMESPACE, repr(("testov", *row, None))) for row in published} & set(new)
    assert {key: pins[key].respondent_id for key in before} == before
    stored = everything(session)
    assert load(session, town, path).stored == 0
    assert everything(session) == stored


def test_an_empty_map_is_not_searched_for_rows_of_an_older_version(session: Session, town: MapRecord) -> None:
    assert not Loading(session, town).has_older
    session.rollback()
    a_pin(session, town)
    assert Loading(session, town).has_older


def test_equal_rows_are_different_pins_also_far_apart(
    session: Session, town: MapRecord, tmp_path: Path, parts: int
) -> None:
    same: list[object] = ["a", "safe", LON, LAT, ""]
    path = a_csv(tmp_path, [same, same, ["b", "safe", LON, LAT, ""], same, same])
    assert load(session, town, path).stored == 5
    mark = salted(town.slug, town.salt)
    first = uuid.uuid5(NAMESPACE, repr((*mark, "a", "safe", f"{LON:.7f} {LAT:.7f}", None, None)))
    expected = {first, *(uuid.uuid5(first, str(n)) for n in (2, 3, 4))}
    assert expected < set(session.scalars(select(Pin.id)))
    again = load(session, town, path)
    assert (again.stored, again.known) == (0, 5)


def test_bad_rows_keep_their_numbers_and_lines_in_every_part(
    session: Session, town: MapRecord, tmp_path: Path, parts: int
) -> None:
    good: list[object] = ["a", "safe", LON, LAT, "dva\nřádky"]
    path = a_csv(
        tmp_path,
        [good, ["a", "nic", LON, LAT, ""], good, ["a", "safe", *OUTSIDE, ""], ["a"], good, ["", "", "", ""]],
    )
    report = load(session, town, path)
    assert [(row.number, row.line, row.problem.field) for row in report.refused] == [
        (2, 4, "category"),
        (4, 7, "geometry"),
        (5, 8, "geometry"),
        (7, 11, "geometry"),
    ]
    assert (report.read, report.stored) == (7, 3)


def test_the_own_id_of_a_row_is_kept_and_stored_once(session: Session, town: MapRecord, tmp_path: Path) -> None:
    own = uuid.uuid4()
    path = tmp_path / "a.csv"
    path.write_text(f"id,category,lon,lat\n{own},safe,{LON},{LAT}\n{own},unsafe,{LON},{LAT}\n,safe,{LON},{LAT}\n")
    report = load(session, town, path)
    assert (report.stored, report.known) == (2, 1)
    assert session.get(Pin, (town.id, own)).category == "safe"  # type: ignore[union-attr]


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG"])
def test_a_layer_of_many_parts_goes_in_whole(
    session: Session, town: MapRecord, tmp_path: Path, parts: int, driver: str
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"category": "safe", "comment": f"č. {n}"},
            "geometry": None if n == 3 else {"type": "Point", "coordinates": [LON + n / 1e5, LAT]},
        }
        for n in range(7)
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    if driver == "GPKG":
        path = tmp_path / "a.gpkg"
        meta, _, shapes, columns = pyogrio.raw.read(tmp_path / "a.geojson")
        pyogrio.raw.write(
            path, shapes, columns, meta["fields"], driver="GPKG", crs="EPSG:4326", geometry_type="Point"
        )
    report = load(session, town, path)
    assert (report.read, report.stored, [row.number for row in report.refused]) == (7, 6, [4])
    assert set(session.scalars(select(Pin.comment))) == {f"č. {n}" for n in range(7) if n != 3}


def test_a_list_of_a_geojson_is_the_answer_of_a_multiple_choice(session: Session, tmp_path: Path) -> None:
    options = [{"key": key, "label": {"cs": key}} for key in ("tma", "auta", "psi")]
    question = {"key": "why", "label": {"cs": "Proč?"}, "type": "multiple", "options": options}
    town = a_map(session, "ptame", questions=[question])
    feature = {
        "type": "Feature",
        "properties": {"category": "safe", "why": ["tma", "psi"]},
        "geometry": {"type": "Point", "coordinates": [LON, LAT]},
    }
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert load(session, town, path).stored == 1
    assert session.scalars(select(Pin.answers)).one() == {"why": ["tma", "psi"]}


def flags(session: Session) -> set[tuple[object, ...]]:
    session.expire_all()
    rows = session.query(PinFlag)
    return {(row.pin_id, row.kind, json.dumps(row.detail), row.settled) for row in rows}


def test_a_loaded_file_has_the_flags_that_a_check_would_give_it(
    session: Session, town: MapRecord, tmp_path: Path, parts: int
) -> None:
    before = a_pin(session, town, comment="Tady je vždycky tma.")
    near = 5 / 72_300
    rows: list[list[object]] = [
        ["a", "safe", LON, LAT, "Volejte 777 123 456"],
        ["a", "safe", LON + near, LAT, "kurva tma"],
        ["a", "unsafe", LON, LAT, "tady je VŽDYCKY tma"],
        ["b", "safe", LON, LAT, "Tady je vzdycky tma!"],
        ["c", "safe", LON, LAT, "Hezké místo"],
        ["c", "safe", LON + 0.01, LAT, "Hezké místo"],
    ]
    assert load(session, town, a_csv(tmp_path, rows)).stored == 6
    found = flags(session)
    assert {kind for _, kind, *_ in found} == {"phone", "vulgar", "close", "repeated"}
    assert before.id in {pin for pin, kind, *_ in found if kind == "repeated"}
    flagged = set(session.scalars(select(Pin.id).where(Pin.flagged)))
    assert flagged == {pin for pin, *_ in found}
    assert session.scalars(select(Pin.id).where(Pin.checked_at.is_(None))).all() == [before.id]
    check_again(session, [town.id])
    check_all(session, town)
    assert flags(session) == found


def test_pins_that_came_by_web_are_left_to_the_check(session: Session, town: MapRecord, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"category,lon,lat,channel,comment\nsafe,{LON},{LAT},web,Volejte 777 123 456\n")
    load(session, town, path, keep_channel=True)
    assert session.scalars(select(Pin.checked_at)).all() == [None]
    assert flags(session) == set()
    check_all(session, town)
    assert {kind for _, kind, *_ in flags(session)} == {"phone"}


def test_what_an_official_settled_stays_settled_when_the_same_file_comes_again(
    session: Session, town: MapRecord, tmp_path: Path
) -> None:
    path = a_csv(tmp_path, [[who, "safe", LON, LAT, "Tady je vždycky tma."] for who in "abc"])
    load(session, town, path)
    session.execute(text("UPDATE pin_flag SET settled = true"))
    session.execute(text("UPDATE pin SET flagged = false"))
    load(session, town, path)
    assert {settled for *_, settled in flags(session)} == {True}
    assert not session.scalars(select(Pin.id).where(Pin.flagged)).all()


def test_ids_made_many_at_once_are_the_usual_ones() -> None:
    assert named(["a", "žluť"]) == [uuid.uuid5(NAMESPACE, text).hex for text in ("a", "žluť")]
    assert named([]) == []


def test_times_are_counted_over_many_parts() -> None:
    times, seen = Times(), dict[int, int]()
    for part in range(40):
        numbers = [(part * 7 + n * n) % 60 for n in range(part)]
        expected = []
        for place, number in enumerate(numbers):
            seen[number] = seen.get(number, 0) + 1
            if seen[number] > 1:
                expected.append((place, seen[number]))
        assert sorted(times.again(numbers)) == expected
