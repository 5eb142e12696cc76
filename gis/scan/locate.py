"""What of a sheet a photo shows: the markers with their corners, and the serials that its codes say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.markers import MODULES, dictionary, place_and_class
from gis.paper.serial import CLASSES, serial_in_code
from gis.scan.failure import Failure, Reason
from gis.scan.quality import LEAST_CONTRAST, Edges, edges_of, without_a_sheet

FIRST_LOOK_PX: Final = 2000
"""The longer side at which markers are looked for first: a marker of A4 has fifty pixels then."""
ENOUGH_MARKERS: Final = 8
"""Fewer, and all pixels are looked at."""
AROUND_MARKER: Final = 2.4
"""Codes lie within this many sides of a marker's centre (gis/paper/layout.py)."""
CODE_LOOKS: Final = ((420, 0.0), (420, 2.0), (600, 2.0))
"""Side in pixels of the straightened neighbourhood of a marker (420 give a code's module four), and how much it is
sharpened: where a photo has but two pixels a module, that reads codes that are not read otherwise."""
WRONG_BITS: Final = 3
"""Of 36. Numbers differ in at least 11, so that three wrong ones, a sticker's edge, never make another number."""

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Sighting:
    """One marker in a photo."""

    number: int
    corners: Floats
    """Four by two pixels: top left, top right, bottom right, bottom left of the marker as printed."""

    @property
    def side_px(self) -> float:
        """Its mean side."""
        return float(np.linalg.norm(self.corners - np.roll(self.corners, 1, axis=0), axis=1).mean())


@dataclass(frozen=True)
class Located:
    """The markers and serials of a photo; with several sheets in view, those of all of them."""

    size: tuple[int, int]
    """Width and height of the photo."""
    sightings: tuple[Sighting, ...]
    serials: tuple[str, ...]
    """Each once, the one that most codes say first."""
    edges: Edges
    """How sharp the markers are, and how black on white."""

    @property
    def markers(self) -> dict[int, Floats]:
        """Corners by the markers' numbers; of a number seen twice the larger."""
        ordered = sorted(self.sightings, key=lambda one: one.side_px)
        return {one.number: one.corners for one in ordered}


def locate(pixels: NDArray[np.uint8]) -> Located | Failure:
    """The markers and serials that a photo shows, in any orientation."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    sightings = markers_in(grey)
    if not sightings:
        serials = _most_frequent(_codes(grey))
        return without_a_sheet(grey, serials)
    edges = edges_of(grey, [one.corners for one in sightings])
    serials = _serials(grey, sightings)
    if edges.contrast < LEAST_CONTRAST:
        evidence = {"contrast": round(edges.contrast), "least_contrast": LEAST_CONTRAST, "serials": serials}
        return Failure(Reason.TOO_DARK, evidence)
    return Located((grey.shape[1], grey.shape[0]), tuple(sightings), tuple(serials), edges)


def markers_in(grey: Grey, *, at_once: bool = False) -> list[Sighting]:
    """All markers in a grey picture; `at_once` looks at the size that it has, and nothing smaller."""
    longest = max(grey.shape)
    looks = [1.0] if at_once or longest <= FIRST_LOOK_PX else [FIRST_LOOK_PX / longest, 1.0]
    found: list[Sighting] = []
    for look in looks:
        small = grey if look == 1 else cv2.resize(grey, None, fx=look, fy=look, interpolation=cv2.INTER_AREA)
        more = [(number, (corners + 0.5) / look - 0.5) for number, corners in _detected(small)]
        found = [*found, *(one for one in _refined(grey, more) if not _among(one, found))]
        if len(found) >= ENOUGH_MARKERS:
            break
    return found


def _detected(grey: Any) -> Iterator[tuple[int, Floats]]:
    """Numbers and rough corners."""
    parameters = cv2.aruco.DetectorParameters()
    # Thresholds over a small and a large neighbourhood: for markers far away, and for near ones in a shadow.
    parameters.adaptiveThreshWinSizeMin, parameters.adaptiveThreshWinSizeMax = 15, 47
    parameters.adaptiveThreshWinSizeStep = 32
    parameters.minMarkerPerimeterRate = 0.02
    parameters.errorCorrectionRate = WRONG_BITS / max(1, dictionary().maxCorrectionBits)
    corners, numbers, _ = cv2.aruco.ArucoDetector(dictionary(), parameters).detectMarkers(grey)
    if numbers is None:
        return
    for number, four in zip(np.asarray(numbers).ravel(), corners, strict=True):
        if place_and_class(int(number))[1] < CLASSES:
            yield int(number), np.asarray(four, np.float64).reshape(4, 2)


def _refined(grey: Grey, found: Sequence[tuple[int, Floats]]) -> Iterator[Sighting]:
    """The same with corners to a fraction of a pixel, by the full picture."""
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
    for number, corners in found:
        module = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min()) / MODULES
        window = int(np.clip(round(module * 0.7), 2, 12))
        start = corners.astype(np.float32).reshape(4, 1, 2)
        fine = cv2.cornerSubPix(grey, start, (window, window), (-1, -1), stop).reshape(4, 2).astype(np.float64)
        moved = np.linalg.norm(fine - corners, axis=1) > max(2.0, module)
        yield Sighting(number, np.where(moved[:, None], corners, fine))


def _among(one: Sighting, others: Sequence[Sighting]) -> bool:
    middle = one.corners.mean(axis=0)
    return any(
        other.number == one.number and np.linalg.norm(other.corners.mean(axis=0) - middle) < other.side_px
        for other in others
    )


def _serials(grey: Grey, sightings: Sequence[Sighting]) -> list[str]:
    """The serials that the codes say: of the whole picture, and where there is none, beside each marker."""
    said = _codes(grey)
    classes = {place_and_class(one.number)[1] for one in sightings}
    if len(classes) > 1:
        said += [serial for one in sightings for serial in _codes(_neighbourhood(grey, one, *CODE_LOOKS[0]))]
    for look in CODE_LOOKS:
        if said:
            break
        said = [serial for one in sightings for serial in _codes(_neighbourhood(grey, one, *look))]
    return _most_frequent(said)


def _codes(grey: Any) -> list[str]:
    """The serials of all codes of ours in a picture."""
    import zxingcpp

    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [serial for code in found if (serial := serial_in_code(code.text))]


def _most_frequent(said: Sequence[str]) -> list[str]:
    return sorted(dict.fromkeys(said), key=said.count, reverse=True)


def _neighbourhood(grey: Grey, one: Sighting, side_px: int, sharpened: float) -> Any:
    """The surroundings of a marker as if seen from straight above."""
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) / (2 * AROUND_MARKER)
    target = ((unit + 1) / 2 * side_px).astype(np.float32)
    change = cv2.getPerspectiveTransform(one.corners.astype(np.float32), target)
    close = cv2.warpPerspective(grey, change, (side_px, side_px), flags=cv2.INTER_LINEAR, borderValue=255)
    if not sharpened:
        return close
    return cv2.addWeighted(close, 1 + sharpened, cv2.GaussianBlur(close, (0, 0), side_px / 140), -sharpened, 0)
