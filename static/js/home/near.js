/** How far maps are from a place, and which is nearest; nothing here knows a page or a server. */

const EARTH_RADIUS_M = 6_371_000;

const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres from a place to a box of [west, south, east, north]; 0 within it. */
export function metresToBox([west, south, east, north], { lon, lat }) {
  const nearLon = Math.min(Math.max(lon, west), east);
  const nearLat = Math.min(Math.max(lat, south), north);
  const half = ([from, to]) => Math.sin(radians(to - from) / 2) ** 2;
  const chord =
    half([lat, nearLat]) + Math.cos(radians(lat)) * Math.cos(radians(nearLat)) * half([lon, nearLon]);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** The things with their distance, nearest first; those equally near keep their order. */
export function nearestFirst(things, boxOf, place) {
  return things
    .map((thing) => ({ thing, metres: metresToBox(boxOf(thing), place) }))
    .sort((a, b) => a.metres - b.metres);
}
