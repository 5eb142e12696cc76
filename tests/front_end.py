"""A build of the front end for tests: made of a copy of our files, in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from app.config import ROOT
from gis.palette import css_variables

BUILDER = ROOT / "deploy" / "front_end.mjs"


def a_built_front_end(folder: Path) -> Path:
    """A static folder with our files and what was built of them."""
    static = folder / "static"
    for name in ("js", "css", "img", "vendor"):
        shutil.copytree(ROOT / "static" / name, static / name)
    palette = folder / "palette.css"
    palette.write_text(css_variables())
    command = ["node", str(BUILDER), "--palette", str(palette), "--out", str(static / "build")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return static
