/**
 * Plane geometry for the map: rings, lines and boxes given as flat number arrays [x0, y0, x1, y1, …].
 * Boxes are [minX, minY, maxX, maxY]. Works in any plane: degrees, world units or pixels.
 */

/** The box around a flat coordinate array. */
export function boxOf(flat) {
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] < minX) minX = flat[i];
    if (flat[i] > maxX) maxX = flat[i];
    if (flat[i + 1] < minY) minY = flat[i + 1];
    if (flat[i + 1] > maxY) maxY = flat[i + 1];
  }
  return [minX, minY, maxX, maxY];
}

/** The box around several boxes. */
export function boxAround(boxes) {
  const all = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    all[0] = Math.min(all[0], box[0]);
    all[1] = Math.min(all[1], box[1]);
    all[2] = Math.max(all[2], box[2]);
    all[3] = Math.max(all[3], box[3]);
  }
  return all;
}

/** Whether two boxes touch. */
export function boxesTouch(a, b) {
  return a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
}

/** Whether the point lies inside the ring (even–odd rule). */
export function inRing(ring, x, y) {
  let inside = false;
  const n = ring.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const yi = ring[i + 1];
    const yj = ring[j + 1];
    if (yi > y !== yj > y && x < ((ring[j] - ring[i]) * (y - yi)) / (yj - yi) + ring[i]) inside = !inside;
  }
  return inside;
}

/** Whether the point lies in a polygon given as rings, the first the outer one, the rest holes. */
export function inPolygon(rings, x, y) {
  let inside = false;
  for (const ring of rings) if (inRing(ring, x, y)) inside = !inside;
  return inside;
}

/** Signed area of a ring; its sign tells the direction. */
export function ringArea(ring) {
  let sum = 0;
  const n = ring.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
  return sum / 2;
}

/** Length of a line up to each of its points; the last is the whole length. */
export function runningLength(line) {
  const lengths = new Float64Array(line.length / 2);
  for (let i = 2; i < line.length; i += 2) {
    const step = Math.hypot(line[i] - line[i - 2], line[i + 1] - line[i - 1]);
    lengths[i / 2] = lengths[i / 2 - 1] + step;
  }
  return lengths;
}

/** The point at a distance along the line, with the index of the segment it lies on. */
export function pointAlong(line, lengths, distance) {
  let low = 0;
  let high = lengths.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lengths[middle] <= distance) low = middle;
    else high = middle;
  }
  const span = lengths[high] - lengths[low] || 1;
  const t = Math.max(0, Math.min(1, (distance - lengths[low]) / span));
  return {
    x: line[2 * low] + (line[2 * high] - line[2 * low]) * t,
    y: line[2 * low + 1] + (line[2 * high + 1] - line[2 * low + 1]) * t,
    segment: low,
  };
}

/** Squared distance from a point to a segment. */
export function squaredDistanceToSegment(px, py, ax, ay, bx, by) {
  const dx = bx - ax;
  const dy = by - ay;
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / square));
  return (px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2;
}

/** Distance from a point to a line. */
export function distanceToLine(line, x, y) {
  let least = line.length === 2 ? (x - line[0]) ** 2 + (y - line[1]) ** 2 : Infinity;
  for (let i = 2; i < line.length; i += 2) {
    const d = squaredDistanceToSegment(x, y, line[i - 2], line[i - 1], line[i], line[i + 1]);
    if (d < least) least = d;
  }
  return Math.sqrt(least);
}

/** The point of a line that is nearest to a place. */
export function nearestOnLine(line, px, py) {
  let best = { x: line[0], y: line[1] };
  let least = Infinity;
  for (let i = 2; i < line.length; i += 2) {
    const [ax, ay] = [line[i - 2], line[i - 1]];
    const [dx, dy] = [line[i] - ax, line[i + 1] - ay];
    const square = dx * dx + dy * dy;
    const t = square === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / square));
    const [x, y] = [ax + t * dx, ay + t * dy];
    const d = (px - x) ** 2 + (py - y) ** 2;
    if (d < least) [least, best] = [d, { x, y }];
  }
  return best;
}

/**
 * A point well inside a polygon, for its name: the middle of the widest free stretch of a few horizontal cuts.
 * Gives {x, y, width}, width being how much room a line of text has there.
 */
export function roomInside(rings) {
  const [, minY, , maxY] = boxOf(rings[0]);
  let best = { x: rings[0][0], y: rings[0][1], width: 0 };
  let bestWorth = -1;
  for (const share of [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74]) {
    const y = minY + (maxY - minY) * share;
    const cuts = [];
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y === ring[j + 1] > y) continue;
        cuts.push(ring[i] + ((y - ring[i + 1]) / (ring[j + 1] - ring[i + 1])) * (ring[j] - ring[i]));
      }
    }
    cuts.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const width = cuts[i + 1] - cuts[i];
      const worth = width * (1 - Math.abs(share - 0.5));
      if (worth > bestWorth) {
        bestWorth = worth;
        best = { x: (cuts[i] + cuts[i + 1]) / 2, y, width };
      }
    }
  }
  return best;
}

/**
 * Joins lines that share their ends into longer ones, as far as the joint is not ambiguous.
 * A street cut at every crossing becomes one line again, so that its name can lie anywhere along it.
 */
export function joinLines(lines) {
  const ends = new Map();
  const key = (x, y) => `${x.toFixed(9)},${y.toFixed(9)}`;
  const startOf = (line) => key(line[0], line[1]);
  const endOf = (line) => key(line[line.length - 2], line[line.length - 1]);
  const note = (place, index) => {
    if (!ends.has(place)) ends.set(place, []);
    ends.get(place).push(index);
  };
  lines.forEach((line, index) => {
    note(startOf(line), index);
    note(endOf(line), index);
  });
  const used = new Array(lines.length).fill(false);
  const extend = (line) => {
    for (;;) {
      const here = ends.get(endOf(line)).filter((index) => !used[index]);
      if (here.length !== 1 || ends.get(endOf(line)).length !== 2) return line;
      used[here[0]] = true;
      const next = lines[here[0]];
      const onward = startOf(next) === endOf(line) ? Array.from(next) : reversed(next);
      line = line.concat(onward.slice(2));
    }
  };
  const joined = [];
  lines.forEach((line, index) => {
    if (used[index]) return;
    used[index] = true;
    joined.push(extend(reversed(extend(Array.from(line)))));
  });
  return joined;
}

/** The same line walked from its other end. */
export function reversed(line) {
  const back = [];
  for (let i = line.length - 2; i >= 0; i -= 2) back.push(line[i], line[i + 1]);
  return back;
}

/** The geometries of any GeoJSON object (Feature, FeatureCollection, collection or bare geometry). */
export function* geometriesOf(geojson) {
  if (!geojson) return;
  if (geojson.type === "FeatureCollection") for (const one of geojson.features) yield* geometriesOf(one);
  else if (geojson.type === "Feature") yield* geometriesOf(geojson.geometry);
  else if (geojson.type === "GeometryCollection") for (const one of geojson.geometries) yield* geometriesOf(one);
  else yield geojson;
}

/** The polygons of a GeoJSON object, each as nested GeoJSON rings. */
export function polygonsOf(geojson) {
  const polygons = [];
  for (const geometry of geometriesOf(geojson)) {
    if (geometry.type === "Polygon") polygons.push(geometry.coordinates);
    else if (geometry.type === "MultiPolygon") polygons.push(...geometry.coordinates);
  }
  return polygons;
}

/** A test (lon, lat) → whether that place lies in the Polygon or MultiPolygon, holes left out. */
export function containsPoint(geojson) {
  const polygons = polygonsOf(geojson).map((rings) => {
    const flat = rings.map((ring) => ring.flatMap(([lon, lat]) => [lon, lat]));
    return { rings: flat, box: boxOf(flat[0]) };
  });
  return (lon, lat) =>
    polygons.some(({ rings, box }) => boxesTouch(box, [lon, lat, lon, lat]) && inPolygon(rings, lon, lat));
}
