"""The paper as a photo shows it: camera, lens and bends fitted to what is known of it, and tried by leaving out.

Perspective is a homography, the lens a radial term (Brown, 1971), and what is left – paper that curls and folds –
a random field over the page of which only smoothness is assumed (kriging, or Gaussian process regression with the
Matérn 3/2 covariance; Rasmussen and Williams, 2006). All is fitted at once by generalised least squares. So the
error of each marker against what *the other* markers say has a closed form (their eq. 5.12), and so has the
spread of every place on the page: where the ties say too little, it is known that little is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

LENS_SPREAD: Final = (0.08, 0.04)
"""Standard deviation of the radial terms at the picture's corner: phones that mend their lens have almost none."""
BENDS_MM: Final = (0.0, 0.3, 1.0, 3.0)
"""How far paper may lie from flat: tried one after the other."""
BEND_LENGTH: Final = 0.5
"""Of the page's half diagonal: how far a bend reaches."""
WORTH: Final = 0.93
"""A bendier paper must bring the error down to this part."""
ROUNDS: Final = 4
AT_ONCE: Final = 8192
"""Places for which the bends are worked out together: some tens of megabytes."""
LEAST_CALIBRATION: Final = 0.4
"""Markers that fit better than expected may do so by luck: the spread told is never less than this part."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ties:
    """Places of the page found in the photo."""

    page_mm: Floats
    photo_px: Floats
    group: NDArray[np.int64]
    """Ties of one group (the corners of one marker) stand and fall together."""
    noise_px: Floats

    def only(self, chosen: NDArray[np.bool_]) -> Ties:
        """Those chosen."""
        return Ties(self.page_mm[chosen], self.photo_px[chosen], self.group[chosen], self.noise_px[chosen])

    def beside(self, other: Ties) -> Ties:
        """Both together."""
        return Ties(
            np.concatenate([self.page_mm, other.page_mm]),
            np.concatenate([self.photo_px, other.photo_px]),
            np.concatenate([self.group, other.group]),
            np.concatenate([self.noise_px, other.noise_px]),
        )


@dataclass(frozen=True)
class Frame:
    """What makes page and photo numbers of about one: centres and half diagonals of both."""

    page: tuple[float, float, float]
    photo: tuple[float, float, float]

    def of_page(self, page_mm: Floats) -> Floats:
        return (page_mm - self.page[:2]) / self.page[2]

    def of_photo(self, photo_px: Floats) -> Floats:
        return (photo_px - self.photo[:2]) / self.photo[2]

    def to_photo(self, q: Floats) -> Floats:
        return q * self.photo[2] + self.photo[:2]


@dataclass(frozen=True)
class Surface:
    """Where every place of a page is in the photo."""

    frame: Frame
    ties: Ties
    theta: Floats
    """Eight numbers of the homography (the ninth is one), two of the lens."""
    bend: float
    """Of the bends, in units of the photo's half diagonal."""
    px_per_mm: float

    def to_photo(self, x_mm: ArrayLike, y_mm: ArrayLike) -> Floats:
        """Pixels of places on the page: shape as given, and two more."""
        x, y = np.broadcast_arrays(np.asarray(x_mm, np.float64), np.asarray(y_mm, np.float64))
        page = np.stack([x.ravel(), y.ravel()], axis=1)
        q = _projected(self.theta, self.frame.of_page(page))
        for start in range(0, len(page) if self.bend else 0, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            q[some] += self._covariance(page[some]) @ self._pulls
        return self.frame.to_photo(q).reshape(*x.shape, 2)

    def spread_mm(self, x_mm: ArrayLike, y_mm: ArrayLike) -> Floats:
        """How surely these places are known: one standard deviation on paper."""
        x, y = np.broadcast_arrays(np.asarray(x_mm, np.float64), np.asarray(y_mm, np.float64))
        page = np.stack([x.ravel(), y.ravel()], axis=1)
        cross = self._covariance(page)
        mine = _derivatives(self.theta, self.frame.of_page(page))
        weights = cross @ self._inverse
        own = self.bend**2 - np.einsum("ij,ij->i", weights, cross)
        both = np.zeros(len(page))
        for axis in (0, 1):
            rest = mine[:, axis] - weights @ self._slopes[:, axis]
            both += own + np.einsum("ij,jk,ik->i", rest, self._normal, rest)
        spread = np.sqrt(np.maximum(both, 0)) * self.frame.photo[2] / self.px_per_mm * self._calibration
        return spread.reshape(x.shape)

    def cautious(self) -> Surface:
        """The same as if paper were never quite flat: so that beyond the ties little is known for sure."""
        return replace(self, bend=max(self.bend, BENDS_MM[1] * self.px_per_mm / self.frame.photo[2]))

    def left_out(self) -> Floats:
        """For each tie, how far in pixels it lies from where the ties of all other groups say."""
        away, _ = self._left_out
        return away * self.frame.photo[2]

    @cached_property
    def _left_out(self) -> tuple[Floats, float]:
        """The same in units of the photo, and how large it is against what was to be expected."""
        n = len(self.ties.group)
        slopes = self._slopes
        inverse = np.zeros((2 * n, 2 * n))
        inverse[:n, :n] = inverse[n:, n:] = self._inverse
        flat = np.concatenate([slopes[:, 0], slopes[:, 1]])
        seen = inverse @ flat
        joint = inverse - seen @ self._normal @ seen.T
        rest = self._rest
        pulled = joint @ np.concatenate([rest[:, 0], rest[:, 1]])
        away = np.zeros((n, 2))
        surprise, counted = 0.0, 0
        _, which, sizes = np.unique(self.ties.group, return_inverse=True, return_counts=True)
        order = np.argsort(which, kind="stable")
        first = np.cumsum(sizes) - sizes
        for size in np.unique(sizes):  # all groups of one size at once
            one = order[first[sizes == size][:, None] + np.arange(size)]
            index = np.concatenate([one, one + n], axis=1)
            block = joint[index[:, :, None], index[:, None, :]]
            error = (np.linalg.pinv(block, rcond=1e-10, hermitian=True) @ pulled[index][..., None])[..., 0]
            surprise += float(np.einsum("gi,gij,gj->", error, block, error))
            counted += index.size
            away[one] = np.stack([error[:, :size], error[:, size:]], axis=2)
        return away, surprise / max(1, counted)

    @property
    def _calibration(self) -> float:
        """How much larger or smaller errors are than was assumed."""
        return max(LEAST_CALIBRATION, float(np.sqrt(self._left_out[1])))

    def _covariance(self, page_mm: Floats) -> Floats:
        """Between the bends at these places and at the ties."""
        return _matern(self.frame.of_page(page_mm), self.frame.of_page(self.ties.page_mm), self.bend)

    @cached_property
    def _inverse(self) -> Floats:
        own = self._covariance(self.ties.page_mm)
        return np.asarray(np.linalg.inv(own + np.diag((self.ties.noise_px / self.frame.photo[2]) ** 2)))

    @cached_property
    def _slopes(self) -> Floats:
        return _derivatives(self.theta, self.frame.of_page(self.ties.page_mm))

    @cached_property
    def _normal(self) -> Floats:
        """The covariance of the camera's numbers."""
        information = _prior()
        for axis in (0, 1):
            information = information + self._slopes[:, axis].T @ self._inverse @ self._slopes[:, axis]
        return np.asarray(np.linalg.inv(information))

    @cached_property
    def _rest(self) -> Floats:
        """What the camera alone leaves, linearly about it; the lens is pulled towards none."""
        seen = self.frame.of_photo(self.ties.photo_px)
        drawn = _projected(self.theta, self.frame.of_page(self.ties.page_mm))
        lens = np.zeros(10)
        lens[8:] = self.theta[8:]
        return seen - drawn + self._slopes @ lens

    @cached_property
    def _pulls(self) -> Floats:
        seen = self.frame.of_photo(self.ties.photo_px)
        return self._inverse @ (seen - _projected(self.theta, self.frame.of_page(self.ties.page_mm)))


def fit_surface(ties: Ties, page_mm: tuple[float, float], photo_px: tuple[int, int]) -> Surface | None:
    """The surface that fits best, as bendy as leaving out says; None where the ties fit no camera at all."""
    flat = fit_flat(ties, page_mm, photo_px)
    return flat and _bent(flat)


def refitted(surface: Surface, ties: Ties) -> Surface | None:
    """A surface anew with more ties or fewer, starting from what is known already."""
    flat = _settled(replace(surface, ties=ties, bend=0.0))
    return flat and _bent(flat)


def _bent(flat: Surface) -> Surface:
    """As bendy as leaving out says."""
    best, least = flat, _size(flat)
    for bend_mm in BENDS_MM[1:]:
        more = _settled(replace(flat, bend=bend_mm * flat.px_per_mm / flat.frame.photo[2]))
        if more is not None and _size(more) < least * WORTH:
            best, least = more, _size(more)
    return best


def fit_flat(ties: Ties, page_mm: tuple[float, float], photo_px: tuple[int, int]) -> Surface | None:
    """Camera and lens over a flat page."""
    frame = Frame(
        (page_mm[0] / 2, page_mm[1] / 2, float(np.hypot(*page_mm)) / 2),
        ((photo_px[0] - 1) / 2, (photo_px[1] - 1) / 2, float(np.hypot(*photo_px)) / 2),
    )
    start, _ = cv2.findHomography(frame.of_page(ties.page_mm), frame.of_photo(ties.photo_px), 0)
    if start is None or abs(start[2, 2]) < 1e-6:
        return None
    theta = np.concatenate([(start / start[2, 2]).ravel()[:8], [0.0, 0.0]])
    scale = _px_per_mm(theta, frame)
    if not np.isfinite(scale) or scale <= 0:
        return None
    return _settled(Surface(frame, ties, theta, 0.0, scale))


def _settled(surface: Surface) -> Surface | None:
    """The surface after some rounds of Gauss and Newton; None where they lead nowhere."""
    for _ in range(ROUNDS):
        rest, slopes, inverse = surface._rest, surface._slopes, surface._inverse  # noqa: SLF001 - its own module
        right = sum(slopes[:, axis].T @ inverse @ rest[:, axis] for axis in (0, 1))
        step = surface._normal @ right  # noqa: SLF001
        theta = surface.theta.copy()
        theta[:8] += step[:8]
        theta[8:] = step[8:]
        if not np.isfinite(theta).all():
            return None
        surface = replace(surface, theta=theta)
    scale = _px_per_mm(surface.theta, surface.frame)
    return replace(surface, px_per_mm=scale) if np.isfinite(scale) and scale > 0 else None


def _size(surface: Surface) -> float:
    """How far left-out ties lie off, as one number that a few bad ones don't govern."""
    away = np.linalg.norm(surface.left_out(), axis=1)
    return float(np.sqrt(np.mean(np.minimum(away, 4 * np.median(away) + 1e-9) ** 2)))


def _prior() -> Floats:
    loose = 1e-9
    return np.diag([loose] * 8 + [1 / spread**2 for spread in LENS_SPREAD])


def _projected(theta: Floats, p: Floats) -> Floats:
    w = p @ theta[6:8] + 1
    q = np.stack([p @ theta[0:2] + theta[2], p @ theta[3:5] + theta[5]], axis=1) / w[:, None]
    r2 = (q**2).sum(axis=1, keepdims=True)
    return np.asarray(q * (1 + theta[8] * r2 + theta[9] * r2**2))


def _derivatives(theta: Floats, p: Floats) -> Floats:
    """Of the photo's two coordinates by the ten numbers: (n, 2, 10)."""
    x, y = p[:, 0], p[:, 1]
    w = p @ theta[6:8] + 1
    q = np.stack([p @ theta[0:2] + theta[2], p @ theta[3:5] + theta[5]], axis=1) / w[:, None]
    none = np.zeros_like(x)
    plain = np.stack(
        [
            np.stack([x / w, y / w, 1 / w, none, none, none, -q[:, 0] * x / w, -q[:, 0] * y / w], axis=1),
            np.stack([none, none, none, x / w, y / w, 1 / w, -q[:, 1] * x / w, -q[:, 1] * y / w], axis=1),
        ],
        axis=1,
    )
    r2 = (q**2).sum(axis=1)
    even = 1 + theta[8] * r2 + theta[9] * r2**2
    outer = (2 * theta[8] + 4 * theta[9] * r2)[:, None, None] * q[:, :, None] * q[:, None, :]
    bent = np.einsum("nij,njk->nik", even[:, None, None] * np.eye(2) + outer, plain)
    lens = np.stack([q * r2[:, None], q * (r2**2)[:, None]], axis=2)
    return np.concatenate([bent, lens], axis=2)


def _px_per_mm(theta: Floats, frame: Frame) -> float:
    """At the page's middle, the geometric mean of both directions."""
    step = 0.01
    at = np.array([[0.0, 0.0], [step, 0.0], [0.0, step]])
    q = _projected(theta, at)
    a, b = (q[1] - q[0]) / step, (q[2] - q[0]) / step
    return float(np.sqrt(abs(a[0] * b[1] - a[1] * b[0])) * frame.photo[2] / frame.page[2])


def _matern(these: Floats, those: Floats, spread: float) -> Floats:
    if not spread:
        return np.zeros((len(these), len(those)))
    away = np.sqrt(((these[:, None] - those[None]) ** 2).sum(axis=2)) * (3**0.5 / BEND_LENGTH)
    return np.asarray(spread**2 * (1 + away) * np.exp(-away))
