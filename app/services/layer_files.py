"""Files of layers that can't be sent while they are made: written by a process of their own, gone once sent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from app.config import ROOT
from app.errors import FormTooSmall
from app.inputs.file_forms import Form
from app.inputs.filters import Scope
from app.turns import Places
from gis.formats.file_maker import TOO_LARGE
from gis.formats.layer import Layer
from gis.formats.layer_pipe import send_layers

MOST_BUILT = 1
"""Files that this process has built at a time: each takes a core and a hundred megabytes."""
MOST_SENT = {Scope.PUBLIC: 3, Scope.OFFICE: 2}
"""Files of each scope on their way out of this process, those included that a slow reader is still taking: of its
eight threads enough are left for pages and pins, and a crowd of strangers does not shut out the office."""
FINISH_S = 300
LEFT_BEHIND_S = 3600
SETTINGS = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
"""What is freed shall be free: both keep a hundred megabytes for later, and there is no later."""

Body = TypeVar("Body")


_building = Places(MOST_BUILT)
_sending = {scope: Places(most) for scope, most in MOST_SENT.items()}


@contextmanager
def turn() -> Iterator[None]:
    """The right to compute a layer or to have a file built; ServerBusy when it does not come soon."""
    with _building.one():
        yield


def sent(make: Callable[[], Body], scope: Scope) -> Body:
    """What `make` gives to be sent, which holds one of the places for it as long as it exists.

    ServerBusy when too much is being sent already.
    """
    places = _sending[scope]
    places.take()
    try:
        body = make()
    except BaseException:
        places.leave()
        raise
    # With the object, not with its end: the answer to a reader who has gone may never be begun, nor closed.
    weakref.finalize(body, places.leave)
    return body


def built_file(make: Callable[[], Sequence[Layer]], form: Form, folder: Path) -> IO[bytes]:
    """The layers that `make` gives, as an open file that has no name any more: closed, it is gone.

    `make` is called when it is our turn. ServerBusy when too many are wanted at once; FormTooSmall when the form
    can't hold so much.
    """
    with turn():
        return _built(make(), form, folder)


def _built(layers: Sequence[Layer], form: Form, folder: Path) -> IO[bytes]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(folder)
    own = Path(tempfile.mkdtemp(dir=folder))
    try:
        path = own / f"file.{form.ending}"
        _make(layers, form, path)
        return path.open("rb")
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _make(layers: Sequence[Layer], form: Form, path: Path) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-m", "gis.formats.file_maker", str(path)],
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
        stdin=subprocess.PIPE,
    )
    try:
        # A maker that stopped says why with its exit status.
        with suppress(BrokenPipeError), maker.stdin as sink:  # type: ignore[union-attr]
            send_layers(layers, form.key, sink)
        status = maker.wait(FINISH_S)
    finally:
        maker.kill()
        maker.wait()
    if status == TOO_LARGE:
        raise FormTooSmall
    if status:
        msg = f"the maker of {form.key} files ended with {status}"
        raise RuntimeError(msg)


def _clear(folder: Path) -> None:
    """Take away what a killed server left behind."""
    for left in folder.iterdir():
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND_S:
                shutil.rmtree(left)
