"""Photos that must not be read: no sheet, not enough of one, or one where nobody can tell what is where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.photos import Truth, taken_pixels
from bench.photos_light import jpeg
from bench.photos_paper import Print
from bench.photos_scene import Picture
from bench.photos_shot import Shot, draw_shot, resized
from bench.photos_table import table
from gis.paper.layout import Box, Marker

UNREADABLE: Final = (
    "blank", "no markers", "other sheet", "cat", "blurred", "dark", "burnt out", "grey", "one side", "cut in two",
    "shuffled", "mirrored", "crumpled", "letter", "other tags", "map on a wall",
)  # fmt: skip


def make_unreadable(
    one: Print, other: Print, rng: np.random.Generator, kind: str, *, megapixels: float = 12.0
) -> tuple[bytes, Truth | None]:
    """A JPEG that shows no sheet that could be read; `other` is a sheet that nobody here has printed.

    It has at most so many megapixels: that it can't be read is not for want of them. What was crumpled comes with
    its truth: there reading it is no wrong, but placing its marks elsewhere is.
    """
    shot = draw_shot(one.sheet, rng, "ordinary")
    if shot.size[0] * shot.size[1] > megapixels * 1e6:
        shot = resized(shot, megapixels)
    if kind == "cat":
        return jpeg(_cat(shot.size, rng), shot.light), None
    if kind in {"blurred", "dark", "burnt out", "crumpled"}:
        taken, truth = taken_pixels(one, _spoilt(shot, rng, kind), rng)
        return jpeg(taken, shot.light), truth if kind == "crumpled" else None
    if kind in PAGES:
        taken, _ = taken_pixels(replace(one, page=PAGES[kind](one, rng)), shot, rng)
        return jpeg(taken, shot.light), None
    taken, _ = taken_pixels(other if kind == "other sheet" else one, shot, rng)
    if kind == "mirrored":
        taken = np.asarray(taken[:, ::-1])
    if kind == "grey":
        grey = cv2.cvtColor(taken, cv2.COLOR_RGB2GRAY)
        taken = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    return jpeg(taken, shot.light), None


def _spoilt(shot: Shot, rng: np.random.Generator, kind: str) -> Shot:
    light = shot.light
    if kind == "blurred":
        px = max(shot.size) / 1000
        return replace(
            shot,
            light=replace(light, blur_px=px * float(rng.uniform(6, 12)), moved_px=px * float(rng.uniform(0, 12))),
        )
    if kind == "dark":
        return replace(
            shot, light=replace(light, exposure=float(rng.uniform(0.0005, 0.002)), grain=6.0, sharpened=0.0)
        )
    if kind == "burnt out":
        return replace(shot, light=replace(light, glare=5.0, glare_size=float(rng.uniform(0.45, 0.6))))
    return replace(shot, curl_mm=float(rng.uniform(30, 60)), folds=4, fold_mm=float(rng.uniform(25, 50)))


def _blank(one: Print, rng: np.random.Generator) -> Picture:
    return np.full_like(one.page, int(rng.integers(235, 254)))


def _without_markers(one: Print, _rng: np.random.Generator) -> Picture:
    """The map as somebody cuts it out, with coloured dots on it."""
    page = np.full_like(one.page, 252)
    part = _slices(one, one.sheet.layout.frame)
    page[part] = one.page[part]
    return page


def _one_side(one: Print, rng: np.random.Generator) -> Picture:
    """All but one row of markers under another paper."""
    page = one.page.copy()
    left, top, width, height = one.sheet.layout.frame
    side = one.sheet.layout.markers[0].side
    covers: list[Box] = [
        (0, top, left + width + 2 * side, height + 3 * side),
        (left - 0.2 * side, 0, one.sheet.layout.page[0], one.sheet.layout.page[1]),
    ]
    part = _slices(one, covers[int(rng.integers(2))])
    page[part] = (page[part] * 0.0 + rng.uniform(180, 245, 3)).astype(np.uint8)
    return page


def _cut_in_two(one: Print, rng: np.random.Generator) -> Picture:
    """Two halves laid side by side, one of them moved and turned."""
    page = one.page
    height, width = page.shape[:2]
    left, top, wide, high = (v * one.px_per_mm for v in one.sheet.layout.frame)
    across = rng.random() < 0.5
    cut = left + wide * rng.uniform(0.35, 0.65) if across else top + high * rng.uniform(0.35, 0.65)
    reach = rng.uniform(0.04, 0.08) * min(wide, high)
    turn = float(rng.uniform(2, 5) * rng.choice([-1, 1]))
    matrix = cv2.getRotationMatrix2D((left + wide / 2, top + high / 2), turn, 1.0)
    matrix[0 if not across else 1, 2] += reach * float(rng.choice([-1, 1]))
    matrix[0 if across else 1, 2] += reach
    moved = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(60, 50, 45))
    half = np.zeros((height, width), np.uint8)
    if across:
        half[:, round(cut) :] = 255
    else:
        half[round(cut) :] = 255
    over = cv2.warpAffine(half, matrix, (width, height)) > 127
    return np.asarray(
        np.where(over[..., None], moved, np.where(half[..., None] > 0, np.uint8(70), page)), np.uint8
    )


def _shuffled(one: Print, rng: np.random.Generator) -> Picture:
    """Every marker there is, each where another should be: what somebody glues together for fun."""
    page = one.page.copy()
    markers = one.sheet.layout.markers
    order = rng.permutation(len(markers))
    for marker, n in zip(markers, order, strict=True):
        source, target = _around(one, markers[int(n)]), _around(one, marker)
        part = one.page[source]
        page[target] = cv2.resize(part, (target[1].stop - target[1].start, target[0].stop - target[0].start))
    return page


def _other_tags(one: Print, rng: np.random.Generator) -> Picture:
    """Markers of another family in the same ring."""
    page = _without_codes(one)
    family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_6X6_250)
    for marker in one.sheet.layout.markers:
        target = _slices(one, (marker.x - marker.side / 2, marker.y - marker.side / 2, marker.side, marker.side))
        size = target[0].stop - target[0].start
        drawn = cv2.aruco.generateImageMarker(family, int(rng.integers(250)), size)
        page[target] = cv2.resize(drawn, (target[1].stop - target[1].start, size))[..., None]
    return page


def _without_codes(one: Print) -> Picture:
    page = one.page.copy()
    for code in one.sheet.layout.codes:
        page[_slices(one, (code.x - code.side / 2, code.y - code.side / 2, code.side, code.side))] = 255
    return page


def _letter(one: Print, rng: np.random.Generator) -> Picture:
    """A page of writing with a square code of somebody else's."""
    page = np.full_like(one.page, 250)
    height, width = page.shape[:2]
    scale = one.px_per_mm * min(one.sheet.layout.page) / 210
    for row in range(int(20 * scale), height - int(20 * scale), max(int(7 * scale), 4)):
        x = int(20 * scale)
        while x < width - 30 * scale:
            word = "".join(chr(int(c)) for c in rng.integers(97, 123, int(rng.integers(2, 10))))
            cv2.putText(
                page,
                word,
                (x, row),
                cv2.FONT_HERSHEY_SIMPLEX,
                scale * 0.13,
                (40, 40, 44),
                max(1, int(scale * 0.3)),
                cv2.LINE_AA,
            )
            x += int((len(word) + 1) * 2.6 * scale)
    modules = (rng.random((25, 25)) < 0.5).astype(np.uint8) * 255
    size = int(30 * scale)
    page[int(20 * scale) :][:size, width - 2 * size :][:, :size] = cv2.resize(
        modules, (size, size), interpolation=cv2.INTER_NEAREST
    )[..., None]
    return page


def _wall_map(one: Print, rng: np.random.Generator) -> Picture:
    """Another map that fills the page, with black squares and coloured dots in its own legend."""
    left, top, width, height = one.sheet.layout.frame
    part = one.page[_slices(one, (left, top, width, height))]
    page = np.asarray(cv2.resize(part, one.page.shape[1::-1]), np.uint8)
    for _ in range(30):
        x, y = rng.uniform(0, page.shape[1]), rng.uniform(0, page.shape[0])
        side = rng.uniform(4, 12) * one.px_per_mm
        cv2.rectangle(page, (round(x), round(y)), (round(x + side), round(y + side)), (10, 10, 10), -1)
    return page


PAGES: Final[dict[str, Callable[[Print, np.random.Generator], Picture]]] = {
    "blank": _blank, "no markers": _without_markers, "one side": _one_side, "cut in two": _cut_in_two,
    "shuffled": _shuffled, "other tags": _other_tags, "letter": _letter, "map on a wall": _wall_map,
}  # fmt: skip


def _slices(one: Print, box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box in millimetres."""
    left, top, width, height = (v * one.px_per_mm for v in box)
    return slice(max(0, round(top)), round(top + height)), slice(max(0, round(left)), round(left + width))


def _around(one: Print, marker: Marker) -> tuple[slice, slice]:
    side = marker.side * 1.3
    return _slices(one, (marker.x - side / 2, marker.y - side / 2, side, side))


def _cat(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A cat on a blanket."""
    width, height = size
    photo = table("cloth", size, rng)
    fur = np.array([(196, 132, 70), (90, 86, 84), (230, 222, 210), (46, 42, 42)][int(rng.integers(4))], float)
    r = min(size) * rng.uniform(0.16, 0.22)
    x, y = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.35, 0.45)
    shape = np.zeros((height, width), np.uint8)
    cv2.ellipse(shape, (round(x), round(y + 2.1 * r)), (round(1.25 * r), round(1.7 * r)), 0, 0, 360, 255, -1)
    cv2.ellipse(shape, (round(x), round(y)), (round(r), round(0.85 * r)), 0, 0, 360, 255, -1)
    for way in (-1, 1):
        ear = np.array(
            [(x + way * 0.9 * r, y - 0.3 * r), (x + way * 0.8 * r, y - 1.3 * r), (x + way * 0.2 * r, y - 0.75 * r)]
        )
        cv2.fillPoly(shape, [np.round(ear).astype(np.int32)], 255)
    stripes = np.sin(np.linspace(0, 60, height))[:, None, None] * 14
    noise = (
        cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 2, sigmaY=5)[..., None]
        * 60
    )
    coat = np.clip(fur + stripes + noise, 0, 255)
    alpha = cv2.GaussianBlur(shape, (0, 0), 4).astype(np.float32)[..., None] / 255
    photo = np.asarray(np.clip(photo * (1 - alpha) + coat * alpha, 0, 255), np.uint8)
    _face(photo, x, y, r)
    return photo


def _face(photo: NDArray[np.uint8], x: float, y: float, r: float) -> None:
    for way in (-1, 1):
        eye = (round(x + way * 0.4 * r), round(y - 0.1 * r))
        cv2.ellipse(photo, eye, (round(0.2 * r), round(0.16 * r)), 0, 0, 360, (0, 158, 115), -1, cv2.LINE_AA)
        cv2.ellipse(photo, eye, (round(0.05 * r), round(0.15 * r)), 0, 0, 360, (8, 8, 8), -1, cv2.LINE_AA)
        for n in (-1, 0, 1):
            start = (round(x + way * 0.25 * r), round(y + 0.35 * r))
            end = (round(x + way * 1.4 * r), round(y + (0.35 + 0.15 * n) * r))
            cv2.line(photo, start, end, (245, 245, 240), max(1, round(r / 90)), cv2.LINE_AA)
    nose = np.array([(x - 0.12 * r, y + 0.2 * r), (x + 0.12 * r, y + 0.2 * r), (x, y + 0.34 * r)])
    cv2.fillPoly(photo, [np.round(nose).astype(np.int32)], (213, 94, 90), cv2.LINE_AA)
