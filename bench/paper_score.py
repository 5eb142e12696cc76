"""What was found on one made-up photo, held against what is on it."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from bench.paper_peer import circles_of
from bench.paper_reader import read_file
from bench.photos import READABLE, WEIGHTS, Truth, make_photo
from bench.photos_marks import TrueMark
from bench.photos_paper import ORDERS, SHARES, Order, Print, print_of
from bench.photos_wrong import UNREADABLE, make_unreadable
from gis.paper.serial import SIGNS, parse_serial
from gis.scan.failure import Failure
from gis.scan.mark import Mark
from gis.scan.read import Known, Reading

T = TypeVar("T")
SAME_MM = 3.0
"""A mark that is found farther away is another one."""
CLOSE_MM = 1.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """One photo to make and read."""

    seed: int
    number: int
    kind: str
    order: Order
    keep: Path | None = None


@dataclass
class Score:
    """Marks of photos, counted."""

    on_paper: int = 0
    found: int = 0
    right_place: int = 0
    right_category: int = 0
    errors_mm: list[float] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Count another photo's marks too."""
        self.on_paper += other.on_paper
        self.found += other.found
        self.right_place += other.right_place
        self.right_category += other.right_category
        self.errors_mm += other.errors_mm


@dataclass
class Outcome:
    """What came of one photo."""

    task: Task
    made: dict[str, float | str]
    refused: str = ""
    wrong_sheet: bool = False
    ours: Score = field(default_factory=Score)
    peer: Score = field(default_factory=Score)
    by_kind: dict[str, Score] = field(default_factory=dict)
    seconds: float = 0.0
    """Of the processor, from the file to the marks, with one thread."""
    notes: list[str] = field(default_factory=list)
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    """Of each mark that was found: how sure it was, and whether it is right."""


def tasks_of(seed: int, readable: int, unreadable: int, keep: Path | None, kind: str | None) -> list[Task]:
    """The photos of a run: kinds and sheets in their shares, everything else by lot."""
    rng = np.random.default_rng(seed)
    kinds = [kind] * readable if kind in READABLE else _in_shares(READABLE, WEIGHTS, readable)
    orders = [ORDERS[n] for n in rng.permutation([ORDERS.index(o) for o in _in_shares(ORDERS, SHARES, readable)])]
    tasks = [Task(seed, n, str(k), o, keep) for n, (k, o) in enumerate(zip(kinds, orders, strict=True))]
    for n in range(unreadable):
        wrong = kind if kind in UNREADABLE else UNREADABLE[n % len(UNREADABLE)]
        tasks.append(Task(seed, 10_000 + n, wrong or "", ORDERS[int(rng.integers(len(ORDERS)))], keep))
    return tasks


def _in_shares(things: Sequence[T], shares: Sequence[int], count: int) -> list[T]:
    """So many things, each as often as its share says (largest remainder)."""
    exact = np.array(shares) * count / sum(shares)
    whole = np.floor(exact).astype(int)
    for n in np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]:
        whole[n] += 1
    return [thing for thing, often in zip(things, whole, strict=True) for _ in range(often)]


def serial_of(number: int) -> str:
    """A right serial for benchmarks; the same number gives the same."""
    rng = np.random.default_rng(number)
    body = "".join(SIGNS[int(n)] for n in rng.integers(len(SIGNS), size=8))
    return next(body + sign for sign in SIGNS if parse_serial(body + sign))


@cache
def _print(order: Order) -> Print:
    return print_of(order, serial_of(ORDERS.index(order)))


@cache
def _strange_print() -> Print:
    """A sheet of a map that nobody here has heard of."""
    return print_of(Order("A3"), serial_of(999))


def photo_of(task: Task) -> tuple[bytes, Truth | None]:
    """The photo of a task; without truth where there is nothing to be read."""
    rng = np.random.default_rng([task.seed, task.number])
    one = _print(task.order)
    if task.kind in UNREADABLE:
        return make_unreadable(one, _strange_print(), rng, task.kind)
    return make_photo(one, rng, task.kind)


def outcome_of(task: Task) -> Outcome:
    """Make the photo, read it as the project does, and count."""
    cv2.setNumThreads(1)
    data, truth = photo_of(task)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        begun = time.process_time()
        reading = read_file(
            Path(file.name), {one.serial: Known(one.sheet, one.clean) for one in [_print(task.order)]}
        )
        seconds = time.process_time() - begun
    outcome = Outcome(task, truth.made if truth else {}, seconds=seconds)
    if task.kind in UNREADABLE:
        outcome.refused = reading.reason if isinstance(reading, Failure) else _read_rightly(truth, reading)
        outcome.notes = [] if outcome.refused else ["PLACED"]
    elif truth is not None:
        _score(outcome, truth, reading)
    if task.keep and outcome.notes:
        _keep(task, data, truth, reading)
    return outcome


def _score(outcome: Outcome, truth: Truth, reading: Reading | Failure) -> None:
    if isinstance(reading, Failure):
        outcome.refused = reading.reason
        outcome.notes = [f"refused: {reading.reason} {dict(reading.evidence)}"]
        outcome.ours = Score(on_paper=len(truth.marks))
        outcome.peer = Score(on_paper=len(truth.marks))
        return
    outcome.wrong_sheet = reading.serial != truth.serial
    found = list(reading.marks)
    pairs = _pairs(truth, found)
    outcome.ours = _counted(truth, found, pairs)
    others = circles_of(reading.straightened.frame, _print(outcome.task.order).sheet)
    outcome.peer = score_of(truth, others)
    for n, mark in enumerate(truth.marks):
        names = [mark.kind, "touching"] if mark.touches else [mark.kind]
        for name in names:
            score = outcome.by_kind.setdefault(name, Score())
            hit = pairs.get(n)
            score.add(_one(mark, found[hit] if hit is not None else None))
    right = {f for n, f in pairs.items() if _all_marks(truth)[n].category == found[f].category}
    outcome.confidences = [(mark.confidence, n in right) for n, mark in enumerate(found)]
    outcome.notes += _notes(truth, found, pairs)


def _read_rightly(truth: Truth | None, reading: Reading) -> str:
    """Says so where every mark that was found lies where one is; of photos that show nothing there is no truth."""
    if truth is None:
        return ""
    pairs = _pairs(truth, reading.marks)
    far = [_far(_all_marks(truth)[n], reading.marks[f]) for n, f in pairs.items()]
    return "read rightly" if len(pairs) == len(reading.marks) and max(far, default=0) <= CLOSE_MM else ""


def score_of(truth: Truth, found: Sequence[Mark]) -> Score:
    """The marks that were found on a photo, held against what is on it."""
    return _counted(truth, found, _pairs(truth, found))


def _one(mark: TrueMark, hit: Mark | None) -> Score:
    if hit is None:
        return Score(on_paper=1)
    return Score(1, 1, 1, int(hit.category == mark.category), [_far(mark, hit)])


def _far(mark: TrueMark, hit: Mark) -> float:
    return float(np.hypot(hit.x_mm - mark.x_mm, hit.y_mm - mark.y_mm))


def _all_marks(truth: Truth) -> tuple[TrueMark, ...]:
    return truth.marks + truth.unsure


def _pairs(truth: Truth, found: Sequence[Mark]) -> dict[int, int]:
    """Which mark on paper each found one is: nearest in sum, of another category only where there is no better."""
    marks = _all_marks(truth)
    if not marks or not found:
        return {}
    far = np.hypot(
        np.subtract.outer([m.x_mm for m in marks], [f.x_mm for f in found]),
        np.subtract.outer([m.y_mm for m in marks], [f.y_mm for f in found]),
    )
    other = np.array([[m.category != f.category for f in found] for m in marks])
    cost = np.where(far < SAME_MM, far + 0.5 * other, 1e3)
    rows, columns = linear_sum_assignment(cost)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if far[r, c] < SAME_MM}


def _counted(truth: Truth, found: Sequence[Mark], pairs: dict[int, int]) -> Score:
    sure = {n: f for n, f in pairs.items() if n < len(truth.marks)}
    unsure = len(pairs) - len(sure)
    return Score(
        len(truth.marks),
        len(found) - unsure,
        len(sure),
        sum(truth.marks[n].category == found[f].category for n, f in sure.items()),
        [_far(truth.marks[n], found[f]) for n, f in sure.items()],
    )


def _notes(truth: Truth, found: Sequence[Mark], pairs: dict[int, int]) -> list[str]:
    """In words what went wrong, for who mends it."""
    notes = []
    for n, mark in enumerate(truth.marks):
        hit = found[pairs[n]] if n in pairs else None
        where = f"{mark.kind} {mark.category} ⌀{mark.diameter_mm:.1f} at {mark.x_mm:.1f},{mark.y_mm:.1f}"
        where += " touching" if mark.touches else ""
        if hit is None:
            notes.append(f"missed {where}")
        elif hit.category != mark.category:
            notes.append(f"category {hit.category} for {where}, confidence {hit.confidence:.2f}")
        elif _far(mark, hit) > CLOSE_MM:
            notes.append(f"{_far(mark, hit):.2f} mm off: {where}")
    paired = set(pairs.values())
    notes += [
        f"false {mark.kind} {mark.category} ⌀{mark.diameter_mm:.1f} at {mark.x_mm:.1f},{mark.y_mm:.1f}, "
        f"confidence {mark.confidence:.2f}"
        for n, mark in enumerate(found)
        if n not in paired
    ]
    return notes


def _keep(task: Task, data: bytes, truth: Truth | None, reading: Reading | Failure) -> None:
    """The photo, and the frame with what is there (thin, black) and what was found (thick, white), for the eye."""
    assert task.keep is not None
    task.keep.mkdir(parents=True, exist_ok=True)
    name = f"{task.number}_{task.kind.replace(' ', '_')}"
    (task.keep / f"{name}.jpg").write_bytes(data)
    if isinstance(reading, Failure):
        return
    picture = reading.straightened.frame.copy()
    sheet = _print(task.order).sheet
    left, top, _, _ = sheet.layout.frame
    scale = sheet.picture_px_per_mm
    drawn = [(m, (255, 255, 255), 3) for m in reading.marks]
    drawn += [(m, (0, 0, 0), 1) for m in (_all_marks(truth) if truth else ())]  # type: ignore[misc]
    for mark, tone, wide in drawn:
        at = round((mark.x_mm - left) * scale), round((mark.y_mm - top) * scale)
        cv2.circle(picture, at, round(mark.diameter_mm / 2 * scale), tone, wide, cv2.LINE_AA)
        cv2.drawMarker(picture, at, tone, cv2.MARKER_CROSS, 9, wide)
    cv2.imwrite(str(task.keep / f"{name}_frame.png"), picture[:, :, ::-1])


def reasons_of(outcomes: Sequence[Outcome]) -> str:
    """Why photos were refused, and how often."""
    counted = Counter(outcome.refused for outcome in outcomes if outcome.refused)
    return ", ".join(f"{reason} {often}" for reason, often in counted.most_common())
