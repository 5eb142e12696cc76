"""Straightened frames with marks on them, and the truth: a small generator for tests of colours and shapes alone.

Synthetic and plain: flat paper under uneven light, no perspective. Whole photos are made in bench/photos.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from gis.paper.sheet import PaperSheet, Sticker, sheet_of

STICKERS = (
    Sticker("safe", (0x00, 0x9E, 0x73)),
    Sticker("unsafe", (0xD5, 0x5E, 0x00)),
    Sticker("improve", (0x00, 0x72, 0xB2)),
)


@dataclass(frozen=True)
class Drawn:
    """One mark that was drawn; x and y are millimetres on the page."""

    category: str
    kind: str
    x: float
    y: float
    size: float


@dataclass
class Conditions:
    """What befalls the paper between the hand and the reader."""

    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    uneven: float = 0.0
    shadow: float = 1.0
    power: float = 1.0
    noise: float = 0.0
    blur_mm: float = 0.0
    warp_mm: float = 0.0
    quality: int = 95
    print_grey: float = 0.0
    photo_grey: bool = False
    jitter: float = 0.0
    scribbles: bool = False
    coffee: bool = False
    crease: bool = False
    glare: float = 0.0
    writing: bool = False


def a_sheet(paper: str = "A4", stickers: Sequence[Sticker] = STICKERS) -> PaperSheet:
    return sheet_of((1000.0, 2000.0, 4000.0, 4400.0), 5514, stickers, paper=paper)


def a_town(sheet: PaperSheet, seed: int = 1) -> np.ndarray:
    """A muted picture of streets, houses, water, woods and names."""
    rng = np.random.default_rng(seed)
    width, height = sheet.picture_size
    mm = sheet.picture_px_per_mm
    town = np.full((height, width, 3), (246, 243, 236), np.uint8)
    for _ in range(6):
        at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(8, 30) * mm), int(rng.uniform(8, 25) * mm))
        fill = [(203, 220, 182), (223, 232, 207), (207, 227, 234)][int(rng.integers(3))]
        cv2.ellipse(town, at, axes, float(rng.uniform(0, 180)), 0, 360, fill, -1, cv2.LINE_AA)
    for _ in range(200):
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        cv2.rectangle(town, (x, y), (x + int(2 * mm), y + int(1.5 * mm)), (220, 201, 178), -1)
    for _ in range(18):
        ends = [(int(rng.uniform(-0.1, 1.1) * width), int(rng.uniform(-0.1, 1.1) * height)) for _ in range(2)]
        cv2.line(town, *ends, (216, 196, 162), max(1, int(1.6 * mm)), cv2.LINE_AA)
        cv2.line(town, *ends, (255, 255, 255), max(1, int(1.2 * mm)), cv2.LINE_AA)
    for _ in range(14):
        at = (int(rng.uniform(0, 0.9) * width), int(rng.uniform(0.05, 1) * height))
        cv2.putText(town, "Sokolovna", at, cv2.FONT_HERSHEY_SIMPLEX, 0.09 * mm, (70, 63, 55), 1, cv2.LINE_AA)
    return town


def a_photo(
    sheet: PaperSheet,
    clean: np.ndarray,
    marks: Sequence[Drawn],
    how: Conditions | None = None,
    seed: int = 1,
) -> Any:
    """What straightening would give of this sheet with these marks, later ones above earlier ones."""
    how, rng = how or Conditions(), np.random.default_rng(seed)
    mm = sheet.picture_px_per_mm
    paper = _light(clean)
    grey = paper @ np.array([0.2126, 0.7152, 0.0722])
    paper = paper * (1 - how.print_grey) + grey[..., None] * how.print_grey
    colours = {sticker.key: np.array(sticker.rgb) for sticker in sheet.stickers}
    for mark in marks:
        _draw(paper, mark, colours[mark.category], sheet, rng, how)
    if how.coffee:
        _ring(paper, (0.4 * paper.shape[1], 0.5 * paper.shape[0]), 35 * mm, 2.5 * mm, (0.75, 0.62, 0.42))
    if how.scribbles:
        _scribble(paper, mm, rng)
    if how.crease:
        _crease(paper, mm)
    lamp = _lamp(sheet, how, rng)
    rows, columns = np.mgrid[0 : paper.shape[0], 0 : paper.shape[1]] + 0.5
    left, top, _, _ = sheet.layout.frame
    seen = paper * lamp(left + columns / mm, top + rows / mm)
    if how.glare:
        far = np.hypot(columns - 0.3 * paper.shape[1], rows - 0.3 * paper.shape[0]) / mm
        seen += how.glare * np.exp(-((far / 15) ** 2))[..., None]
    pixels = _camera(seen, how, mm, rng)
    patches = tuple(_patch(patch, lamp, how) for patch in sheet.layout.patches)
    return SimpleNamespace(
        frame=pixels, seen=np.ones(pixels.shape[:2], bool), patches=patches, error_mm=0.1, error_m=1.0,
        px_per_mm=mm, missing=(), sharpness=1.0,
    )  # fmt: skip


def a_crowd(
    sheet: PaperSheet, rng: np.random.Generator, n: int, *, overlap: float = 0.35, kinds: str = "sdc"
) -> list[Drawn]:
    """Marks as people leave them: stickers often touch or overlap others, pens keep off them.

    Of every sticker at least 45 % stays visible, as the issue's bench has it.
    """
    left, top, width, height = sheet.layout.frame
    keys = [sticker.key for sticker in sheet.stickers]
    common = rng.uniform(6.5, 15)
    marks: list[Drawn] = []
    for _ in range(3000):
        if len(marks) == n:
            break
        kind = {"s": "sticker", "d": "dot", "c": "cross"}[kinds[int(rng.choice(len(kinds)))]]
        size = {
            "sticker": common if rng.random() < 0.6 else rng.uniform(6, 18),
            "dot": rng.uniform(2, 5),
            "cross": rng.uniform(5, 10),
        }[kind]
        x, y = left + rng.uniform(0.01, 0.99) * width, top + rng.uniform(0.01, 0.99) * height
        others = [one for one in marks if one.kind == "sticker"]
        if kind == "sticker" and others and rng.random() < overlap:
            other = others[int(rng.integers(len(others)))]
            off, angle = rng.uniform(0.36, 1.02) * (other.size + size) / 2, rng.uniform(0, 2 * np.pi)
            x, y = other.x + off * np.cos(angle), other.y + off * np.sin(angle)
        if kind == "cross":
            x, y = (
                np.clip(x, left + size / 2, left + width - size / 2),
                np.clip(y, top + size / 2, top + height - size / 2),
            )
        mark = Drawn(keys[int(rng.integers(len(keys)))], kind, float(x), float(y), float(size))
        if left + 0.5 < x < left + width - 0.5 and top + 0.5 < y < top + height - 0.5 and _fits([*marks, mark]):
            marks.append(mark)
    return marks


def _fits(marks: list[Drawn]) -> bool:
    new = marks[-1]
    near = [one for one in marks[:-1] if np.hypot(one.x - new.x, one.y - new.y) < (one.size + new.size) / 2 + 0.6]
    if new.kind != "sticker":
        return not near
    if any(one.kind != "sticker" for one in near):
        return False
    return all(_visible(one, marks) for one in near)


def _visible(one: Drawn, marks: list[Drawn]) -> bool:
    y, x = np.mgrid[-1:1:40j, -1:1:40j]
    inside = np.hypot(x, y) < 1
    shown = inside.copy()
    for other in marks[marks.index(one) + 1 :]:
        shown &= np.hypot(one.x + x * one.size / 2 - other.x, one.y + y * one.size / 2 - other.y) > other.size / 2
    return bool(shown.sum() > 0.45 * inside.sum())


def _light(pixels: np.ndarray) -> np.ndarray:
    value = np.asarray(pixels, float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _pixels(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.round(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def _draw(paper: np.ndarray, mark: Drawn, rgb: np.ndarray, sheet: PaperSheet, rng: Any, how: Conditions) -> None:
    mm = sheet.picture_px_per_mm
    left, top, _, _ = sheet.layout.frame
    cx, cy, reach = (mark.x - left) * mm, (mark.y - top) * mm, (mark.size / 2 + 2) * mm
    y0, y1 = max(0, int(cy - reach)), min(paper.shape[0], int(cy + reach) + 1)
    x0, x1 = max(0, int(cx - reach)), min(paper.shape[1], int(cx + reach) + 1)
    y, x = np.mgrid[y0:y1, x0:x1] + 0.5
    x, y = x - cx, y - cy
    colour = _light(
        np.clip(rgb * (1 + how.jitter * rng.normal(0, 0.06)) + how.jitter * rng.normal(0, 5, 3), 0, 255)
    )
    part = paper[y0:y1, x0:x1]
    if mark.kind == "cross":
        alpha = _cross(x, y, mark.size * mm, rng.uniform(0.8, 1.6) * mm, rng, how) * 0.9
    elif mark.kind == "dot":
        around = np.arctan2(y, x)
        edge = (
            1 + 0.08 * how.jitter * np.cos(2 * around + rng.uniform(0, 6)) + 0.04 * how.jitter * np.cos(3 * around)
        )
        alpha = np.clip(0.5 - (np.hypot(x, y) - mark.size / 2 * mm * edge), 0, 1) * 0.92
    else:
        far = np.hypot(x, y) - mark.size / 2 * mm
        shade = np.clip(
            0.5 - (np.hypot(x - 0.15 * mm, y - 0.2 * mm) - mark.size / 2 * mm - 0.1 * mm) / (0.5 * mm), 0, 1
        )
        part *= 1 - 0.25 * how.jitter * shade[..., None]
        alpha = np.clip(0.5 - far, 0, 1)
        grain = cv2.GaussianBlur(rng.normal(0, 1, x.shape), (0, 0), 0.3 * mm) * 0.12 * how.jitter
        colour = colour * (1 + grain + how.jitter * 0.08 * (x + y) / (mark.size * mm))[..., None]
    part *= 1 - alpha[..., None]
    part += alpha[..., None] * colour
    if mark.kind == "sticker" and how.writing and rng.random() < 0.4:
        at = (int(cx - x0 - 1.5 * mm), int(cy - y0 + 1.2 * mm))
        text = np.zeros(x.shape, np.uint8)
        cv2.putText(
            text,
            str(rng.integers(1, 60)),
            at,
            cv2.FONT_HERSHEY_SIMPLEX,
            0.12 * mm,
            255,
            int(0.4 * mm),
            cv2.LINE_AA,
        )
        part *= 1 - 0.9 * (text / 255.0)[..., None]


def _cross(x: Any, y: Any, length: float, width: float, rng: Any, how: Conditions) -> Any:
    turn = rng.uniform(0, np.pi / 2)
    alpha = np.zeros(x.shape)
    for angle in (turn, turn + np.pi / 2 + how.jitter * rng.normal(0, 0.12)):
        along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        half = length / 2 * (1 + how.jitter * rng.uniform(-0.15, 0))
        bend = across - how.jitter * 0.02 * along**2 / length
        far = np.hypot(np.maximum(np.abs(along) - half + width / 2, 0), bend) - width / 2
        alpha = np.maximum(alpha, np.clip(0.5 - far, 0, 1))
    return alpha


def _ring(paper: np.ndarray, at: tuple[float, float], radius: float, width: float, tint: Sequence[float]) -> None:
    y, x = np.mgrid[0 : paper.shape[0], 0 : paper.shape[1]]
    far = np.hypot(x - at[0], y - at[1])
    alpha = np.exp(-(((far - radius) / width) ** 2)) * 0.7 + 0.25 * (far < radius)
    paper *= 1 - alpha[..., None] * (1 - np.array(tint))


def _scribble(paper: np.ndarray, mm: float, rng: Any) -> None:
    for ink in ((36, 48, 122), (25, 25, 30), (36, 48, 122)):
        layer = np.zeros(paper.shape[:2], np.uint8)
        at = rng.uniform(0.1, 0.9, 2) * (paper.shape[1], paper.shape[0])
        walk = at + np.cumsum(rng.normal(0, 2.2 * mm, (30, 2)), axis=0)
        cv2.polylines(layer, [walk.astype(np.int32)], False, 255, max(1, round(0.5 * mm)), cv2.LINE_AA)
        start = rng.uniform(0.1, 0.9, 2) * (paper.shape[1], paper.shape[0])
        cv2.arrowedLine(
            layer, tuple(int(v) for v in start), tuple(int(v) for v in start + rng.normal(0, 20 * mm, 2)), 255,
            max(1, round(0.5 * mm)), cv2.LINE_AA, tipLength=0.15,
        )  # fmt: skip
        cv2.putText(
            layer, "x t +12 park", tuple(int(v) for v in at), cv2.FONT_HERSHEY_SIMPLEX, 0.16 * mm, 255,
            max(1, round(0.5 * mm)), cv2.LINE_AA,
        )  # fmt: skip
        alpha = (layer / 255.0)[..., None] * 0.85
        paper *= 1 - alpha
        paper += alpha * _light(np.array(ink))


def _crease(paper: np.ndarray, mm: float) -> None:
    x = np.arange(paper.shape[1]) - 0.62 * paper.shape[1]
    paper *= (1 - 0.3 * np.exp(-((x / (0.5 * mm)) ** 2)) + 0.1 * np.tanh(x / (2 * mm)))[None, :, None]


def _lamp(sheet: PaperSheet, how: Conditions, rng: Any) -> Any:
    left, top, width, height = sheet.layout.frame
    tilt = rng.normal(0, 1, 2)
    tilt /= np.hypot(*tilt)
    edge, angle = rng.uniform(0.3, 0.7), rng.uniform(0, np.pi)

    def light(x: Any, y: Any) -> Any:
        u, v = (np.asarray(x) - left) / width - 0.5, (np.asarray(y) - top) / height - 0.5
        even = 1 - how.uneven * (0.5 + tilt[0] * u + tilt[1] * v)
        side = (u * np.cos(angle) + v * np.sin(angle) + 0.5 - edge) * width / 3
        shade = how.shadow + (1 - how.shadow) / (1 + np.exp(np.clip(side, -30, 30)))
        return np.asarray(even * shade)[..., None] * np.array(how.cast) * 0.85

    return light


def _camera(seen: np.ndarray, how: Conditions, mm: float, rng: Any) -> np.ndarray:
    seen = np.clip(seen, 0, 1.5) ** how.power
    if how.warp_mm:
        rows, columns = np.mgrid[0 : seen.shape[0], 0 : seen.shape[1]].astype(np.float32)
        off = [
            how.warp_mm * mm * np.sin(columns / (40 * mm) + 1) * np.cos(rows / (50 * mm) + 2 * n) for n in (0, 1)
        ]
        seen = cv2.remap(seen, columns + off[0].astype(np.float32), rows + off[1].astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip  # noqa: E501
    if how.blur_mm:
        seen = cv2.GaussianBlur(seen, (0, 0), how.blur_mm * mm)
    pixels = _pixels(seen).astype(float) + rng.normal(0, how.noise, seen.shape)
    if how.photo_grey:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    jpeg = cv2.imencode(".jpg", np.clip(pixels, 0, 255).astype(np.uint8)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, how.quality])[1]  # fmt: skip  # noqa: E501
    return np.ascontiguousarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1])


def _patch(patch: Any, lamp: Any, how: Conditions) -> Any:
    left, top, width, height = patch.box
    x, y = left + width / 2, top + height / 2
    paper = _light(np.array(patch.rgb))
    paper = paper * (1 - how.print_grey) + how.print_grey * (paper @ np.array([0.2126, 0.7152, 0.0722]))
    seen = _pixels(np.clip(paper * lamp(x, y), 0, 1) ** how.power)
    if how.photo_grey:
        seen = np.full(3, round(float(np.mean(seen))))
    return SimpleNamespace(name=patch.name, printed=patch.rgb, seen=tuple(int(v) for v in seen), x_mm=x, y_mm=y)
