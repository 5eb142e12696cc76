"""How a camera sees a sheet that does not lie quite flat: which place of the page each pixel of a photo shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEP_PX = 8
"""The place is worked out on a grid of so many pixels, and interpolated between; the surface is smooth."""
REACH_MM = 400.0
"""How far beyond the page the surface goes on."""


@dataclass(frozen=True)
class Surface:
    """A sheet bent without being stretched: its slope along the page's width and along its height."""

    slope_x: Floats
    slope_y: Floats
    """Radians at every half millimetre, from `REACH_MM` before the page."""
    waves: Floats
    """Rows of wavelength_mm, direction, phase, amplitude_mm: what is left of its crumpling."""

    def lifted(self, x: Floats, y: Floats) -> Floats:
        """Places in space (…, 3) of places on the page, in millimetres, the third upwards."""
        along_x, up_x = _bent(self.slope_x, x)
        along_y, up_y = _bent(self.slope_y, y)
        up = up_x + up_y
        for length, direction, phase, height in self.waves:
            way = x * math.cos(direction) + y * math.sin(direction)
            up = up + height * np.sin(2 * np.pi * way / length + phase)
        return np.stack([along_x, along_y, up], axis=-1)

    def slopes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """How steep the sheet is there, along the width and along the height."""
        return _looked_up(self.slope_x, x), _looked_up(self.slope_y, y)


def flat(page: tuple[float, float]) -> Surface:
    """A sheet that lies flat."""
    return Surface(_no_slope(page[0]), _no_slope(page[1]), np.zeros((0, 4)))


def bent(
    page: tuple[float, float], rng: np.random.Generator, *, curl_mm: float, folds: int, fold_mm: float
) -> Surface:
    """A sheet that curls up so many millimetres, with folds that stand up so many, and a little crumpled."""
    slopes = []
    for side in page:
        slope = _no_slope(side)
        at = np.arange(len(slope)) / 2 - REACH_MM
        inside = np.clip(at, 0, side)
        length = side * rng.uniform(0.9, 2.0)
        amplitude = curl_mm * rng.uniform(0.3, 1.0) * np.pi / length
        slope += amplitude * np.sin(2 * np.pi * inside / length + rng.uniform(0, 2 * np.pi))
        slopes.append(slope)
    for n in range(folds):
        axis = n % 2 if min(page) > 0 else 0
        side = page[axis]
        at = np.arange(len(slopes[axis])) / 2 - REACH_MM
        place = side * (0.5 if n < 2 else float(rng.choice([0.25, 0.75]))) + rng.normal(0, 2)
        angle = math.atan(fold_mm * rng.uniform(0.6, 1.0) / (side / 2)) * float(rng.choice([-1, 1]))
        slopes[axis] += angle * np.tanh((at - place) / 1.5)
    waves = np.array([
        [rng.uniform(0.25, 0.6) * max(page), *rng.uniform(0, 2 * np.pi, 2), rng.uniform(0, 0.15)]
        for _ in range(4)
    ])  # fmt: skip
    return Surface(slopes[0], slopes[1], waves)


def _no_slope(side: float) -> Floats:
    return np.zeros(round(2 * (side + 2 * REACH_MM)) + 1)


def _looked_up(table: Floats, at: Floats) -> Floats:
    return np.interp((at + REACH_MM) * 2, np.arange(len(table)), table)


def _bent(slope: Floats, at: Floats) -> tuple[Floats, Floats]:
    """How far along and how high a place comes when the sheet has these slopes; beyond the table it is level."""
    start = round(2 * REACH_MM)
    along = np.concatenate([[0.0], np.cumsum(np.cos(slope[:-1]) / 2)])
    up = np.concatenate([[0.0], np.cumsum(np.sin(slope[:-1]) / 2)])
    far = np.clip(at, -REACH_MM, len(slope) / 2 - REACH_MM)
    return _looked_up(along - along[start], far) + (at - far), _looked_up(up - up[start], far)


@dataclass(frozen=True)
class Camera:
    """A camera that has been pointed at a sheet."""

    size: tuple[int, int]
    turn: Floats
    """Rotation from space to camera (3, 3)."""
    stand: Floats
    """Where it is, in millimetres."""
    focal_px: float
    bend: tuple[float, float]
    """k1 and k2 of the lens (Brown 1966)."""

    def seen(self, places: Floats) -> Floats:
        """Pixels (…, 2) of places in space."""
        view = (places - self.stand) @ self.turn.T
        x, y = view[..., 0] / view[..., 2], view[..., 1] / view[..., 2]
        square = np.minimum(x * x + y * y, 1.0)
        factor = self.focal_px * (1 + self.bend[0] * square + self.bend[1] * square**2)
        return np.stack([x * factor + self.size[0] / 2, y * factor + self.size[1] / 2], axis=-1)


@dataclass(frozen=True)
class Pose:
    """How a camera is held: tilted, towards where, turned, and how much of the picture is filled."""

    tilt_deg: float
    towards_deg: float
    roll_deg: float
    fill: float
    off_centre: tuple[float, float]
    """Where the middle of what is aimed at stands, in shares of the picture off its middle."""
    focal: float
    """In widths of the longer side of the picture."""
    bend: tuple[float, float]


def aimed(
    size: tuple[int, int], surface: Surface, target: tuple[float, float, float, float], pose: Pose
) -> Camera:
    """A camera that sees the target (left, top, right, bottom on the page) as large as the pose says."""
    left, top, right, bottom = target
    edge_x = np.array([left, right, right, left, (left + right) / 2, (left + right) / 2, left, right])
    edge_y = np.array([top, top, bottom, bottom, top, bottom, (top + bottom) / 2, (top + bottom) / 2])
    focal = pose.focal * max(size)
    aim = np.array([(left + right) / 2, (top + bottom) / 2, 0.0])
    distance = focal * max(right - left, bottom - top) / (pose.fill * max(size))
    turn = _turned(pose)
    camera = Camera(size, turn, aim - distance * turn[2], focal, pose.bend)
    for _ in range(8):
        seen = camera.seen(surface.lifted(edge_x, edge_y))
        low, high = seen.min(axis=0), seen.max(axis=0)
        distance *= max((high - low) / (np.array(size) * pose.fill))
        room = (np.array(size) - (high - low)) / 2
        wanted = np.array(size) / 2 + np.array(pose.off_centre) * np.abs(room)
        miss = ((low + high) / 2 - wanted) * distance / focal
        aim = aim + turn[0] * miss[0] + turn[1] * miss[1]
        camera = Camera(size, turn, aim - distance * turn[2], focal, pose.bend)
    return camera


def _turned(pose: Pose) -> Floats:
    """Rows: the camera's right, down and forward; from above they are the page's right, down and depth."""
    tilt, towards, roll = (math.radians(a) for a in (pose.tilt_deg, pose.towards_deg, pose.roll_deg))
    axis = np.array([math.cos(towards), math.sin(towards), 0.0]) * tilt
    tilted, _ = cv2.Rodrigues(axis)
    # Depth is negative height: the page's right, its down and away from the reader.
    start = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
    rolled = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1.0]])
    return np.asarray(rolled @ start @ tilted, float)


def shown_places(camera: Camera, surface: Surface, page: tuple[float, float]) -> Floats:
    """The place of the page in millimetres that every eighth pixel shows: (rows, columns, 2).

    The flat sheet under a lens without bend gives a first guess; what it misses is put right again and again.
    """
    width, height = camera.size
    columns, rows = math.ceil(width / STEP_PX) + 1, math.ceil(height / STEP_PX) + 1
    pixels = np.stack(np.meshgrid(np.arange(columns) * STEP_PX, np.arange(rows) * STEP_PX), axis=-1).astype(float)
    corners = np.array([[0, 0], [page[0], 0], [page[0], page[1]], [0, page[1]]], float)
    straight = Camera(camera.size, camera.turn, camera.stand, camera.focal_px, (0.0, 0.0))
    guess = straight.seen(surface.lifted(corners[:, 0], corners[:, 1]))
    there = cv2.getPerspectiveTransform(corners.astype(np.float32), guess.astype(np.float32)).astype(float)
    back = np.linalg.inv(there)
    low, high = np.array([-REACH_MM, -REACH_MM]), np.array(page) + REACH_MM
    place = np.clip(_through(back, pixels), low, high)
    for _ in range(8):
        miss = pixels - camera.seen(surface.lifted(place[..., 0], place[..., 1]))
        place = np.clip(_through(back, _through(there, place) + miss), low, high)
    return place


def at_every_pixel(grid: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """Values on the grid of every eighth pixel, interpolated to all pixels."""
    # cv2.resize puts samples in the middles of cells; shifting by a warp keeps the grid's points where they are.
    shift = np.array([[1 / STEP_PX, 0, 0], [0, 1 / STEP_PX, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(grid.astype(np.float32), shift, size, flags=flags, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def _through(matrix: Floats, at: Floats) -> Floats:
    x, y = at[..., 0], at[..., 1]
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return np.stack([
        (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w,
        (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w,
    ], axis=-1)  # fmt: skip
