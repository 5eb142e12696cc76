"""Made-up photos of real sheets, with the truth about every mark: what phones and scanners make of paper maps.

The photos are synthetic. The sheet is the project's own PDF in pixels; stickers, pens, folds, light, lens and
sensor are drawn after what they do to paper and pixels. Everything follows from one seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.photos_lens import aimed, bent, flat
from bench.photos_light import jpeg, lit
from bench.photos_marks import Canvas, Manner, TrueMark, draw_marks, draw_stray, manner_of, placed_marks
from bench.photos_paper import Print, photocopied, printed, stained
from bench.photos_scene import Picture, Scene, things_on
from bench.photos_shot import READABLE, WEIGHTS, Shot, draw_shot, resized

__all__ = ["READABLE", "WEIGHTS", "Truth", "make_photo", "take", "taken_pixels"]


@dataclass(frozen=True)
class Truth:
    """What is on a photo: the marks in millimetres of the page, and how the photo was made."""

    kind: str
    serial: str
    marks: tuple[TrueMark, ...]
    """Those that can be seen."""
    unsure: tuple[TrueMark, ...]
    """Hidden for the greater part, or burnt out: found or not, both are right."""
    frame_px: NDArray[np.float64]
    """Where the frame's corners are in the picture, clockwise from the page's top left."""
    made: dict[str, float | str] = field(default_factory=dict)
    """What was drawn by lot, by name."""


def make_photo(
    one: Print, rng: np.random.Generator, kind: str = "ordinary", *, megapixels: float | None = None
) -> tuple[bytes, Truth]:
    """A JPEG of a sheet that people have put marks on, and what is on it."""
    shot = draw_shot(one.sheet, rng, kind)
    if megapixels:
        shot = resized(shot, megapixels)
    return take(one, shot, rng)


def take(one: Print, shot: Shot, rng: np.random.Generator) -> tuple[bytes, Truth]:
    """The photo that a shot describes, as a file."""
    taken, truth = taken_pixels(one, shot, rng)
    return jpeg(taken, shot.light), truth


def taken_pixels(one: Print, shot: Shot, rng: np.random.Generator) -> tuple[Picture, Truth]:
    """The photo that a shot describes."""
    sheet, page = one.sheet, one.sheet.layout.page
    things = things_on(sheet.layout, shot.hidden, rng)
    manner = manner_of(sheet, rng, count=shot.count, kinds=shot.kinds, crowded=shot.crowded)
    marks = placed_marks(sheet, manner, rng, kept_free=[box for box, _ in things])
    canvas = marked(one, shot, marks, manner, rng)
    bends = bent(page, rng, curl_mm=shot.curl_mm, folds=shot.folds, fold_mm=shot.fold_mm)
    surface = flat(page) if shot.kind == "scan" else bends
    scene = Scene(page, surface, aimed(shot.size, surface, (0, 0, *page), shot.pose))
    photo, shade = scene.photographed(canvas, shot.table, rng)
    covered = np.zeros(photo.shape[:2], bool)
    for box, towards in things:
        covered |= scene.lay(photo, box, towards, shot.thing, rng)
    taken = lit(photo, shot.light, shade, rng)
    return taken, _truth(one, shot, marks, scene, scene.visible(marks, covered, taken))


def marked(one: Print, shot: Shot, marks: Sequence[TrueMark], manner: Manner, rng: np.random.Generator) -> Canvas:
    """The printed page with the marks on it; smaller prints have a wider white edge."""
    page = photocopied(one.page, rng) if shot.copied else printed(one.page, rng)
    if shot.stained:
        page = stained(page, one, rng)
    x, y = (round(side * (1 / shot.print_scale - 1) / 2 * one.px_per_mm) for side in one.sheet.layout.page)
    white = (250, 250, 250)
    pixels = np.asarray(cv2.copyMakeBorder(page, y, y, x, x, cv2.BORDER_CONSTANT, value=white), np.uint8)
    canvas = Canvas(pixels, one.px_per_mm, (-x / one.px_per_mm, -y / one.px_per_mm))
    draw_marks(canvas, marks, manner, rng)
    if "sticker" in manner.kinds:
        draw_stray(canvas, one.sheet, one.sheet.stickers, manner, rng)
    return canvas


def _truth(one: Print, shot: Shot, marks: Sequence[TrueMark], scene: Scene, visible: NDArray[np.bool_]) -> Truth:
    left, top, width, height = one.sheet.layout.frame
    corners = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    frame = scene.pixels_of(corners[:, 0], corners[:, 1])
    pose, light = shot.pose, shot.light
    made: dict[str, float | str] = {
        "paper": one.sheet.layout.paper, "megapixels": round(shot.size[0] * shot.size[1] / 1e6, 1),
        "px_per_mm": round(float(np.hypot(*(frame[1] - frame[0])) / width), 2),
        "categories": len(one.sheet.stickers), "marks": len(marks), "touching": sum(m.touches for m in marks),
        "roll_deg": round(pose.roll_deg, 1), "tilt_deg": round(pose.tilt_deg, 1), "fill": round(pose.fill, 2),
        "lens_k1": round(pose.bend[0], 3), "curl_mm": round(shot.curl_mm, 1), "folds": shot.folds,
        "fold_mm": round(shot.fold_mm, 1) if shot.folds else 0, "hidden_corners": len(shot.hidden),
        "thing": shot.thing if shot.hidden else "none", "table": shot.table, "print_scale": shot.print_scale,
        "exposure": round(light.exposure, 2), "red_to_blue": round(light.warm[0] / light.warm[2], 2),
        "shadows": len(light.shadows), "glare": round(light.glare, 1), "grain": round(light.grain, 1),
        "blur_px": round(light.blur_px, 1), "moved_px": round(light.moved_px, 1), "jpeg": light.jpeg,
        "exif_turn": light.exif_turn, "kinds": "+".join(sorted(set(shot.kinds))),
    }  # fmt: skip
    seen = tuple(mark for mark, good in zip(marks, visible, strict=True) if good)
    unsure = tuple(mark for mark, good in zip(marks, visible, strict=True) if not good)
    return Truth(shot.kind, one.serial, seen, unsure, frame, made)
