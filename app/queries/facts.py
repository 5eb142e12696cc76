"""The layers of facts that a town lays beside the feelings: which there are, and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, func, select, type_coerce
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.models import Fact, FactLayer, FactShape, TownMap
from gis.crs import to_metric, transform_geometry

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

AROUND_DEG = 0.05
"""About four kilometres: so far around its maps a town's facts are kept."""
MOST_SHOWN = 4_000
"""Shapes sent for one view of the map; of more, points are drawn together and the smallest others left out."""
SHOWN_CELLS = 160
"""Into how many columns a view is cut where points are drawn together."""
SHOWN_PIXELS = 1_500
"""How wide a view is at most: what is finer than one of them is left out of lines and areas."""


@dataclass(frozen=True)
class FactLayerRecord:
    """One layer as pages and analyses need it."""

    id: int
    town_id: int
    name: str
    shape: str
    source: Mapping[str, Any]
    features: int
    version: int
    loaded_at: datetime


def fact_layers(session: Session, town_id: int) -> list[FactLayerRecord]:
    """All layers of a town, by name."""
    rows = session.scalars(select(FactLayer).where(FactLayer.town_id == town_id).order_by(FactLayer.id))
    return sorted((_record(row) for row in rows), key=lambda layer: layer.name.casefold())


def fact_layer(session: Session, town_id: int, layer_id: int) -> FactLayerRecord:
    """One layer of this town; Unknown for another town's as for none."""
    row = session.get(FactLayer, layer_id, populate_existing=True) if layer_id < 1 << 31 else None
    if row is None or row.town_id != town_id:
        raise Unknown
    return _record(row)


def around_maps(session: Session, town_id: int) -> Box | None:
    """Where a town's facts are kept: its maps' boundaries and some kilometres around; None before it has any."""
    extent = func.ST_Extent(type_coerce(TownMap.boundary, Geometry)).label("extent")
    boxes = select(extent).where(TownMap.town_id == town_id).subquery()
    edges = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    found = session.execute(select(*(edge(boxes.c.extent) for edge in edges))).one()
    if found[0] is None:
        return None
    west, south, east, north = (float(edge) for edge in found)
    return west - AROUND_DEG, south - AROUND_DEG, east + AROUND_DEG, north + AROUND_DEG


def metric_facts(session: Session, layer_id: int, srid: int) -> NDArray[Any]:
    """The shapes of a layer in a metric system, in the order of the file."""
    query = select(func.ST_AsBinary(Fact.place)).where(Fact.layer_id == layer_id).order_by(Fact.n)
    shapes = shapely.from_wkb(np.array([bytes(wkb) for wkb in session.scalars(query)], dtype=object))
    return np.asarray(transform_geometry(shapes, to_metric(srid))) if len(shapes) else shapes


@dataclass(frozen=True)
class ShownFacts:
    """A layer, or what of it lies in a view, as GeoJSON."""

    features: list[dict[str, Any]]
    complete: bool
    """Whether every fact is there by itself, as exactly as it is known."""


def shown_facts(session: Session, layer: FactLayerRecord, box: Box | None) -> ShownFacts:
    """The facts in a view, drawn together or simplified where they are many."""
    here: list[ColumnElement[bool]] = [Fact.layer_id == layer.id]
    if box is not None:
        here.append(Fact.place.op("&&")(func.ST_MakeEnvelope(*box, 4326)))
    many = session.scalar(
        select(func.count()).select_from(select(Fact.n).where(*here).limit(MOST_SHOWN + 1).subquery())
    )
    few = (many or 0) <= MOST_SHOWN
    plain = select(func.ST_AsGeoJSON(Fact.place, 6), Fact.label, Fact.happened_on).where(*here).order_by(Fact.n)
    if layer.shape == FactShape.POINTS:
        return _features(session, plain, complete=few) if few else _drawn_together(session, here, box)
    west, _, east, _ = box or _extent(session, here)
    pixel = max(east - west, 0.0) / SHOWN_PIXELS
    size = func.ST_Area if layer.shape == FactShape.AREAS else func.ST_Length
    simple = func.ST_AsGeoJSON(func.ST_SimplifyPreserveTopology(Fact.place, pixel), 6)
    query = select(simple, Fact.label, Fact.happened_on).where(*here).order_by(size(Fact.place).desc(), Fact.n)
    return _features(session, query.limit(MOST_SHOWN), complete=False)


def _features(session: Session, query: Select[Any], *, complete: bool) -> ShownFacts:
    features = [
        {
            "type": "Feature",
            "properties": {"label": label, "day": day.isoformat() if day else None},
            "geometry": json.loads(place),
        }
        for place, label, day in session.execute(query)
    ]
    return ShownFacts(features, complete)


def _drawn_together(session: Session, here: list[ColumnElement[bool]], box: Box | None) -> ShownFacts:
    """One point for all in a small piece of the view, with their number."""
    west, _, east, _ = box or _extent(session, here)
    cell = func.ST_SnapToGrid(Fact.place, max((east - west) / SHOWN_CELLS, 1e-6))
    query = (
        select(func.avg(func.ST_X(Fact.place)), func.avg(func.ST_Y(Fact.place)), func.count())
        .where(*here)
        .group_by(cell)
        .limit(4 * MOST_SHOWN)
    )
    features = [
        {
            "type": "Feature",
            "properties": {"n": n},
            "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        }
        for lon, lat, n in session.execute(query)
    ]
    return ShownFacts(features, complete=False)


def _extent(session: Session, here: list[ColumnElement[bool]]) -> Box:
    extent = select(func.ST_Extent(type_coerce(Fact.place, Geometry)).label("extent")).where(*here).subquery()
    edges = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    west, south, east, north = session.execute(select(*(edge(extent.c.extent) for edge in edges))).one()
    return float(west or 0), float(south or 0), float(east or 0), float(north or 0)


def _record(row: FactLayer) -> FactLayerRecord:
    return FactLayerRecord(
        row.id, row.town_id, row.name, row.shape, row.source, row.features, row.version, row.loaded_at
    )
