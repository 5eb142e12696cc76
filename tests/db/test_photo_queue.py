"""Photos that wait, on really committed rows: read by processes of their own, and what is kept of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from app.config import ROOT
from app.db import open_database
from app.inputs import photo_reading, sheet_reader
from app.inputs.photo_files import ByHand, PhotoFile
from app.inputs.photo_reading import PAGE_S, PageRefused, SheetReading
from app.models import PhotoPicture, PhotoState, Sheet, SheetMark, SheetPhoto, TownMap
from app.queries.maps import MapRecord
from app.queries.sheets import find_sheet
from app.services.audit import BY_ITSELF
from app.services.photo_queue import MOST_ATTEMPTS, keep_page, lookup, read_photo, take_back_lost, take_waiting
from app.services.photo_reader import FOLDER, MODULE, photo_reader
from app.services.sheet_photos import Outcome, add_photo, read_again, read_by_hand
from app.services.sheets import Printed
from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason
from tests.builders import a_map, a_print
from tests.paper_scans import as_file, no_sheet, scan_of

Sessions = sessionmaker[Session]
PATIENCE_S = 120
STICKERS = (("safe", 80.0, 80.0), ("unsafe", 110.0, 90.0), ("safe", 117.0, 92.0))


@pytest.fixture
def engine(live_url: str) -> Iterator[Engine]:
    made = open_database(live_url).engine
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    return a_map(live_session, basemap_geojson=streets())


@pytest.fixture
def printed(live_session: Session, town: MapRecord, tmp_path: Path) -> Printed:
    return a_print(live_session, town, tmp_path, count=2)


@pytest.fixture
def sheet(live_session: Session, printed: Printed) -> PaperSheet:
    found = find_sheet(live_session, printed.serials[0])
    assert found
    return found.sheet


def streets() -> str:
    """A town of many streets: enough to know a place again without the markers around the frame."""
    ways = [[[15.50 + n * 0.003, 49.611], [15.502 + n * 0.0027, 49.629]] for n in range(13)]
    ways += [[[15.501, 49.611 + n * 0.0015], [15.539, 49.6112 + n * 0.0014]] for n in range(13)]
    features = [
        {
            "type": "Feature",
            "properties": {"kind": "street", "class": "street", "name": f"Ulice {n}"},
            "geometry": {"type": "LineString", "coordinates": way},
        }
        for n, way in enumerate(ways)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def sent(session: Session, the_map: MapRecord, content: bytes, name: str = "foto.png") -> Outcome:
    added = add_photo(session, BY_ITSELF, the_map, PhotoFile(name, content))
    session.commit()
    return added.outcome


def read_all(sessions: Sessions, folder: Path, page_s: float = PAGE_S) -> int:
    """Read what waits, in this process but for the reading itself; how many files that were."""
    n = 0
    while (order := take_waiting(sessions)) is not None:
        with SheetReading(partial(lookup, sessions, order.map_id), folder, page_s=page_s) as reading:
            read_photo(sessions, order, reading)
        n += 1
    return n


def photos(session: Session) -> list[SheetPhoto]:
    session.rollback()
    rows = select(SheetPhoto).order_by(SheetPhoto.created_at, SheetPhoto.page)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def photo(session: Session) -> SheetPhoto:
    (one,) = photos(session)
    return one


def kept(session: Session) -> set[str]:
    return set(session.scalars(select(PhotoPicture.what)))


def marks(session: Session) -> list[SheetMark]:
    return list(session.scalars(select(SheetMark).order_by(SheetMark.x_mm)))


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.1)


def test_a_scan_is_read_by_the_process_that_the_office_calls(
    live_session: Session, live_url: str, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    sent(live_session, town, as_file(scan_of(printed.pdf, sheet, STICKERS)))
    photo_reader(live_url, tmp_path).call()
    until(lambda: photo(live_session).state in {PhotoState.READ, PhotoState.REFUSED})
    one = photo(live_session)
    assert (one.state, one.serial, one.reason) == (PhotoState.READ, printed.serials[0], None), one.evidence
    found = marks(live_session)
    assert [mark.category for mark in found] == ["safe", "unsafe", "safe"]
    for mark, (_, x_mm, y_mm) in zip(found, STICKERS, strict=True):
        assert (mark.x_mm, mark.y_mm) == pytest.approx((x_mm, y_mm), abs=0.5)
    assert kept(live_session) == {"frame", "small", "table"}, "of the photo itself nothing is left"
    until(lambda: not list((tmp_path / FOLDER).iterdir()))


def test_the_same_sheet_once_more_adds_only_what_is_new(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    first = as_file(scan_of(printed.pdf, sheet, STICKERS))
    assert sent(live_session, town, first) is Outcome.NEW
    assert sent(live_session, town, first) is Outcome.AGAIN
    later = scan_of(printed.pdf, sheet, [*STICKERS, ("improve", 60.0, 110.0)]).rotate(180)
    sent(live_session, town, as_file(later, "PNG"))
    assert read_all(sessions, tmp_path) == 2
    assert [one.reading["added"] for one in photos(live_session)] == [3, 1]
    assert len(marks(live_session)) == 4
    assert sent(live_session, town, first) is Outcome.AGAIN
    assert read_all(sessions, tmp_path) == 0


def test_each_page_of_a_pdf_is_a_photo_of_its_own(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    pages = [scan_of(printed.pdf, sheet, STICKERS[:n], page=n) for n in (1, 2)]
    blank = pages[0].copy()
    blank.paste("white", (0, 0, *blank.size))
    content = as_file(pages[0], "PDF", blank, pages[1])
    sent(live_session, town, content, "třída.pdf")
    read_all(sessions, tmp_path)
    told = [(one.page, one.state, one.serial, one.filename) for one in photos(live_session)]
    first, second = printed.serials
    assert told == [
        (1, "read", first, "třída.pdf"),
        (2, "refused", None, "třída.pdf"),
        (3, "read", second, "třída.pdf"),
    ]
    assert [mark.serial for mark in marks(live_session)].count(second) == 2


def test_no_sheet_is_refused_and_kept_only_to_be_helped_by_hand(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, tmp_path: Path
) -> None:
    sent(live_session, town, no_sheet())
    read_all(sessions, tmp_path)
    assert photo(live_session).reason in {Reason.NOT_A_SHEET, Reason.BLURRED}
    assert kept(live_session) == {"whole", "small"}
    assert marks(live_session) == []


def test_broken_bytes_are_refused_and_not_kept(
    live_session: Session, sessions: Sessions, town: MapRecord, tmp_path: Path
) -> None:
    sent(live_session, town, b"\xff\xd8\xff\xe0" + b"nothing of a picture" * 50)
    read_all(sessions, tmp_path)
    assert photo(live_session).reason == Reason.NOT_A_PICTURE
    assert kept(live_session) == set()


@pytest.mark.parametrize("same_town", [True, False])
def test_a_sheet_of_another_map_is_refused_and_nothing_is_kept_of_other_towns(
    live_session: Session,
    sessions: Sessions,
    town: MapRecord,
    printed: Printed,
    sheet: PaperSheet,
    tmp_path: Path,
    *,
    same_town: bool,
) -> None:
    other = a_map(live_session, "jinde")
    if same_town:
        live_session.execute(update(TownMap).where(TownMap.id == other.id).values(town_id=town.town_id))
        live_session.commit()
    sent(live_session, other, as_file(scan_of(printed.pdf, sheet, STICKERS)))
    read_all(sessions, tmp_path)
    one = photo(live_session)
    if same_town:
        assert (one.reason, one.evidence["map"]) == (Reason.OTHER_MAP, town.slug)
        assert kept(live_session) == {"small"}
    else:
        assert (one.reason, one.serial, one.evidence) == (Reason.UNKNOWN_SHEET, None, {})
        assert kept(live_session) == set()
    assert marks(live_session) == []


def test_a_sheet_that_was_not_printed_here_is_refused(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    live_session.query(Sheet).delete()
    live_session.commit()
    sent(live_session, town, as_file(scan_of(printed.pdf, sheet)))
    read_all(sessions, tmp_path)
    assert photo(live_session).reason == Reason.UNKNOWN_SHEET


def test_a_sheet_whose_edge_is_cut_off_is_read_by_its_serial_and_corners(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    left, top, width, height = (round(value * 300 / 25.4) for value in sheet.layout.frame)
    near = round(sheet.layout.markers[0].side * 0.4 * 300 / 25.4)
    whole = scan_of(printed.pdf, sheet, STICKERS, dpi=300)
    cut = whole.crop((left - near, top - near, left + width + near, top + height + near))
    sent(live_session, town, as_file(cut))
    read_all(sessions, tmp_path)
    one = photo(live_session)
    assert one.state == PhotoState.REFUSED
    right, bottom = near + width, near + height
    hand = ByHand(printed.serials[0], ((near, near), (right, near), (right, bottom), (near, bottom)))
    read_by_hand(live_session, BY_ITSELF, town, one.id, hand)
    live_session.commit()
    read_all(sessions, tmp_path)
    one = photo(live_session)
    assert (one.state, one.reason, one.evidence) == (PhotoState.READ, None, {})
    assert [mark.category for mark in marks(live_session)] == ["safe", "unsafe", "safe"]
    assert "whole" not in kept(live_session)


def test_a_map_that_keeps_whole_photos_keeps_them(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    live_session.execute(update(TownMap).values(whole_photos=True))
    live_session.commit()
    sent(live_session, town, as_file(scan_of(printed.pdf, sheet)))
    read_all(sessions, tmp_path)
    assert kept(live_session) == {"frame", "small", "table", "whole"}


def test_what_takes_too_long_is_refused_in_words_and_can_be_tried_again(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    sent(live_session, town, as_file(scan_of(printed.pdf, sheet, STICKERS)))
    read_all(sessions, tmp_path, page_s=0.01)
    assert photo(live_session).reason == Reason.TOO_HARD
    assert kept(live_session) == {"original"}
    assert read_again(live_session, town, photo(live_session).id)
    live_session.commit()
    read_all(sessions, tmp_path)
    assert photo(live_session).state == PhotoState.READ


def test_a_photo_whose_reader_was_lost_waits_again_but_not_for_ever(
    live_session: Session, sessions: Sessions, town: MapRecord
) -> None:
    sent(live_session, town, no_sheet())
    for _ in range(MOST_ATTEMPTS):
        assert take_waiting(sessions), "and then the process is killed"
        take_back_lost(sessions)
    one = photo(live_session)
    assert (one.state, one.reason) == (PhotoState.REFUSED, Reason.TOO_HARD)
    assert take_waiting(sessions) is None


def test_a_photo_thrown_away_while_it_is_read_leaves_nothing(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, sheet: PaperSheet, tmp_path: Path
) -> None:
    sent(live_session, town, as_file(scan_of(printed.pdf, sheet, STICKERS)))
    order = take_waiting(sessions)
    assert order
    live_session.query(SheetPhoto).delete()
    live_session.commit()
    with SheetReading(partial(lookup, sessions, order.map_id), tmp_path) as reading:
        read_photo(sessions, order, reading)
    assert (photos(live_session), marks(live_session), kept(live_session)) == ([], [], set())


def test_when_the_server_ends_the_photo_at_hand_waits_again_and_no_file_is_left(
    live_session: Session, live_url: str, town: MapRecord, tmp_path: Path
) -> None:
    sent(live_session, town, no_sheet())
    surroundings = {"DATABASE_URL": live_url, "POCIT_HOME": str(tmp_path), "PATH": "", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", MODULE], cwd=ROOT, env=surroundings, stdin=subprocess.PIPE
    ) as one:
        until(lambda: photo(live_session).state != PhotoState.WAITING)
        if photo(live_session).state == PhotoState.READING:
            assert one.stdin
            one.stdin.close()
            until(lambda: one.poll() is not None)
    assert photo(live_session).state in {PhotoState.WAITING, PhotoState.REFUSED}
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_the_reading_process_knows_no_secrets_and_only_sheets_whose_serial_it_has_read(
    printed: Printed, sheet: PaperSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCIT_SECRET_KEY", "very secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@nowhere/secret")
    asked: list[str] = []
    seen: list[bytes] = []

    def look(serial: str) -> Failure:
        asked.append(serial)
        assert reading._process
        seen.append(Path(f"/proc/{reading._process.pid}/environ").read_bytes())
        return Failure(Reason.UNKNOWN_SHEET, {})

    upload = tmp_path / "scan.png"
    upload.write_bytes(as_file(scan_of(printed.pdf, sheet)))
    with SheetReading(look, tmp_path) as reading:
        list(reading.read(upload))
    assert asked == [printed.serials[0]]
    assert b"secret" not in seen[0].lower()


def blank_pages(n: int) -> bytes:
    """A PDF with so many pages that show no sheet."""
    pages = [Image.fromarray(np.full((1700, 1200, 3), 200 + one % 40, np.uint8)) for one in range(n)]
    return as_file(pages[0], "PDF", *pages[1:])


def test_the_serial_of_another_towns_sheet_typed_by_hand_keeps_nothing_either(
    live_session: Session, sessions: Sessions, town: MapRecord, printed: Printed, tmp_path: Path
) -> None:
    other = a_map(live_session, "jinde")
    sent(live_session, other, no_sheet())
    read_all(sessions, tmp_path)
    assert "whole" in kept(live_session)
    read_by_hand(live_session, BY_ITSELF, other, photo(live_session).id, ByHand(printed.serials[0], None))
    live_session.commit()
    read_all(sessions, tmp_path)
    one = photo(live_session)
    assert (one.reason, one.serial, one.evidence) == (Reason.UNKNOWN_SHEET, None, {})
    assert kept(live_session) == set()


def test_the_rest_of_a_file_that_was_thrown_away_is_not_read(
    live_session: Session, sessions: Sessions, town: MapRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(live_session, town, blank_pages(6), "dlouhe.pdf")
    order = take_waiting(sessions)
    assert order
    pages: list[int] = []

    def throw_away(session: Session, order: object, told: PageRefused) -> bool:
        pages.append(told.page)
        if told.page == 2:
            live_session.query(SheetPhoto).filter(SheetPhoto.page == 1).delete()
            live_session.commit()
        return keep_page(session, order, told)  # type: ignore[arg-type]

    monkeypatch.setattr("app.services.photo_queue.keep_page", throw_away)
    with SheetReading(partial(lookup, sessions, order.map_id), tmp_path) as reading:
        read_photo(sessions, order, reading)
        assert reading._process is None, "it does not go on by itself"
    assert pages == [1, 2]
    assert photos(live_session) == []


def test_all_of_a_file_takes_no_longer_than_its_pages_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_reading, "file_seconds", lambda pages, _: 0.0 if pages == 2 else 60.0)
    upload = tmp_path / "dlouhe.pdf"
    upload.write_bytes(blank_pages(5))
    with SheetReading(lambda _: Failure(Reason.UNKNOWN_SHEET), tmp_path) as reading:
        told = list(reading.read(upload))
    assert [page.page for page in told] == [1, 2, 3]
    assert isinstance(told[-1], PageRefused)
    assert told[-1].failure.reason is Reason.TOO_HARD


@pytest.mark.parametrize(("pages", "seconds"), [(0, 90), (1, 100), (10, 190), (200, 600)])
def test_a_file_may_take_a_page_and_a_little_for_each_more(pages: int, seconds: float) -> None:
    assert photo_reading.file_seconds(pages) == seconds


def test_maps_take_turns(live_session: Session, sessions: Sessions, town: MapRecord) -> None:
    other, third = a_map(live_session, "jinde"), a_map(live_session, "treti")
    for the_map, n in ((town, 3), (other, 2), (third, 1)):
        for one in range(n):
            sent(live_session, the_map, b"\xff\xd8\xff" + f"{the_map.slug} {one}".encode())
    served = []
    while (order := take_waiting(sessions)) is not None:
        served.append(order.map_id)
    assert served == [town.id, other.id, third.id, town.id, other.id, town.id]


def test_of_refused_pages_little_is_kept(
    live_session: Session, sessions: Sessions, town: MapRecord, tmp_path: Path
) -> None:
    large = Image.linear_gradient("L").resize((4000, 3000)).convert("RGB")
    sent(live_session, town, as_file(large))
    read_all(sessions, tmp_path)
    one = photo(live_session)
    whole = live_session.scalar(select(PhotoPicture.content).where(PhotoPicture.what == "whole"))
    assert whole
    assert list(Image.open(io.BytesIO(whole)).size) == one.evidence["size"] == [2400, 1800]


def test_whole_pictures_are_kept_only_of_the_first_refused_pages_of_a_file(
    live_session: Session, sessions: Sessions, town: MapRecord, tmp_path: Path
) -> None:
    sent(live_session, town, blank_pages(sheet_reader.MOST_REFUSED_PAGES + 2), "dlouhe.pdf")
    read_all(sessions, tmp_path)
    names = list(live_session.scalars(select(PhotoPicture.what)))
    assert (names.count("whole"), names.count("small")) == (20, 22)
