/**
 * Web Mercator as the map draws it: the world is a square of 256 × 256 at zoom 0 and doubles with every zoom.
 * Everything the map draws is projected once into this square ("world" units) and only scaled afterwards.
 */

/** Side of the whole world at zoom 0, in pixels. */
export const WORLD = 256;

/** Latitude at which the square world ends. */
const MAX_LAT = 85.0511287798;

/** Metres that one world unit measures on the equator (WGS 84 radius 6 378 137 m). */
const EQUATOR_M = (2 * Math.PI * 6378137) / WORLD;

/** World x of a longitude. */
export function worldX(lon) {
  return ((lon + 180) / 360) * WORLD;
}

/** World y of a latitude; y grows to the south, as on a screen. */
export function worldY(lat) {
  const held = Math.max(-MAX_LAT, Math.min(MAX_LAT, lat));
  const sin = Math.sin((held * Math.PI) / 180);
  return (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * WORLD;
}

/** Longitude of a world x. */
export function lonOf(x) {
  return (x / WORLD) * 360 - 180;
}

/** Latitude of a world y. */
export function latOf(y) {
  const n = Math.PI - (2 * Math.PI * y) / WORLD;
  return (180 / Math.PI) * Math.atan(0.5 * (Math.exp(n) - Math.exp(-n)));
}

/** Metres on the ground in one pixel at this latitude and zoom. */
export function metresPerPixel(lat, zoom) {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/** Metres between two places; good to a few parts in a thousand over the width of a town. */
export function metresBetween(lonA, latA, lonB, latB) {
  const perDegree = (Math.PI * 6371008.8) / 180;
  const dx = (lonB - lonA) * Math.cos((((latA + latB) / 2) * Math.PI) / 180);
  const dy = latB - latA;
  return Math.hypot(dx, dy) * perDegree;
}
