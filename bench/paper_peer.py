"""A plain peer: OpenCV's own Hough circles on the straightened frame, each of the nearest colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet
from gis.scan.mark import Mark

PX_PER_MM = 4.0
RADII_MM = (1.0, 11.0)


def circles_of(frame: NDArray[np.uint8], sheet: PaperSheet) -> list[Mark]:
    """Marks as ten lines of OpenCV find them: Hough circles in the saturation, nearest colour in CIELAB."""
    scale = PX_PER_MM / sheet.picture_px_per_mm
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    saturation = cv2.medianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1], 5)
    least, most = (round(radius * PX_PER_MM) for radius in RADII_MM)
    found = cv2.HoughCircles(
        saturation, cv2.HOUGH_GRADIENT_ALT, 1.5, 2 * least, param1=200, param2=0.7, minRadius=least, maxRadius=most
    )
    if found is None:
        return []
    colours = np.array([[sticker.rgb for sticker in sheet.stickers]], np.uint8)
    known = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[0].astype(float)
    picture = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    left, top, _, _ = sheet.layout.frame
    marks = []
    for x, y, radius in found.reshape(-1, 3)[:, :3]:
        row, column = (
            min(max(round(float(v)), 0), most - 1) for v, most in zip((y, x), picture.shape[:2], strict=True)
        )
        nearest = int(np.argmin(np.linalg.norm(known - picture[row, column], axis=1)))
        place = (left + (float(x) + 0.5) / PX_PER_MM, top + (float(y) + 0.5) / PX_PER_MM)
        size = 2 * float(radius) / PX_PER_MM
        marks.append(Mark(sheet.stickers[nearest].key, "sticker", *place, size, 0.5, 0.5))
    return marks
