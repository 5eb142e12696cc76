"""The maps of a report: one ground for all, and on it the heat of each category with its numbered places."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import cos, radians
from pathlib import Path

import shapely
from sqlalchemy.orm import Session

from app.queries.heat_files import heat_ramp
from app.queries.maps import basemap_layer
from app.queries.report import CategoryPart, Report
from app.queries.story import SPOKEN_WITHIN_M
from app.services.tiles import Tile, TileUnavailable, fetch_tile
from gis.analysis.scale import legend_labels
from gis.formats.heat_png import render
from gis.formats.report_map import (
    Feature,
    Label,
    Mark,
    ReportMap,
    picture_ground,
    picture_height,
    street_lines,
    street_names,
    vector_ground,
)
from gis.formats.report_map_tiles import TileKey, mosaic, tiles_over
from gis.mercator import Bounds, mercator_of
from gis.palette import THEMES
from gis.ramp import swatches

log = logging.getLogger(__name__)

HEAT_PIXELS = 1300
"""Across a page: 200 to the inch, and heat is smooth."""
GROUND_PIXELS = 1500
PLACE_M = 560.0
PLACE_SHAPE = 0.75
PLACE_PIXELS = 560
PLACE_TEXT = 42.0
"""A place's map is printed 52 mm wide: so its letters are 2.2 mm."""
TILES_S = 20.0
"""For fetching what is not in our store yet; a report must not wait for a slow server."""


class GroundKind(StrEnum):
    """What the ground of the maps is."""

    VECTOR = "vector"
    TILES = "tiles"
    PAPER = "paper"
    """The boundary on paper: the map has no vector layer, and its tiles can't be had now."""


@dataclass(frozen=True)
class Ground:
    """What all maps of a report are drawn on."""

    kind: GroundKind
    bounds: Bounds
    markup: str = field(repr=False)
    lines: str = field(repr=False, default="")
    labels: Sequence[Label] = ()


@dataclass(frozen=True)
class TileSource:
    """Where tiles are kept, and which inner servers may be asked for them."""

    folder: Path
    inner_hosts: Collection[str] = ()


@dataclass(frozen=True)
class Manner:
    """How the language of a report writes on its maps."""

    north: str
    decimal_comma: bool


@dataclass(frozen=True)
class LegendClass:
    """One class of a heat's legend: its numbers, and its colour on light and on dark paper."""

    label: str
    light: str
    dark: str


class Studio:
    """Draws the maps of one report, all on the same ground."""

    def __init__(self, session: Session, report: Report, tiles: TileSource, manner: Manner) -> None:
        self.report = report
        self.tiles = tiles
        self.manner = manner
        the_map = report.the_map
        layer = basemap_layer(session, the_map.id) if the_map.basemap["kind"] == "vector" else None
        self.features: Sequence[Feature] = json.loads(layer.geojson)["features"] if layer else ()
        self.tiles_until = time.monotonic() + TILES_S
        self.ground = self._ground(_bounds_of(report.story.focus), GROUND_PIXELS, {"district"})

    def category_map(self, part: CategoryPart) -> ReportMap:
        """The map of one category; it must have heat."""
        drawn = self._drawn(part, self.ground, HEAT_PIXELS)
        marks = [Mark(p.place.lon, p.place.lat, str(n)) for n, p in enumerate(part.places, 1)]
        return replace(drawn, marks=marks, north=self.manner.north)

    def place_map(self, part: CategoryPart, number: int) -> ReportMap | None:
        """Where the n-th strongest place is; None where there is nothing to find one's way by."""
        place = part.places[number - 1].place
        if self.ground.kind is GroundKind.PAPER:
            return None
        around = _bounds_around(place.lon, place.lat)
        ground = self._ground(around, PLACE_PIXELS, {"place"})
        return ReportMap(
            bounds=around,
            ground=ground.markup,
            heat={},
            marks=[Mark(place.lon, place.lat, str(number))],
            ring_m=SPOKEN_WITHIN_M,
            labels=[*ground.labels, *street_names(self.features, around)],
            decimal_comma=self.manner.decimal_comma,
            text=PLACE_TEXT,
        )

    def _drawn(self, part: CategoryPart, ground: Ground, pixels: int) -> ReportMap:
        heat = part.heat
        if heat is None:
            raise ValueError(f"nothing to draw of {part.story.record.key}")
        size = (pixels, round(pixels * picture_height(ground.bounds) / 1000))
        inks = {theme: heat_ramp(self.report.the_map, part.story.record.key, theme) for theme in THEMES}
        return ReportMap(
            bounds=ground.bounds,
            ground=ground.markup,
            heat={t: render(heat.surface, ground.bounds, size, inks[t], heat.breaks) for t in THEMES},
            lines=ground.lines,
            labels=ground.labels,
            decimal_comma=self.manner.decimal_comma,
        )

    def _ground(self, bounds: Bounds, pixels: int, named: Collection[str]) -> Ground:
        """The ground over these bounds: the town's own layer, else its tiles, else paper."""
        the_map = self.report.the_map
        if self.features:
            return Ground(
                GroundKind.VECTOR,
                bounds,
                vector_ground(self.features, the_map.boundary, bounds),
                street_lines(self.features, bounds),
                _named(self.features, named),
            )
        picture = self._tiles(bounds, pixels) if the_map.basemap["kind"] == "xyz" else None
        if picture:
            return Ground(GroundKind.TILES, bounds, picture_ground(picture, the_map.boundary, bounds))
        return Ground(GroundKind.PAPER, bounds, vector_ground((), the_map.boundary, bounds))

    def _tiles(self, bounds: Bounds, pixels: int) -> bytes | None:
        """The tiles as one pale picture, out of our store or fetched into it; None where one is missing."""
        basemap = self.report.the_map.basemap
        found: dict[TileKey, bytes] = {}
        try:
            for key in tiles_over(bounds, pixels, int(basemap.get("max_zoom", 19))):
                if time.monotonic() > self.tiles_until:
                    log.warning("no tiles under a map of a report: their server is too slow")
                    return None
                tile = fetch_tile(basemap["url"], Tile(*key), self.tiles.folder, self.tiles.inner_hosts)
                found[key] = tile.data
            return mosaic(found, bounds) if found else None
        except (TileUnavailable, OSError) as error:
            log.warning("no tiles under a map of a report: %s", error)
            return None


def legend_of(report: Report, part: CategoryPart, manner: Manner) -> list[LegendClass]:
    """The classes of a category's heat, from the least."""
    if part.heat is None:
        return []
    light, dark = (swatches(heat_ramp(report.the_map, part.story.record.key, t), part.heat.breaks) for t in THEMES)
    labels = legend_labels(part.heat.breaks, decimal_comma=manner.decimal_comma)
    return [LegendClass(*row) for row in zip(labels, (s.seen for s in light), (s.seen for s in dark), strict=True)]


def _bounds_of(focus: tuple[float, float, float, float]) -> Bounds:
    x, y = mercator_of(focus[::2], focus[1::2])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def _bounds_around(lon: float, lat: float) -> Bounds:
    """A box around a place, PLACE_M wide on the ground and three quarters as high."""
    x, y = (float(v) for v in mercator_of(lon, lat))
    half = PLACE_M / 2 / cos(radians(lat))
    return x - half, y - half * PLACE_SHAPE, x + half, y + half * PLACE_SHAPE


def _named(features: Sequence[Feature], kinds: Collection[str]) -> list[Label]:
    """The names of what lies on a layer."""
    found = []
    for feature in features:
        properties = feature.get("properties") or {}
        if properties.get("kind") in kinds and properties.get("name"):
            middle = shapely.from_geojson(json.dumps(feature["geometry"])).representative_point()
            found.append(Label(middle.x, middle.y, str(properties["name"])))
    return found
