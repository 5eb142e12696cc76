/** An area as it stands in an address. */

const DECIMALS = 5;

/** The corners of a GeoJSON polygon as they stand in an address: "lon lat,lon lat,…"; "" for none. */
export function areaText(polygon) {
  const ring = polygon?.coordinates?.[0]?.slice(0, -1) ?? [];
  return ring.map(([lon, lat]) => `${lon.toFixed(DECIMALS)} ${lat.toFixed(DECIMALS)}`).join(",");
}

/** The GeoJSON polygon of an address' text, or null. */
export function areaPolygon(text) {
  const corners = text ? text.split(",").map((corner) => corner.trim().split(" ").map(Number)) : [];
  if (corners.length < 3 || corners.flat().some(Number.isNaN)) return null;
  return { type: "Polygon", coordinates: [[...corners, corners[0]]] };
}

/** A box [west, south, east, north] as a polygon. */
export function boxPolygon([west, south, east, north]) {
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: "Polygon", coordinates: [ring] };
}
