"""A sheet on a table under a camera: its pixels before there is light, and what of it can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.photos_lens import Camera, Floats, Surface, at_every_pixel, shown_places
from bench.photos_marks import Canvas, TrueMark
from bench.photos_table import lay_thing, table
from gis.paper.layout import Box, Layout

Picture = NDArray[np.uint8]
SHADOW_MM = 6.0
"""So far the shadow of the sheet's edge reaches over the table."""


@dataclass(frozen=True)
class Scene:
    """Where everything is."""

    page: tuple[float, float]
    surface: Surface
    camera: Camera

    def pixels_of(self, x_mm: Floats, y_mm: Floats) -> Floats:
        """Pixels (…, 2) of places on the page."""
        return self.camera.seen(self.surface.lifted(x_mm, y_mm))

    def photographed(
        self, canvas: Canvas, ground: str, rng: np.random.Generator
    ) -> tuple[Picture, NDArray[np.float32]]:
        """The page on its table, and how much light the page's slopes leave at every pixel."""
        places = shown_places(self.camera, self.surface, self.page)
        scale = canvas.px_per_mm
        where = at_every_pixel((places - np.array(canvas.origin_mm)) * scale - 0.5, self.camera.size)
        finer = self._finer(scale)
        # Many pixels of the page in one of the photo: its sensor takes their mean.
        pixels = cv2.GaussianBlur(canvas.pixels, (0, 0), 0.42 * finer) if finer > 1.1 else canvas.pixels
        column, row = where[..., 0], where[..., 1]
        paper = np.asarray(cv2.remap(pixels, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        height, width = canvas.pixels.shape[:2]
        inside = np.minimum(np.minimum(column, row), np.minimum(width - 1 - column, height - 1 - row))
        on = np.clip(inside / finer + 0.5, 0, 1)
        photo = table(ground, self.camera.size, rng).astype(np.float32)
        beside = inside < 0
        photo[beside] *= 1 - 0.45 * np.exp(np.maximum(inside[beside] / (SHADOW_MM * scale), -20))[..., None]
        photo += (paper - photo) * on[..., None]
        shade = np.where(on > 0, at_every_pixel(self._shade(places, rng), self.camera.size), np.float32(1))
        return np.clip(photo, 0, 255).astype(np.uint8), shade

    def _shade(self, places: Floats, rng: np.random.Generator) -> Floats:
        """Slopes towards the lamp are lighter, those away from it darker."""
        lean, turn = rng.uniform(0.5, 1.3), rng.uniform(0, 2 * np.pi)
        slope_x, slope_y = self.surface.slopes(places[..., 0], places[..., 1])
        return np.clip(1 - lean * (math.cos(turn) * np.tan(slope_x) + math.sin(turn) * np.tan(slope_y)), 0.5, 1.4)

    def _finer(self, px_per_mm: float) -> float:
        """How many pixels of the page fall into one of the photo, about its middle."""
        x, y = self.page[0] / 2, self.page[1] / 2
        a, b, c = self.pixels_of(np.array([x, x + 10, x]), np.array([y, y, y + 10]))
        return float(px_per_mm * 10 / max(min(np.hypot(*(b - a)), np.hypot(*(c - a))), 1e-3))

    def lay(
        self, photo: Picture, box: Box, towards: float, thing: str, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Lay a thing over a box of the page; which pixels it covers comes back."""
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        ends = np.array([x, x + 5 * math.cos(towards)]), np.array([y, y + 5 * math.sin(towards)])
        at, ahead = self.pixels_of(*ends)
        scale = float(np.hypot(*(ahead - at))) / 5
        way = math.atan2(ahead[1] - at[1], ahead[0] - at[0])
        return lay_thing(photo, thing, (float(at[0]), float(at[1])), way, 0.62 * box[2] * scale, rng)

    def visible(self, marks: Sequence[TrueMark], covered: NDArray[np.bool_], taken: Picture) -> NDArray[np.bool_]:
        """Of each mark, whether most of it is in the picture, uncovered and not burnt out."""
        return np.array([self._can_be_seen(mark, covered, taken) for mark in marks], bool)

    def _can_be_seen(self, mark: TrueMark, covered: NDArray[np.bool_], taken: Picture) -> bool:
        ring = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        x = mark.x_mm + mark.diameter_mm / 2 * np.outer([0.0, 0.5, 0.9], np.cos(ring)).ravel()
        y = mark.y_mm + mark.diameter_mm / 2 * np.outer([0.0, 0.5, 0.9], np.sin(ring)).ravel()
        at = np.round(self.pixels_of(x, y)).astype(int)
        height, width = taken.shape[:2]
        inside = (at[:, 0] >= 0) & (at[:, 1] >= 0) & (at[:, 0] < width) & (at[:, 1] < height)
        if not inside.all():
            return False
        burnt = taken[at[:, 1], at[:, 0]].min(axis=1) > 235
        if mark.kind == "cross":
            burnt &= False  # most of what a cross spans is paper
        return bool((covered[at[:, 1], at[:, 0]] | burnt).mean() < 0.25)


def things_on(layout: Layout, corners: Sequence[int], rng: np.random.Generator) -> list[tuple[Box, float]]:
    """What lies on the ring's corners: the box of the page that it hides, and where it comes from."""
    left, top, width, height = layout.frame
    side = layout.markers[0].side
    found = []
    for corner in corners:
        x = left - 1.7 * side if corner in {0, 3} else left + width - 0.7 * side
        y = top - 1.7 * side if corner in {0, 1} else top + height - 0.7 * side
        outwards = math.atan2(-1 if corner in {0, 1} else 1, -1 if corner in {0, 3} else 1)
        found.append(((x, y, 2.4 * side, 2.4 * side), outwards + float(rng.normal(0, 0.15))))
    return found
