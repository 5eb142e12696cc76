/**
 * A basemap's compact form, as phones fetch it (gis/formats/ground.py), made GeoJSON again.
 * Anything else that comes is handed on as it is.
 */

import { inSlices } from "#js/lib/breath.js";

const FORM = "ground-1";

/** How deep lists of points are nested in each geometry. */
const DEPTH = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

/** The way from point to point, walked along. */
class Pen {
  x = 0;
  y = 0;

  constructor(scale) {
    this.scale = scale;
  }

  to(dx, dy) {
    this.x += dx;
    this.y += dy;
    return [this.x / this.scale, this.y / this.scale];
  }
}

function places(pen, steps, depth, isRing) {
  if (depth === 0) return pen.to(steps[0], steps[1]);
  if (depth > 1) return steps.map((part) => places(pen, part, depth - 1, isRing));
  const points = [];
  for (let i = 0; i < steps.length; i += 2) points.push(pen.to(steps[i], steps[i + 1]));
  if (isRing && points.length) points.push([...points[0]]);
  return points;
}

/** The FeatureCollection of a compact ground, made in slices; what is GeoJSON already comes back as it is. */
export async function groundOf(data) {
  if (data?.form !== FORM) return data;
  const pen = new Pen(data.scale);
  const features = await inSlices(data.of, (sort, number) => {
    const [type, shared] = data.sorts[sort];
    const name = data.names[number];
    return {
      type: "Feature",
      properties: name === undefined ? shared : { ...shared, name },
      geometry: { type, coordinates: places(pen, data.at[number], DEPTH[type], type.endsWith("Polygon")) },
    };
  });
  return { type: "FeatureCollection", features };
}
