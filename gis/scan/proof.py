"""Whether a surface may be trusted: each marker, and each piece of the map, against what all others say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import Layout
from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason
from gis.scan.flattened import Photo, Pixels, flattened
from gis.scan.map_ties import FIRST_GROUP, map_ties
from gis.scan.markers_seen import LEAST_MARKERS, ties_of
from gis.scan.surface import Surface, fit_surface, refitted

MOST_ERROR_MM: Final = 1.2
"""Root of the mean square over left-out markers. They lie at the rim, where the others say least: places inside
are then about half as far off, within the millimetre that a mark on paper may err."""
MOST_DROPPED: Final = 0.17
"""Of the markers may fit badly (a thumb over a corner) and are not used; more, and the paper is not flat."""
STRAY_MM: Final = 1.5
MOST_STRAYS: Final = 1
"""A marker that is read but lies farther off was not merely seen badly: the paper is torn or crumpled there."""
FITS_BADLY_MM: Final = 0.4
FITS_BADLY: Final = 4.0
"""Times the middle error; both must be passed."""
LEAST_PIECES: Final = 12
"""Of the map, to be heard beside the markers."""
LIES_WELL_MM: Final = 0.12
"""Pieces of the map that lie so well need no second fit."""
REACH_MM: Final = 2.5
"""How far pieces are looked for: twice what markers may err."""

Floats = NDArray[np.float64]


def proved(
    markers: Mapping[int, Floats], layout: Layout, size: tuple[int, int], strays: int = 0
) -> tuple[Surface, float] | Failure:
    """The surface and its error in millimetres, without the few markers that fit badly; or that it fails.

    `strays` markers were seen so far off that they are not among `markers`.
    """
    kept = dict(markers)
    spare = int(MOST_DROPPED * (len(markers) + strays)) - strays
    if spare < 0:
        return _not_flat(markers, layout, {}, strays)
    while True:
        surface = fit_surface(ties_of(kept, layout), layout.page, size)
        if surface is None:
            return _not_flat(markers, layout, {}, strays)
        errors = errors_mm(surface)
        worst = max(errors, key=lambda place: errors[place])
        bad = errors[worst] > max(FITS_BADLY_MM, FITS_BADLY * float(np.median(list(errors.values()))))
        room = len(kept) > LEAST_MARKERS and len(markers) - len(kept) < spare
        if not (bad and room):
            break
        del kept[worst]
    error = rms(errors)
    strays += _far_off({place: at for place, at in markers.items() if place not in kept}, surface, layout)
    if error > MOST_ERROR_MM or strays > MOST_STRAYS:
        return _not_flat(markers, layout, errors, strays)
    return surface, error


def _far_off(dropped: Mapping[int, Floats], surface: Surface, layout: Layout) -> int:
    """How many of the markers that were not used lie where no smear or thumb puts them."""
    known = {marker.place: marker for marker in layout.markers}
    away = [corners - surface.to_photo(*np.array(known[place].corners()).T) for place, corners in dropped.items()]
    return sum(float(np.linalg.norm(one.mean(axis=0))) > STRAY_MM * surface.px_per_mm for one in away)


def by_the_map(photo: Photo, surface: Surface, sheet: PaperSheet, clean: Pixels) -> tuple[Surface, float, Pixels]:
    """The surface with what the map itself says of folds, its error in millimetres, and the frame flat by it."""
    frame = flattened(photo, surface, sheet)
    error = rms(_of_markers(errors_mm(surface)))
    ties = map_ties(frame, clean, sheet, surface, REACH_MM)
    if len(ties.group) < LEAST_PIECES:
        return surface, error, frame
    away = np.linalg.norm(ties.photo_px - surface.to_photo(*ties.page_mm.T), axis=1) / surface.px_per_mm
    if float(np.sqrt(np.mean(away**2))) < LIES_WELL_MM:
        return surface, error, frame
    better = refitted(surface, surface.ties.beside(ties))
    if better is None:
        return surface, error, frame
    errors = errors_mm(better)
    limit = max(FITS_BADLY_MM, FITS_BADLY * float(np.median(list(errors.values()))))
    good = np.array([errors[int(group)] <= limit for group in better.ties.group])
    if not good.all():
        better = refitted(better, better.ties.only(good)) or better
    errors = errors_mm(better)
    error = max(rms(_of_markers(errors)), rms(_of_pieces(errors)))
    return better, error, flattened(photo, better, sheet)


def errors_mm(surface: Surface) -> dict[int, float]:
    """For each marker or piece, how far on paper it lies from where all others say."""
    away = (surface.left_out() ** 2).sum(axis=1)
    return {
        int(group): float(np.sqrt(away[surface.ties.group == group].mean())) / surface.px_per_mm
        for group in np.unique(surface.ties.group)
    }


def rms(errors: Mapping[int, float]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(list(errors.values()))))) if errors else 0.0


def _of_markers(errors: Mapping[int, float]) -> dict[int, float]:
    return {group: error for group, error in errors.items() if 0 <= group < FIRST_GROUP}


def _of_pieces(errors: Mapping[int, float]) -> dict[int, float]:
    return {group: error for group, error in errors.items() if group >= FIRST_GROUP}


def _not_flat(markers: Mapping[int, Floats], layout: Layout, errors: Mapping[int, float], strays: int) -> Failure:
    evidence: dict[str, object] = {
        "found": sorted(markers),
        "of": len(layout.markers),
        "most_error_mm": MOST_ERROR_MM,
        "far_off": strays,
    }
    if errors:
        evidence["error_mm"] = round(rms(errors), 2)
        evidence["worst"] = {
            str(place): round(error, 2) for place, error in errors.items() if error > MOST_ERROR_MM
        }
    return Failure(Reason.NOT_FLAT, evidence)
