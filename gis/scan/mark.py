"""One mark that somebody stuck or drew on a sheet, as a photo shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["sticker", "dot", "cross"]

AIM_MM: Final = 3.0
"""How far from the place they mean people put a sticker or a dot: what towns that typed in their paper maps reckon
with. Reading is finer by far, and would make a pin look surer than the hand that put it there."""


def precision_mm(error_mm: float) -> float:
    """How far from what somebody meant a mark may lie on paper: of the hand, and of the reading."""
    return math.hypot(error_mm, AIM_MM)


@dataclass(frozen=True)
class Mark:
    """A sticker or a pen's mark: which category, where on the page, and how sure that is."""

    category: str
    kind: Kind
    x_mm: float
    y_mm: float
    """From the page's top left corner, downwards."""
    diameter_mm: float
    """Of a cross: how long its strokes are."""
    confidence: float
    """0 to 1, of shape and colour together; what lies below 0.5 deserves an eye."""
    error_mm: float
    """Standard error of the place on paper: of the fit, and of the sheet's own straightening."""
