"""A first visit of the demo's map, by Lighthouse on a slow phone; beside uMap with the same town.

`./run bench page` measures both in turn, five times each, and prints medians; `./run bench page 1` once each.
Lighthouse simulates a mid-range phone on slow 4G: 150 ms to and fro, 1.6 Mbit/s, a processor four times slower
than this one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from app.config import ROOT
from bench.database import bench_database
from bench.page_lighthouse import FIGURES, Lighthouse, Visit
from bench.page_umap import NoPeer, umap
from bench.servers import gunicorn
from bench.table import print_table

ROUNDS = 5
TOWN = ROOT / "sample_maps" / "vzorov"
PROMISED = {
    "performance": "≥ 97",
    "accessibility": "100",
    "best-practices": "100",
    "seo": "100",
    "largest-contentful-paint": "≤ 1.80",
    "cumulative-layout-shift": "≤ 0.020",
    "total-blocking-time": "≤ 100",
    "weight": "≤ 180.0",
}


def main(arguments: list[str]) -> None:
    """Measure both in turn, so that a change in the machine's pace meets both alike."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    home = Path(os.environ["POCIT_HOME"])
    lighthouse = Lighthouse.installed(home)
    with bench_database() as url, tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        environment = {"DATABASE_URL": url, "POCIT_HOME": folder}
        _load_town(environment)
        port = servers.enter_context(gunicorn("app:create_app()", environment, "/readyz"))
        addresses = {"ours": f"http://localhost:{port}/m/{TOWN.name}"}
        try:
            addresses["uMap"] = servers.enter_context(umap(home, url, TOWN / "basemap.geojson"))
        except NoPeer as reason:
            print(f"bench: uMap is not measured: {reason}", file=sys.stderr)
        for address in addresses.values():
            _warm_up(address)
        visits = _in_turn(lighthouse, addresses, rounds)
    _report(visits, rounds)


def _load_town(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "app.cli", "map", "import", str(TOWN)]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True)


def _warm_up(address: str) -> None:
    """What is made once for all visitors is made before the first of them is measured."""
    asked = urllib.request.Request(address, headers={"Accept-Encoding": "br"})  # noqa: S310 - our own server
    urllib.request.urlopen(asked, timeout=60).close()  # noqa: S310


def _in_turn(lighthouse: Lighthouse, addresses: dict[str, str], rounds: int) -> dict[str, list[Visit]]:
    visits: dict[str, list[Visit]] = {name: [] for name in addresses}
    # One more than is counted: the first makes what is kept for all.
    for turn in range(rounds + 1):
        for name, address in addresses.items():
            visit = lighthouse.visit(address)
            if turn:
                visits[name].append(visit)
    return visits


def _report(visits: dict[str, list[Visit]], rounds: int) -> None:
    names = list(visits)
    rows = [
        [
            figure.words,
            *(figure.said(_median(visits[name], figure.key)) for name in names),
            PROMISED.get(figure.key, ""),
        ]
        for figure in FIGURES
    ]
    print_table(
        f"page: first visit by Lighthouse, mobile, simulated slow 4G, median of {rounds}",
        ["", *names, "promised"],
        rows,
    )
    for name in names:
        spread = ", ".join(f"{visit['performance']:.0f}" for visit in visits[name])
        print(f"  {name}: performance in each round {spread}")


def _median(visits: Sequence[Visit], key: str) -> float:
    return statistics.median(visit[key] for visit in visits)
