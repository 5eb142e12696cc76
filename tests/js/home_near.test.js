/** Which map is nearest to a place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { metresToBox, nearestFirst } from "../../static/js/home/near.js";

const PRAGUE = [14.22, 49.94, 14.71, 50.18];
const OSTRAVA = [18.1, 49.72, 18.37, 49.9];
const CHRUDIM = [15.74, 49.92, 15.85, 49.98];

test("a place within the box is at no distance", () => {
  assert.equal(metresToBox(PRAGUE, { lon: 14.42, lat: 50.09 }), 0);
  assert.equal(metresToBox(PRAGUE, { lon: 14.22, lat: 49.94 }), 0);
});

test("the distance is that over the ground to the nearest edge", () => {
  const north = metresToBox(PRAGUE, { lon: 14.4, lat: 51.18 });
  assert.ok(Math.abs(north - 111_195) < 100, `one degree of latitude, not ${north}`);
  const east = metresToBox(PRAGUE, { lon: 15.71, lat: 50 });
  assert.ok(Math.abs(east - 71_500) < 200, `one degree of longitude at 50° north, not ${east}`);
});

test("the nearest comes first and the equally near keep their order", () => {
  const maps = [
    { name: "Chrudim", box: CHRUDIM },
    { name: "Ostrava", box: OSTRAVA },
    { name: "Praha", box: PRAGUE },
    { name: "Praha 2", box: PRAGUE },
  ];
  const names = (place) => nearestFirst(maps, (map) => map.box, place).map(({ thing }) => thing.name);
  assert.deepEqual(names({ lon: 18.26, lat: 49.83 }), ["Ostrava", "Chrudim", "Praha", "Praha 2"]);
  assert.deepEqual(names({ lon: 14.42, lat: 50.09 }), ["Praha", "Praha 2", "Chrudim", "Ostrava"]);
});
