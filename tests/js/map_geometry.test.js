/** The plane geometry and indexes beneath the map. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { containsPoint, distanceToLine, joinLines, roomInside, runningLength } from "../../static/js/map/geometry.js";
import { BoxGrid, PointGrid } from "../../static/js/map/grid.js";
import { latOf, lonOf, metresBetween, metresPerPixel, worldX, worldY } from "../../static/js/map/mercator.js";

const square = (x, y, side) => [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]];

test("a place comes back from the world square unchanged", () => {
  for (const [lon, lat] of [[15.7955, 49.9511], [0, 0], [-179.9, -80], [18.282, 49.8355]]) {
    assert.ok(Math.abs(lonOf(worldX(lon)) - lon) < 1e-9);
    assert.ok(Math.abs(latOf(worldY(lat)) - lat) < 1e-9);
  }
});

test("a pixel at zoom 18 in Bohemia is some 38 centimetres", () => {
  assert.ok(Math.abs(metresPerPixel(50, 18) - 0.3839) < 0.0005);
});

test("metres between Hradčany and Chrudim agree with the projected distance", () => {
  const projected = Math.hypot(744230.709 - 647061.241, 1042498.866 - 1070586.506);
  const measured = metresBetween(14.4006, 50.0903, 15.7955, 49.9511);
  assert.ok(Math.abs(measured / projected - 1) < 0.004);
});

test("a hole of the boundary is outside and an island in it is inside", () => {
  const contains = containsPoint({
    type: "Feature",
    geometry: {
      type: "MultiPolygon",
      coordinates: [[square(0, 0, 10), square(3, 3, 4)], [square(4, 4, 1)], [square(20, 20, 1)]],
    },
  });
  assert.equal(contains(1, 1), true);
  assert.equal(contains(3.5, 3.5), false);
  assert.equal(contains(4.5, 4.5), true);
  assert.equal(contains(20.5, 20.5), true);
  assert.equal(contains(15, 15), false);
});

test("nothing contains a place when there is no polygon", () => {
  assert.equal(containsPoint({ type: "FeatureCollection", features: [] })(1, 1), false);
});

test("a street cut into pieces, one of them reversed, becomes one line again", () => {
  const joined = joinLines([[0, 0, 1, 0], [3, 0, 2, 0], [1, 0, 2, 0]]);
  assert.equal(joined.length, 1);
  assert.equal(runningLength(joined[0]).at(-1), 3);
});

test("at a fork the pieces stay apart", () => {
  assert.equal(joinLines([[0, 0, 1, 0], [1, 0, 2, 1], [1, 0, 2, -1]]).length, 3);
});

test("a closed street does not go round for ever", () => {
  const joined = joinLines([[0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0]]);
  assert.equal(joined.length, 1);
});

test("the name of an L-shaped park lies inside it", () => {
  const spot = roomInside([[0, 0, 10, 0, 10, 3, 3, 3, 3, 10, 0, 10]]);
  assert.ok(spot.y < 10 && spot.x > 0 && !(spot.x > 3 && spot.y > 3));
});

test("the distance to a line is to its nearest point, not to its nearest corner", () => {
  assert.equal(distanceToLine([0, 0, 10, 0], 5, 2), 2);
  assert.equal(distanceToLine([4, 4], 4, 7), 3);
});

test("the box grid finds what a plain search finds, huge shapes included", () => {
  const boxes = Array.from({ length: 300 }, (_, i) => {
    const [x, y] = [(i * 37) % 100, (i * 61) % 100];
    return [x, y, x + (i % 50 === 0 ? 90 : 2), y + 2];
  });
  const grid = new BoxGrid(boxes, 1.5);
  for (const box of [[10, 10, 20, 20], [0, 0, 100, 100], [99, 99, 99, 99], [-9, -9, -5, -5]]) {
    const plain = boxes.flatMap((b, i) => (b[0] <= box[2] && b[2] >= box[0] && b[1] <= box[3] && b[3] >= box[1] ? [i] : []));
    assert.deepEqual(grid.within(box), plain);
  }
});

test("the point grid finds what a plain search finds", () => {
  const n = 5000;
  const xs = Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 1000) / 10);
  const ys = Float64Array.from({ length: n }, (_, i) => ((i * 104729) % 1000) / 10);
  const grid = new PointGrid(xs, ys);
  for (const [x0, y0, x1, y1] of [[10, 10, 20, 20], [0, 0, 99.9, 99.9], [200, 200, 300, 300], [50, 50, 50, 50]]) {
    const found = [];
    grid.eachWithin([x0, y0, x1, y1], (index) => found.push(index));
    const plain = Array.from(xs.keys()).filter((i) => xs[i] >= x0 && xs[i] <= x1 && ys[i] >= y0 && ys[i] <= y1);
    assert.deepEqual(found.sort((a, b) => a - b), plain);
  }
});

test("grids of nothing and of one spot answer too", () => {
  const none = [];
  new PointGrid(new Float64Array(0), new Float64Array(0)).eachWithin([0, 0, 1, 1], (i) => none.push(i));
  assert.deepEqual(none, []);
  const same = [];
  new PointGrid(Float64Array.of(5, 5, 5), Float64Array.of(5, 5, 5)).eachWithin([4, 4, 6, 6], (i) => same.push(i));
  assert.equal(same.length, 3);
});
