/** Places on paper and on the ground. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sheetGround } from "../../static/js/office/sheet_ground.js";

const N = 9;
const FRAME = [22.4, 35.4, 182, 152];

/** A ground that is turned by a few degrees and bent a little, as a town is in S-JTSK. */
function bent([x, y]) {
  const [across, down] = [(x - FRAME[0]) / FRAME[2], (y - FRAME[1]) / FRAME[3]];
  return [15.5 + 0.04 * across + 0.003 * down + 0.00004 * across * down, 49.63 - 0.02 * down + 0.0015 * across + 0.00002 * across ** 2];
}

const places = Array.from({ length: N * N }, (_unused, i) =>
  bent([FRAME[0] + ((i % N) / (N - 1)) * FRAME[2], FRAME[1] + (Math.floor(i / N) / (N - 1)) * FRAME[3]]),
);
const ground = sheetGround({ frame: FRAME, grid: { n: N, lon: places.map(([lon]) => lon), lat: places.map(([, lat]) => lat) } });

test("a place on the page lies on the ground where the sheet was drawn", () => {
  for (const at of [[22.4, 35.4], [100, 100], [204.4, 187.4], [61.7, 170.2]]) {
    const [lon, lat] = ground.toLonLat(at);
    const [lonRight, latRight] = bent(at);
    assert.ok(Math.abs(lon - lonRight) < 1e-6 && Math.abs(lat - latRight) < 1e-6);
  }
});

test("a click on the map comes back to the same millimetre of the page, also beside the frame", () => {
  for (const at of [[22.4, 35.4], [100, 100], [204.4, 187.4], [61.7, 170.2], [10, 200]]) {
    const [x, y] = ground.toPage(ground.toLonLat(at));
    assert.ok(Math.hypot(x - at[0], y - at[1]) < 0.01);
  }
});

test("nothing is put beside the frame", () => {
  assert.equal(ground.contains([100, 100]), true);
  assert.equal(ground.contains([10, 100]), false);
  assert.deepEqual(ground.held([10, 300]), [22.4, 187.4]);
});
