"""The figures of the paper benchmark as tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bench.paper_score import Outcome, Score, reasons_of
from bench.table import print_table

HEADING = ("photos", "refused", "marks", "recall", "precision", "category", "median mm", "p95 mm", "most mm")
BANDS = 4


def print_all(readable: Sequence[Outcome], unreadable: Sequence[Outcome]) -> None:
    """All tables: what was drawn, how it went, where it went wrong."""
    if readable:
        _print_drawn(readable)
        _print_figures(readable)
        _print_parts(readable)
        _print_bands(readable)
        _print_confidence(readable)
    if unreadable:
        _print_unreadable(unreadable)
    _print_notes([*readable, *unreadable])


def total(scores: Iterable[Score]) -> Score:
    """All marks together."""
    whole = Score()
    for score in scores:
        whole.add(score)
    return whole


def _cells(outcomes: Sequence[Outcome], score: Score) -> list[object]:
    refused = sum(1 for outcome in outcomes if outcome.refused)
    return [len(outcomes), refused, *_figures(score)]


def _figures(score: Score) -> list[object]:
    errors = np.array(score.errors_mm or [np.nan])
    return [
        score.on_paper,
        _percent(score.right_place, score.on_paper),
        _percent(score.right_place, score.found),
        _percent(score.right_category, score.right_place),
        f"{np.median(errors):.3f}",
        f"{np.percentile(errors, 95):.3f}",
        f"{errors.max():.2f}",
    ]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"


def _print_figures(outcomes: Sequence[Outcome]) -> None:
    ours, peer = total(o.ours for o in outcomes), total(o.peer for o in outcomes)
    wrong = sum(o.wrong_sheet for o in outcomes)
    rows: list[list[object]] = [
        ["ours", *_cells(outcomes, ours)],
        ["reference: Hough circles, nearest colour", *_cells(outcomes, peer)],
        ["wanted", "", "0", "", "≥ 99 %", "≥ 99 %", "≥ 99.5 %", "≤ 0.5", "≤ 1.0", ""],
    ]
    print_table(f"paper: {len(outcomes)} readable photos; taken for another sheet: {wrong}", ["", *HEADING], rows)
    missed, missed_peer = ours.on_paper - ours.right_place, peer.on_paper - peer.right_place
    seconds = [o.seconds for o in outcomes]
    print(f"  marks missed, reference : ours = {missed_peer} : {missed} (both on the frame that we straightened)")
    print(f"  reading takes {np.median(seconds):.2f} s of one core in the middle, {max(seconds):.2f} s at most")
    if ours.on_paper and any(o.refused for o in outcomes):
        print(f"  refused: {reasons_of(outcomes)}")


def _print_parts(outcomes: Sequence[Outcome]) -> None:
    groups: list[tuple[str, Callable[[Outcome], str]]] = [
        ("kind of photo", lambda o: o.task.kind),
        ("paper", lambda o: str(o.made.get("paper"))),
        ("categories", lambda o: str(o.made.get("categories"))),
        ("table", lambda o: str(o.made.get("table"))),
    ]
    for title, name in groups:
        found: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            found[name(outcome)].append(outcome)
        rows = [[key, *_cells(some, total(o.ours for o in some))] for key, some in sorted(found.items())]
        print_table(f"by {title}", ["", *HEADING], rows)
    kinds: dict[str, Score] = defaultdict(Score)
    for outcome in outcomes:
        for kind, score in outcome.by_kind.items():
            kinds[kind].add(score)
    rows = [[kind, *_figures(score)] for kind, score in sorted(kinds.items())]
    without = [[*row[:3], "–", *row[4:]] for row in rows]  # what is found falsely is of no kind
    print_table("by kind of mark, in photos that were read", ["", *HEADING[2:]], without)


def _print_bands(outcomes: Sequence[Outcome]) -> None:
    """Photos in four equal parts by what was drawn: where it gets hard."""
    rows: list[list[object]] = []
    for name in ("px_per_mm", "tilt_deg", "curl_mm", "blur_px", "grain", "exposure", "red_to_blue", "jpeg"):
        ordered = sorted(outcomes, key=lambda o: float(o.made[name]))
        for part in np.array_split(np.arange(len(ordered)), BANDS):
            some = [ordered[n] for n in part]
            if some:
                ends = f"{name} {some[0].made[name]}–{some[-1].made[name]}"
                rows.append([ends, *_cells(some, total(o.ours for o in some))])
    print_table("by what was drawn, in four equal parts", ["", *HEADING], rows)


def _print_confidence(outcomes: Sequence[Outcome]) -> None:
    """Whether what is called sure is right."""
    marks = [pair for outcome in outcomes for pair in outcome.confidences]
    rows: list[list[object]] = []
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        some = [right for confidence, right in marks if low <= confidence < high]
        rows.append([f"{low:.2f} to {min(high, 1):.2f}", len(some), _percent(sum(some), len(some))])
    print_table("confidence that was told, and how many of those marks are right", ["", "marks", "right"], rows)


def _print_drawn(outcomes: Sequence[Outcome]) -> None:
    """What was drawn by lot."""
    rows: list[list[object]] = []
    for name in outcomes[0].made:
        values = [outcome.made[name] for outcome in outcomes]
        if all(isinstance(value, int | float) for value in values) and len(set(values)) > 6:
            points = np.percentile(np.array(values, float), [0, 25, 50, 75, 100])
            rows.append([name, "  ".join(f"{point:.4g}" for point in points)])
        else:
            counted = sorted(Counter(values).items(), key=lambda one: str(one[0]))
            rows.append([name, ", ".join(f"{value}: {often}" for value, often in counted)])
    width = max(len(str(row[1])) for row in rows)
    print_table(
        "drawn by lot: least, quarter, middle, three quarters, most; or how often",
        ["", ""],
        [[row[0], str(row[1]).ljust(width)] for row in rows],
    )


def _print_unreadable(outcomes: Sequence[Outcome]) -> None:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.task.kind].append(outcome)
    rows = [
        [kind, len(some), sum(1 for o in some if not o.refused), reasons_of(some)]
        for kind, some in sorted(found.items())
    ]
    placed = sum(1 for o in outcomes if not o.refused)
    width = max(len(str(row[3])) for row in rows)
    print_table(
        f"paper: {len(outcomes)} photos that must not be read; placed all the same: {placed} (wanted: 0)",
        ["", "photos", "placed", "refused as"],
        [[*row[:3], str(row[3]).ljust(width)] for row in rows],
    )


def _print_notes(outcomes: Sequence[Outcome]) -> None:
    """What went wrong, photo by photo; `--only N` makes that photo again."""
    bad = [outcome for outcome in outcomes if outcome.notes]
    if bad:
        print("\nwhat went wrong (--seed S --only N makes a photo again, --keep FOLDER keeps it)")
    for outcome in bad:
        task = outcome.task
        print(f"  {task.number} {task.kind}, {task.order.paper}, {task.order.categories} categories")
        for note in outcome.notes[:6]:
            print(f"      {note}")
        if len(outcome.notes) > 6:
            print(f"      and {len(outcome.notes) - 6} more")
