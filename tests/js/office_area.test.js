import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  area_m2,
  cornersOf,
  firstCrossing,
  nearestSide,
  pastedCorner,
  polygonOf,
  typedDegrees,
} from "../../static/js/office/area.js";
import { templateOf } from "../../static/js/office/template.js";

const SQUARE = [
  [15.5, 49.6],
  [15.51, 49.6],
  [15.51, 49.61],
  [15.5, 49.61],
];
const BOW_TIE = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]];

describe("an area of corners", () => {
  test("becomes a polygon and comes back the same", () => {
    const polygon = polygonOf(SQUARE);
    assert.equal(polygon.coordinates[0].length, 5);
    assert.deepEqual(cornersOf(polygon), SQUARE);
    assert.deepEqual(cornersOf({ type: "Feature", geometry: { type: "MultiPolygon", coordinates: [polygon.coordinates] } }), SQUARE);
    assert.deepEqual(cornersOf(null), []);
  });

  test("is turned counter-clockwise, whichever way it was drawn", () => {
    assert.deepEqual(new Set(polygonOf([...SQUARE].reverse()).coordinates[0].map(String)), new Set(polygonOf(SQUARE).coordinates[0].map(String)));
    const ring = polygonOf([...SQUARE].reverse()).coordinates[0];
    const sum = ring.slice(1).reduce((total, [x, y], i) => total + ring[i][0] * y - x * ring[i][1], 0);
    assert.ok(sum > 0);
  });

  test("is none with two corners, on one line, or where its sides cross", () => {
    assert.equal(polygonOf(SQUARE.slice(0, 2)), null);
    assert.equal(polygonOf([SQUARE[0], SQUARE[1], [15.52, 49.6]]), null);
    assert.equal(polygonOf(BOW_TIE), null);
    assert.deepEqual(firstCrossing(BOW_TIE), [0, 2]);
    assert.equal(firstCrossing(SQUARE), null);
  });

  test("is measured in square metres on the ground", () => {
    // 0.01° × 0.01° at 49.605°: 1111.95 m × 720.6 m on a sphere of the mean radius
    assert.ok(Math.abs(area_m2(SQUARE) - 1111.95 * 720.6) < 500, String(area_m2(SQUARE)));
    assert.equal(area_m2(SQUARE.slice(0, 2)), 0);
  });

  test("takes a new corner into its nearest side", () => {
    const pixels = [[0, 0], [100, 0], [100, 100], [0, 100]];
    assert.equal(nearestSide(pixels, [50, 4]), 0);
    assert.equal(nearestSide(pixels, [3, 50]), 3);
  });
});

describe("typed places", () => {
  test("numbers may have a point or a comma", () => {
    assert.equal(typedDegrees("49.62"), 49.62);
    assert.equal(typedDegrees(" 49,62° "), 49.62);
    assert.ok(Number.isNaN(typedDegrees("49 62")));
    assert.ok(Number.isNaN(typedDegrees("")));
  });

  test("a pair is understood as map sites copy it, latitude first", () => {
    assert.deepEqual(pastedCorner("49.6201, 15.5203"), [15.5203, 49.6201]);
    assert.deepEqual(pastedCorner("49.6201N, 15.5203E"), [15.5203, 49.6201]);
    assert.deepEqual(pastedCorner("49,6201 15,5203"), [15.5203, 49.6201]);
    assert.equal(pastedCorner("49.6201"), null);
    assert.equal(pastedCorner("149.6201, 15.5203"), null);
  });
});

describe("addresses of tiles", () => {
  test("are whole with all three holes, once each", () => {
    assert.equal(templateOf(" https://a.example/{z}/{y}/{x} "), "https://a.example/{z}/{y}/{x}");
    assert.equal(templateOf("https://a.example/{z}/{x}"), null);
    assert.equal(templateOf("https://a.example/{z}/{x}/{y}/{y}"), null);
    assert.equal(templateOf("ftp://a.example/{z}/{x}/{y}"), null);
    assert.equal(templateOf("https://{z}/{x}/{y}"), null);
  });

  test("in the manner of WMTS are understood", () => {
    assert.equal(templateOf("https://a.example/{TileMatrix}/{TileRow}/{TileCol}"), "https://a.example/{z}/{y}/{x}");
  });
});
