"""Attacks on what is published: each claims that certain pairs of pins are one person's.

What an attack is worth is its precision, the share of its claims that are true; who knows nothing and claims any
pair has the base rate, the share of all pairs that are one person's. All are pure functions.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NEAR_M = (25.0, 100.0, 250.0, 1000.0, 5000.0, np.inf)
SQUARE_M = 25.0


@dataclass(frozen=True)
class Claim:
    """What an attack claims, and how much of it is true."""

    pairs: int
    true: int

    @property
    def precision(self) -> float:
        """The share of the claims that are true."""
        return self.true / self.pairs if self.pairs else 0.0


def base_rate(person: Ints) -> Claim:
    """All pairs of pins: what is right by chance."""
    _, n = np.unique(person, return_counts=True)
    return Claim(len(person) * (len(person) - 1) // 2, int((n * (n - 1) // 2).sum()))


def neighbours(person: Ints, order: Ints, reach: int = 1) -> Claim:
    """Rows that stand beside each other in this order: of a file, a page, a stream."""
    at = person[order]
    same = sum(int((at[step:] == at[:-step]).sum()) for step in range(1, reach + 1))
    return Claim(sum(len(at) - step for step in range(1, reach + 1)), same)


def within(person: Ints, seconds: Floats, gap_s: float) -> Claim:
    """Pins next to each other in time, no farther apart than this."""
    order = np.argsort(seconds, kind="stable")
    close = np.diff(seconds[order]) <= gap_s
    same = person[order][1:] == person[order][:-1]
    return Claim(int(close.sum()), int((same & close).sum()))


def classes(person: Ints, told: Ints) -> tuple[Claim, float]:
    """Pairs that are told the same, together and in the class where they are most often one person's."""
    pairs = true = 0
    worst = 0.0
    for value in np.unique(told):
        found = base_rate(person[told == value])
        pairs, true = pairs + found.pairs, true + found.true
        worst = max(worst, found.precision if found.pairs else 0.0)
    return Claim(pairs, true), worst


def by_distance(
    person: Ints, x: Floats, y: Floats, category: Ints, told: Ints | None = None
) -> dict[tuple[str, float], Claim]:
    """Pairs by how far apart they are and whether they say the same; with `told` only those told the same.

    The difference between the two is what the moment adds to what geography says anyway.
    """
    groups = [np.arange(len(person))] if told is None else [np.flatnonzero(told == one) for one in np.unique(told)]
    counted: dict[tuple[str, float], list[int]] = {}
    for rows in groups:
        for n, i in enumerate(rows[:-1]):
            others = rows[n + 1 :]
            metres = np.hypot(x[others] - x[i], y[others] - y[i])
            bins = np.searchsorted(NEAR_M, metres)
            for says, mask in (
                ("same", category[others] == category[i]),
                ("other", category[others] != category[i]),
            ):
                pairs = np.bincount(bins[mask], minlength=len(NEAR_M))
                true = np.bincount(bins[mask & (person[others] == person[i])], minlength=len(NEAR_M))
                for which, metres_to in enumerate(NEAR_M):
                    kept = counted.setdefault((says, metres_to), [0, 0])
                    kept[0] += int(pairs[which])
                    kept[1] += int(true[which])
    return {kind: Claim(*numbers) for kind, numbers in counted.items()}


def guessed_ids(ids: Sequence[uuid.UUID], rows: Sequence[Sequence[str]], namespace: uuid.UUID) -> int:
    """How many pins' ids are the name of what a row says: who guesses its person finds it confirmed."""
    known = set(ids)
    return sum(any(uuid.uuid5(namespace, said) in known for said in guesses) for guesses in rows)


def surfaces_apart(people: bytes, pins: bytes, bandwidth_m: float, square_x: Ints, square_y: Ints) -> Floats:
    """Pins more than people in each square, as two published GeoTIFFs of one bandwidth tell them together.

    The difference of the surfaces is a sum of Gaussians at known places (the squares of public pins): solved for
    their heights by least squares, square by square within reach of each other.
    """
    import rasterio
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import lsqr

    with rasterio.open(io.BytesIO(people)) as one, rasterio.open(io.BytesIO(pins)) as other:
        apart = np.nan_to_num(other.read(1, masked=True).filled(0.0) - one.read(1, masked=True).filled(0.0))
        transform = one.transform
    cell_m, square_m = transform.a, SQUARE_M
    squares, places = np.unique(np.column_stack([square_x, square_y]), axis=0, return_inverse=True)
    columns = np.rint(((squares[:, 0] + 0.5) * square_m - transform.c) / cell_m - 0.5).astype(int)
    lines = np.rint((transform.f - (squares[:, 1] + 0.5) * square_m) / cell_m - 0.5).astype(int)
    inside = (columns >= 0) & (columns < apart.shape[1]) & (lines >= 0) & (lines < apart.shape[0])
    seen = np.zeros(len(squares))
    seen[inside] = apart[lines[inside], columns[inside]]
    reach = int(np.ceil(4 * bandwidth_m / square_m))
    at = {tuple(place): n for n, place in enumerate(squares.tolist())}
    left, right, weight = [], [], []
    peak = 10_000.0 / (2 * np.pi * bandwidth_m**2)
    for (column, row), n in at.items():
        for dx in range(-reach, reach + 1):
            for dy in range(-reach, reach + 1):
                m = at.get((column + dx, row + dy))
                if m is not None:
                    away = (dx * dx + dy * dy) * (square_m / bandwidth_m) ** 2
                    left.append(n)
                    right.append(m)
                    weight.append(peak * np.exp(-0.5 * away))
    matrix = csr_matrix((weight, (left, right)), shape=(len(at), len(at)))
    found: Floats = lsqr(matrix, seen, atol=1e-9, btol=1e-9, iter_lim=400)[0]
    return found[places.reshape(-1)]
