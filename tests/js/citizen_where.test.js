/** Where a place is, in words: directions, distances, the border, and the nearest pins. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestOf, towards, way, wayWords, whereWords } from "../../static/js/citizen/where.js";
import { nearestOnLine } from "../../static/js/map/geometry.js";

const HERE = { lon: 15.52, lat: 49.62 };
const at = (east_m, north_m) => ({
  lon: HERE.lon + east_m / (111195 * Math.cos((HERE.lat * Math.PI) / 180)),
  lat: HERE.lat + north_m / 111195,
});

test("a way has its metres and its bearing from north", () => {
  const there = way(HERE, at(300, 300));
  assert.ok(Math.abs(there.metres - 424) < 1);
  assert.ok(Math.abs(there.bearing - 45) < 0.5);
});

test("every eighth of the compass has its word", () => {
  const words = [0, 45, 90, 135, 180, -135, -90, -45, 360, -180].map(towards);
  assert.deepEqual(words.slice(0, 3), ["to the north", "to the north-east", "to the east"]);
  assert.equal(words[5], "to the south-west");
  assert.equal(words[7], "to the north-west");
  assert.equal(words[8], words[0]);
  assert.equal(words[9], words[4]);
});

test("a few steps are here", () => {
  assert.equal(wayWords(way(HERE, at(3, 4))), "here");
  assert.equal(wayWords(way(HERE, at(0, -80))), "80 m to the south");
});

const place = (values) => ({ near: { name: "Lipová", distance_m: 0 }, inside: true, border: { metres: 900, bearing: 0 }, zoom: 17, ...values });

test("a step says the nearest name, and the border only when it is near", () => {
  assert.equal(whereWords(place({})), "Lipová.");
  assert.equal(whereWords(place({ near: { name: "Lipová", distance_m: 40 } })), "Lipová, 40 m.");
  assert.equal(whereWords(place({ border: { metres: 80, bearing: 90 } })), "Lipová. The border is 80 m to the east.");
  assert.equal(whereWords(place({ near: null })), "Nothing with a name is near.");
});

test("outside says so, and the way back", () => {
  const words = whereWords(place({ near: null, inside: false, border: { metres: 300, bearing: 180 } }));
  assert.equal(words, "Outside the map. The border is 300 m to the south.");
});

test("asked for, all is said", () => {
  const words = whereWords(place({}), { whole: true });
  assert.equal(words, "Lipová. Inside the map. The border is 900 m to the north. The map shows houses.");
});

test("the nearest pins come first and far ones not at all", () => {
  const places = [at(0, 500), at(50, 0), at(0, 5000), at(-200, 0)];
  const columns = {
    ids: ["a", "b", "c", "d"],
    lon: places.map(({ lon }) => lon),
    lat: places.map(({ lat }) => lat),
    category: [0, 1, 2, 0],
    flags: [0, 1, 0, 0],
  };
  const near = nearestOf(columns, HERE);
  assert.deepEqual(near.map(({ id }) => id), ["b", "d", "a"]);
  assert.equal(near[0].flags, 1);
  assert.deepEqual(nearestOf(columns, HERE, { most: 1 }).map(({ id }) => id), ["b"]);
});

test("the nearest point of a line lies between its corners", () => {
  assert.deepEqual(nearestOnLine([0, 0, 10, 0, 10, 10], 4, 3), { x: 4, y: 0 });
  assert.deepEqual(nearestOnLine([0, 0, 10, 0], 20, 5), { x: 10, y: 0 });
});
