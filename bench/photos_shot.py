"""How a photo is made, by lot: the camera, the light, the paper, and what is put on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.photos_lens import Pose
from bench.photos_light import Light
from bench.photos_marks import Kind
from bench.photos_table import TABLES, THINGS
from gis.paper.sheet import PaperSheet

READABLE: Final = (
    "ordinary", "hidden", "folded", "curled", "shadow", "tilted", "cast", "dim", "crowded", "pens", "glare",
    "copy", "scan", "far", "wide", "stained", "part",
)  # fmt: skip
"""Kinds of photos; each stresses what it is named for, the rest is drawn as in an ordinary one."""
WEIGHTS: Final = (18, 7, 6, 6, 7, 7, 7, 6, 7, 7, 4, 3, 4, 3, 3, 3, 2)


@dataclass(frozen=True)
class Shot:
    """How one photo is made."""

    kind: str
    size: tuple[int, int]
    pose: Pose
    light: Light
    curl_mm: float
    folds: int
    fold_mm: float
    hidden: tuple[int, ...]
    """Corners of the ring that something lies on, 0 (top left) to 3, clockwise."""
    thing: str
    table: str
    print_scale: float
    copied: bool
    count: int
    kinds: tuple[Kind, ...]
    crowded: bool
    stained: bool = False
    """Coffee, ball-pen lines and writing on the map: nothing that counts."""


def draw_shot(sheet: PaperSheet, rng: np.random.Generator, kind: str) -> Shot:
    """How a photo of this kind is made, by lot."""
    megapixels = float(rng.choice([8, 8, 10, 12, 12, 12, 12, 16, 20, 24]))
    ratio = float(rng.choice([4 / 3, 4 / 3, 4 / 3, 16 / 9]))
    long, short = round(math.sqrt(megapixels * 1e6 * ratio)), round(math.sqrt(megapixels * 1e6 / ratio))
    turns = int(rng.integers(4))
    lying = (sheet.layout.page[0] > sheet.layout.page[1]) == (turns % 2 == 0)
    pens: tuple[Kind, ...] = ("dot", "cross", "dot") if rng.random() < 0.6 else ("dot",)
    kinds: tuple[Kind, ...] = ("sticker",) if rng.random() < 0.65 else ("sticker", *pens)
    pose = Pose(
        tilt_deg=float(abs(rng.normal(0, 10))),
        towards_deg=float(rng.uniform(0, 360)),
        roll_deg=90.0 * turns + float(rng.normal(0, 4)),
        fill=float(rng.uniform(0.8, 0.97)),
        off_centre=(float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.8, 0.8))),
        focal=float(rng.uniform(0.7, 1.0)),
        bend=(float(rng.normal(0, 0.02)), float(rng.normal(0, 0.01))),
    )
    shot = Shot(
        kind, (long, short) if lying else (short, long), pose, _draw_light(rng),
        curl_mm=float(rng.uniform(0, 3)), folds=int(rng.random() < 0.25), fold_mm=float(rng.uniform(0.3, 1.5)),
        hidden=(), thing=str(rng.choice(THINGS)), table=str(rng.choice(TABLES)),
        print_scale=float(rng.choice([1.0, 1.0, 0.97, 0.94])), copied=False,
        count=int(rng.integers(10, 61)), kinds=kinds, crowded=bool(rng.random() < 0.25),
    )  # fmt: skip
    return _stressed(shot, rng, pens)


def _draw_light(rng: np.random.Generator) -> Light:
    warm = _warmth(rng, 0.06)
    return Light(
        warm, _mixed(warm, _warmth(rng, 0.06), 0.5),
        exposure=float(rng.uniform(0.75, 1.05)), fall=float(rng.uniform(0.05, 0.3)),
        shadows=((float(rng.uniform(0.1, 0.35)), float(rng.uniform(0.05, 0.4))),) if rng.random() < 0.4 else (),
        glare=0.0, glare_size=0.1, grain=float(rng.uniform(0.8, 3.5)), blur_px=float(rng.uniform(0.5, 1.3)),
        moved_px=0.0, sharpened=float(rng.choice([0, 0.3, 0.7])), jpeg=int(rng.integers(60, 96)),
        exif_turn=int(rng.choice([1, 1, 1, 3, 6, 8])),
    )  # fmt: skip


def _warmth(rng: np.random.Generator, spread: float) -> tuple[float, float, float]:
    warm, green = rng.normal(0, spread), rng.normal(0, spread / 2)
    return float(math.exp(warm)), float(math.exp(green)), float(math.exp(-warm))


def _mixed(one: tuple[float, ...], other: tuple[float, ...], share: float) -> tuple[float, float, float]:
    red, green, blue = (a * (1 - share) + b * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _stressed(shot: Shot, rng: np.random.Generator, pens: tuple[Kind, ...]) -> Shot:
    """The shot with what its kind is named for."""
    if shot.kind == "pens":
        return replace(shot, kinds=pens)
    return STRESS[shot.kind](shot, rng) if shot.kind in STRESS else shot


def _hidden(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, hidden=tuple(int(c) for c in rng.permutation(4)[: int(rng.integers(1, 4))]))


def _folded(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, folds=int(rng.integers(1, 4)), fold_mm=float(rng.uniform(1.5, 4)))


def _curled(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, curl_mm=float(rng.uniform(4, 10)))


def _shadowed(shot: Shot, rng: np.random.Generator) -> Shot:
    shadows = [(float(rng.uniform(0.3, 0.65)), float(rng.uniform(0.02, 0.25))) for _ in range(rng.integers(1, 3))]
    return replace(shot, light=replace(shot.light, shadows=tuple(shadows), fall=float(rng.uniform(0.1, 0.5))))


def _tilted(shot: Shot, rng: np.random.Generator) -> Shot:
    roll = shot.pose.roll_deg + float(rng.uniform(-20, 20))
    return replace(shot, pose=replace(shot.pose, tilt_deg=float(rng.uniform(18, 38)), roll_deg=roll))


def _cast(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, light=replace(shot.light, warm=_warmth(rng, 0.22), warm_beyond=_warmth(rng, 0.18)))


def _dim(shot: Shot, rng: np.random.Generator) -> Shot:
    light = replace(
        shot.light, exposure=float(rng.uniform(0.25, 0.5)), grain=float(rng.uniform(4, 8)),
        blur_px=float(rng.uniform(0.8, 1.6)), moved_px=float(rng.uniform(0, 3)),
    )  # fmt: skip
    return replace(shot, light=light)


def _crowded(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, crowded=True, count=int(rng.integers(45, 61)), kinds=("sticker",))


def _glaring(shot: Shot, rng: np.random.Generator) -> Shot:
    size = float(rng.uniform(0.04, 0.1))
    return replace(shot, light=replace(shot.light, glare=float(rng.uniform(0.5, 1.6)), glare_size=size))


def _copied(shot: Shot, _rng: np.random.Generator) -> Shot:
    return replace(shot, copied=True)


def _far(shot: Shot, rng: np.random.Generator) -> Shot:
    return replace(shot, pose=replace(shot.pose, fill=float(rng.uniform(0.6, 0.72))))


def _wide(shot: Shot, rng: np.random.Generator) -> Shot:
    """The wide lens of a phone, whose barrel its software has not put right."""
    bend = (float(rng.uniform(-0.14, -0.05)), float(rng.uniform(0, 0.03)))
    return replace(shot, pose=replace(shot.pose, focal=float(rng.uniform(0.5, 0.65)), bend=bend))


def _stained(shot: Shot, _rng: np.random.Generator) -> Shot:
    return replace(shot, stained=True)


def _part(shot: Shot, rng: np.random.Generator) -> Shot:
    """Three quarters of the sheet or so: the photographer stood too near."""
    return replace(shot, pose=replace(shot.pose, fill=float(rng.uniform(1.05, 1.2))))


def _scanned(shot: Shot, rng: np.random.Generator) -> Shot:
    """A flatbed: straight from above from very far, even light, no lens."""
    pose = replace(
        shot.pose,
        tilt_deg=0.0,
        roll_deg=round(shot.pose.roll_deg / 90) * 90 + float(rng.normal(0, 0.7)),
        focal=40.0,
        fill=0.99,
        bend=(0.0, 0.0),
    )
    light = replace(
        shot.light,
        warm=(1, 1, 1),
        warm_beyond=(1, 1, 1),
        exposure=1.0,
        fall=0.0,
        shadows=(),
        grain=1.0,
        blur_px=0.6,
        exif_turn=1,
    )
    return replace(shot, pose=pose, light=light, curl_mm=0.0, folds=0, table="white")


def resized(shot: Shot, megapixels: float) -> Shot:
    factor = math.sqrt(megapixels * 1e6 / (shot.size[0] * shot.size[1]))
    return replace(shot, size=(round(shot.size[0] * factor), round(shot.size[1] * factor)))


STRESS: Final[dict[str, Callable[[Shot, np.random.Generator], Shot]]] = {
    "hidden": _hidden, "folded": _folded, "curled": _curled, "shadow": _shadowed, "tilted": _tilted, "cast": _cast,
    "dim": _dim, "crowded": _crowded, "glare": _glaring, "copy": _copied, "scan": _scanned, "far": _far,
    "wide": _wide, "stained": _stained, "part": _part,
}  # fmt: skip
