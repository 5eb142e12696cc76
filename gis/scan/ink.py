"""Which category's colour lies on each pixel of a balanced frame, and how much of the pixel it covers.

At an edge, in blur and in thin strokes a pixel is part paper, part ink, so that each ink is a curve from white
paper to its full colour and on into its shade; a pixel belongs to the nearest curve (matting with known colours,
Smith and Blinn, 1996). What else people leave on paper has curves too: ballpoint, soft shadows, coffee; the
nearest curve wins, so a blue biro's line is no blue sticker. Distances are those of CIELAB, lightness counting
less, because light is known less well than hue. Colours are looked up in steps of eight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gis.paper.layout import Rgb
from gis.scan.balance import Balanced, Ink, coded, linear
from gis.scan.colours import WEIGHTS, colour_distance, lab_of
from gis.scan.tones import with_tones

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PAPER: Final[Rgb] = (250, 248, 244)
OTHERS: Final[tuple[Rgb, ...]] = (
    (28, 28, 32),  # black biro, pencil, deep shadow
    (38, 44, 120),  # blue biro
    (178, 143, 98),  # coffee and tea
)
APART: Final = 15.0
"""Another ink nearer than this to a category's own colour is left out: it could not be told apart."""
FARTHEST: Final = 30.0
"""A colour farther than this from every curve is no ink we know."""
COVERS: Final = np.arange(0.1, 1.01, 0.06)
SHADES: Final = np.array([0.92, 0.84, 0.74, 0.64, 0.54, 0.44])
SHADE_COSTS: Final = 25.0
SLACK_MM: Final = 0.55
"""So far the clean sheet and the photo may lie apart: a printed line this near explains a colour."""
NOTICED: Final = 11.0
"""A difference to the clean sheet that is seen: noise and JPEG give 3 to 6."""
FARTHEST_TURN: Final = 14.0
"""Degrees between what an ink takes from white light and what is missing."""
INSIDE_MM: Final = 0.9
VOTE_MM: Final = 0.7
LEAST_COVER: Final = 0.42


@dataclass(frozen=True)
class InkMap:
    """What lies on each pixel."""

    label: Pixels
    """0 nothing, n the n-th category (from 1)."""
    cover: Floats
    """0 to 1; 0 where there is no category's ink."""
    foreign: NDArray[np.bool_]
    """Something not printed that is no category's ink: handwriting, glare, what the photo does not show."""
    anything: NDArray[np.bool_]
    """Whatever was not printed: all inks and other things, where the photo shows the frame and is not burnt."""
    quiet: Pixels
    """Labels of ink where the print alone could look the same: a brown sticker upon a brown line."""
    inks: tuple[Ink, ...]
    """The balanced frame's, with the tones of this sheet's stickers."""
    px_per_mm: float


def ink_map(balanced: Balanced) -> InkMap:
    """The inks on a frame."""
    kinds, lost = len(balanced.inks), balanced.burnt | ~balanced.seen
    changed = (_difference(balanced) > NOTICED) & ~lost
    coarse = _coarse(balanced.rgb)
    inks = with_tones(balanced.inks, *_inner_colours(coarse, changed, balanced.px_per_mm), balanced.px_per_mm)
    used = np.flatnonzero(np.bincount(coarse.ravel(), minlength=32**3))
    labels, covers = np.zeros(32**3, np.uint8), np.zeros(32**3, np.float32)
    labels[used], covers[used] = _nearest_curves(_colours_of(used), inks, grey_print=balanced.grey_print)
    labels_own = np.where((labels <= kinds) & (covers >= LEAST_COVER), labels, 0).astype(np.uint8)
    own = labels_own[coarse]
    cover = np.where(changed & (own > 0), covers[coarse], 0).astype(np.float32)
    label = _voted(np.where(changed, own, 0).astype(np.uint8), cover, kinds, balanced.px_per_mm)
    return InkMap(
        label=label,
        cover=cover,
        foreign=(changed & (labels > kinds)[coarse]) | lost,
        anything=changed,
        quiet=np.where(changed, 0, own).astype(np.uint8),
        inks=inks,
        px_per_mm=balanced.px_per_mm,
    )


def _coarse(rgb: Pixels) -> NDArray[np.uint16]:
    """Each pixel's colour as one number, in steps of eight."""
    red, green, blue = (channel.astype(np.uint16) for channel in cv2.split(rgb >> 3))
    return np.asarray((red << 10) | (green << 5) | blue, np.uint16)


def _colours_of(numbers: NDArray[np.intp]) -> Pixels:
    return np.stack([numbers >> 10, (numbers >> 5) & 31, numbers & 31], axis=1).astype(np.uint8) * 8 + 4


def _inner_colours(
    coarse: NDArray[np.uint16], changed: NDArray[np.bool_], px_per_mm: float
) -> tuple[Pixels, NDArray[np.int_]]:
    """Colours well inside of all that was stuck on, and how many pixels have each."""
    side = 2 * round(INSIDE_MM * px_per_mm) + 1
    inside = cv2.erode(changed.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    counts = np.bincount(coarse[inside], minlength=32**3)
    used = np.flatnonzero(counts)
    return _colours_of(used), counts[used]


def absorbed_ink(photo: Pixels, ground: Pixels, inks: tuple[Ink, ...]) -> tuple[str, float] | None:
    """The category whose ink took away the light that is missing, and how sure that is; None for another's ink.

    `photo` and `ground` are the same pixels, shape (n, 3), of a thin mark and its surroundings: blur and JPEG
    smear the colour of a stroke, but what is missing in all, red against green against blue, stays what the ink
    took.
    """
    missing = (ground.astype(np.float32) - photo).sum(axis=0)
    if missing.max() <= 0:
        return None
    known = [(ink.category, colour) for ink in inks for colour in _own(ink)]
    known += [("", np.array(other, np.uint8)) for other in OTHERS if _stands_apart(other, inks)]
    ranked = sorted((_angle(missing, _missing_of(colour)), category) for category, colour in known)
    best, category = ranked[0]
    if not category or best > FARTHEST_TURN:
        return None
    other = next((turn for turn, name in ranked if name != category), 30.0)
    return category, float(np.clip(0.5 + (other - best) / 12, 0, 1))


def _missing_of(colour: Pixels) -> Floats:
    return np.array(PAPER, np.float32) - colour


def _angle(one: Floats, other: Floats) -> float:
    """Degrees between two directions."""
    cosine = float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def nearest_inks(colour: Rgb, inks: tuple[Ink, ...]) -> list[tuple[float, str]]:
    """How far a colour of solid ink is from each category's own, nearest first."""
    lab = lab_of(np.array([colour], np.uint8))[0]
    return sorted((float(colour_distance(lab_of(_own(ink)), lab).min()), ink.category) for ink in inks)


def _own(ink: Ink) -> Pixels:
    """The colours an ink may have: the agreed one, its stickers', and towards the printed one if akin."""
    return _agreed(ink) if ink.stuck is None else np.append(_agreed(ink), [ink.stuck], axis=0).astype(np.uint8)


def _agreed(ink: Ink) -> Pixels:
    colours = [ink.nominal]
    if ink.printed is not None:
        lab = lab_of(np.array([ink.nominal, ink.printed], np.uint8))
        if np.hypot(*(lab[0, 1:] - lab[1, 1:])) < 25:
            colours.append(tuple((one + other) // 2 for one, other in zip(ink.nominal, ink.printed, strict=True)))  # type: ignore[arg-type]
            colours.append(ink.printed)
    return np.array(colours, np.uint8)


def _curve(colour: Pixels) -> tuple[Floats, Floats, Floats]:
    """Points in CIELAB from paper to a colour and into its shade; what is covered there; and how unlikely it is.

    A shade counts as farther away than it looks: light was balanced, and sky blue in deep shade is blue.
    """
    paper, full = linear(np.array([[PAPER]], np.uint8))[0, 0], linear(colour[None, None])[0, 0]
    mixed = paper + COVERS[:, None] * (full - paper)
    light = np.concatenate([mixed, SHADES[:, None] * full]).astype(np.float32)
    cover = np.concatenate([COVERS, np.ones(len(SHADES))]).astype(np.float32)
    unlikely = np.concatenate([np.zeros(len(COVERS)), SHADE_COSTS * (1 - SHADES)]).astype(np.float32)
    return lab_of(coded(light)), cover, unlikely


def _nearest_curves(colours: Pixels, inks: tuple[Ink, ...], *, grey_print: bool) -> tuple[Pixels, Floats]:
    """Label and cover of colours; labels past the categories are other inks, 255 none that we know."""
    lab = lab_of(colours)
    known = [_own(ink) if not grey_print else np.array([ink.nominal], np.uint8) for ink in inks]
    kinds = [*known, *(np.array([other], np.uint8) for other in OTHERS if _stands_apart(other, inks))]
    best = np.full(len(lab), np.inf, np.float32)
    label, cover = np.zeros(len(lab), np.uint8), np.zeros(len(lab), np.float32)
    for number, references in enumerate(kinds, start=1):
        for reference in references:
            points, covered, unlikely = _curve(reference)
            off = cdist(lab * WEIGHTS, points * WEIGHTS) + unlikely
            nearest = off.argmin(axis=1)
            far = off[np.arange(len(lab)), nearest]
            closer = far < best
            best[closer], label[closer], cover[closer] = far[closer], number, covered[nearest[closer]]
    label[best > FARTHEST] = 255
    return label, cover


def _stands_apart(colour: Rgb, inks: tuple[Ink, ...]) -> bool:
    lab = lab_of(np.array([colour], np.uint8))[0]
    return all(float(colour_distance(lab_of(_agreed(ink)), lab).min()) > APART for ink in inks)


def _difference(balanced: Balanced) -> Floats:
    """How far each pixel is from all that is printed within `SLACK_MM` of it, hue counting more than lightness."""
    photo, ground = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in (balanced.rgb, balanced.ground))
    reach = round(SLACK_MM * balanced.px_per_mm)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    low, high = cv2.erode(ground, disc), cv2.dilate(ground, disc)
    outside = cv2.max(cv2.subtract(low, photo), cv2.subtract(photo, high)).astype(np.float32)
    squares = outside * outside
    return np.asarray(np.sqrt(0.02 * squares[..., 0] + squares[..., 1] + squares[..., 2]), np.float32)


def _voted(label: Pixels, cover: Floats, kinds: int, px_per_mm: float) -> Pixels:
    """Each inked pixel's label as most of the ink around it says: rims of mixed colour go to their mark."""
    side = 2 * round(VOTE_MM * px_per_mm) + 1
    most = np.zeros(label.shape, np.float32)
    voted = np.zeros_like(label)
    for kind in range(1, kinds + 1):
        own = np.where(label == kind, cover, 0).astype(np.float32)
        if not own.any():
            continue
        votes = cv2.boxFilter(own, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
        ahead = votes > most
        voted[ahead], most[ahead] = kind, votes[ahead]
    voted[label == 0] = 0
    return voted
