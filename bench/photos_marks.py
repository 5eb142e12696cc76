"""Stickers and felt-pen marks put on a printed sheet, as hands put them; and where each was put."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import Box, Rgb
from gis.paper.sheet import PaperSheet, Sticker

Kind = Literal["sticker", "dot", "cross"]
STICKERS_MM = (6.0, 8.0, 10.0, 12.0, 15.0, 18.0, 20.0)
OVERLAPPING = 0.6
"""Centres of overlapping stickers are at least so much of the sum of their radii apart."""
LEAST_VISIBLE = 0.6
"""Of a sticker that others cover at least so much is to be seen."""


@dataclass(frozen=True)
class TrueMark:
    """One mark that was made: what it says, and where its middle is, in millimetres on the page."""

    category: str
    kind: Kind
    x_mm: float
    y_mm: float
    diameter_mm: float
    touches: bool = False
    """Another mark is under it or at its edge."""


@dataclass(frozen=True)
class Manner:
    """What is put on a sheet, and how."""

    count: int
    kinds: tuple[Kind, ...]
    sizes_mm: tuple[float, ...]
    """Of stickers."""
    crowded: bool
    """In clusters, touching and overlapping."""
    written: bool
    """Numbers of the table's rows are written beside."""
    tones: dict[str, tuple[float, float, float]]
    """The colour of the town's stickers, by category: never quite that of the legend. Red, green, blue."""
    glossy: bool


def manner_of(
    sheet: PaperSheet, rng: np.random.Generator, *, count: int, kinds: tuple[Kind, ...], crowded: bool
) -> Manner:
    """A manner: one or two sizes of stickers, colours a little off."""
    left = [
        size for size in STICKERS_MM if size * size * count < 0.55 * sheet.layout.frame[2] * sheet.layout.frame[3]
    ]
    sizes = tuple(float(s) for s in rng.choice(left or [6.0], size=int(rng.integers(1, 3))))
    tones = {sticker.key: _off(sticker.rgb, rng) for sticker in sheet.stickers}
    return Manner(count, kinds, sizes, crowded, bool(rng.random() < 0.2), tones, bool(rng.random() < 0.4))


def _off(rgb: Rgb, rng: np.random.Generator) -> tuple[float, float, float]:
    """A colour as a maker of stickers hits it."""
    pixel = np.array([[rgb]], np.uint8)
    hue, saturation, value = (float(v) for v in cv2.cvtColor(pixel, cv2.COLOR_RGB2HSV_FULL)[0, 0])
    hue = (hue + float(np.clip(rng.normal(0, 1.5), -3, 3))) % 256
    saturation = float(np.clip(saturation * rng.uniform(0.85, 1.08), 0, 255))
    value = float(np.clip(value * rng.uniform(0.88, 1.12), 0, 255))
    there = np.array([[[hue, saturation, value]]], np.uint8)
    red, green, blue = (float(v) for v in cv2.cvtColor(there, cv2.COLOR_HSV2RGB_FULL)[0, 0])
    return red, green, blue


def placed_marks(
    sheet: PaperSheet, manner: Manner, rng: np.random.Generator, *, kept_free: Sequence[Box] = ()
) -> tuple[TrueMark, ...]:
    """The marks of a sheet, in the order in which they were made; fewer than asked for where there is no room."""
    left, top, width, height = sheet.layout.frame
    keys = [sticker.key for sticker in sheet.stickers]
    middles = [(rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height) for _ in range(4)]
    marks: list[TrueMark] = []
    for _ in range(manner.count * 60):
        if len(marks) == manner.count:
            break
        kind = manner.kinds[int(rng.integers(len(manner.kinds)))]
        if kind == "sticker":
            diameter = manner.sizes_mm[int(rng.integers(len(manner.sizes_mm)))]
        else:
            diameter = rng.uniform(2.0, 5.0) if kind == "dot" else rng.uniform(5.0, 10.0)
        if rng.random() < (0.75 if manner.crowded else 0.25):
            middle = middles[int(rng.integers(len(middles)))]
            spread = max(diameter * 1.6, 0.06 * width)
            x, y = left + rng.normal(middle[0], spread), top + rng.normal(middle[1], spread)
        else:
            x, y = left + rng.uniform(0, width), top + rng.uniform(0, height)
        if not (left + 1 < x < left + width - 1 and top + 1 < y < top + height - 1):
            continue
        if any(_within(x, y, box, diameter / 2 + 2) for box in kept_free):
            continue
        mark = TrueMark(keys[int(rng.integers(len(keys)))], kind, float(x), float(y), float(diameter))
        if _fits(mark, marks, overlapping=bool(rng.random() < (0.8 if manner.crowded else 0.3))):
            marks.append(mark)
    return tuple(
        TrueMark(m.category, m.kind, m.x_mm, m.y_mm, m.diameter_mm, touches=any(_near(m, o, 1.08) for o in marks))
        for m in marks
    )


def _within(x: float, y: float, box: Box, margin: float) -> bool:
    return -margin < x - box[0] < box[2] + margin and -margin < y - box[1] < box[3] + margin


def _near(one: TrueMark, other: TrueMark, factor: float) -> bool:
    far = math.hypot(one.x_mm - other.x_mm, one.y_mm - other.y_mm)
    return one is not other and far < factor * (one.diameter_mm + other.diameter_mm) / 2


def _fits(mark: TrueMark, others: Sequence[TrueMark], *, overlapping: bool) -> bool:
    """Whether a mark may be made there: pens beside others, stickers over a part of another at most."""
    near = [other for other in others if _near(mark, other, 1.0) or _apart(mark, other) < 0.6]
    if not near:
        return True
    if mark.kind != "sticker" or any(other.kind != "sticker" for other in near):
        return False
    if not overlapping or len(near) > 2 or any(_near(mark, other, OVERLAPPING) for other in near):
        return False
    return all(
        _visible(other, [mark, *others[n + 1 :]]) >= LEAST_VISIBLE
        for n, other in enumerate(others)
        if other in near
    )


def _apart(one: TrueMark, other: TrueMark) -> float:
    return math.hypot(one.x_mm - other.x_mm, one.y_mm - other.y_mm) - (one.diameter_mm + other.diameter_mm) / 2


def _visible(mark: TrueMark, over: Sequence[TrueMark]) -> float:
    """How much of a sticker is left to be seen under those that were put on later."""
    grid = np.linspace(-1, 1, 25) * mark.diameter_mm / 2
    dx, dy = np.meshgrid(grid, grid)
    own = np.hypot(dx, dy) <= mark.diameter_mm / 2
    left = own.copy()
    for other in over:
        far = np.hypot(dx + mark.x_mm - other.x_mm, dy + mark.y_mm - other.y_mm)
        left &= far > other.diameter_mm / 2
    return float(left.sum() / own.sum())


@dataclass
class Canvas:
    """A page in pixels that can be drawn on: millimetres on the page, from its origin."""

    pixels: NDArray[np.uint8]
    px_per_mm: float
    origin_mm: tuple[float, float] = (0.0, 0.0)

    def at(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Pixels of a place; the middle of the first pixel is 0."""
        return (
            (x_mm - self.origin_mm[0]) * self.px_per_mm - 0.5,
            (y_mm - self.origin_mm[1]) * self.px_per_mm - 0.5,
        )

    def window(
        self, x_mm: float, y_mm: float, reach_mm: float
    ) -> tuple[slice, slice, NDArray[np.float32], NDArray[np.float32]]:
        """Rows, columns, and how far each of their pixels is from the place, in millimetres."""
        x, y = self.at(x_mm, y_mm)
        reach = reach_mm * self.px_per_mm
        height, width = self.pixels.shape[:2]
        rows = slice(max(0, math.floor(y - reach)), min(height, math.ceil(y + reach) + 1))
        columns = slice(max(0, math.floor(x - reach)), min(width, math.ceil(x + reach) + 1))
        dx = (np.arange(columns.start, columns.stop, dtype=np.float32) - x) / self.px_per_mm
        dy = (np.arange(rows.start, rows.stop, dtype=np.float32) - y) / self.px_per_mm
        far_x, far_y = (np.asarray(far, np.float32) for far in np.meshgrid(dx, dy))
        return rows, columns, far_x, far_y


def draw_marks(canvas: Canvas, marks: Sequence[TrueMark], manner: Manner, rng: np.random.Generator) -> None:
    """Make the marks on the page, one after the other."""
    for mark in marks:
        tone = np.array(manner.tones[mark.category]) + rng.normal(0, 2.0, 3)
        if mark.kind == "sticker":
            _draw_sticker(canvas, mark, tone, rng, glossy=manner.glossy)
        elif mark.kind == "dot":
            _draw_dot(canvas, mark, tone, rng)
        else:
            _draw_cross(canvas, mark, tone, rng)
    if manner.written:
        for mark in marks[:: int(rng.integers(2, 5))]:
            _write_number(canvas, mark, rng)


def _draw_sticker(
    canvas: Canvas, mark: TrueMark, tone: NDArray[np.float64], rng: np.random.Generator, *, glossy: bool
) -> None:
    """A round sticker: not quite round, with the grain of its paper, a rim, a shadow, perhaps shining."""
    radius = mark.diameter_mm / 2
    rows, columns, dx, dy = canvas.window(mark.x_mm, mark.y_mm, radius + 1.5)
    if dx.size == 0:
        return
    part = canvas.pixels[rows, columns].astype(np.float32)
    soft = 0.5 / canvas.px_per_mm + 0.03
    inside = _disc(dx, dy, radius, soft, rng)
    shift = rng.uniform(0.05, 0.35)
    angle = rng.uniform(0, 2 * np.pi)
    shadow = _disc(dx - shift * np.cos(angle), dy - shift * np.sin(angle), radius, 0.25, rng)
    part *= (1 - rng.uniform(0.15, 0.45) * shadow)[..., None]
    far = np.hypot(dx, dy)
    face = np.broadcast_to(tone.astype(np.float32), part.shape).copy()
    face *= 1 + rng.normal(0, 0.035) * (dx * np.cos(angle) + dy * np.sin(angle))[..., None] / radius
    face += _grain(dx.shape, rng, rng.uniform(1.0, 4.0))[..., None]
    rim = np.clip((far - radius + 0.35) / 0.35, 0, 1)
    face *= (1 - rng.uniform(0.0, 0.12) * rim)[..., None]
    if glossy:
        _shine(face, dx, dy, radius, rng)
    part += (face - part) * inside[..., None]
    canvas.pixels[rows, columns] = np.clip(part + 0.5, 0, 255).astype(np.uint8)


def _disc(
    dx: NDArray[np.float32], dy: NDArray[np.float32], radius: float, soft: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """How much of each pixel a disc covers whose edge wavers by a hundredth of its radius."""
    angle = np.arctan2(dy, dx)
    edge = radius * (
        1 + sum(rng.normal(0, 0.006 / n) * np.cos(n * angle + rng.uniform(0, 6.3)) for n in (2, 3, 5))
    )
    return np.asarray(np.clip((edge - np.hypot(dx, dy)) / (2 * soft) + 0.5, 0, 1), np.float32)


def _shine(
    face: NDArray[np.float32],
    dx: NDArray[np.float32],
    dy: NDArray[np.float32],
    radius: float,
    rng: np.random.Generator,
) -> None:
    """A window or a lamp mirrored in a glossy sticker: a soft, lighter stroke."""
    angle, off = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5) * radius
    across = (dx * np.cos(angle) + dy * np.sin(angle) - off) / (radius * rng.uniform(0.12, 0.3))
    along = (-dx * np.sin(angle) + dy * np.cos(angle)) / (radius * rng.uniform(0.4, 0.8))
    strength = rng.uniform(0.1, 0.45) * np.exp(-(across**2) - along**2)
    face += (255 - face) * strength[..., None].astype(np.float32)


def _grain(shape: tuple[int, ...], rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    fine = rng.standard_normal(shape, dtype=np.float32)
    coarse = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), 2.5) * 4
    return np.asarray((fine + coarse) * strength * 0.6, np.float32)


def _draw_dot(canvas: Canvas, mark: TrueMark, tone: NDArray[np.float64], rng: np.random.Generator) -> None:
    """A dot of a felt pen: pressed once or filled by going round; ink lets the print shine through a little."""
    radius = mark.diameter_mm / 2
    rows, columns, dx, dy = canvas.window(mark.x_mm, mark.y_mm, radius + 1)
    angle = np.arctan2(dy, dx)
    wave = sum(rng.normal(0, 0.05 / n) * np.cos(n * angle + rng.uniform(0, 6.3)) for n in (2, 3, 4, 5))
    soft = 0.5 / canvas.px_per_mm + 0.06
    ink = np.clip((radius * (1 + wave) - np.hypot(dx, dy)) / (2 * soft) + 0.5, 0, 1).astype(np.float32)
    _ink(canvas, (rows, columns), ink, tone, rng)


def _draw_cross(canvas: Canvas, mark: TrueMark, tone: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Two strokes of a felt pen, nearly through each other's middles."""
    half = mark.diameter_mm / 2
    width = rng.uniform(0.5, 1.0)
    rows, columns, dx, dy = canvas.window(mark.x_mm, mark.y_mm, half + 2)
    ink = np.zeros(dx.shape, np.float32)
    lean = math.radians(45 if rng.random() < 0.75 else 0) + rng.normal(0, 0.12)
    for turn in (0.0, np.pi / 2 + rng.normal(0, 0.1)):
        length = half * rng.uniform(0.88, 1.0)
        bow = rng.normal(0, 0.04) / half
        x = dx * np.cos(lean + turn) + dy * np.sin(lean + turn)
        y = -dx * np.sin(lean + turn) + dy * np.cos(lean + turn) - bow * (x**2 - half**2 / 3)
        far = np.hypot(np.maximum(np.abs(x) - length + width / 2, 0), y)
        stroke = np.clip((width / 2 - far) / (1.0 / canvas.px_per_mm + 0.12) + 0.5, 0, 1)
        ink = ink + stroke.astype(np.float32) * (1 - 0.35 * ink)
    _ink(canvas, (rows, columns), ink, tone, rng)


def _ink(
    canvas: Canvas,
    place: tuple[slice, slice],
    ink: NDArray[np.float32],
    tone: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Ink takes light away: what is under it stays to be seen; twice inked is darker."""
    part = canvas.pixels[place].astype(np.float32)
    through = np.clip(tone / 255, 0.02, 1).astype(np.float32) ** rng.uniform(0.85, 1.05)
    strength = ink * (1 + _grain(ink.shape, rng, 0.05))
    part *= through[None, None, :] ** np.clip(strength, 0, 2)[..., None]
    canvas.pixels[place] = np.clip(part + 0.5, 0, 255).astype(np.uint8)


def _write_number(canvas: Canvas, mark: TrueMark, rng: np.random.Generator) -> None:
    """A number in ball-pen on the sticker, or beside a small mark: nothing that counts."""
    scale = canvas.px_per_mm
    height = rng.uniform(2.2, 3.5)
    x, y = mark.x_mm, mark.y_mm
    if mark.kind != "sticker" or mark.diameter_mm < 8:
        x, y = x + mark.diameter_mm / 2 + 1.5, y - rng.uniform(-1, 1.5)
    else:
        x, y = x - height * 0.5, y + height * 0.4
    at = tuple(round(v * 16) for v in canvas.at(x, y))
    ink = [(45, 45, 50), (35, 45, 120)][int(rng.random() < 0.5)]
    text = str(int(rng.integers(1, 30)))
    for n, sign in enumerate(text):
        left = (at[0] // 16 + round(n * height * 0.75 * scale), at[1] // 16)
        cv2.putText(
            canvas.pixels,
            sign,
            left,
            cv2.FONT_HERSHEY_SIMPLEX,
            height * scale / 21,
            ink,
            max(1, round(0.35 * scale)),
            cv2.LINE_AA,
        )


def draw_stray(
    canvas: Canvas, sheet: PaperSheet, stickers: Sequence[Sticker], manner: Manner, rng: np.random.Generator
) -> None:
    """Stickers that somebody put into the column beside the frame: they say nothing about a place."""
    left, top, width, height = sheet.layout.column
    for _ in range(int(rng.integers(0, 4))):
        key = stickers[int(rng.integers(len(stickers)))].key
        size = manner.sizes_mm[0]
        x = left + rng.uniform(0.3, 0.7) * width
        y = top + rng.uniform(0.2, 0.8) * height
        if width > 2 * size and height > 2 * size:
            mark = TrueMark(key, "sticker", float(x), float(y), size)
            _draw_sticker(canvas, mark, np.array(manner.tones[key]), rng, glossy=manner.glossy)
