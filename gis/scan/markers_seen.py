"""The markers of one sheet in a photo: which of those seen are its own, and a closer look for the missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import Layout, Marker
from gis.paper.markers import marker_number, place_and_class
from gis.scan.locate import Located, Sighting, markers_in
from gis.scan.surface import Surface, Ties

LEAST_MARKERS: Final = 4
"""Leaving one out, three remain, as many as say how bent the paper is."""
CLOSE_PX: Final = 176
"""Side of the close look at where a marker should be: eleven pixels a module, and as much around."""
CLOSE_SIDES: Final = 2.0
NOISE_PX: Final = 0.2
NOISE_MM: Final = 0.06
"""Of a marker's corner: what finding it leaves, and what a printer moves."""
FAR_OFF: Final = 0.03
"""Of the frame's diagonal: bends don't move a marker so far, so that it is one of another sheet."""

Floats = NDArray[np.float64]


def of_sheet(located: Located, layout: Layout, serial: str) -> dict[int, Floats]:
    """The corners of this sheet's markers by place, those left out that can't be on one plane with most.

    What was left out may be another sheet's; `astray` says what may not.
    """
    places = {marker_number(serial, marker.place): marker for marker in layout.markers}
    mine = [one for one in located.sightings if one.number in places]
    if len(mine) < 2:
        return {places[one.number].place: one.corners for one in mine}
    page = np.concatenate([places[one.number].corners() for one in mine]).astype(np.float64)
    photo = np.concatenate([one.corners for one in mine])
    px_per_mm = float(np.median([one.side_px / places[one.number].side for one in mine]))
    limit = FAR_OFF * float(np.hypot(*layout.frame[2:])) * px_per_mm
    fits: Any
    _, fits = cv2.findHomography(page, photo, cv2.RANSAC, limit, maxIters=4000, confidence=0.9999)
    if fits is None:
        return _largest(mine, places)
    kept = np.flatnonzero(np.asarray(fits).reshape(-1, 4).all(axis=1))
    return _largest([mine[n] for n in kept], places)


def astray(located: Located, layout: Layout, serial: str, used: Collection[int]) -> int:
    """How many places of this sheet were seen, but only where they can't be: it is torn or crumpled."""
    places = {marker_number(serial, marker.place): marker.place for marker in layout.markers}
    return len({places[one.number] for one in located.sightings if one.number in places} - set(used))


def _largest(sightings: Sequence[Sighting], places: Mapping[int, Marker]) -> dict[int, Floats]:
    """One sighting a place."""
    ordered = sorted(sightings, key=lambda one: one.side_px)
    return {places[one.number].place: one.corners for one in ordered}


def looked_again(
    grey: NDArray[np.uint8], surface: Surface, layout: Layout, serial: str, found: Mapping[int, Floats]
) -> dict[int, Floats]:
    """Markers that were missed, each looked for where it must be: in shadow, far away, or half in glare."""
    more: dict[int, Floats] = {}
    height, width = grey.shape
    for marker in layout.markers:
        if marker.place in found:
            continue
        should = surface.to_photo(*np.array(marker.corners()).T)
        if not ((should > 1).all() and (should < (width - 2, height - 2)).all()):
            continue
        corners = _close_look(grey, should, marker_number(serial, marker.place))
        if corners is not None:
            more[marker.place] = corners
    return more


def _close_look(grey: NDArray[np.uint8], should: Floats, number: int) -> Floats | None:
    """The corners of this marker about there, if it is there."""
    side = CLOSE_PX / CLOSE_SIDES
    low, high = (CLOSE_PX - side) / 2, (CLOSE_PX + side) / 2
    target = np.array([[low, low], [high, low], [high, high], [low, high]], np.float32)
    change = cv2.getPerspectiveTransform(should.astype(np.float32), target)
    close: Any = cv2.warpPerspective(grey, change, (CLOSE_PX, CLOSE_PX), borderMode=cv2.BORDER_REPLICATE)
    darkest, range_ = float(close.min()), max(1.0, float(np.ptp(close)))
    spread = ((close.astype(np.float32) - darkest) * (255 / range_)).astype(np.uint8)
    for one in markers_in(spread, at_once=True):
        if one.number == number:
            back = np.linalg.inv(change)
            return np.asarray(cv2.perspectiveTransform(one.corners.reshape(1, 4, 2), back).reshape(4, 2))
    return None


def other_sheets(located: Located, surface: Surface, layout: Layout, serial: str) -> tuple[Floats, ...]:
    """Outlines in the photo of other sheets that lie upon this one: by markers that are not its own."""
    should = {
        marker_number(serial, marker.place): surface.to_photo(*np.array(marker.corners()).T).mean(axis=0)
        for marker in layout.markers
    }
    foreign: dict[int, list[Floats]] = {}
    own: list[Floats] = []
    for one in located.sightings:
        middle = one.corners.mean(axis=0)
        mine = one.number in should and np.linalg.norm(should[one.number] - middle) < one.side_px
        (own if mine else foreign.setdefault(place_and_class(one.number)[1], [])).append(one.corners)
    found = []
    for corners in foreign.values():
        hull = cv2.convexHull(np.concatenate(corners).astype(np.float32))
        under = [
            four for four in own if cv2.pointPolygonTest(hull, tuple(map(float, four.mean(axis=0))), False) > 0
        ]
        if len(corners) > 1 and not under:  # where our own markers are seen within, ours lies above
            found.append(hull.reshape(-1, 2).astype(np.float64))
    return tuple(found)


def ties_of(markers: Mapping[int, Floats], layout: Layout) -> Ties:
    """Each marker's corners as four ties that stand and fall together."""
    known = {marker.place: marker for marker in layout.markers}
    places = sorted(markers)
    photo = np.concatenate([markers[place] for place in places])
    sides = np.array([np.linalg.norm(markers[place][0] - markers[place][2]) / 2**0.5 for place in places])
    px_per_mm = sides / np.array([known[place].side for place in places])
    return Ties(
        np.concatenate([np.array(known[place].corners()) for place in places]),
        photo,
        np.repeat(np.array(places, np.int64), 4),
        np.repeat(np.hypot(NOISE_PX, NOISE_MM * px_per_mm), 4),
    )
