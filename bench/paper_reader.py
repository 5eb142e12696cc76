"""One photo read in a process of its own: what it takes is what reading takes, imports and all.

`python -m bench.paper_reader PHOTO SHEET.json CLEAN.npy` prints seconds by the clock, seconds of the processor,
the most memory in megabytes, and how many marks were found (-1: refused).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from gis.paper.sheet import sheet_from_json
from gis.scan.failure import Failure, Reason
from gis.scan.pictures import open_pages
from gis.scan.read import Known, Reading, read_page


def read_file(path: Path, known: Mapping[str, Known]) -> Reading | Failure:
    """The reading of a file's first page, as the command line does it."""
    page = next(open_pages(path))
    if isinstance(page, Failure):
        return page
    return read_page(page.pixels, lambda serial: known.get(serial) or _unknown(serial))


def _unknown(serial: str) -> Failure:
    return Failure(Reason.UNKNOWN_SHEET, {"serial": serial})


def _peak_mb() -> float:
    """The high-water mark of this process's own memory; that of `getrusage` would be its parent's too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    cv2.setNumThreads(1)
    photo, sheet, clean = (Path(name) for name in sys.argv[1:4])
    told = json.loads(sheet.read_text())
    sheets = {told["serial"]: Known(sheet_from_json(told["sheet"]), np.load(clean))}
    begun, used = time.perf_counter(), time.process_time()
    reading = read_file(photo, sheets)
    took, used = time.perf_counter() - begun, time.process_time() - used
    print(took, used, _peak_mb(), len(reading.marks) if isinstance(reading, Reading) else -1)
