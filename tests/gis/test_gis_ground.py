"""The compact form of an own vector basemap holds what its GeoJSON held, exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.config import ROOT
from gis.formats.ground import DEPTH, compact_ground


def unfolded(ground: dict[str, Any]) -> list[tuple[dict[str, Any], str, Any]]:
    """Properties, geometry type and coordinates of each feature, as static/js/map/ground.js makes them."""
    at = [0, 0]

    def point(dx: int, dy: int) -> list[float]:
        at[0] += dx
        at[1] += dy
        return [at[0] / ground["scale"], at[1] / ground["scale"]]

    def places(steps: Any, depth: int, *, ring: bool) -> Any:
        if depth == 0:
            return point(*steps)
        if depth > 1:
            return [places(part, depth - 1, ring=ring) for part in steps]
        made = [point(steps[i], steps[i + 1]) for i in range(0, len(steps), 2)]
        return [*made, made[0]] if ring else made

    found = []
    for number, (sort, steps) in enumerate(zip(ground["of"], ground["at"], strict=True)):
        kind, properties = ground["sorts"][sort]
        name = ground["names"].get(str(number))
        said = properties if name is None else properties | {"name": name}
        found.append((said, kind, places(steps, DEPTH[kind], ring=kind.endswith("Polygon"))))
    return found


def test_the_sample_towns_layer_comes_back_as_it_was() -> None:
    layer = json.loads((ROOT / "sample_maps" / "vzorov" / "basemap.geojson").read_text())
    ground = compact_ground(layer)
    assert unfolded(json.loads(json.dumps(ground))) == [
        (feature["properties"], feature["geometry"]["type"], feature["geometry"]["coordinates"])
        for feature in layer["features"]
    ]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": []},
        {"type": "Blob", "coordinates": [1, 2]},
    ],
)
def test_what_can_not_be_drawn_is_left_out(geometry: dict[str, Any] | None) -> None:
    assert compact_ground({"features": [{"properties": {"kind": "green"}, "geometry": geometry}]})["at"] == []


def test_heights_are_left_out_and_more_decimals_than_can_be_seen_are_rounded() -> None:
    line = {"type": "LineString", "coordinates": [[15.123456789, 49.5, 311.0], [15.2, 49.6, 312.0]]}
    ground = compact_ground({"features": [{"properties": None, "geometry": line}]})
    assert ground["scale"] == 10**7
    assert unfolded(ground) == [({}, "LineString", [[15.1234568, 49.5], [15.2, 49.6]])]


def test_a_layer_of_nothing_is_a_ground_of_nothing() -> None:
    assert compact_ground({"type": "FeatureCollection", "features": []})["of"] == []
