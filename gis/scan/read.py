"""A photo read from end to end: which sheet it is, its frame laid flat, the marks on it; or why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet
from gis.scan.balance import balance
from gis.scan.by_hand import straighten_by_hand
from gis.scan.failure import Failure, Reason
from gis.scan.flattened import Pixels
from gis.scan.locate import locate
from gis.scan.mark import Mark
from gis.scan.marks import find_marks
from gis.scan.straighten import Straightened, straighten

ANOTHER: Final = 0.5
"""A second sheet of which the photo shows so much may be the one that was meant."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What is known of a sheet that was printed."""

    sheet: PaperSheet
    clean: Pixels
    """Its frame without marks, in the sheet's picture size."""


@dataclass(frozen=True)
class Reading:
    """A photo that was read."""

    serial: str
    straightened: Straightened
    marks: tuple[Mark, ...]


def read_page(pixels: Pixels, known: Callable[[str], Known | Failure]) -> Reading | Failure:
    """The marks on the sheet that a photo shows; `known` gives the sheet of a serial, or why it can't be had."""
    located = locate(pixels)
    if isinstance(located, Failure):
        return located
    if not located.serials:
        return Failure(
            Reason.NO_SERIAL, {"markers": len(located.sightings), "edge_px": round(located.edges.width_px, 1)}
        )
    placed: dict[str, tuple[Known, Straightened]] = {}
    refused: list[tuple[str, Failure]] = []
    for serial in located.serials:
        told = known(serial)
        tried = told if isinstance(told, Failure) else straighten(pixels, located, told.sheet, serial, told.clean)
        if isinstance(tried, Failure) or isinstance(told, Failure):
            refused.append((serial, tried if isinstance(tried, Failure) else told))  # type: ignore[arg-type]
        else:
            placed[serial] = told, tried
    if not placed:
        serial, failure = refused[0]
        return Failure(failure.reason, {"serial": serial, **failure.evidence})
    if sum(straight.share_seen > ANOTHER for _, straight in placed.values()) > 1:
        return Failure(Reason.SEVERAL_SHEETS, {"serials": list(placed)})
    serial = max(placed, key=lambda one: placed[one][1].share_seen)
    return _marked(serial, *placed[serial])


def read_with(pixels: Pixels, serial: str, known: Known, corners: Floats | None = None) -> Reading | Failure:
    """The marks on a sheet whose serial somebody typed, and whose frame's four corners they may have clicked.

    Corners are pixels of the photo: those of the frame's top left, top right, bottom right, bottom left.
    """
    if corners is not None:
        by_hand = straighten_by_hand(pixels, corners, known.sheet, known.clean)
        return by_hand if isinstance(by_hand, Failure) else _marked(serial, known, by_hand)
    located = locate(pixels)
    if isinstance(located, Failure):
        return located
    if located.serials and serial not in located.serials:
        return Failure(Reason.UNKNOWN_SHEET, {"typed": serial, "serial": located.serials[0]})
    straight = straighten(pixels, located, known.sheet, serial, known.clean)
    if isinstance(straight, Failure):
        return Failure(straight.reason, {"serial": serial, **straight.evidence})
    return _marked(serial, known, straight)


def _marked(serial: str, known: Known, straight: Straightened) -> Reading | Failure:
    balanced = balance(straight, known.clean, known.sheet)
    marks = balanced if isinstance(balanced, Failure) else find_marks(balanced, known.sheet)
    if isinstance(marks, Failure):
        return Failure(marks.reason, {"serial": serial, **marks.evidence})
    return Reading(serial, straight, marks)
