"""The frame of a photo as if evenly lit by white light, beside the clean sheet as it was printed.

What a camera sees is light times paper. The light varies slowly in colour (a lamp here, a window there) and may
vary fast in brightness (a hand's shadow), but a shadow hardly changes the hue of what it falls on (Finlayson,
Hordley, Lu and Drew, 2006), and a sticker does. So: the white patches around the frame give a first, smooth light;
all of the frame whose hue then is that of the clean sheet is taken for unmarked, and the light is measured there,
its brightness finely and its colour coarsely, and carried on beneath the marks (normalised convolution, Knutsson
and Westin, 1993). Grey and black patches tell the camera's tones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import BLACK, GREY, WHITE, Rgb
from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason

if TYPE_CHECKING:
    from gis.scan.straighten import SeenPatch, Straightened

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FINEST_PX_PER_MM: Final = 4.0
"""A pen's dot of 2 mm is eight pixels wide: enough, and four times less work than the picture's own pixels."""
MOST_PIXELS: Final = 3_000_000
CELL_MM: Final = 1.0
MOST_CELLS: Final = 250_000
HUE_SHIFT: Final = (0.22, 0.14)
"""Farther than this from the clean sheet, in the logarithms of red to green and blue to green, is a mark: first by
the patches' light, then by the measured one. A shadow shifts them by less than 0.1, the palest sticker by 0.4."""
COLOUR_SIGMAS_MM: Final = (25.0, 12.0)
BRIGHTNESS_SIGMAS_MM: Final = (25.0, 9.0, 3.0)
BURNT: Final = 250
MOST_BURNT: Final = 0.25
"""Of the frame; what a sticker's colour was cannot be told there."""
ALL_BURNT: Final = 0.9
STEPS: Final = 8191
"""So finely light is told apart when it is made pixels again."""
STRIP: Final = 64
MIDDLE: Final = 0.2159
"""The light that a grey patch gives back."""
LIGHTEST_GREY: Final = 0.85
"""Where grey is hardly darker than white, the patches are burnt, or something else is seen in their place."""
GREY_CHROMA: Final = 0.35
"""Printed patches with less than this share of their chroma come from a grey copy."""


@dataclass(frozen=True)
class Ink:
    """The colours that one category may have: as agreed, as its printed patches, and its stickers, look here."""

    category: str
    nominal: Rgb
    printed: Rgb | None = None
    stuck: Rgb | None = None


@dataclass(frozen=True)
class Balanced:
    """A frame in white light, the clean sheet as it was printed, and what was learnt on the way."""

    rgb: Pixels
    """Shape (h, w, 3): the photo."""
    ground: Pixels
    """The same shape: the sheet without marks, in the colours of this print."""
    seen: NDArray[np.bool_]
    """Where the photo shows the frame at all."""
    burnt: NDArray[np.bool_]
    px_per_mm: float
    inks: tuple[Ink, ...]
    grey_print: bool
    """The patches have no colour: a copy in grey, or a photo without colours."""
    error_mm: float
    """How well the frame was straightened."""


def balance(straightened: Straightened, clean: Pixels, sheet: PaperSheet) -> Balanced | Failure:
    """The straightened frame in white light, or why its colours cannot be trusted."""
    width, height = working_size(sheet)
    frame = _shrunk(straightened.frame, width, height)
    seen = _shrunk(straightened.seen.astype(np.uint8) * 255, width, height) > 250
    if not seen.any():
        return Failure(Reason.MARKERS_HIDDEN, {"seen": 0.0})
    lamp = _Lamp.of(straightened.patches, sheet)
    if lamp is None and float((_darkest(frame) >= BURNT)[seen].mean()) > ALL_BURNT:
        return Failure(Reason.TOO_BRIGHT, {"burnt": 1.0})
    if _without_colour(frame, seen):
        return Failure(Reason.NO_COLOUR, {"chroma": 0.0})
    paper = _shrunk(clean, width, height)
    gain, matrix = _gain(frame, paper, seen, lamp, sheet)
    burnt = _burnt(frame, gain, seen)
    share = float(burnt[seen].mean())
    if share > MOST_BURNT:
        return Failure(Reason.TOO_BRIGHT, {"burnt": round(share, 2)})
    tone = lamp.tone if lamp is not None else _Tone(1.0, 0.0)
    inks = _inks(straightened.patches, sheet, lamp)
    return Balanced(
        rgb=_evenly_lit(frame, gain, tone),
        ground=_as_printed(paper, matrix, tone),
        seen=seen,
        burnt=burnt,
        px_per_mm=width / sheet.layout.frame[2],
        inks=inks,
        grey_print=_is_grey(inks),
        error_mm=float(straightened.error_mm),
    )


def working_size(sheet: PaperSheet) -> tuple[int, int]:
    """Width and height in pixels at which marks are looked for."""
    _, _, width, height = sheet.layout.frame
    scale = min(sheet.picture_px_per_mm, FINEST_PX_PER_MM, (MOST_PIXELS / (width * height)) ** 0.5)
    return round(width * scale), round(height * scale)


def linear(pixels: Pixels) -> Floats:
    """Light, 0 to 1, of pixels in sRGB (IEC 61966-2-1)."""
    return np.asarray(cv2.LUT(pixels, _LINEAR), np.float32)


def coded(light: Floats) -> Pixels:
    """Pixels in sRGB of light; what is brighter than white is white."""
    return _CODED[np.clip(light * STEPS, 0, STEPS).astype(np.uint16)]


def _evenly_lit(frame: Pixels, gain: Floats, tone: _Tone) -> Pixels:
    """The frame divided by its light, strip by strip so that little memory is touched."""
    height, width = frame.shape[:2]
    table, rows = tone.table(), gain.shape[0]
    scale = cv2.resize(STEPS / gain, (width, rows), interpolation=cv2.INTER_LINEAR)
    found = np.empty_like(frame)
    for top in range(0, height, STRIP):
        bottom = min(top + STRIP, height)
        at = np.clip((np.arange(top, bottom) + 0.5) * rows / height - 0.5, 0, rows - 1)
        upper = np.minimum(at.astype(int), max(rows - 2, 0))
        share = (at - upper).astype(np.float32)[:, None, None]
        lit = scale[upper] * (1 - share) + scale[np.minimum(upper + 1, rows - 1)] * share
        found[top:bottom] = _through(table, linear(frame[top:bottom]) * lit)
    return found


def _as_printed(paper: Pixels, matrix: Floats, tone: _Tone) -> Pixels:
    table, found = tone.table(), np.empty_like(paper)
    for top in range(0, len(paper), STRIP):
        strip = linear(paper[top : top + STRIP])
        found[top : top + STRIP] = _through(table, np.asarray(cv2.transform(strip, matrix * STEPS), np.float32))
    return found


def _through(table: Pixels, steps: Floats) -> Pixels:
    return table[np.clip(steps, 0, STEPS, out=steps).astype(np.uint16)]


def _tables() -> tuple[Floats, Pixels]:
    value = np.arange(256) / 255
    to_light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    light = np.arange(STEPS + 1) / STEPS
    back = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return to_light.astype(np.float32), np.round(back * 255).astype(np.uint8)


_LINEAR, _CODED = _tables()


@dataclass(frozen=True)
class _Tone:
    """What the camera (and the printer) made of tones: light to the power, upon a veil."""

    power: float
    veil: float

    def table(self) -> Pixels:
        """The pixel of each step of light."""
        return coded(self.undone(np.linspace(0, 1, STEPS + 1, dtype=np.float32)))

    def undone(self, light: Floats) -> Floats:
        plain = np.maximum(light - self.veil, 0) / (1 - self.veil)
        if abs(self.power - 1) < 0.02:
            return np.asarray(plain, np.float32)
        return np.asarray(cv2.pow(plain.astype(np.float32), 1 / self.power), np.float32)


@dataclass(frozen=True)
class _Lamp:
    """The light as the white patches around the frame show it, as a smooth surface of its logarithm; the tones."""

    weights: NDArray[np.float64]
    """Shape (terms, 3)."""
    scale: tuple[float, float, float]
    tone: _Tone

    @classmethod
    def of(cls, patches: tuple[SeenPatch, ...], sheet: PaperSheet) -> _Lamp | None:
        """The light around a frame; None where the patches are hidden, burnt, or not what they should be."""
        whites = [patch for patch in patches if tuple(patch.printed) == WHITE]
        if len(whites) < 3:
            return None
        scale = _page_scale(sheet)
        at = np.array([(patch.x_mm, patch.y_mm) for patch in whites])
        logs = np.log(np.maximum(_light_of(whites), 1e-3))
        weights = _smooth_surface(_terms(at, scale, len(whites)), logs)
        plain = cls(weights, scale, _Tone(1.0, 0.0))
        grey = [plain.relative(patch) for patch in patches if tuple(patch.printed) == GREY]
        black = [plain.relative(patch) for patch in patches if tuple(patch.printed) == BLACK]
        middle = float(np.median(grey)) if grey else MIDDLE
        darkest = float(np.median(black)) if black else 0.0
        if not darkest < middle < LIGHTEST_GREY:
            return None
        veil = min(darkest / 2, 0.1)
        power = np.log(np.clip((middle - veil) / (1 - veil), 0.03, 0.9)) / np.log(MIDDLE)
        return cls(weights, scale, _Tone(float(np.clip(power, 0.65, 1.5)), veil))

    def at(self, x_mm: NDArray[np.float64], y_mm: NDArray[np.float64]) -> Floats:
        """Light of white paper, shape (n, 3)."""
        places = np.stack([x_mm, y_mm], axis=-1)
        terms = _terms(places, self.scale, len(self.weights) * 2)[:, : len(self.weights)]
        return np.exp(terms @ self.weights).astype(np.float32)

    def relative(self, patch: SeenPatch) -> Floats:
        """A patch's light as a share of white paper's beside it."""
        white = self.at(np.array([patch.x_mm]), np.array([patch.y_mm]))[0]
        return np.asarray(_light_of([patch])[0] / white, np.float32)


def _page_scale(sheet: PaperSheet) -> tuple[float, float, float]:
    left, top, width, height = sheet.layout.frame
    return left + width / 2, top + height / 2, max(width, height) / 2


def _light_of(patches: list[SeenPatch]) -> NDArray[np.float64]:
    rgb = np.array([patch.seen for patch in patches], float).reshape(-1, 3)
    value = rgb / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _terms(at: NDArray[np.float64], scale: tuple[float, float, float], n: int) -> NDArray[np.float64]:
    """A plane for few places, a surface of second order for many."""
    x, y = (at[:, 0] - scale[0]) / scale[2], (at[:, 1] - scale[1]) / scale[2]
    plane = [np.ones_like(x), x, y]
    return np.stack([*plane, x * x, x * y, y * y] if n >= 10 else plane, axis=1)


def _smooth_surface(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares, reweighted so that patches in a shadow or in glare don't bend it (Beaton and Tukey, 1974)."""
    ridge = 1e-2 * np.eye(terms.shape[1])
    ridge[0, 0] = 1e-9
    weight: NDArray[np.float64] = np.ones(len(values))
    solved: NDArray[np.float64] = np.zeros((terms.shape[1], 3))
    for _ in range(6):
        weighted = terms * weight[:, None]
        solved = np.asarray(np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values), np.float64)
        off = np.abs(values - terms @ solved).max(axis=1)
        limit = max(4 * float(np.median(off)), 0.05)
        weight = np.maximum(1 - (off / limit) ** 2, 0.01) ** 2
    return solved


def _shrunk(picture: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _without_colour(frame: Pixels, seen: NDArray[np.bool_]) -> bool:
    """Whether a picture is grey all over, as a grey scan is: not by a photo's noise."""
    sample = frame[::4, ::4][seen[::4, ::4]].astype(np.int16)
    return bool(len(sample) and np.percentile(np.ptp(sample, axis=1), 99.5) <= 4)


def _gain(
    frame: Pixels, paper: Pixels, seen: NDArray[np.bool_], lamp: _Lamp | None, sheet: PaperSheet
) -> tuple[Floats, Floats]:
    """The light on every cell of the frame, and the matrix from the clean sheet's colours to this print's."""
    left, top, width, height = sheet.layout.frame
    cell = max(CELL_MM, (width * height / MOST_CELLS) ** 0.5)
    columns, rows = max(8, round(width / cell)), max(8, round(height / cell))
    cells = [np.log(np.maximum(_light_in_cells(picture, columns, rows), 2e-3)) for picture in (frame, paper)]
    ratio: Floats = np.stack(
        [cv2.medianBlur(np.ascontiguousarray(c), 3) for c in cv2.split(cells[0] - cells[1])], axis=-1
    ).astype(np.float32)
    weight = _cells(seen.astype(np.float32), columns, rows) > 0.95
    x, y = np.meshgrid(
        left + (np.arange(columns) + 0.5) * width / columns, top + (np.arange(rows) + 0.5) * height / rows
    )
    if lamp is not None:
        field = np.log(lamp.at(x.ravel(), y.ravel())).reshape(rows, columns, 3)
    else:
        field = np.broadcast_to(_brightest(ratio, weight), ratio.shape).astype(np.float32)
    unmarked = weight
    for limit in HUE_SHIFT:
        unmarked = weight & (_hue_shift(ratio - field) < limit)
        field = _measured(field, ratio, unmarked.astype(np.float32), cell)
    unmarked = weight & (_hue_shift(ratio - field) < HUE_SHIFT[-1])
    return np.exp(field).astype(np.float32), _print_matrix(cells, field, unmarked)


def _light_in_cells(picture: Pixels, columns: int, rows: int) -> Floats:
    """Mean light; of pixels that are shrunk first, which errs by less than a step of a pixel."""
    return _cells(linear(_shrunk(picture, 2 * columns, 2 * rows)), columns, rows)


def _cells(picture: Floats, columns: int, rows: int) -> Floats:
    return np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _brightest(ratio: Floats, weight: NDArray[np.bool_]) -> Floats:
    """The light without patches: marks take light away in one channel at least, so that paper is the brightest."""
    inside = ratio[weight] if weight.any() else ratio.reshape(-1, 3)
    return np.asarray(np.percentile(inside, 75, axis=0), np.float32)


def _hue_shift(rest: Floats) -> Floats:
    red, green, blue = rest[..., 0], rest[..., 1], rest[..., 2]
    return np.asarray(np.hypot(red - green, blue - green), np.float32)


def _measured(field: Floats, ratio: Floats, weight: Floats, cell: float) -> Floats:
    """The light as the unmarked cells show it, from coarse to fine; where there are none it stays as it was."""
    rest = ratio - field
    brightness = rest.mean(axis=2)
    colour = rest - brightness[..., None]
    for sigma in COLOUR_SIGMAS_MM:
        step = _normalised(colour, weight, sigma / cell)
        field, colour = field + step, colour - step
    for sigma in BRIGHTNESS_SIGMAS_MM:
        step = _normalised(brightness, weight, max(sigma / cell, 1.0))
        field, brightness = field + step[..., None], brightness - step
    return field


def _normalised(values: Floats, weight: Floats, sigma: float) -> Floats:
    masked = values * (weight[..., None] if values.ndim == 3 else weight)
    share = _blurred(weight, sigma) + 0.02
    return np.asarray(_blurred(masked, sigma) / (share[..., None] if values.ndim == 3 else share), np.float32)


def _blurred(values: Floats, sigma: float) -> Floats:
    """Three boxes in a row: nearly a Gaussian, at a cost that does not grow with its width."""
    side = max(1, round((4 * sigma**2 + 1) ** 0.5)) | 1
    for _ in range(3):
        values = np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
    return values


def _print_matrix(cells: list[Floats], field: Floats, unmarked: NDArray[np.bool_]) -> Floats:
    """Three rows of four: this print's light from the clean sheet's; the identity where too little is unmarked."""
    same = np.eye(3, 4)
    if unmarked.sum() < 200:
        return same.astype(np.float32)
    printed, wanted = np.exp(cells[1][unmarked]), np.exp((cells[0] - field)[unmarked])
    terms = np.column_stack([printed, np.ones(len(printed))])
    ridge = np.diag([2.0, 2.0, 2.0, 2.0]) * len(terms) / 1000
    solved = np.linalg.solve(terms.T @ terms + ridge, terms.T @ wanted + ridge @ same.T)
    return solved.T.astype(np.float32)


def _burnt(frame: Pixels, gain: Floats, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where all three channels are at their end and the light is far above that of the rest: glare.

    A photo that is a little too bright everywhere has white paper at its end too, but stickers keep their colour.
    """
    height, width = seen.shape
    brightness = np.log(gain).mean(axis=2)
    bright = brightness > np.percentile(brightness, 30) + 0.35
    wide = cv2.resize(bright.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    found: NDArray[np.bool_] = (_darkest(frame) >= BURNT) & (wide > 0) & seen
    return found


def _darkest(frame: Pixels) -> Pixels:
    """The least of a pixel's three channels."""
    red, green, blue = cv2.split(frame)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.uint8)


def _inks(patches: tuple[SeenPatch, ...], sheet: PaperSheet, lamp: _Lamp | None) -> tuple[Ink, ...]:
    return tuple(Ink(sticker.key, sticker.rgb, _printed(patches, sticker.key, lamp)) for sticker in sheet.stickers)


def _printed(patches: tuple[SeenPatch, ...], name: str, lamp: _Lamp | None) -> Rgb | None:
    found = [lamp.relative(patch) for patch in patches if patch.name == name] if lamp is not None else []
    if lamp is None or not found:
        return None
    red, green, blue = coded(lamp.tone.undone(np.median(found, axis=0).astype(np.float32)))
    return int(red), int(green), int(blue)


def _is_grey(inks: tuple[Ink, ...]) -> bool:
    pairs = [(ink.nominal, ink.printed) for ink in inks if ink.printed is not None]
    wanted = sum(max(nominal) - min(nominal) for nominal, _ in pairs)
    return wanted > 60 and sum(max(rgb) - min(rgb) for _, rgb in pairs) < GREY_CHROMA * wanted
