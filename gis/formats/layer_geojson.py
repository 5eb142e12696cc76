"""Layers as GeoJSON, a feature a line: RFC 7946 in WGS 84, else with the older standard's `crs` member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import shapely
from shapely.geometry import mapping

from gis.crs import WGS84, is_geographic
from gis.formats.layer import GEOMETRY, ID, SEVERAL, Kind, Layer
from gis.geojson import DECIMALS, dumps

METRIC_DECIMALS: Final = 3
COLLECTION_END: Final = b"\n]}\n"


def layer_geojson(layer: Layer) -> Iterator[bytes]:
    """The layer as pieces of a FeatureCollection, to send one after another; axes are east before north."""
    kinds = {field.name: field.kind for field in layer.fields}
    decimals = decimals_of(layer.epsg)
    yield collection_head(layer.name, layer.epsg)
    between = ""
    for batch in layer.batches:
        if not batch.num_rows:
            continue
        shapes = shapely.from_wkb(batch.column(GEOMETRY).to_pylist())
        rows = batch.drop_columns([GEOMETRY]).to_pylist()
        features = (_feature(row, shape, kinds, decimals) for row, shape in zip(rows, shapes, strict=True))
        yield (between + ",\n".join(features)).encode()
        between = ",\n"
    yield COLLECTION_END


def collection_head(name: str, epsg: int) -> bytes:
    """The beginning of a FeatureCollection, up to its first feature."""
    head: dict[str, Any] = {"type": "FeatureCollection", "name": name}
    if epsg != WGS84:
        head["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    return (dumps(head)[:-1] + ',"features":[\n').encode()


def decimals_of(epsg: int) -> int:
    """How many decimals coordinates have in texts: about a decimetre in degrees, a millimetre in metres."""
    return DECIMALS if is_geographic(epsg) else METRIC_DECIMALS


def written_time(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the microsecond, as all files have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _feature(row: Mapping[str, Any], shape: Any, kinds: Mapping[str, Kind], decimals: int) -> str:
    return dumps(
        {
            "type": "Feature",
            "id": row[ID],
            "geometry": _rounded(mapping(shape), decimals) if shape is not None else None,
            "properties": {name: _value(row[name], kind) for name, kind in kinds.items()},
        }
    )


def _value(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.TIME:
        return written_time(value)
    return value.split(SEVERAL) if kind is Kind.LIST else value


def _rounded(geometry: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    def each(numbers: Any) -> Any:
        return round(numbers, decimals) if isinstance(numbers, float) else [each(one) for one in numbers]

    return {"type": geometry["type"], "coordinates": each(geometry["coordinates"])}
