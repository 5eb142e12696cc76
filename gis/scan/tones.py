"""The colours that the stickers on one sheet really have: makers hit a category's colour only nearly.

All stickers of a category on one sheet mostly come from one packet, so that their colours lie close together,
closer than to what was agreed. They are found by k-means (Lloyd, 1982) from the agreed colours on, held back by
them: a packet is a tone of its category's colour, and one tone that lies between two categories is not made two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gis.scan.balance import Ink
from gis.scan.colours import WEIGHTS, lab_of, rgb_of_lab

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

HELD_MM2: Final = 60.0
"""The agreed colour counts as much as one sticker of 9 mm."""
LEAST_MM2: Final = 12.0
FARTHEST: Final = 34.0
"""Colours farther than this from every category's are no stickers'."""
MOST_DRIFT: Final = 26.0
ONE_TONE: Final = 0.5
"""Two tones nearer to each other than this share of what their categories are apart are one."""
ROUNDS: Final = 6


def with_tones(
    inks: tuple[Ink, ...], colours: Pixels, counts: NDArray[np.int_], px_per_mm: float
) -> tuple[Ink, ...]:
    """The inks with the tones of this sheet's stickers, from the colours (n, 3) that lie well inside of marks."""
    if not len(colours):
        return inks
    agreed = lab_of(np.array([ink.nominal for ink in inks], np.uint8)) * WEIGHTS
    seen = lab_of(colours) * WEIGHTS
    area = counts / px_per_mm**2
    near = cdist(seen, agreed).min(axis=1) < FARTHEST
    seen, area = seen[near], area[near]
    if not len(seen):
        return inks
    tones, covered = _settled(agreed, seen, area)
    for one, other in _same(tones, agreed, covered):
        whole = np.average(tones[[one, other]], axis=0, weights=covered[[one, other]])
        keeps, yields = (one, other) if _off(whole, agreed[one]) <= _off(whole, agreed[other]) else (other, one)
        tones[keeps], tones[yields] = whole, agreed[yields]
        covered[keeps], covered[yields] = covered[[one, other]].sum(), 0.0
    return tuple(
        replace(ink, stuck=rgb_of_lab(tone / WEIGHTS))
        if found >= LEAST_MM2 and _off(tone, own) < MOST_DRIFT
        else ink
        for ink, tone, own, found in zip(inks, tones, agreed, covered, strict=True)
    )


def _settled(agreed: Floats, seen: Floats, area: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
    tones: NDArray[Any] = agreed.copy()
    covered: NDArray[Any] = np.zeros(len(agreed))
    for _ in range(ROUNDS):
        owner = cdist(seen, tones).argmin(axis=1)
        covered = np.bincount(owner, weights=area, minlength=len(agreed))
        sums = np.stack(
            [np.bincount(owner, weights=area * seen[:, n], minlength=len(agreed)) for n in range(3)], 1
        )
        tones = (sums + HELD_MM2 * agreed) / (covered + HELD_MM2)[:, None]
    return tones, covered


def _same(tones: Floats, agreed: Floats, covered: Floats) -> list[tuple[int, int]]:
    """Pairs of tones that are one: both seen, and much nearer than their categories."""
    return [
        (one, other)
        for one in range(len(tones))
        for other in range(one)
        if min(covered[one], covered[other]) > 0
        and _off(tones[one], tones[other]) < ONE_TONE * _off(agreed[one], agreed[other])
    ]


def _off(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other))
