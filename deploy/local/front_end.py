"""What browsers fetch, built of our scripts and sheets by deploy/front_end.mjs; renewed when any of them changes.

The build's manifest says what it was made of, so that neither a half-made nor an old one is taken for current.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.local.console import Console, Refused
from deploy.local.places import Places

MADE_OF = {"static/js": "*.js", "static/css": "*.css", "templates": "*.html"}
"""Folders, and which of their files a build is made of; the manifest names some single files besides."""

BUILDER = "deploy/front_end.mjs"
PALETTE = "from gis.palette import css_variables; print(css_variables())"


def is_current(places: Places) -> bool:
    """Whether static/build was made of just the files that are there now; true where there is nothing to build."""
    if not (places.checkout / BUILDER).is_file():
        return True
    try:
        made_of = dict(json.loads((places.build / "manifest.json").read_text())["inputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    found = {file.relative_to(places.checkout).as_posix() for file in _sources(places)}
    listed = {name for name in made_of if name.startswith(tuple(f"{folder}/" for folder in MADE_OF))}
    return found == listed and all(_digest(places.checkout / name) == mark for name, mark in made_of.items())


def can_build(places: Places) -> bool:
    """Whether the packages that a build needs are there."""
    return all((places.checkout / "node_modules" / name).is_dir() for name in ("esbuild", "leaflet"))


def build(places: Places, console: Console, held: tuple[int, ...] = ()) -> None:
    """Build static/build; needs the Python environment, for the palette, and the front-end packages."""
    with console.step("Pages for browsers") as step, tempfile.TemporaryDirectory() as folder:
        palette = Path(folder) / "palette.css"
        palette.write_text(_palette(places))
        node = shutil.which("node") or "node"
        command = [node, BUILDER, "--palette", str(palette)]
        console.run(step, command, places.log("front-end"), cwd=places.checkout, pass_fds=held)


def _palette(places: Places) -> str:
    done = subprocess.run(
        [str(places.python), "-c", PALETTE], cwd=places.checkout, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"The palette could not be read:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def _sources(places: Places) -> Iterator[Path]:
    for folder, pattern in MADE_OF.items():
        yield from (places.checkout / folder).rglob(pattern)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
