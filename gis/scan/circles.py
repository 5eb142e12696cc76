"""Circles whose union is a blob: overlapping and touching stickers of one colour parted, hidden ones completed.

Edges towards paper speak for a mark's own shape, and those towards another sticker where they bulge outwards: it
lies above there. Under another sticker, and where the frame or handwriting ends it, an edge is somebody else's.
Every stretch of edge proposes the circle that fits it (Kåsa, 1976, by running sums), a proposal is judged by how
much of all edges it explains (as in RANSAC; Fischler and Bolles, 1981), and must not cover bare paper. The best
is refined and taken, what it explains is set aside, and so on; at the end all are fitted once more, each to the
points that are nearest to it (Gauss–Newton with Tukey's weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.scan.blobs import Blob, Outline

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

RADII_MM: Final = (0.9, 11.0)
STRETCHES_MM: Final = (2.5, 4.0, 6.5, 10.0, 16.0, 26.0)
TOLERANCE_MM: Final = 0.2
TOLERANCE_SHARE: Final = 0.04
"""Of the radius: paper is never quite flat, nor a sticker quite round."""
ALIGNED: Final = 0.85
"""Cosine between an edge's normal and the circle's own."""
LEAST_ARC: Final = 0.15
"""Of a circle's rim must be seen that nothing else explains: of a sticker of which 40 % shows it is more."""
LEAST_ARC_MM: Final = 1.8
CONTACT: Final = 0.5
"""What an edge towards another sticker counts beside one towards paper: it may be that one's."""
LEAST_CONTACT: Final = 0.2
LEAST_NEW_INK: Final = 0.25
"""Of a circle that lies upon others must be seen, and be ink that no other circle explains."""
MOST_BARE: Final = 0.12
"""Of a circle may lie on bare paper: highlights, a torn rim."""
LEAST_INK: Final = 0.22
"""Of a circle must show its category's ink: what lies wholly under others is nobody's to tell."""
NEAREST: Final = 0.33
"""Two circles' centres are at least this share of the smaller radius apart."""
MOST_CIRCLES: Final = 60
TRIED: Final = 8


@dataclass(frozen=True)
class Circle:
    """One circle in pixels of the blob's window."""

    x: float
    y: float
    radius: float
    arc: float
    """Share of its rim that is seen as an edge towards paper."""
    whole: float
    """Share of its rim that could be seen, and is: 1 for a clean circle."""
    error: float
    """Standard error of its centre in pixels."""


@dataclass(frozen=True)
class _Rim:
    """The points of a blob's edges that may be a mark's own."""

    points: Floats
    normals: Floats
    free: Mask
    """Towards paper; the others towards another category's ink."""


def circles_of(blob: Blob, edge: Outline) -> list[Circle]:
    """The circles that make up a blob; none where its edges are not round."""
    proposals = _proposals(edge, blob.px_per_mm)
    rim = _Rim(edge.points[edge.own], edge.normals[edge.own], edge.free[edge.own])
    chosen: list[Floats] = []
    unexplained = np.ones(len(rim.points), bool)
    bare_ink = blob.ink.copy()
    while len(proposals) and len(chosen) < MOST_CIRCLES:
        best = _best(proposals, rim, unexplained, (blob, bare_ink, chosen))
        if best is None:
            break
        chosen.append(best)
        unexplained &= ~_explained(best[None], rim, blob.px_per_mm, 1.5)[0]
        bare_ink &= ~_disc(best, blob.ink.shape)
        proposals = proposals[_apart(proposals, best)]
    return _settled(chosen, rim, blob)


def _proposals(edge: Outline, mm: float) -> Floats:
    """Circles (x, y, radius) through stretches of free edge."""
    found = []
    for part in edge.edges():
        for run in (*_runs(edge.free[part]), *_runs(edge.own[part])):
            points = edge.points[part][run]
            lengths = sorted({min(round(length * mm), len(points)) for length in STRETCHES_MM} | {len(points)})
            found += [_fitted(points, length) for length in lengths if length >= 6]
    if not found:
        return np.zeros((0, 3))
    circles = np.concatenate(found)
    good = np.isfinite(circles).all(axis=1)
    good &= (circles[:, 2] >= RADII_MM[0] * mm) & (circles[:, 2] <= RADII_MM[1] * mm)
    circles = circles[good]
    _, first = np.unique(np.round(circles / max(0.25 * mm, 0.8)), axis=0, return_index=True)
    return circles[first]


def _runs(free: Mask) -> list[NDArray[np.intp]]:
    """Stretches of a closed edge that are free; all of it, begun once more, where nothing hides it."""
    n = len(free)
    if free.all():
        return [np.arange(n + n // 2) % n]
    turned = np.roll(np.arange(n), -int(np.flatnonzero(np.logical_not(free))[0]))
    ends = np.flatnonzero(np.diff(np.concatenate([[False], free[turned], [False]]).astype(int)))
    return [turned[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True) if end - begin >= 6]


def _fitted(points: Floats, length: int) -> Floats:
    """Kåsa's circle through every stretch of so many points, a quarter of it apart."""
    centre = points.mean(axis=0)
    x, y = (points - centre).T
    square = x * x + y * y
    sums = np.cumsum(np.stack([x, y, x * x, y * y, x * y, x * square, y * square, square]), axis=1)
    sums = np.concatenate([np.zeros((8, 1)), sums], axis=1)
    begin = np.arange(0, len(points) - length + 1, max(1, length // 4))
    mean = (sums[:, begin + length] - sums[:, begin]) / length
    mx, my, mxx, myy, mxy, mxs, mys, ms = mean
    cxx, cyy, cxy = mxx - mx * mx, myy - my * my, mxy - mx * my
    bx, by = (mxs - mx * ms) / 2, (mys - my * ms) / 2
    det = cxx * cyy - cxy * cxy
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (bx * cyy - by * cxy) / det, (by * cxx - bx * cxy) / det
        radius = np.sqrt(ms - 2 * (a * mx + b * my) + a * a + b * b)
    return np.stack([a + centre[0], b + centre[1], radius], axis=1)


def _explained(circles: Floats, rim: _Rim, mm: float, slack: float = 1.0) -> Mask:
    """Which points (columns) lie on which circles (rows), facing outwards."""
    off = rim.points[None] - circles[:, None, :2]
    far = np.maximum(np.hypot(off[..., 0], off[..., 1]), 1e-6)
    tolerance = slack * (TOLERANCE_MM * mm + TOLERANCE_SHARE * circles[:, 2:3])
    facing = (off * rim.normals[None]).sum(axis=-1) / far
    return np.asarray((np.abs(far - circles[:, 2:3]) < tolerance) & (facing > ALIGNED), bool)


def _best(
    proposals: Floats, rim: _Rim, unexplained: Mask, taken: tuple[Blob, Mask, list[Floats]]
) -> Floats | None:
    """The proposal, refined, that explains most of what is not yet explained; None where none explains enough."""
    blob, left, chosen = taken
    mm = blob.px_per_mm
    weight = unexplained * np.where(rim.free, 1.0, CONTACT)
    counts = _explained(proposals, rim, mm) @ weight
    best, most = None, 0.0
    for number in np.argsort(counts)[::-1][:TRIED]:
        if counts[number] <= most:
            break
        circle = _refined(proposals[number], rim, mm)
        if not RADII_MM[0] * mm <= circle[2] <= RADII_MM[1] * mm:
            continue
        if any(not _apart(circle[None], other)[0] for other in chosen):
            continue
        on = _explained(circle[None], rim, mm)[0] & unexplained
        bare = _share(blob.paper, circle)
        value = float(on @ weight) * (1 - 3 * bare)
        if bare > MOST_BARE or value <= most or _share(blob.ink, circle) < LEAST_INK:
            continue
        if _enough(on, rim, circle, mm, _share(left, circle)):
            best, most = circle, value
    return best


def _enough(on: Mask, rim: _Rim, circle: Floats, mm: float, new_ink: float) -> bool:
    """Whether a circle explains enough edge: towards paper, or also upon others where it explains ink."""
    around = 2 * np.pi * circle[2]
    if (on & rim.free).sum() >= max(LEAST_ARC * around, LEAST_ARC_MM * mm):
        return True
    return bool(on.sum() >= LEAST_CONTACT * around and new_ink >= LEAST_NEW_INK)


def _apart(circles: Floats, other: Floats) -> Mask:
    far = np.hypot(circles[:, 0] - other[0], circles[:, 1] - other[1])
    return np.asarray(far > NEAREST * np.minimum(circles[:, 2], other[2]), bool)


def _refined(circle: Floats, rim: _Rim, mm: float) -> Floats:
    """The circle moved to fit the points on it best."""
    for slack in (1.6, 1.2, 1.0):
        on = _explained(circle[None], rim, mm, slack)[0]
        if on.sum() < 6:
            return circle
        circle = _fit(circle, rim.points[on], TOLERANCE_MM * mm * slack)
    return circle


def _fit(circle: Floats, points: Floats, scale: float) -> Floats:
    """Least squares of the distances from the rim, far points counting little."""
    for _ in range(3):
        off = points - circle[:2]
        far = np.maximum(np.hypot(off[:, 0], off[:, 1]), 1e-6)
        rest = far - circle[2]
        weight = np.maximum(1 - (rest / (3 * scale)) ** 2, 0.01) ** 2
        terms = np.column_stack([off / far[:, None], np.ones(len(points))])
        weighted = terms * weight[:, None]
        step = np.linalg.solve(weighted.T @ terms + 1e-3 * np.eye(3), weighted.T @ rest)
        circle = circle + np.clip(step, -4, 4)
    return circle


_ANGLES = np.arange(180) * np.pi * (3 - 5**0.5)
_SPREAD = np.sqrt((np.arange(180) + 0.5) / 180)[:, None] * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
"""Places spread evenly over a disc as a sunflower's seeds are (Vogel, 1979)."""


def _share(mask: Mask, circle: Floats) -> float:
    """Which share of a circle lies on a mask."""
    return float(_looked(mask, circle[:2] + 0.93 * circle[2] * _SPREAD).mean())


def _disc(circle: Floats, shape: tuple[int, ...]) -> Mask:
    y, x = np.ogrid[0 : shape[0], 0 : shape[1]]
    inside: Mask = (x - circle[0]) ** 2 + (y - circle[1]) ** 2 < circle[2] ** 2
    return inside


def _looked(mask: Mask, places: Floats) -> Mask:
    height, width = mask.shape
    x, y = np.round(places[:, 0]).astype(int), np.round(places[:, 1]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.asarray(inside & mask[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], bool)


def _settled(chosen: list[Floats], rim: _Rim, blob: Blob) -> list[Circle]:
    """The chosen circles fitted together; those that explain too little by themselves are left out."""
    mm = blob.px_per_mm
    circles = np.array(chosen).reshape(-1, 3)
    for _ in range(3 + len(chosen)):
        if not len(circles):
            return []
        mine = _nearest(circles, rim, mm)
        weak = [n for n in range(len(circles)) if not _stands(circles, n, mine[n], rim, blob)]
        if weak:
            weakest = min(weak, key=lambda n: int(mine[n].sum()))
            circles = np.delete(circles, weakest, axis=0)
            continue
        circles = np.array(
            [_fit(circle, rim.points[on], TOLERANCE_MM * mm) for circle, on in zip(circles, mine, strict=True)]
        )
    on = _explained(circles, rim, mm, 1.3)
    return [
        _judged(circle, rim.points[mine], blob)
        for circle, mine in zip(circles, on, strict=True)
        if mine.sum() >= 6
    ]


def _nearest(circles: Floats, rim: _Rim, mm: float) -> Mask:
    """Which points are each circle's own: on it, and nearer to it than to any other."""
    on = _explained(circles, rim, mm, 1.3)
    off = rim.points[None] - circles[:, None, :2]
    rest = np.where(on, np.abs(np.hypot(off[..., 0], off[..., 1]) - circles[:, 2:3]), np.inf)
    mine: Mask = on & (rest.argmin(axis=0)[None] == np.arange(len(circles))[:, None])
    return mine


def _stands(circles: Floats, number: int, on: Mask, rim: _Rim, blob: Blob) -> bool:
    """Whether a circle still explains enough beside the others."""
    left = blob.ink.copy()
    for other in np.delete(circles, number, axis=0):
        left &= ~_disc(other, left.shape)
    circle = circles[number]
    eased = np.array([circle[0], circle[1], 0.8 * circle[2]])
    return bool(on.sum() >= 6) and _enough(on, rim, eased, blob.px_per_mm, _share(left, circle))


def _judged(circle: Floats, points: Floats, blob: Blob) -> Circle:
    off = points - circle[:2]
    far = np.hypot(off[:, 0], off[:, 1])
    terms = np.column_stack([off / far[:, None], np.ones(len(points))])
    spread = float(np.std(far - circle[2])) + 0.05
    # Neighbouring points of an edge are blurred together: about every fourth says something of its own.
    cover = np.linalg.inv(terms.T @ terms + 1e-6 * np.eye(3)) * spread**2 * 4
    turn = np.arctan2(off[:, 1], off[:, 0])
    arc = len(np.unique(np.floor(turn / (2 * np.pi) * 72))) / 72
    around = np.arange(72) * 2 * np.pi / 72
    rim = np.stack([np.cos(around), np.sin(around)], axis=1)
    outside = _looked(blob.paper, circle[:2] + (circle[2] + 0.7 * blob.px_per_mm) * rim)
    return Circle(
        x=float(circle[0]),
        y=float(circle[1]),
        radius=float(circle[2]),
        arc=arc,
        whole=min(1.0, arc / max(float(outside.mean()), 1 / 72)),
        error=float(np.sqrt(max(cover[0, 0] + cover[1, 1], 0) / 2)),
    )
