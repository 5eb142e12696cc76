/**
 * The names in a basemap as a list to search and to speak: "near Lipová", "Lipová – street".
 * Pure: takes the basemap's GeoJSON, knows no page and no map.
 */

import { boxAround, boxOf, distanceToLine, inPolygon, joinLines, pointAlong, roomInside, runningLength } from "#js/map/geometry.js";

/** Metres in a degree of latitude (mean sphere). */
const DEGREE_M = (Math.PI * 6371008.8) / 180;

/** What each kind of feature is called in the list. */
const KINDS = { street: "street", place: "place", building: "place", district: "district", water: "water", river: "water", green: "green" };

/** The order in which equally good finds are offered. */
const RANK = { street: 0, place: 1, district: 2, green: 3, water: 4 };

/** The text without accents and capitals, runs of anything but letters and digits as one space. */
export function fold(text) {
  return String(text)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** The lines and rings of a geometry as flat arrays, with what they are. */
function partsOf(geometry) {
  const flat = (pairs) => pairs.flatMap(([lon, lat]) => [lon, lat]);
  switch (geometry?.type) {
    case "Point":
      return { lines: [flat([geometry.coordinates])], polygons: [] };
    case "LineString":
      return { lines: [flat(geometry.coordinates)], polygons: [] };
    case "MultiLineString":
      return { lines: geometry.coordinates.map(flat), polygons: [] };
    case "Polygon":
      return { lines: [], polygons: [geometry.coordinates.map(flat)] };
    case "MultiPolygon":
      return { lines: [], polygons: geometry.coordinates.map((rings) => rings.map(flat)) };
    default:
      return { lines: [], polygons: [] };
  }
}

/** Features of one kind and name gathered: a street cut into twenty pieces is one street. */
function gather(geojson) {
  const gathered = new Map();
  for (const feature of geojson?.features ?? []) {
    const { kind, name, class: sort } = feature.properties ?? {};
    const listed = KINDS[kind];
    if (!listed || typeof name !== "string" || !name.trim()) continue;
    const { lines, polygons } = partsOf(feature.geometry);
    if (!lines.length && !polygons.length) continue;
    // Two places may share a name (two bus stops); only drawn-out things are gathered by it.
    const apart = feature.geometry.type === "Point" && kind !== "district";
    const key = apart ? `${listed}|${name}|${lines[0]}` : `${listed}|${name}`;
    if (!gathered.has(key)) gathered.set(key, { name, kind: listed, class: sort ?? "", lines: [], polygons: [] });
    const entry = gathered.get(key);
    entry.lines.push(...lines);
    entry.polygons.push(...polygons);
  }
  return [...gathered.values()];
}

/** The place to show for an entry: the middle of its longest line, or the roomiest spot of its largest polygon. */
function representative({ lines, polygons }) {
  if (polygons.length) {
    const spots = polygons.map(roomInside).sort((a, b) => b.width - a.width);
    return { lon: spots[0].x, lat: spots[0].y };
  }
  let best = { lon: lines[0][0], lat: lines[0][1] };
  let longest = -1;
  for (const line of joinLines(lines)) {
    const lengths = runningLength(line);
    const whole = lengths[lengths.length - 1];
    if (whole <= longest) continue;
    longest = whole;
    const { x, y } = pointAlong(line, lengths, whole / 2);
    best = { lon: x, lat: y };
  }
  return best;
}

/**
 * The searchable names of a basemap.
 * @returns {{name: string, kind: string, class: string, lon: number, lat: number, bbox: number[], folded: string}[]}
 */
export function nameList(geojson) {
  return gather(geojson)
    .map((entry) => {
      const bbox = boxAround([...entry.lines, ...entry.polygons.map((rings) => rings[0])].map(boxOf));
      return { ...entry, ...representative(entry), bbox, folded: fold(entry.name) };
    })
    .sort((a, b) => RANK[a.kind] - RANK[b.kind] || a.name.localeCompare(b.name, "cs"));
}

/** How well a folded name answers a folded query; 0 is best, Infinity is not at all. */
function fit(folded, query) {
  if (folded === query) return 0;
  if (folded.startsWith(query)) return 1;
  if (folded.includes(` ${query}`)) return 2;
  const words = query.split(" ");
  const starts = ` ${folded}`;
  if (words.length > 1 && words.every((word) => starts.includes(` ${word}`))) return 3;
  return folded.includes(query) ? 4 : Infinity;
}

/** The names that answer the query, best first: the start of the name, then of a word in it, then any part. */
export function search(names, query, limit = 8) {
  const wanted = fold(query);
  if (!wanted) return [];
  return names
    .map((entry, order) => ({ entry, order, worth: fit(entry.folded, wanted) }))
    .filter(({ worth }) => worth < Infinity)
    .sort((a, b) => a.worth - b.worth || a.entry.folded.length - b.entry.folded.length || a.order - b.order)
    .slice(0, limit)
    .map(({ entry }) => entry);
}

/** Metres from a place to an entry: 0 inside its polygon. */
function distanceTo(entry, lon, lat) {
  const flatten = Math.cos((lat * Math.PI) / 180);
  const plane = (line) => line.map((value, i) => (i % 2 ? value - lat : (value - lon) * flatten) * DEGREE_M);
  let least = Infinity;
  for (const line of entry.lines) least = Math.min(least, distanceToLine(plane(line), 0, 0));
  for (const rings of entry.polygons) {
    if (inPolygon(rings, lon, lat)) return 0;
    least = Math.min(least, distanceToLine(plane(rings[0]), 0, 0));
  }
  return least;
}

/**
 * The nearest street or place to a spot, or null when there is none within maxM metres.
 * A place (a school, a square) beats a street that is not clearly nearer: it says more.
 */
export function nearestName(names, lon, lat, maxM = 80) {
  const slackLat = maxM / DEGREE_M;
  const slackLon = slackLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  let best = null;
  for (const entry of names) {
    if (entry.kind === "district") continue;
    const [w, s, e, n] = entry.bbox;
    if (lon < w - slackLon || lon > e + slackLon || lat < s - slackLat || lat > n + slackLat) continue;
    const metres = distanceTo(entry, lon, lat);
    if (metres > maxM) continue;
    const standing = metres - (entry.kind === "place" ? 10 : 0);
    if (!best || standing < best.standing) best = { entry, metres, standing };
  }
  if (!best) return null;
  const { name, kind, class: sort } = best.entry;
  return { name, kind, class: sort, distance_m: Math.round(best.metres) };
}

/** A function (lon, lat, maxM = 80) → the nearest name, for a basemap. */
export function nearestFinder(geojson) {
  const names = nameList(geojson);
  return (lon, lat, maxM = 80) => nearestName(names, lon, lat, maxM);
}
