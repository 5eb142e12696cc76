"""Write the files of the sample map Vzorov: `python -m sample_maps.make_vzorov [FOLDER]`."""

import json
import sys
from pathlib import Path

from pyproj import Transformer
from shapely import set_precision, transform
from shapely.geometry import Point, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from sample_maps.make_vzorov import facts, people
from sample_maps.make_vzorov import town as drawing

SEED = 999_997
ORIGIN = (15.52, 49.62)  # lon, lat of the middle of the square: open fields in Vysočina
FINE, COARSE = 1e-6, 1e-5  # degrees: about 0.1 m for lines, 1 m for lamps, trees and open land
HOUSE = 5e-6  # a third of a metre is below a pixel at zoom 19, and halves what the footprints weigh

SYNTHETIC = (
    "Synthetic data: the town of Vzorov, its people, their pins, comments and the town's answers are made up "
    "by a seeded generator (sample_maps/make_vzorov). "
    "Smyšlená data: město, lidé, špendlíky i odpovědi jsou vymyšlené."
)

FACTS_NOTE = "Smyšlená data (sample_maps/make_vzorov)"
FACTS_DAY = "2026-09-01"

_to_wgs84 = Transformer.from_crs(
    f"+proj=aeqd +lon_0={ORIGIN[0]} +lat_0={ORIGIN[1]} +datum=WGS84 +units=m", "EPSG:4326", always_xy=True
)


def geometry(shape: BaseGeometry, step: float = FINE) -> dict[str, object]:
    """A GeoJSON geometry in WGS 84 from a shape in local metres."""
    turned = orient(shape) if isinstance(shape, Polygon) else shape
    moved = transform(turned, _to_wgs84.transform, interleaved=False)
    if isinstance(moved, Polygon):
        moved = set_precision(moved, step)  # rounding alone may cross the edges of a narrow house
        moved = orient(moved) if isinstance(moved, Polygon) else moved
    plain = mapping(moved)
    return {"type": plain["type"], "coordinates": _trimmed(plain["coordinates"], step)}


def _trimmed(value: object, step: float) -> object:
    if isinstance(value, float):
        return round(round(value / step) * step, 6)
    if isinstance(value, (tuple, list)):
        return [_trimmed(item, step) for item in value]
    raise TypeError(value)


def feature(item: drawing.Feature) -> dict[str, object]:
    """One basemap feature as GeoJSON."""
    coarse = item.kind in ("lamp", "tree", "green", "area", "place", "district")
    step = HOUSE if item.kind == "building" else COARSE if coarse else FINE
    return {
        "type": "Feature",
        "properties": {"kind": item.kind, **item.properties},
        "geometry": geometry(item.shape, step),
    }


def pin_feature(pin: people.Pin) -> dict[str, object]:
    """One pin as GeoJSON."""
    where = geometry(Point(pin.x, pin.y))
    return {"type": "Feature", "id": pin.id, "properties": pin.properties, "geometry": where}


def fact_feature(point: Point, name: str | None) -> dict[str, object]:
    """One fact as GeoJSON."""
    said = {"name": name} if name else {}
    return {"type": "Feature", "properties": said, "geometry": geometry(point, COARSE)}


def write(path: Path, features: list[dict[str, object]], description: str = "", **members: object) -> None:
    """Replace a FeatureCollection in one step, one feature a line, so that changes read well in a diff."""
    head: dict[str, object] = {"type": "FeatureCollection", **members}
    if description:
        head["description"] = description
    lines = ",\n".join(_compact(item) for item in features)
    draft = path.with_suffix(".new")
    draft.write_text(_compact(head)[:-1] + ',"features":[\n' + lines + "\n]}\n", encoding="utf-8")
    draft.replace(path)


def _compact(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    """Draw the town, people it and write all files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "vzorov"
    folder.mkdir(parents=True, exist_ok=True)
    town = drawing.draw(SEED)
    named = {"name": "Vzorov", "ruian": 999997}
    edge: dict[str, object] = {"type": "Feature", "properties": named, "geometry": geometry(town.boundary)}
    write(folder / "basemap.geojson", [feature(item) for item in town.features])
    write(folder / "boundary.geojson", [edge])
    write(folder / "pins.geojson", [pin_feature(pin) for pin in people.pins(town, SEED)], SYNTHETIC)
    (folder / "facts").mkdir(exist_ok=True)
    for layer in facts.layers(town, SEED):
        members = {"name": layer.name, "note": FACTS_NOTE, "day": FACTS_DAY}
        if any(name for _, name in layer.points):
            members["label"] = "name"
        features = [fact_feature(point, name) for point, name in layer.points]
        write(folder / "facts" / f"{layer.file}.geojson", features, SYNTHETIC, **members)


if __name__ == "__main__":
    main()
