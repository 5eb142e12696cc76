/**
 * A basemap's GeoJSON made ready for drawing: sorted into layers, projected once, indexed by where things lie.
 * Pure; the schema is one FeatureCollection whose features carry `kind`, and optionally `name`, `class`, `bridge`, `width_m`.
 */

import { breath, inSlices } from "#js/lib/breath.js";
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

/** One layer: its items in order and an index over their boxes, made when the layer is first drawn. */
class Layer {
  #grid = null;

  constructor(items) {
    this.items = items;
  }

  /** Makes the index now, where it is not made yet. */
  prepare() {
    this.#grid ??= new BoxGrid(this.items.map((item) => item.box), CELL);
  }

  /** The items that touch a box in world units. */
  within(box) {
    this.prepare();
    return this.#grid.within(box).map((index) => this.items[index]);
  }
}

/** What one feature gives to draw: pieces of its kind, none where it can't be drawn. */
function itemsOf(feature) {
  const properties = feature?.properties ?? {};
  const { kind } = properties;
  if (!KINDS.includes(kind) || !feature.geometry || !suits(kind, feature.geometry.type)) return [];
  return piecesOf(feature.geometry)
    .filter((rings) => rings[0]?.length)
    .map((rings) => ({
      kind,
      rings,
      box: boxOf(rings[0]),
      sort: properties.class ?? "",
      name: typeof properties.name === "string" ? properties.name : "",
      bridge: properties.bridge === true,
      widthM: Number(properties.width_m) || 0,
      lengths: LINE_KINDS.includes(kind) ? runningLength(rings[0]) : null,
    }));
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
  #named = new Map();

  /** @param {{features?: object[]}} geojson @param {object[][]} [pieces] what each of its features gives to draw */
  constructor(geojson, pieces = (geojson?.features ?? []).map(itemsOf)) {
    const items = Object.fromEntries(KINDS.map((kind) => [kind, []]));
    for (const piece of pieces.flat()) items[piece.kind].push(piece);
    this.layers = Object.fromEntries(KINDS.map((kind) => [kind, new Layer(items[kind])]));
    this.box = boxAround(pieces.flat().map((piece) => piece.box));
    this.lat = Number.isFinite(this.box[1]) ? latOf((this.box[1] + this.box[3]) / 2) : 50;
  }

  /** The same, made in slices. */
  static async inSlices(geojson) {
    const pieces = await inSlices(geojson?.features ?? [], itemsOf);
    await breath();
    const atlas = new Atlas(geojson, pieces);
    await inSlices(Object.values(atlas.layers), (layer) => layer.prepare());
    return atlas;
  }

  /** Streets with names, for these to lie along. */
  get namedStreets() {
    return this.#namedOf("street");
  }

  get namedRivers() {
    return this.#namedOf("river");
  }

  #namedOf(kind) {
    if (!this.#named.has(kind)) this.#named.set(kind, namedLines(this.layers[kind].items));
    return this.#named.get(kind);
  }

  /** Metres in a pixel of this town at a zoom. */
  metresPerPixel(zoom) {
    return metresPerPixel(this.lat, zoom);
  }
}
