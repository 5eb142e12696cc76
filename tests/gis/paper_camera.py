"""A camera of the tests' own for paper sheets: bent paper, any pose, a lens; and the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import segno

from gis.paper.markers import marker_modules, marker_number
from gis.paper.serial import code_text
from gis.paper.sheet import PaperSheet, Sticker, sheet_of

STICKERS = (
    Sticker("safe", (0, 158, 115)),
    Sticker("unsafe", (213, 94, 0)),
    Sticker("improve", (0, 114, 178)),
)
SERIAL = "23456789S"
PX_PER_MM = 8


def a_sheet(paper: str = "A4") -> PaperSheet:
    return sheet_of((-500_000, -1_100_000, -497_000, -1_097_500), 5514, STICKERS, paper=paper)


def drawn(sheet: PaperSheet, serial: str, px_per_mm: float = PX_PER_MM, *, codes: bool = True) -> np.ndarray:
    """The page with markers, codes, patches and a made-up town in the frame."""
    layout = sheet.layout
    page = np.full([round(side * px_per_mm) for side in layout.page[::-1]] + [3], 255, np.uint8)

    def box(left: float, top: float, width: float, height: float, rgb: tuple[int, int, int]) -> None:
        x, y, right, bottom = (round(v * px_per_mm) for v in (left, top, left + width, top + height))
        page[y:bottom, x:right] = rgb

    box(*layout.frame, (246, 243, 236))
    _town(page, [round(v * px_per_mm) for v in layout.frame], px_per_mm)
    for patch in layout.patches:
        box(*patch.box, patch.rgb)
    for marker in layout.markers:
        _modules(box, marker_modules(marker_number(serial, marker.place)), marker.x, marker.y, marker.side)
    for code in layout.codes if codes else ():
        matrix = np.array([list(row) for row in segno.make_qr(code_text(serial), version=1, error="m").matrix]) > 0
        _modules(box, matrix, code.x, code.y, code.side)
    return page


def clean_picture(sheet: PaperSheet, page: np.ndarray, px_per_mm: float = PX_PER_MM) -> np.ndarray:
    left, top, _, _ = sheet.layout.frame
    times = px_per_mm / sheet.picture_px_per_mm
    change = np.array(
        [[times, 0, left * px_per_mm + (times - 1) / 2], [0, times, top * px_per_mm + (times - 1) / 2]]
    )
    return cv2.warpAffine(page, change, sheet.picture_size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _town(page: np.ndarray, frame: list[int], px_per_mm: float) -> None:
    rng = np.random.default_rng(5)
    left, top, width, height = frame
    inner = page[top : top + height, left : left + width]
    for _ in range(260):
        x, y = rng.uniform(0, 1, 2) * (width, height)
        turn = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.2)
        length = rng.uniform(8, 60) * px_per_mm
        end = (round(x + length * np.cos(turn)), round(y + length * np.sin(turn)))
        for rgb, wide in (((205, 198, 185), 1.0), ((255, 255, 255), 0.6)):
            cv2.line(inner, (round(x), round(y)), end, rgb, max(1, round(wide * px_per_mm)), cv2.LINE_AA)


def _modules(box, dark: np.ndarray, x: float, y: float, side: float) -> None:
    unit = side / len(dark)
    for row, column in np.argwhere(dark):
        box(x - side / 2 + column * unit, y - side / 2 + row * unit, unit, unit, (0, 0, 0))


@dataclass(frozen=True)
class Pose:
    """Where the camera stands, and how the paper lies."""

    size: tuple[int, int] = (2400, 1800)
    roll_deg: float = 7.0
    tilt_deg: tuple[float, float] = (8.0, -6.0)
    curl_mm: float = 0.0
    fold_mm: float = 0.0
    lens: float = 0.0
    fill: float = 0.9
    off: tuple[float, float] = (0.0, 0.0)
    light: float = 0.95
    blur_px: float = 0.6
    hidden: tuple[tuple[float, float, float], ...] = field(default=())
    """Discs on the page that hide what is below: x, y, radius in millimetres."""


def to_photo(sheet: PaperSheet, pose: Pose, x_mm, y_mm) -> np.ndarray:
    """The true pixels of places on the page."""
    wide, high = sheet.layout.page
    grid = np.meshgrid(np.linspace(0, wide, 40), np.linspace(0, high, 40))
    outline = _through(sheet, pose, *grid, distance=None)
    low, top = outline.reshape(-1, 2).min(axis=0), outline.reshape(-1, 2).max(axis=0)
    size = np.array(pose.size)
    scale = pose.fill / max((top - low) / size)
    at = _through(sheet, pose, np.asarray(x_mm, float), np.asarray(y_mm, float), distance=None) - (low + top) / 2
    at = at * scale + np.array(pose.off) * size
    r2 = (at**2).sum(axis=-1, keepdims=True) / ((size**2).sum() / 4)
    return at * (1 + pose.lens * r2) + (size - 1) / 2


def _through(sheet: PaperSheet, pose: Pose, x: np.ndarray, y: np.ndarray, *, distance: float | None) -> np.ndarray:
    wide, high = sheet.layout.page
    far = max(wide, high)
    u, v = x - wide / 2, y - high / 2
    up = pose.curl_mm * 4 * (u / far) ** 2 + pose.fold_mm * np.abs(v + 0.3 * u) / high * 2
    turn = [np.deg2rad(pose.tilt_deg[0]), np.deg2rad(pose.tilt_deg[1]), np.deg2rad(pose.roll_deg)]
    rotation = np.eye(3)
    for axis, angle in zip(np.eye(3), turn, strict=True):
        rotation = rotation @ cv2.Rodrigues(axis * angle)[0]
    space = np.stack([u, v, -up], axis=-1) @ rotation.T
    return space[..., :2] / (space[..., 2:] + (distance or 1.1 * far)) * far


def photographed(sheet: PaperSheet, page: np.ndarray, pose: Pose, px_per_mm: float = PX_PER_MM) -> np.ndarray:
    """What the camera gets: a brown table, the paper, and what hides it."""
    width, height = pose.size
    wide, high = sheet.layout.page
    x, y = np.meshgrid(np.linspace(0, wide, 61), np.linspace(0, high, 61))
    at = to_photo(sheet, pose, x, y)
    from scipy.interpolate import LinearNDInterpolator

    back = LinearNDInterpolator(at.reshape(-1, 2), np.stack([x, y], axis=-1).reshape(-1, 2), fill_value=-50)
    every = 8
    places = back(*np.meshgrid(np.arange(0, width + every, every), np.arange(0, height + every, every)))
    change = np.array([[1 / every, 0, 0], [0, 1 / every, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mm = cv2.warpAffine(places.astype(np.float32), change, pose.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    source = (mm * px_per_mm - 0.5).astype(np.float32)
    shot = cv2.remap(cv2.GaussianBlur(page, (0, 0), 0.8), source[..., 0], source[..., 1], cv2.INTER_LINEAR)
    shot[(mm < 0).any(axis=2) | (mm > (wide, high)).any(axis=2)] = (110, 85, 60)
    for left, top, radius in pose.hidden:
        shot[(mm[..., 0] - left) ** 2 + (mm[..., 1] - top) ** 2 < radius**2] = (205, 160, 130)
    noise = np.random.default_rng(1).normal(0, 2, shot.shape[:2])[..., None]
    return np.clip(cv2.GaussianBlur(shot, (0, 0), pose.blur_px) * pose.light + noise, 0, 255).astype(np.uint8)
