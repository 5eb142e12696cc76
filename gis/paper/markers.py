"""The markers around a frame: AprilTags of the family 36h11, whose number says place and kind of sheet.

Olson (2011), AprilTag: A robust and flexible visual fiducial system, ICRA; Wang and Olson (2016), AprilTag 2. Any
two of the family's 587 tags differ in at least 11 of 36 bits, so that patterns of a town are not taken for one.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import MOST_MARKERS
from gis.paper.serial import serial_class

MODULES: Final = 8
"""Six by six bits and the black border."""


def dictionary() -> Any:
    """The family as OpenCV knows it."""
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)


def marker_number(serial: str, place: int) -> int:
    """The tag at this place of the sheet with this serial."""
    return serial_class(serial) * MOST_MARKERS + place


def place_and_class(number: int) -> tuple[int, int]:
    """Where in the ring a tag stands, and of which kind its sheet is."""
    return number % MOST_MARKERS, number // MOST_MARKERS


def marker_modules(number: int) -> NDArray[np.bool_]:
    """Eight by eight modules of a tag, true where it is black."""
    picture: NDArray[Any] = cv2.aruco.generateImageMarker(dictionary(), number, MODULES, borderBits=1)
    return picture < 128
