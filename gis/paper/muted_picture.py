"""A basemap's picture made quiet for print: pale, nearly grey, and paler still beyond the boundary."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry.base import BaseGeometry

from gis.paper.layout import Box
from gis.paper.pen import lines_and_rings

MOST_COLOUR: Final = 20.0
"""How far a channel may stray from grey, of 255: the colours of stickers must be the only ones."""
DARKEST: Final = 115.0
"""How light the darkest parts become: letters stay readable, forests don't look like marks."""
BEYOND: Final = 0.6
"""How far the picture fades into the paper beyond the boundary."""
QUALITY: Final = 88
_GREY: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_STRIP: Final = 256


def muted(picture: bytes, boundary: BaseGeometry, frame: Box) -> bytes:
    """A JPEG of a picture (PNG or JPEG) that fills the frame; the boundary lies on the page, in millimetres."""
    with Image.open(BytesIO(picture)) as opened:
        flat = Image.new("RGB", opened.size, "white")
        whole = opened.convert("RGBA")
        flat.paste(whole, mask=whole.getchannel("A"))
    pixels = np.array(flat)
    outside = ~_inside(boundary, frame, flat.size)
    darkest = float(np.percentile(pixels[::7, ::7] @ _GREY, 1))
    for start in range(0, len(pixels), _STRIP):  # a large sheet's picture must not be in memory as floats
        strip = slice(start, start + _STRIP)
        pixels[strip] = _quiet(pixels[strip], outside[strip], darkest)
    kept = BytesIO()
    Image.fromarray(pixels).save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()


def _quiet(pixels: NDArray[np.uint8], outside: NDArray[np.bool_], darkest: float) -> NDArray[np.uint8]:
    """Pixels made quiet; a picture that is pale already stays nearly as it is."""
    rgb = pixels.astype(np.float32)
    grey = (rgb @ _GREY)[:, :, None]
    colour = rgb - grey
    quiet = grey + colour * MOST_COLOUR / (np.abs(colour).max(axis=2, keepdims=True) + MOST_COLOUR)
    lift = max(0.0, DARKEST - darkest) / (255 - darkest + 1e-6)
    quiet += (255 - quiet) * lift
    quiet[outside] += (255 - quiet[outside]) * BEYOND
    done: NDArray[np.uint8] = np.clip(quiet, 0, 255).astype(np.uint8)
    return done


def _inside(boundary: BaseGeometry, frame: Box, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels lie within the boundary."""
    left, top, width, height = frame
    scale = np.array([size[0] / width, size[1] / height])
    mask = np.zeros((size[1], size[0]), dtype=np.uint8)
    rings = [
        np.round((shapely.get_coordinates(ring) - (left, top)) * scale).astype(np.int32)
        for ring in lines_and_rings(boundary)[1]
    ]
    cv2.fillPoly(mask, rings, 1)  # even-odd: holes stay out
    return mask.astype(bool)
