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

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PAPER: Final[Rgb] = (250, 248, 244)
OTHERS: Final[tuple[Rgb, ...]] = (
    (28, 28, 32),  # black biro, pencil, deep shadow
    (38, 44, 120),  # blue biro
    (178, 143, 98),  # coffee and tea
)
APART: Final = 20.0
"""Another ink nearer than this to a category's own colour is left out: it could not be told apart."""
WEIGHTS: Final = np.array([0.5, 1, 1], np.float32)
"""Of lightness and the two hues."""
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
    px_per_mm: float


def ink_map(balanced: Balanced) -> InkMap:
    """The inks on a frame."""
    kinds = len(balanced.inks)
    changed = _difference(balanced) > NOTICED
    label, cover = np.zeros(changed.shape, np.uint8), np.zeros(changed.shape, np.float32)
    labels, covers, bins = _looked_up(balanced.rgb[changed], balanced)
    label[changed], cover[changed] = labels[bins], covers[bins]
    foreign = label > kinds
    cover[foreign] = 0
    own = (cover >= LEAST_COVER) & balanced.seen
    voted = _voted(np.where(own, label, 0).astype(np.uint8), cover, kinds, balanced.px_per_mm)
    cover[voted == 0] = 0
    lost = balanced.burnt | ~balanced.seen
    return InkMap(voted, cover, foreign | lost, changed & ~lost, balanced.px_per_mm)


def absorbed_ink(photo: Pixels, ground: Pixels, inks: tuple[Ink, ...]) -> tuple[str, float] | None:
    """The category whose ink took away the light that is missing, and how sure that is; None for another's ink.

    `photo` and `ground` are the same pixels, shape (n, 3), of a thin mark and its surroundings: blur and JPEG smear
    the colour of a stroke, but what is missing in all, red against green against blue, stays what the ink took.
    """
    missing = (ground.astype(np.float32) - photo).sum(axis=0)
    if missing.max() <= 0:
        return None
    known = [(ink.category, colour) for ink in inks for colour in _own(ink)]
    own = [_own(ink) for ink in inks]
    known += [("", np.array(other, np.uint8)) for other in OTHERS if _stands_apart(other, own)]
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


def _looked_up(pixels: Pixels, balanced: Balanced) -> tuple[Pixels, Floats, NDArray[np.intp]]:
    """Label and cover of the colours that occur, coarsened, and which of them each pixel has."""
    coarse = (pixels >> 3).astype(np.int32)
    bins = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    used = np.flatnonzero(np.bincount(bins, minlength=32**3))
    place = np.zeros(32**3, np.intp)
    place[used] = np.arange(len(used))
    colours = np.stack([used >> 10, (used >> 5) & 31, used & 31], axis=1) * 8 + 4
    labels, covers = _nearest_curves(colours.astype(np.uint8), balanced.inks, grey_print=balanced.grey_print)
    return labels, covers, place[bins]


def nearest_inks(colour: Rgb, inks: tuple[Ink, ...]) -> list[tuple[float, str]]:
    """How far a colour of solid ink is from each category's own, nearest first."""
    lab = _lab(np.array([colour], np.uint8))[0]
    return sorted((float(_distance(_lab(_own(ink)), lab).min()), ink.category) for ink in inks)


def _own(ink: Ink) -> Pixels:
    """The colours an ink may have: the agreed one, and between it and the printed one where they are akin."""
    colours = [ink.nominal]
    if ink.printed is not None:
        lab = _lab(np.array([ink.nominal, ink.printed], np.uint8))
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
    return _lab(coded(light)), cover, unlikely


def _nearest_curves(colours: Pixels, inks: tuple[Ink, ...], *, grey_print: bool) -> tuple[Pixels, Floats]:
    """Label and cover of colours; labels past the categories are other inks, 255 none that we know."""
    lab = _lab(colours)
    known = [_own(ink) if not grey_print else np.array([ink.nominal], np.uint8) for ink in inks]
    kinds = [*known, *(np.array([other], np.uint8) for other in OTHERS if _stands_apart(other, known))]
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


def _stands_apart(colour: Rgb, known: list[Pixels]) -> bool:
    lab = _lab(np.array([colour], np.uint8))[0]
    return all(float(_distance(_lab(own), lab).min()) > APART for own in known)


def _distance(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt((((one - other) * WEIGHTS) ** 2).sum(axis=-1)), np.float32)


def _lab(colours: Pixels) -> Floats:
    """CIELAB (L 0–100, a, b) of pixels, shape (n, 3)."""
    return np.asarray(cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0], np.float32)


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
