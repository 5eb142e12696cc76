"""Boundaries are read with care, features written as RFC 7946 asks."""

from __future__ import annotations

import json

import pytest
import shapely
from shapely.geometry import Point, shape

from gis.geojson import InvalidGeometry, Reason, dumps, geometry_json, read_boundary

RING = [[15, 49], [16, 49], [16, 50], [15, 50], [15, 49]]
HOLE = [[15.2, 49.2], [15.2, 49.4], [15.4, 49.4], [15.2, 49.2]]


def polygon(*rings, **members):
    return {"type": "Polygon", "coordinates": list(rings), **members}


def feature(geometry):
    return {"type": "Feature", "properties": {}, "geometry": geometry}


@pytest.mark.parametrize(
    "source",
    [
        polygon(RING),
        polygon(RING[::-1]),
        polygon([[*point, 300] for point in RING]),
        feature(polygon(RING)),
        {"type": "FeatureCollection", "features": [feature(polygon(RING))]},
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        json.dumps(polygon(RING)),
        b"\xef\xbb\xbf" + json.dumps(polygon(RING)).encode(),
        polygon(RING, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}),
    ],
)
def test_one_area_is_read_however_it_is_wrapped(source):
    area = read_boundary(source)
    assert area.geom_type == "MultiPolygon"
    assert area.bounds == (15, 49, 16, 50)
    assert area.geoms[0].exterior.is_ccw
    assert not area.has_z


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{", Reason.NOT_JSON),
        (b"\xff\xfe", Reason.NOT_JSON),
        ("[" * 100_000, Reason.NOT_JSON),
        ("[1]", Reason.NOT_GEOJSON),
        ({}, Reason.NOT_GEOJSON),
        (polygon(RING[:-1]), Reason.NOT_GEOJSON),
        (polygon([["a", 1], ["b", 2], ["c", 3], ["a", 1]]), Reason.NOT_GEOJSON),
        (polygon([[15, None], [16, 49], [16, 50], [15, None]]), Reason.NOT_GEOJSON),
        ({"type": "Polygon", "coordinates": 5}, Reason.NOT_GEOJSON),
        (feature({"type": ["Polygon"], "coordinates": [RING]}), Reason.NOT_A_POLYGON),
        ({"type": "Point", "coordinates": [15, 49]}, Reason.NOT_A_POLYGON),
        (feature(None), Reason.NOT_A_POLYGON),
        (polygon(), Reason.EMPTY),
        ({"type": "FeatureCollection", "features": []}, Reason.EMPTY),
        ({"type": "FeatureCollection", "features": [feature(polygon(RING))] * 2}, Reason.SEVERAL_FEATURES),
        ('{"type":"Polygon","coordinates":[[[NaN,1],[2,1],[2,2],[NaN,1]]]}', Reason.NOT_A_NUMBER),
        ('{"type":"Polygon","coordinates":[[[1e999,1],[2,1],[2,2],[1e999,1]]]}', Reason.NOT_A_NUMBER),
        (polygon([[200, 49], [201, 49], [201, 50], [200, 49]]), Reason.NOT_WGS84),
        (polygon(RING, crs={"properties": {"name": "EPSG:3857"}}), Reason.NOT_WGS84),
        (polygon(RING, crs={"properties": {"name": "urn:ogc:def:crs:EPSG::5514"}}), Reason.KROVAK_NUMBERS),
        (polygon([[15, 49], [16, 50], [16, 49], [15, 50], [15, 49]]), Reason.SELF_CROSSING),
    ],
)
def test_what_is_no_boundary_is_refused_with_its_reason(source, reason):
    with pytest.raises(InvalidGeometry) as refused:
        read_boundary(source)
    assert refused.value.reason == reason


@pytest.mark.parametrize("sign", [1, -1])
def test_krovak_numbers_are_called_by_their_name(sign):
    ring = [[744230, 1042498], [744000, 1042498], [744000, 1042000], [744230, 1042498]]
    with pytest.raises(InvalidGeometry) as refused:
        read_boundary(polygon([[sign * x, sign * y] for x, y in ring]))
    assert refused.value.reason == Reason.KROVAK_NUMBERS
    assert refused.value.details["order"] == ("westing_southing" if sign > 0 else "east_north")


def test_written_areas_turn_the_right_way_and_keep_their_holes():
    written = geometry_json(shapely.Polygon(RING[::-1], [HOLE[::-1]]))
    area = shape(written)
    assert area.exterior.is_ccw
    assert not area.interiors[0].is_ccw
    assert area.area == pytest.approx(0.98)


def test_numbers_that_json_does_not_have_are_never_written():
    with pytest.raises(ValueError, match="JSON"):
        dumps({"x": float("nan")})


def test_coordinates_are_written_to_six_decimals():
    written = geometry_json(Point(15.123456789, 49.1))
    assert written == {"type": "Point", "coordinates": [15.123457, 49.1]}
