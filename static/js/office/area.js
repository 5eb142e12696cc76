/**
 * One area as a ring of corners [lon, lat], not closed: the arithmetic of the drawing tool, without a screen.
 */

import { squaredDistanceToSegment } from "#js/map/geometry.js";

const EARTH_RADIUS_M = 6371008.8;
const DECIMALS = 6;

/** A corner as it is kept: some 0.1 m. */
export const rounded = ([lon, lat]) => [Number(lon.toFixed(DECIMALS)), Number(lat.toFixed(DECIMALS))];

/** The outer ring of a GeoJSON polygon (Feature, geometry or a MultiPolygon of one part), or [] where there is none. */
export function cornersOf(geojson) {
  const geometry = geojson?.type === "Feature" ? geojson.geometry : geojson;
  const polygon = geometry?.type === "MultiPolygon" ? geometry.coordinates[0] : geometry?.coordinates;
  const ring = geometry && polygon ? polygon[0] : [];
  return (ring ?? []).slice(0, -1).map(([lon, lat]) => rounded([lon, lat]));
}

/** The corners as a GeoJSON Polygon, counter-clockwise as RFC 7946 wants it; null for fewer than three or where sides cross. */
export function polygonOf(corners) {
  if (corners.length < 3 || firstCrossing(corners)) return null;
  const ring = signedArea(corners) < 0 ? [...corners].reverse() : [...corners];
  if (signedArea(ring) === 0) return null;
  return { type: "Polygon", coordinates: [[...ring, ring[0]].map(([lon, lat]) => [lon, lat])] };
}

function signedArea(corners) {
  return corners.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

/** Square metres on a sphere, good to half a percent. */
export function area_m2(corners) {
  if (corners.length < 3) return 0;
  const middle = corners.reduce((sum, [, lat]) => sum + lat, 0) / corners.length;
  const metres = (EARTH_RADIUS_M * Math.PI) / 180;
  // Degrees from the first corner: the sum of products then keeps its digits.
  const [originLon, originLat] = corners[0];
  const shrink = Math.cos((middle * Math.PI) / 180);
  return Math.abs(signedArea(corners.map(([lon, lat]) => [(lon - originLon) * metres * shrink, (lat - originLat) * metres])));
}

const turn = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

function within([ax, ay], [bx, by], [px, py]) {
  return Math.min(ax, bx) <= px && px <= Math.max(ax, bx) && Math.min(ay, by) <= py && py <= Math.max(ay, by);
}

function sidesMeet(a, b, c, d) {
  const [one, two, three, four] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (one !== two && three !== four) return true;
  return (
    (one === 0 && within(a, b, c)) || (two === 0 && within(a, b, d)) || (three === 0 && within(c, d, a)) || (four === 0 && within(c, d, b))
  );
}

/** The indexes of the first two sides that cross or touch each other, or null; side i goes from corner i to the next. */
export function firstCrossing(corners) {
  const n = corners.length;
  const end = (i) => corners[(i + 1) % n];
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 2; j < n; j += 1) {
      const areNeighbours = i === 0 && j === n - 1;
      if (!areNeighbours && sidesMeet(corners[i], end(i), corners[j], end(j))) return [i, j];
    }
  }
  return null;
}

/** After which corner a new one belongs, so that it lies on the nearest side; `points` are in pixels. */
export function nearestSide(points, [x, y]) {
  let best = points.length - 1;
  let least = Infinity;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    const far = squaredDistanceToSegment(x, y, ax, ay, bx, by);
    if (far < least) [least, best] = [far, i];
  });
  return best;
}

/** A number as people type it, with a point or a comma, or NaN. */
export function typedDegrees(text) {
  const plain = String(text).trim().replace(/°$/, "").replace(",", ".");
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
}

/**
 * A place pasted as one text, "49.6201, 15.5203", "49,6201 15,5203" or "49.6201N, 15.5203E" as map sites copy it:
 * [lon, lat], or null.
 */
export function pastedCorner(text) {
  const plain = String(text).replace(/[NESW°]/gi, " ");
  const found = plain.match(/^\s*([+-]?\d+[.,]\d+)[\s,;]+([+-]?\d+[.,]\d+)\s*$/);
  if (!found) return null;
  const [lat, lon] = [typedDegrees(found[1]), typedDegrees(found[2])];
  return isCorner([lon, lat]) ? [lon, lat] : null;
}

/** Whether the numbers name a place on Earth. */
export const isCorner = ([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 85;
