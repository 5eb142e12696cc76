"""Own vector basemaps as phones fetch them: made compact and compressed once, and kept in POCIT_HOME."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import brotli  # type: ignore[import-untyped]

from gis.formats.ground import compact_ground

FOLDER = "grounds"
PLAIN = ""
CODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings, the better one first, and how their files end."""
SLOW_BYTES = 1_500_000
"""Up to this size the best compression takes a second or so; beyond, the next best."""
BEST, QUICK = 11, 9

_making = threading.Lock()


def ground_file(home: Path, map_id: int, fingerprint: str, coding: str, read: Callable[[], str]) -> bytes:
    """The compact form of a map's layer in a content coding ("" for none); `read` gives the GeoJSON to make it of.

    What was kept of the map's former layers is removed when the new one is made.
    """
    folder = home / FOLDER / str(map_id)
    ending = CODINGS.get(coding, PLAIN)
    kept = folder / f"{fingerprint}.json{ending}"
    # One of this process at a time: each takes a second of a processor. Two processes make the same bytes.
    with suppress(FileNotFoundError):
        return kept.read_bytes()
    with _making:
        with suppress(FileNotFoundError):
            return kept.read_bytes()
        forms = _forms(read())
        # On a full disk the map is there all the same, only later.
        with suppress(OSError):
            _keep(folder, fingerprint, forms)
    return forms[ending]


def _forms(geojson: str) -> dict[str, bytes]:
    plain = json.dumps(compact_ground(json.loads(geojson)), ensure_ascii=False, separators=(",", ":")).encode()
    return {
        ".gz": gzip.compress(plain, compresslevel=9, mtime=0),
        ".br": brotli.compress(plain, quality=BEST if len(plain) < SLOW_BYTES else QUICK),
        PLAIN: plain,
    }


def _keep(folder: Path, fingerprint: str, forms: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for ending, content in forms.items():
        _put(folder / f"{fingerprint}.json{ending}", content)
    for old in folder.iterdir():
        if not old.name.startswith(fingerprint):
            old.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """Write it whole or not at all."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(draft).replace(path)
