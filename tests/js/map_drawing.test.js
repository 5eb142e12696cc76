/** What the map draws: names that keep clear of each other, shapes and tones that agree with print. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Atlas } from "../../static/js/map/atlas.js";
import { streetWidth } from "../../static/js/map/drawing.js";
import { placeLabels, straightStretch, wrapped } from "../../static/js/map/labels.js";
import { runningLength } from "../../static/js/map/geometry.js";
import { OUTLINES, SHAPES, shapePath } from "../../static/js/map/shapes.js";
import { FALLBACK } from "../../static/js/map/tones.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path) => JSON.parse(readFileSync(`${root}${path}`, "utf8"));
const vzorov = new Atlas(read("sample_maps/vzorov/basemap.geojson"));
const measure = (text, { size }) => text.length * size * 0.55;

function overlap(a, b) {
  return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
}

test("a layer with nothing but kinds it does not know is an empty atlas", () => {
  const atlas = new Atlas({ type: "FeatureCollection", features: [{ type: "Feature", properties: { kind: "dragon" }, geometry: { type: "Point", coordinates: [1, 2] } }, { type: "Feature", properties: null, geometry: null }] });
  assert.equal(placeLabels(atlas, 16, measure).labels.length, 0);
});

test("upright names never lie on one another, at any zoom", () => {
  for (let zoom = 11; zoom <= 20; zoom += 1) {
    const upright = placeLabels(vzorov, zoom, measure).labels.filter(({ type, lines }) => type === "text" && lines.length);
    // The box kept for tiles is 4 px larger on each side than the room a name took.
    const boxes = upright.map(({ box }) => [box[0] + 4, box[1] + 4, box[2] - 4, box[3] - 4]);
    for (let i = 0; i < boxes.length; i += 1) {
      for (let j = 0; j < i; j += 1) assert.ok(!overlap(boxes[i], boxes[j]), `${upright[i].lines} / ${upright[j].lines} at ${zoom}`);
    }
  }
});

test("a name that lies over the edge of a tile is given to both tiles", () => {
  const names = placeLabels(vzorov, 16, measure);
  const wide = names.labels.find(({ box }) => Math.floor(box[0] / 256) !== Math.floor(box[2] / 256));
  const tiles = [Math.floor(wide.box[0] / 256), Math.floor(wide.box[2] / 256)].map((x) => {
    const y = Math.floor(wide.y / 256);
    return names.within([x * 256, y * 256, x * 256 + 256, y * 256 + 256]);
  });
  assert.ok(tiles.every((labels) => labels.includes(wide)));
});

test("the square and the station are named before the small streets", () => {
  const words = placeLabels(vzorov, 14, measure).labels.map(({ lines }) => lines.join(" "));
  assert.ok(words.includes("Masarykovo náměstí"));
  assert.ok(words.includes("Nádraží Vzorov"));
});

test("street names read from left to right", () => {
  for (const { angle } of placeLabels(vzorov, 17, measure).labels.filter(({ type }) => type === "line")) {
    assert.ok(angle > -Math.PI / 2 - 1e-9 && angle <= Math.PI / 2 + 1e-9);
  }
});

test("a hairpin is no place for a name, a straight line is", () => {
  const bent = [0, 0, 10, 0, 10, 10];
  assert.equal(straightStretch({ line: bent, lengths: runningLength(bent) }, 10, 12, 1), null);
  const straight = [20, 0, 10, 0, 0, 0];
  const stretch = straightStretch({ line: straight, lengths: runningLength(straight) }, 10, 12, 1);
  assert.deepEqual([stretch.x, stretch.y, stretch.angle], [10, 0, 0]);
});

test("long names break near the middle, never after a one-letter preposition", () => {
  assert.deepEqual(wrapped("Lipová"), ["Lipová"]);
  assert.deepEqual(wrapped("Masarykovo náměstí"), ["Masarykovo", "náměstí"]);
  assert.deepEqual(wrapped("Koupaliště u rybníka"), ["Koupaliště", "u rybníka"]);
});

test("streets are as wide as on the ground close up and never vanish from afar", () => {
  assert.ok(Math.abs(streetWidth("street", 19, 0.19) - 7.5 / 0.19) < 0.01);
  assert.equal(streetWidth("main", 12, 24), 1.8);
  assert.equal(streetWidth("unheard-of", 15, 3.07), streetWidth("street", 15, 3.07));
});

test("the shapes on screen are the shapes in print", () => {
  const asked = "import json; from gis.shapes import SHAPES, outline; print(json.dumps({s: outline(s) for s in SHAPES}))";
  const printed = JSON.parse(execFileSync("python3", ["-c", asked], { cwd: root, encoding: "utf8" }));
  assert.deepEqual([...SHAPES].sort(), Object.keys(printed).sort());
  for (const [shape, points] of Object.entries(OUTLINES)) {
    assert.equal(points.length, printed[shape].length, shape);
    points.forEach(([x, y], i) => {
      assert.ok(Math.abs(x - printed[shape][i][0]) < 1e-3 && Math.abs(y - printed[shape][i][1]) < 1e-3, `${shape} ${i}`);
    });
  }
});

test("every shape has a closed path, an unknown one is a circle, and plus is the cross", () => {
  for (const shape of SHAPES) assert.match(shapePath(shape, 24), /^M.*Z$/);
  assert.equal(shapePath("blob", 24), shapePath("circle", 24));
  assert.equal(shapePath("plus", 24), shapePath("cross", 24));
});

test("the map asks the palette for no tone it has not got", () => {
  const flat = (tones, before = []) =>
    Object.entries(tones).flatMap(([key, tone]) => {
      const path = key === "fill" ? before : [...before, key];
      return typeof tone === "string" ? [path.join("-")] : flat(tone, path);
    });
  const { themes } = read("gis/palette.json");
  for (const theme of ["light", "dark"]) {
    const had = new Set(flat(themes[theme].map));
    for (const tone of Object.keys(FALLBACK[theme])) assert.ok(had.has(tone), `${theme}: ${tone}`);
  }
});
