"""How quickly `pocit pins import` loads, from nothing to the exit of the command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.crowd import boundary, made_up
from bench.crowd_tables import STAGE, make_map, stage, write_csv
from bench.table import print_table


def measure_loading(session: Session, url: str, n: int, seed: int) -> None:
    """Import a CSV of so many pins; against putting the same pins into a table without index or key."""
    make_map(session, "import", boundary())
    session.execute(text(STAGE))
    session.commit()
    begun = time.perf_counter()
    stage(session, made_up(n, seed))
    session.commit()
    bare_s = time.perf_counter() - begun
    session.execute(text("DROP TABLE bench_stage"))
    session.commit()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pins.csv"
        write_csv(file, made_up(n, seed))
        megabytes = file.stat().st_size / 1e6
        first_s = _imported(file, url, folder)
        again_s = _imported(file, url, folder)
    stored = session.scalar(
        text("SELECT count(*) FROM pin JOIN town_map m ON m.id = map_id WHERE m.slug = 'import'")
    )
    assert stored == n, f"{stored} stored of {n}"
    print_table(
        f"heat: loading {n:,} pins from a CSV of {megabytes:.0f} MB, the whole command",
        ["", "s", "pins a second", "ratio"],
        [
            ["ours: pocit pins import", f"{first_s:.1f}", f"{n / first_s:,.0f}", f"{first_s / bare_s:.1f}"],
            ["ours: the same file again", f"{again_s:.1f}", f"{n / again_s:,.0f}", f"{again_s / bare_s:.1f}"],
            ["reference: made and copied into a bare table", f"{bare_s:.1f}", f"{n / bare_s:,.0f}", ""],
        ],
    )


def _imported(file: Path, url: str, home: str) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "app.cli",
            "pins",
            "import",
            "import",
            str(file),
            "--respondent-field",
            "respondent",
        ],
        env={**os.environ, "DATABASE_URL": url, "POCIT_HOME": home},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begun
