"""An older map on its way in: its rows kept aside while an official looks, then imported and forgotten."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import shapely
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.imports import ImportOptions
from app.inputs.older_maps import Choice, OlderFile, older_file, older_rows, read_older_file
from app.inputs.older_reader import ROWS_FILE
from app.inputs.pin_files import in_parts
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import check_new
from app.services.imports import ImportReport, import_pins, placed

KEPT_S: Final = 6 * 3600
MOST_DRAFTS: Final = 5
"""Files that one official may have lying here; with one more the oldest goes."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
ABOUT_FILE, REPORT_FILE = "about.json", "report.json"
MOST_SHOWN: Final = 4_000
CHECKING_S: Final = 8.0
"""How long an official waits for the detectors; the queue goes on with what is left."""


@dataclass(frozen=True)
class Draft:
    """An uploaded file that waits, or the report of what became of it."""

    folder: Path
    token: str
    file: OlderFile
    report: Mapping[str, Any] | None


@dataclass(frozen=True)
class Look:
    """Where the points of a file lie."""

    points: list[tuple[float, float]]
    """Some of those inside, and of those outside, for the eye."""
    points_outside: list[tuple[float, float]]
    inside: int
    outside: int
    without: int
    """Rows that have no point."""
    order: str | None
    """How the coordinates were written, where they were recognised as S-JTSK."""


def keep_older(root: Path, the_map: MapRecord, by: Actor, source: IO[bytes], filename: str) -> str:
    """Read an uploaded file and put its rows aside for some hours; the token under which they are found again."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(root, by)
    token = secrets.token_urlsafe(16)
    folder = root / f"{token}.part"
    folder.mkdir(mode=0o700)
    try:
        told = read_older_file(source, filename, folder)
        about = {"map": the_map.id, "official": by.id, "told": told}
        (folder / ABOUT_FILE).write_text(json.dumps(about))
        folder.rename(root / token)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return token


def find_older(root: Path, the_map: MapRecord, by: Actor, token: str) -> Draft:
    """What this official put aside for this map; Unknown when it is gone, somebody else's or another map's."""
    if not TOKEN.fullmatch(token):
        raise Unknown
    folder = root / token
    about = _read(folder / ABOUT_FILE)
    if about is None or (about["map"], about["official"]) != (the_map.id, by.id):
        raise Unknown
    return Draft(folder, token, older_file(about["told"]), _read(folder / REPORT_FILE))


def look_at(draft: Draft, the_map: MapRecord, choice: Choice) -> Look:
    """Where the points lie by what was chosen; InvalidInput for an unknown CRS."""
    rows = older_rows(draft.folder / ROWS_FILE, choice)
    written = np.array([(_number(row.x), _number(row.y)) for row in rows]).reshape(-1, 2)
    found = placed(written[:, 0], written[:, 1], choice.crs or draft.file.epsg)
    there = np.isfinite(found.lon) & np.isfinite(found.lat)
    inside = shapely.intersects_xy(the_map.boundary, np.where(there, found.lon, 0), np.where(there, found.lat, 0))
    inside &= there
    outside = there & ~inside
    return Look(
        _some(found.lon, found.lat, inside),
        _some(found.lon, found.lat, outside),
        int(inside.sum()),
        int(outside.sum()),
        int((~there).sum()),
        found.order,
    )


def import_older(
    session: Session, by: Actor, the_map: MapRecord, draft: Draft, choice: Choice, options: ImportOptions
) -> ImportReport:
    """Import the rows as pins; InvalidInput where not one of them can be one: then nothing is stored."""
    epsg = choice.crs or draft.file.epsg
    report = import_pins(session, the_map, in_parts(older_rows(draft.folder / ROWS_FILE, choice)), options, epsg)
    if not report.stored and not report.known:
        nothing = N_("Not one of the rows can be a pin, so nothing was stored.")
        raise InvalidInput(Problem("file", nothing))
    detail = {"source": draft.file.filename, "rows": report.read, "pins": report.stored}
    record(session, by, Deed("pins.import", detail=detail), the_map=the_map)
    return report


def keep_report(draft: Draft, report: ImportReport) -> None:
    """Put what became of the rows in the place of the rows themselves."""
    told = {
        "read": report.read,
        "stored": report.stored,
        "known": report.known,
        "turned_krovak": report.turned_krovak,
        "refused": [
            [row.number, row.line, row.problem.field, row.problem.message, _said(row.problem.data)]
            for row in report.refused
        ],
    }
    unfinished = draft.folder / f"{REPORT_FILE}.part"
    unfinished.write_text(json.dumps(told))
    unfinished.rename(draft.folder / REPORT_FILE)
    (draft.folder / ROWS_FILE).unlink(missing_ok=True)


def forget_older(draft: Draft) -> None:
    """Take away what was put aside."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def check_for_a_while(session: Session, the_map: MapRecord) -> None:
    """Let the detectors look through what came in, as long as somebody can be kept waiting; commits in between."""
    until = time.monotonic() + CHECKING_S
    while time.monotonic() < until and check_new(session, the_map):
        session.commit()
    session.commit()


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _some(lon: np.ndarray, lat: np.ndarray, which: np.ndarray) -> list[tuple[float, float]]:
    """At most so many of the points as can be looked at, evenly through the file."""
    at = np.flatnonzero(which)
    at = at[:: max(1, -(-len(at) // (MOST_SHOWN // 2)))]
    return [(round(float(lon[n]), 6), round(float(lat[n]), 6)) for n in at]


def _said(data: Mapping[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, (int, float)) else str(value) for key, value in data.items()}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return found


def _tidy(root: Path, by: Actor) -> None:
    """Forget what is too old, and the oldest of an official who keeps many."""
    too_old = time.time() - KEPT_S
    own = []
    with os.scandir(root) as entries:
        for entry in entries:
            made = entry.stat().st_mtime
            about = _read(Path(entry.path) / ABOUT_FILE) or {}
            if made < too_old:
                shutil.rmtree(entry.path, ignore_errors=True)
            elif about.get("official") == by.id:
                own.append((made, entry.path))
    for _, path in sorted(own)[: max(0, len(own) - MOST_DRAFTS + 1)]:
        shutil.rmtree(path, ignore_errors=True)
