"""Photos of sheets, read in a process of its own: `python -m app.inputs.sheet_reader FOLDER`.

What decodes pictures and PDFs runs here: with little memory, no secrets in the environment, and of the database
only what it asks for by a serial that it has read. It talks in lines of JSON: the side that started it
(inputs/photo_reading.py) names a file; we ask for sheets, tell each page, and say when the file is over.
Pictures to be kept are written into FOLDER, under the names that are told.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.config import ROOT
from app.inputs.reading_apart import confine
from gis.paper.layout import Layout
from gis.paper.sheet import PaperSheet, sheet_from_json
from gis.scan.failure import Failure, Reason

if TYPE_CHECKING:
    from gis.scan.pictures import Page
    from gis.scan.read import Known, Reading
    from gis.scan.straighten import Straightened

MOST_CPU_S: Final = 1800
"""Of one process; how long a page may take is the other side's to measure."""
MOST_WRITTEN_BYTES: Final = 96 << 20
MOST_MEMORY_BYTES: Final = 3 << 30
"""Of addresses. Measured: a photo of 48 megapixels takes 0.28 GB."""
WHOLE_PX: Final = 4800
"""The longer side of a photo that is kept whole: finer than any frame is straightened to."""
REFUSED_PX: Final = 2400
"""Of one that was refused: corners can be clicked, and marks read where they are."""
MOST_REFUSED_PAGES: Final = 20
"""Of one file; of a refused page beyond, only a small picture is kept."""
SMALL_PX: Final = 360
TABLE_PX_PER_MM: Final = 5.0
TABLE_PX: Final = 2400
COARSE_PX: Final = 16
LEAST_OF_TABLE: Final = 0.7
WHOLE_QUALITY, REFUSED_QUALITY, FRAME_QUALITY, SMALL_QUALITY = 88, 75, 85, 78
MOST_TEXT: Final = 200

Pixels = NDArray[np.uint8]


@dataclass
class Talk:
    """The two pipes to the side that started us, and the folder that both see."""

    folder: Path
    asked: IO[str]
    told: IO[str]
    _sheets: dict[str, Any] = field(default_factory=dict)

    def tell(self, said: Mapping[str, Any]) -> None:
        """Send one line."""
        self.told.write(json.dumps(said, default=str) + "\n")
        self.told.flush()

    def known(self, serial: str) -> Known | Failure:
        """The sheet of a serial that was read from a photo, or why it can't be had."""
        if serial not in self._sheets:
            self.tell({"ask": serial})
            self._sheets[serial] = _sheet_told(json.loads(self.asked.readline()))
        found: Known | Failure = self._sheets[serial]
        return found

    def with_sides(self, failure: Failure) -> Failure:
        """The failure with the sides on which the sheet's markers are hidden, where one sheet was asked for."""
        known = [one for one in self._sheets.values() if not isinstance(one, Failure)]
        missing = failure.evidence.get("missing")
        if len(known) != 1 or not isinstance(missing, (list, tuple)):
            return failure
        sides = hidden_sides(known[0].sheet.layout, missing)
        return Failure(failure.reason, {**failure.evidence, "sides": sides})


def main() -> None:
    """Read the files that are named on stdin, one after another, until it closes."""
    folder = Path(sys.argv[1])
    # What a library prints by itself shall not stand between our lines.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    confine(MOST_CPU_S, MOST_WRITTEN_BYTES, MOST_MEMORY_BYTES)
    import cv2

    cv2.setNumThreads(1)
    talk = Talk(folder, sys.stdin, told)
    for line in sys.stdin:
        wanted = json.loads(line)
        last = 0
        try:
            for page, said in _pages(talk, wanted):
                talk.tell({"page": page} | said)
                last = page
        except Exception as error:
            talk.tell({"page": last + 1} | _refused(_broken(error)))
        talk.tell({"end": True})


def _pages(talk: Talk, wanted: Mapping[str, Any]) -> Any:
    """Each page of a file by its number, with what was read on it."""
    from gis.scan.pictures import open_pages

    number = 0
    for found in open_pages(Path(wanted["file"])):
        number += 1
        if isinstance(found, Failure):
            yield number, _refused(found)
            continue
        number = found.number
        yield number, _read(talk, found, wanted)
    if not number:
        yield 1, _refused(Failure(Reason.NOT_A_PICTURE))


def _broken(error: Exception) -> Failure:
    """What broke, for whoever runs the server: its kind and our own line, but no values."""
    at = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(f"{ROOT}")][-1]
    return Failure(Reason.TOO_HARD, {"error": type(error).__name__, "at": f"{Path(at.filename).name}:{at.lineno}"})


def _read(talk: Talk, page: Page, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What one page says, its pictures put into the folder."""
    from gis.scan.read import read_page, read_with

    if wanted.get("serial"):
        sheet = talk.known(wanted["serial"])
        if isinstance(sheet, Failure):
            return _refused(sheet) | _of_refused(talk, page)
        corners = np.array(wanted["corners"], dtype=float) if wanted.get("corners") else None
        reading = read_with(page.pixels, wanted["serial"], sheet, corners)
    else:
        reading = read_page(page.pixels, talk.known)
    if isinstance(reading, Failure):
        return _refused(talk.with_sides(reading)) | _of_refused(talk, page)
    known = talk.known(reading.serial)
    if isinstance(known, Failure):  # it has been read against it: it is known
        raise TypeError(known)
    return _found(reading, known.sheet) | {"pictures": _kept(talk, page, reading, known.sheet, wanted)}


def _found(reading: Reading, sheet: PaperSheet) -> dict[str, Any]:
    straight = reading.straightened
    marks = [
        {
            "category": mark.category,
            "kind": mark.kind,
            "x_mm": round(float(mark.x_mm), 3),
            "y_mm": round(float(mark.y_mm), 3),
            "diameter_mm": None if mark.diameter_mm is None else round(float(mark.diameter_mm), 2),
            "confidence": round(min(max(float(mark.confidence), 0.0), 1.0), 4),
            "error_mm": round(float(mark.error_mm), 3),
        }
        for mark in reading.marks
    ]
    told = {
        "error_mm": round(float(straight.error_mm), 3),
        "error_m": round(float(straight.error_mm) * sheet.scale / 1000, 2),
        "px_per_mm": round(float(straight.px_per_mm), 2),
        "seen": round(float(np.mean(straight.seen)), 3),
        "sharpness": round(float(straight.sharpness), 3),
        "missing": [int(place) for place in straight.missing],
    }
    return {"serial": reading.serial, "marks": marks, "told": told}


def _kept(
    talk: Talk, page: Page, reading: Reading, sheet: PaperSheet, wanted: Mapping[str, Any]
) -> dict[str, str]:
    """The pictures that stay of a photo that was read, by what they show."""
    if not wanted.get("pictures"):
        return {}
    frame = reading.straightened.frame
    kept = {
        "frame": _jpeg(talk, f"{page.number}-frame.jpg", frame, FRAME_QUALITY),
        "small": _jpeg(talk, f"{page.number}-small.jpg", _at_most(frame, SMALL_PX), SMALL_QUALITY),
    }
    table = table_picture(page.pixels, reading.straightened, sheet)
    if table is not None:
        kept["table"] = _jpeg(talk, f"{page.number}-table.jpg", table, FRAME_QUALITY)
    if wanted.get("whole"):
        kept |= _whole(talk, page)["pictures"] | {"small": kept["small"]}
    return kept


def hidden_sides(layout: Layout, missing: Collection[int]) -> list[str]:
    """On which sides of the frame most markers are missing, as the sheet is read."""
    left, top, width, height = layout.frame
    beside = {
        "top": [m.place for m in layout.markers if m.y < top],
        "right": [m.place for m in layout.markers if m.x > left + width],
        "bottom": [m.place for m in layout.markers if m.y > top + height],
        "left": [m.place for m in layout.markers if m.x < left],
    }
    return [side for side, places in beside.items() if len(set(places) & set(missing)) > len(places) / 2]


def table_picture(pixels: Pixels, straight: Straightened, sheet: PaperSheet) -> Pixels | None:
    """The column with the table of comments as if scanned; None where the photo shows little of it."""
    import cv2

    left, top, width, height = sheet.layout.column
    fine = min(TABLE_PX_PER_MM, TABLE_PX / max(width, height))
    columns, rows = round(width * fine), round(height * fine)
    at = _places(straight, (left, top), fine, (columns, rows))
    inside = ((at >= 0) & (at < (pixels.shape[1], pixels.shape[0]))).all(axis=-1)
    if inside.mean() < LEAST_OF_TABLE:
        return None
    white = (255, 255, 255)
    seen = cv2.remap(
        pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=white
    )
    return np.asarray(seen, dtype=np.uint8)


def _places(
    straight: Straightened, corner: tuple[float, float], px_per_mm: float, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Where in the photo each pixel of a straight picture lies: reckoned a few pixels apart, even between them.

    For every pixel by itself the bends of the paper would take gigabytes.
    """
    import cv2

    columns, rows = (side // COARSE_PX + 3 for side in size)  # one more on each side: at the edge nothing is even
    x, y = (
        start + (np.arange(count) - 0.5) * COARSE_PX / px_per_mm
        for start, count in zip(corner, (columns, rows), strict=True)
    )
    coarse = straight.to_photo(*np.meshgrid(x, y)).astype(np.float32)
    fine = cv2.resize(coarse, (columns * COARSE_PX, rows * COARSE_PX), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine[COARSE_PX : COARSE_PX + size[1], COARSE_PX : COARSE_PX + size[0]], dtype=np.float32)


def _of_refused(talk: Talk, page: Page) -> dict[str, Any]:
    """The pictures of a page that was not read: to help it by hand, if there are not too many."""
    if page.number <= MOST_REFUSED_PAGES:
        return _whole(talk, page, REFUSED_PX, REFUSED_QUALITY)
    small = _jpeg(talk, f"{page.number}-small.jpg", _at_most(page.pixels, SMALL_PX), SMALL_QUALITY)
    return {"pictures": {"small": small}}


def _whole(talk: Talk, page: Page, side: int = WHOLE_PX, quality: int = WHOLE_QUALITY) -> dict[str, Any]:
    """All of the photo and a small picture of it, upright and without what the camera wrote beside it."""
    whole = _at_most(page.pixels, side)
    return {
        "size": [int(whole.shape[1]), int(whole.shape[0])],
        "pictures": {
            "whole": _jpeg(talk, f"{page.number}-whole.jpg", whole, quality),
            "small": _jpeg(talk, f"{page.number}-small.jpg", _at_most(whole, SMALL_PX), SMALL_QUALITY),
        },
    }


def _at_most(pixels: Pixels, side: int) -> Pixels:
    import cv2

    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(talk: Talk, name: str, pixels: Pixels, quality: int) -> str:
    import cv2

    _, encoded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    (talk.folder / name).write_bytes(encoded.tobytes())
    return name


def _sheet_told(answer: Mapping[str, Any]) -> Known | Failure:
    import cv2

    from gis.scan.read import Known

    if "refused" in answer:
        return Failure(Reason(answer["refused"]), answer.get("evidence", {}))
    sheet = sheet_from_json(json.loads(Path(answer["sheet"]).read_bytes()))
    clean = cv2.imdecode(np.fromfile(answer["picture"], dtype=np.uint8), cv2.IMREAD_COLOR)
    return Known(sheet, np.ascontiguousarray(np.asarray(clean, dtype=np.uint8)[..., ::-1]))


def _refused(failure: Failure) -> dict[str, Any]:
    return {"refused": str(failure.reason), "evidence": _plain(dict(failure.evidence)), "pictures": {}}


def _plain(value: Any) -> Any:
    """Evidence as JSON holds it, of numpy or of our own kinds."""
    if isinstance(value, Mapping):
        return {str(key)[:40]: _plain(item) for key, item in list(value.items())[:20]}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [_plain(item) for item in list(value)[:80]]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), 4) if np.isfinite(value) else None
    return None if value is None else str(value)[:MOST_TEXT]


if __name__ == "__main__":
    main()
