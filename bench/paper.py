"""Paper sheets read from made-up photos: how many marks are found, where, and what must not be read.

`./run bench paper` makes 200 photos that can be read and 100 that can't, all from one seed. The photos are
synthetic: real sheets of the sample town rendered to pixels, with marks, bends, light, lens and sensor drawn after
what they do (bench/photos.py). The reference in the same run is OpenCV's own circle finder on the same frames.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bench.paper_score import Outcome, Task, outcome_of, serial_of, tasks_of
from bench.paper_tables import print_all
from bench.photos import READABLE, make_photo
from bench.photos_paper import ORDERS, print_of
from bench.photos_wrong import UNREADABLE
from bench.table import print_table
from gis.paper.sheet import sheet_json

ROOT = Path(__file__).parents[1]
SEED = 20260
ROUNDS = 3
WHOLE_MP = 12.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Read by numpy when it is imported: told to processes that begin later."""


def main(arguments: Sequence[str]) -> None:
    """Make the photos, read them, and print the tables."""
    asked = _asked(arguments)
    tasks = tasks_of(asked.seed, asked.readable, asked.unreadable, asked.keep, asked.kind)
    if asked.only is not None:
        tasks = [task for task in tasks if task.number in asked.only]
    print(
        f"paper: made-up (synthetic) photos of real sheets, seed {asked.seed}: {asked.readable} readable,"
        f" {asked.unreadable} not"
    )
    outcomes = list(_outcomes(tasks, asked.workers))
    readable = [outcome for outcome in outcomes if outcome.task.kind in READABLE]
    print_all(readable, [outcome for outcome in outcomes if outcome.task.kind in UNREADABLE])
    if not asked.only:
        _print_one_core(asked.seed)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench paper", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--readable", type=int, default=200)
    parser.add_argument("--unreadable", type=int, default=100)
    parser.add_argument("--kind", choices=[*READABLE, *UNREADABLE], help="nothing but this kind")
    parser.add_argument("--only", type=int, nargs="+", help="nothing but the photos of these numbers")
    parser.add_argument("--keep", type=Path, help="a folder for the photos that went wrong")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(list(arguments))


def _outcomes(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    """What came of each photo; every process reads with one thread, as the office's reader does."""
    os.environ |= ONE_THREAD
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for n, outcome in enumerate(pool.map(outcome_of, tasks), 1):
            if sys.stderr.isatty():
                print(f"\r  {n} of {len(tasks)}", end="", file=sys.stderr, flush=True)
            yield outcome


def _print_one_core(seed: int) -> None:
    """Time and memory of one photo of 12 megapixels in a process of its own, on one core."""
    rows: list[list[object]] = []
    for n, order in enumerate((ORDERS[0], ORDERS[3], ORDERS[-1])):
        rows.append([order.paper, *_one_core(seed, n, ORDERS.index(order))])
    print_table(
        f"one photo of {WHOLE_MP:.0f} megapixels in a process of its own, one thread, median of {ROUNDS}"
        " (wanted: 3 s, 500 MB)",
        ["", "s by the clock", "s of the core", "most memory MB", "marks found"],
        rows,
    )


def _one_core(seed: int, n: int, order: int) -> list[object]:
    one = print_of(ORDERS[order], serial_of(order))
    data, _ = make_photo(one, np.random.default_rng([seed, 20_000 + n]), "ordinary", megapixels=WHOLE_MP)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photo.jpg").write_bytes(data)
        (folder / "sheet.json").write_text(json.dumps({"serial": one.serial, "sheet": sheet_json(one.sheet)}))
        np.save(folder / "clean.npy", one.clean)
        files = [str(folder / file) for file in ("photo.jpg", "sheet.json", "clean.npy")]
        command = [sys.executable, "-m", "bench.paper_reader", *files]
        environment = os.environ | ONE_THREAD
        said = [
            subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT).stdout
            for _ in range(ROUNDS)
        ]
    runs = [[float(figure) for figure in line.split()] for line in said]
    took, used, peak, marks = np.median(np.array(runs), axis=0)
    return [f"{took:.2f}", f"{used:.2f}", f"{peak:.0f}", int(marks)]
