"""Council reports: asked for by an official, made in a thread of this process, kept as two files in the home.

The row in the database says how far a report is, so any process can tell and a killed worker is noticed: who
stands still too long has failed. The files lie under `reports/<map>/<report>.pdf` and `.html`; a map keeps its
newest ones, and what belongs to no map any more is swept away with the next report.

The thread is an edge of its own, like a command: it opens its sessions and commits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from app.i18n import N_, language
from app.models import Report, ReportState, TownMap
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord, read_map
from app.queries.report import Report as CouncilReport
from app.queries.report import council_report
from app.queries.reports import KEPT, UNFINISHED, ReportRecord, reports_of
from app.services.audit import Actor, Deed, record
from app.services.report_pages import Edition, Maps, Markdown, lay_out, manner_of, write_page
from app.services.report_pictures import Studio, TileSource, legend_of
from app.services.report_words import Pen
from app.services.snapshots import ensure_snapshot

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Reports that one process makes at a time: each takes a core and some hundred megabytes."""
ALIVE_S = 20.0
"""How often a waiting report says that it is still there."""
USUAL_PAGES = 16
"""For saying how far the layout is; the number is known only at the end."""
COUNTING, DRAWING, WRITING, LAYING, FOLDING = (5, 20, 45, 50, 92)
"""Hundredths at which the steps begin."""

WAITS = N_("Waiting until another report is ready")
COUNTS = N_("Counting people and pins, finding the strongest places")
DRAWS = N_("Drawing the maps")
WRITES = N_("Writing the pages")
LAYS_OUT = N_("Setting the pages for print")
FOLDS = N_("Putting the files away")
FAILED = N_("The report could not be made. Please try again; if it fails again, tell whoever runs this server.")


class Removed(Exception):
    """The report, or its map, is not there any more: nobody waits for it."""


@dataclass(frozen=True)
class Office:
    """What making reports needs of the server."""

    sessions: sessionmaker[Session]
    store: HeatStore
    home: Path
    tile_hosts: frozenset[str]
    markdown: Markdown


@dataclass(frozen=True)
class Order:
    """One report to make."""

    map_id: int
    slug: str
    report_id: uuid.UUID
    language: str


def ask(session: Session, the_map: MapRecord, language_code: str, by: Actor) -> tuple[ReportRecord, Order | None]:
    """A new report with the order to make it; or the one of this map that is being made, and no order."""
    # Held till the commit, so that of two clicks at once one is first; pins come in all the same.
    session.execute(select(TownMap.id).where(TownMap.id == the_map.id).with_for_update(key_share=True))
    known = reports_of(session, the_map.id)
    running = next((report for report in known if report.is_unfinished), None)
    if running is not None:
        return running, None
    # Those whose worker was lost: whoever still works on one shall find that nobody waits.
    session.execute(
        update(Report)
        .where(Report.map_id == the_map.id, Report.state.in_(UNFINISHED))
        .values(state=ReportState.FAILED, step=FAILED)
    )
    order = Order(the_map.id, the_map.slug, uuid.uuid4(), language_code)
    session.add(
        Report(map_id=the_map.id, id=order.report_id, language=language_code, step=WAITS, asked_by=by.email)
    )
    session.flush()
    record(session, by, Deed("report.make", the_map.slug, {"language": language_code}), the_map=the_map)
    return reports_of(session, the_map.id)[0], order


def report_file(home: Path, map_id: int, report_id: uuid.UUID, form: str) -> Path:
    """Where the file of a report lies, or will lie."""
    return home / "reports" / str(map_id) / f"{report_id}.{form}"


class Workshop:
    """The reports that this process makes, each in a thread of its own, no more than two at once."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = threading.BoundedSemaphore(at_once)

    def start(self, office: Office, order: Order) -> threading.Thread:
        """Begin the work and come back at once. The thread ends with the process, however that ends."""
        thread = threading.Thread(
            target=self._make, args=(office, order), name=f"report {order.report_id}", daemon=True
        )
        thread.start()
        return thread

    def _make(self, office: Office, order: Order) -> None:
        progress = Progress(office.sessions, order)
        try:
            while not self._places.acquire(timeout=ALIVE_S):
                progress.say(0, WAITS, state=ReportState.WAITING)
            try:
                make(office, order, progress)
            finally:
                self._places.release()
        except Removed:
            log.info("report %s: nobody waits for it any more", order.report_id)
        except Exception:
            log.exception("report %s of map %s failed", order.report_id, order.slug)
            with contextlib.suppress(Exception):
                progress.say(0, FAILED, state=ReportState.FAILED)


class Progress:
    """How far one report is, told to everybody who asks the database."""

    def __init__(self, sessions: sessionmaker[Session], order: Order) -> None:
        self._sessions = sessions
        self._order = order

    def say(self, hundredths: int, step: str, state: ReportState = ReportState.RUNNING) -> None:
        """Write it down; Removed where the report is gone or was given up."""
        with self._sessions() as session:
            told = session.scalar(
                update(Report)
                .where(
                    Report.map_id == self._order.map_id,
                    Report.id == self._order.report_id,
                    Report.state.in_(UNFINISHED),
                )
                .values(progress=hundredths, step=step, state=state, changed_at=func.clock_timestamp())
                .returning(Report.id)
            )
            session.commit()
        if told is None:
            raise Removed

    def pages(self, number: int, *, most: list[int]) -> None:
        """Say how far the layout is, as its pages come; it goes over them more than once."""
        if number > most[0]:
            most[0] = number
            share = min(1.0, number / USUAL_PAGES)
            self.say(LAYING + round((FOLDING - LAYING) * share), LAYS_OUT)


def make(office: Office, order: Order, progress: Progress) -> None:
    """Count, draw, write and store one report."""
    progress.say(COUNTING, COUNTS)
    pen = Pen(language(order.language))
    report, maps = _prepared(office, order, progress, pen)
    progress.say(WRITING, WRITES)
    pages = {edition: write_page(report, maps, pen, office.markdown, edition) for edition in Edition}
    progress.say(LAYING, LAYS_OUT)
    most = [0]
    printed = lay_out(pages[Edition.PDF], lambda number: progress.pages(number, most=most))
    progress.say(FOLDING, FOLDS)
    store_file(report_file(office.home, order.map_id, order.report_id, "pdf"), printed)
    store_file(report_file(office.home, order.map_id, order.report_id, "html"), pages[Edition.HTML].encode())
    with office.sessions() as session:
        forget_old(session, office.home, order.map_id)
        session.commit()
        sweep(session, office.home)
    progress.say(100, "", state=ReportState.DONE)


def _prepared(office: Office, order: Order, progress: Progress, pen: Pen) -> tuple[CouncilReport, Maps]:
    """The report's numbers and drawn maps; all numbers are those of one moment."""
    with office.sessions() as session:
        ensure_snapshot(session, read_map(session, order.slug))
        session.commit()
    with office.sessions() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        report = council_report(session, office.store, read_map(session, order.slug))
        manner = manner_of(pen)
        progress.say(DRAWING, DRAWS)
        studio = Studio(session, report, TileSource(office.home / "tiles", office.tile_hosts), manner)
        drawable = [part for part in report.categories if part.heat is not None]
        drawn, places = {}, {}
        for n, part in enumerate(drawable):
            key = part.story.record.key
            drawn[key] = studio.category_map(part)
            for number in range(1, len(part.places) + 1):
                near = studio.place_map(part, number)
                if near is not None:
                    places[key, number] = near
            progress.say(DRAWING + round((WRITING - DRAWING) * (n + 1) / len(drawable)), DRAWS)
        legends = {part.story.record.key: legend_of(report, part, manner) for part in drawable}
    return report, Maps(studio.ground, drawn, places, legends)


def store_file(path: Path, data: bytes) -> None:
    """Write whole or not at all, readable by the server only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def forget_old(session: Session, home: Path, map_id: int) -> None:
    """Keep the newest reports of a map; of the others, and of works broken off, neither row nor file stays."""
    known = reports_of(session, map_id)
    for report in known[KEPT:]:
        session.execute(delete(Report).where(Report.map_id == map_id, Report.id == report.id))
    kept = {str(report.id) for report in known[:KEPT]}
    for path in report_file(home, map_id, uuid.UUID(int=0), "pdf").parent.iterdir():
        if path.stem not in kept:
            path.unlink(missing_ok=True)


def sweep(session: Session, home: Path) -> None:
    """Remove the folders of maps that are not there any more."""
    there = {str(map_id) for map_id in session.scalars(select(TownMap.id))}
    folder = home / "reports"
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name.isdecimal() and entry.name not in there:
            shutil.rmtree(entry, ignore_errors=True)
