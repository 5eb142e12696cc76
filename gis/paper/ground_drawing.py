"""The ground drawn into a frame: land, green, water, streets, houses, rails and the boundary, without names."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.paper.ground import Ground, GroundFeature
from gis.paper.muted_picture import muted
from gis.paper.pen import Pen
from gis.paper.sheet import PaperSheet
from gis.paper.tones import faded, ground_tone

BEYOND_MM: Final = 6.0
"""What lies so far beyond the frame may still reach in with the width of its line."""
SMALLEST_MM2: Final = 0.012
"""Areas below a tenth of a millimetre are dust in print."""

FINEST_MM: Final = 0.025
"""Finer than any printer."""
_FULL_LINES: Final = 22_000
"""The scale on A4 from which on streets as wide as they are drawn would touch each other."""
_FOOTWAYS_TO: Final = 40_000
_LANES_TO: Final = 80_000
"""The scales on A4 down to which they are drawn."""
OUTSIDE_FADE: Final = 0.68

_Width = tuple[float, float, float]
"""Metres on the ground, and the least and greatest millimetres on paper."""
CARRIAGEWAYS: Final[dict[str, _Width]] = {
    "lane": (4.6, 0.42, 2.6),
    "street": (7.5, 0.62, 4.0),
    "main": (11.0, 0.95, 5.5),
}
FOOTWAYS: Final[dict[str, tuple[float, tuple[float, float]]]] = {
    "track": (0.22, (1.4, 0.7)),
    "path": (0.2, (0.7, 0.5)),
    "cycleway": (0.22, (1.6, 0.6)),
    "steps": (0.45, (0.2, 0.25)),
}
"""Millimetres of the line, and its dashes."""
_CASING_MM: Final = 0.16


@dataclass(frozen=True)
class Page:
    """A ground's features as they lie on the page, cut near the frame."""

    sheet: PaperSheet
    shapes: dict[tuple[str, str], list[tuple[GroundFeature, BaseGeometry]]]
    boundary: BaseGeometry
    fade: float = 0.0
    """How far tones are faded into the paper: what lies beyond the boundary is only for finding one's way."""

    def tone(self, name: str, other: str = "land") -> str:
        """The printed tone of a name of the palette's map."""
        return faded(ground_tone(name, other), self.fade)

    @property
    def size(self) -> float:
        """People stand farther from a large sheet: lines and letters grow with it."""
        return math.sqrt(min(self.sheet.layout.page) / 210)

    def of(self, kind: str, sorts: Iterable[str] | None = None) -> list[tuple[GroundFeature, BaseGeometry]]:
        """Features of a kind, of all classes or of these."""
        chosen = None if sorts is None else set(sorts)
        return [
            one
            for (its_kind, its_sort), ones in self.shapes.items()
            if its_kind == kind and (chosen is None or its_sort in chosen)
            for one in ones
        ]

    def sorts(self, kind: str) -> list[str]:
        """The classes that there are of a kind."""
        return [sort for its_kind, sort in self.shapes if its_kind == kind]

    def street_width(self, sort: str) -> float:
        """Millimetres of a carriageway."""
        metres, least, most = CARRIAGEWAYS[sort]
        return min(most * self.size, max(least * self.size * self.thinned, metres * 1000 / self.sheet.scale))

    @property
    def thinned(self) -> float:
        """How much thinner lines must be, where a whole city is on a sheet."""
        return min(1.0, math.sqrt(_FULL_LINES / (self.sheet.scale * self.size)))


def on_page(ground: Ground, sheet: PaperSheet) -> Page:
    """The ground on its page."""
    left, top, width, height = sheet.layout.frame
    near = (left - BEYOND_MM, top - BEYOND_MM, left + width + BEYOND_MM, top + height + BEYOND_MM)
    shapes: dict[tuple[str, str], list[tuple[GroundFeature, BaseGeometry]]] = defaultdict(list)
    moved = np.array([_moved(one.shape, sheet) for one in ground.features], dtype=object)
    crossed = ~shapely.is_valid(moved)  # layers are drawn by hand, and hands slip
    moved[crossed] = shapely.make_valid(moved[crossed])
    cut = shapely.simplify(shapely.clip_by_rect(moved, *near), FINEST_MM)
    for feature, shape in zip(ground.features, cut, strict=True):
        if not shapely.is_empty(shape):
            shapes[feature.kind, _sort(feature)].append((feature, shape))
    boundary = shapely.simplify(_moved(ground.boundary, sheet), FINEST_MM)
    return Page(sheet, dict(shapes), shapely.clip_by_rect(shapely.make_valid(boundary), *near))


def draw_ground(pen: Pen, page: Page, picture: bytes | None) -> None:
    """Everything but names, cut at the frame: full within the boundary, faded beyond it."""
    frame = page.sheet.layout.frame
    shapely.prepare(page.boundary)
    with pen.within(frame):
        if picture:
            pen.picture(muted(picture, page.boundary, frame), frame)
        else:
            _ground(pen, _part(page, shapely.within, inside=False))
            with pen.within_shape(page.boundary):
                _ground(pen, _part(page, shapely.intersects, inside=True))
        _boundary(pen, page)


def _part(page: Page, met: Callable[..., Any], *, inside: bool) -> Page:
    """The page with what lies inside the boundary, or with what lies at least partly beyond it, and faded."""
    shapes = {}
    for key, ones in page.shapes.items():
        kept = met([shape for _, shape in ones], page.boundary) == inside
        shapes[key] = [one for one, is_kept in zip(ones, kept, strict=True) if is_kept]
    return replace(page, shapes=shapes, fade=0.0 if inside else OUTSIDE_FADE)


def _ground(pen: Pen, page: Page) -> None:
    pen.rectangle(page.sheet.layout.frame, page.tone("land"))
    _areas(pen, page)
    _water(pen, page)
    _footways(pen, page)
    _buildings(pen, page)
    _rails(pen, page)
    _carriageways(pen, page)
    _bridges(pen, page)


def _areas(pen: Pen, page: Page) -> None:
    for kind in ("area", "green"):
        for sort in page.sorts(kind):
            shapes = [shape for _, shape in page.of(kind, [sort])]
            for shape in shapes:  # one by one: they may overlap
                pen.fill(shape, page.tone(f"{kind}.{sort}", f"{kind}.fill"))


def _water(pen: Pen, page: Page) -> None:
    waters = [shape for _, shape in page.of("water")]
    shore, fill = page.tone("water.line"), page.tone("water.fill")
    rivers = [(shape, _river_width(one, page)) for one, shape in page.of("river")]
    for shape, width in rivers:
        pen.stroke(shape, shore, width + (0.3 if width > 0.6 else 0))
    if waters:
        pen.stroke(_all(waters), shore, 0.3)
    # Rivers and lakes flow into one another, so all fills come after all shores.
    for shape in waters:
        pen.fill(shape, fill)
    for shape, width in rivers:
        if width > 0.6:
            pen.stroke(shape, fill, width)


def _river_width(river: GroundFeature, page: Page) -> float:
    stream = river.sort == "stream"
    metres = river.width_m or (2 if stream else 9)
    return max((0.25 if stream else 0.6) * page.size, metres * 1000 / page.sheet.scale)


def _footways(pen: Pen, page: Page) -> None:
    for sort, (width, dash) in FOOTWAYS.items() if page.sheet.scale * page.size < _FOOTWAYS_TO else ():
        shapes = [shape for _, shape in page.of("street", [sort])]
        if shapes:
            dashes = [part * page.size for part in dash]
            pen.stroke(_all(shapes), page.tone(f"street.{sort}.fill"), width * page.size, dash=dashes, cap=0)


def _buildings(pen: Pen, page: Page) -> None:
    drawn = []
    for sort in page.sorts("building"):
        shapes = [shape for _, shape in page.of("building", [sort]) if shape.area > SMALLEST_MM2]
        if shapes:
            pen.fill(_all(shapes), page.tone(f"building.{sort}", "building.fill"))
            drawn += shapes
    if drawn:
        pen.stroke(_all(drawn), page.tone("building.line"), 0.09 * page.size)


def _rails(pen: Pen, page: Page) -> None:
    rails = [shape for _, shape in page.of("rail")]
    if not rails:
        return
    width = 0.5 * page.size
    pen.stroke(_all(rails), page.tone("rail.line"), width, cap=0)
    pen.stroke(_all(rails), page.tone("rail.tie"), width * 0.5, dash=(1.6 * page.size,) * 2, cap=0)


def _carriageways(pen: Pen, page: Page) -> None:
    """All casings first, then all fills, so that crossings flow together."""
    small = page.sheet.scale * page.size >= _LANES_TO
    sorts = [sort for sort in CARRIAGEWAYS if not (small and sort == "lane")]
    streets = {sort: [shape for _, shape in page.of("street", [sort])] for sort in sorts}
    edge = 2 * _CASING_MM * page.size * page.thinned
    for sort, shapes in streets.items():
        if shapes:
            tone = page.tone(f"street.{sort}.casing")
            pen.stroke(_all(shapes), tone, page.street_width(sort) + edge)
    for sort, shapes in streets.items():
        if shapes:
            pen.stroke(_all(shapes), page.tone(f"street.{sort}.fill"), page.street_width(sort))


def _bridges(pen: Pen, page: Page) -> None:
    for (kind, sort), ones in page.shapes.items():
        bridges = [shape for feature, shape in ones if feature.bridge]
        if kind != "street" or not bridges:
            continue
        width = page.street_width(sort) if sort in CARRIAGEWAYS else 0.5 * page.size * page.thinned
        pen.stroke(_all(bridges), page.tone("label.soft"), width + 0.4 * page.size, cap=0)
        pen.stroke(_all(bridges), page.tone("street.street.fill"), width, cap=1)


def _boundary(pen: Pen, page: Page) -> None:
    left, top, width, height = page.sheet.layout.frame
    inner = (left - 1, top - 1, left + width + 1, top + height + 1)
    # Where the boundary was cut near the frame it is no boundary.
    edge = shapely.clip_by_rect(page.boundary.boundary, *inner)
    size = page.size
    dash = (3.2 * size, 1.0 * size, 0.5 * size, 1.0 * size)
    pen.stroke(edge, page.tone("boundary.line"), 0.42 * size, dash=dash, cap=0)


def _sort(feature: GroundFeature) -> str:
    """A feature's class; streets of one that we don't know look like any street."""
    known = feature.kind != "street" or feature.sort in CARRIAGEWAYS or feature.sort in FOOTWAYS
    return feature.sort if known else "street"


def _moved(shape: BaseGeometry, sheet: PaperSheet) -> BaseGeometry:
    return shapely.transform(shapely.force_2d(shape), sheet.to_page, interleaved=False)


def _all(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    return shapely.GeometryCollection(list(shapes))
