/** A compact ground made GeoJSON again, in slices that let the phone breathe. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inSlices } from "../../static/js/lib/breath.js";
import { groundOf } from "../../static/js/map/ground.js";

const ground = {
  form: "ground-1",
  scale: 100000,
  sorts: [
    ["Polygon", { kind: "green" }],
    ["LineString", { kind: "street", class: "main" }],
    ["Point", { kind: "tree" }],
  ],
  of: [0, 1, 2],
  names: { 1: "Lipová" },
  at: [[[1550000, 4962000, 100, 0, 0, 100]], [0, 0, 50, -50], [1, 1]],
};

test("a ground's steps become places, rings closed, names given back", async () => {
  const { features } = await groundOf(ground);
  assert.deepEqual(features[0].geometry, {
    type: "Polygon",
    coordinates: [[[15.5, 49.62], [15.501, 49.62], [15.501, 49.621], [15.5, 49.62]]],
  });
  assert.deepEqual(features[1], {
    type: "Feature",
    properties: { kind: "street", class: "main", name: "Lipová" },
    geometry: { type: "LineString", coordinates: [[15.501, 49.621], [15.5015, 49.6205]] },
  });
  assert.deepEqual(features[2].properties, { kind: "tree" });
  assert.deepEqual(features[2].geometry.coordinates, [15.50151, 49.62051]);
});

test("GeoJSON is handed on as it is", async () => {
  const layer = { type: "FeatureCollection", features: [] };
  assert.equal(await groundOf(layer), layer);
});

test("work in slices comes in order, and lets others in between", async () => {
  let others = 0;
  const timer = setInterval(() => (others += 1));
  const wait = () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
  };
  const made = await inSlices([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (n) => (wait(), n * 2));
  clearInterval(timer);
  assert.deepEqual(made, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  assert.ok(others >= 2, `others had ${others} turns`);
});
