/**
 * A basemap's GeoJSON made ready for drawing: sorted into layers, projected once, indexed by where things lie.
 * Pure; the schema is one FeatureCollection whose features carry `kind`, and optionally `name`, `class`, `bridge`, `width_m`.
 */

import { boxAround, boxOf, joinLines, runningLength } from "#js/map/geometry.js";
import { BoxGrid } from "#js/map/grid.js";
import { latOf, metresPerPixel, worldX, worldY } from "#js/map/mercator.js";

/** Kinds the map can draw; features of any other kind are passed over. */
const POLYGON_KINDS = ["area", "green", "water", "building"];
const LINE_KINDS = ["street", "rail", "river", "barrier"];
const POINT_KINDS = ["place", "district", "lamp", "tree"];
const KINDS = [...POLYGON_KINDS, ...LINE_KINDS, ...POINT_KINDS];

/** Side of an index cell in world units: about 250 m in central Europe. */
const CELL = 0.0025;

/** A list of [lon, lat] as a flat array of world units. */
function project(pairs) {
  const flat = new Float64Array(pairs.length * 2);
  pairs.forEach(([lon, lat], i) => {
    flat[2 * i] = worldX(lon);
    flat[2 * i + 1] = worldY(lat);
  });
  return flat;
}

/** The geometry's pieces: each a list of rings (polygon), one line, or one point. */
function piecesOf(geometry) {
  switch (geometry?.type) {
    case "Point":
      return [[project([geometry.coordinates])]];
    case "MultiPoint":
      return geometry.coordinates.map((point) => [project([point])]);
    case "LineString":
      return [[project(geometry.coordinates)]];
    case "MultiLineString":
      return geometry.coordinates.map((line) => [project(line)]);
    case "Polygon":
      return [geometry.coordinates.map(project)];
    case "MultiPolygon":
      return geometry.coordinates.map((rings) => rings.map(project));
    default:
      return [];
  }
}

/** Whether a piece of this type can be drawn as this kind: a street is no polygon unless it is drawn as an area. */
function suits(kind, geometryType) {
  if (POLYGON_KINDS.includes(kind)) return geometryType.endsWith("Polygon");
  if (LINE_KINDS.includes(kind)) return geometryType.endsWith("LineString");
  return geometryType.endsWith("Point");
}

/** One layer: its items in order and an index over their boxes. */
class Layer {
  constructor(items) {
    this.items = items;
    this.grid = new BoxGrid(items.map((item) => item.box), CELL);
  }

  /** The items that touch a box in world units. */
  within(box) {
    return this.grid.within(box).map((index) => this.items[index]);
  }
}

function itemsOf(features) {
  const items = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (const feature of features) {
    const properties = feature?.properties ?? {};
    if (!items[properties.kind] || !feature.geometry || !suits(properties.kind, feature.geometry.type)) continue;
    for (const rings of piecesOf(feature.geometry)) {
      if (!rings[0]?.length) continue;
      items[properties.kind].push({
        rings,
        box: boxOf(rings[0]),
        sort: properties.class ?? "",
        name: typeof properties.name === "string" ? properties.name : "",
        bridge: properties.bridge === true,
        widthM: Number(properties.width_m) || 0,
        lengths: LINE_KINDS.includes(properties.kind) ? runningLength(rings[0]) : null,
      });
    }
  }
  return items;
}

/** Named lines of one layer, joined where they were only cut, for their names to lie along. */
function namedLines(items) {
  const byName = new Map();
  for (const item of items) {
    if (!item.name) continue;
    const key = `${item.sort}|${item.name}`;
    if (!byName.has(key)) byName.set(key, { name: item.name, sort: item.sort, widthM: item.widthM, lines: [] });
    byName.get(key).lines.push(item.rings[0]);
  }
  return [...byName.values()].flatMap(({ name, sort, widthM, lines }) =>
    joinLines(lines).map((line) => ({ name, sort, widthM, line, lengths: runningLength(line) })),
  );
}

/** Everything a basemap holds, ready to draw. */
export class Atlas {
  /** @param {{features?: object[]}} geojson */
  constructor(geojson) {
    const items = itemsOf(geojson?.features ?? []);
    this.layers = Object.fromEntries(KINDS.map((kind) => [kind, new Layer(items[kind])]));
    this.namedStreets = namedLines(items.street);
    this.namedRivers = namedLines(items.river);
    this.box = boxAround(KINDS.flatMap((kind) => items[kind].map((item) => item.box)));
    this.lat = Number.isFinite(this.box[1]) ? latOf((this.box[1] + this.box[3]) / 2) : 50;
  }

  /** Metres in a pixel of this town at a zoom. */
  metresPerPixel(zoom) {
    return metresPerPixel(this.lat, zoom);
  }
}
