/** Names in the basemap: found by what people type, and spoken for a spot. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fold, nameList, nearestFinder, nearestName, search } from "../../static/js/map/names.js";

const line = (name, coordinates, sort = "street") => ({
  type: "Feature",
  properties: { kind: "street", class: sort, name },
  geometry: { type: "LineString", coordinates },
});
const place = (name, lon, lat, sort = "bus") => ({
  type: "Feature",
  properties: { kind: "place", class: sort, name },
  geometry: { type: "Point", coordinates: [lon, lat] },
});
const town = {
  type: "FeatureCollection",
  features: [
    line("Lipová", [[15.5, 49.6], [15.502, 49.6]]),
    line("Lipová", [[15.502, 49.6], [15.506, 49.6]]),
    line("U Lipové aleje", [[15.5, 49.61], [15.501, 49.61]], "lane"),
    line("Příčná", [[15.503, 49.598], [15.503, 49.602]]),
    place("Základní škola Lipová", 15.5035, 49.6004, "school"),
    place("Náměstí", 15.51, 49.6),
    place("Náměstí", 15.53, 49.6),
    { type: "Feature", properties: { kind: "street" }, geometry: { type: "LineString", coordinates: [[15.5, 49.6], [15.6, 49.6]] } },
    { type: "Feature", properties: { kind: "river", name: "Jasenka" }, geometry: { type: "LineString", coordinates: [[15.5, 49.59], [15.52, 49.59]] } },
    { type: "Feature", properties: { kind: "alien", name: "Nic" }, geometry: null },
  ],
};
const names = nameList(town);

test("a street in pieces is one name, its spot in the middle of the whole", () => {
  const [street, ...more] = names.filter(({ name }) => name === "Lipová");
  assert.equal(more.length, 0);
  assert.ok(Math.abs(street.lon - 15.503) < 1e-6);
  assert.deepEqual(street.bbox, [15.5, 49.6, 15.506, 49.6]);
});

test("two stops of one name stay two", () => {
  assert.equal(names.filter(({ name }) => name === "Náměstí").length, 2);
});

test("nameless and unknown features are passed over", () => {
  assert.ok(!names.some(({ name }) => !name || name === "Nic"));
  assert.deepEqual(nameList({ type: "FeatureCollection", features: [] }), []);
  assert.deepEqual(nameList(null), []);
});

test("lipova finds Lipová first, then names with the word, then with the part", () => {
  assert.deepEqual(search(names, "lipova").map(({ name }) => name), ["Lipová", "Základní škola Lipová"]);
  assert.deepEqual(search(names, "LIPOV").map(({ name }) => name), ["Lipová", "U Lipové aleje", "Základní škola Lipová"]);
  assert.deepEqual(search(names, "ícná").map(({ name }) => name), ["Příčná"]);
});

test("words may be typed by their beginnings", () => {
  assert.deepEqual(search(names, "skola lip").map(({ name }) => name), ["Základní škola Lipová"]);
  assert.deepEqual(search(names, "lip zakl").map(({ name }) => name), ["Základní škola Lipová"]);
});

test("nothing typed finds nothing, and the limit holds", () => {
  assert.deepEqual(search(names, "  ?! "), []);
  assert.equal(search(names, "a", 2).length, 2);
});

test("folding drops accents, capitals and signs", () => {
  assert.equal(fold("  Nábř. kpt. Jaroše–Šťastná "), "nabr kpt jarose stastna");
});

test("a spot is spoken by the nearest street or place within eighty metres", () => {
  const nearest = nearestFinder(town);
  assert.equal(nearest(15.5, 49.6002).name, "Lipová");
  assert.equal(nearest(15.5, 49.6002).distance_m, 22);
  assert.equal(nearest(15.5035, 49.60035).kind, "place");
  assert.equal(nearest(15.55, 49.65), null);
  assert.equal(nearestName(names, 15.5, 49.6015, 50), null);
});

test("the sample town's streets are found", () => {
  const vzorov = JSON.parse(readFileSync(new URL("../../sample_maps/vzorov/basemap.geojson", import.meta.url), "utf8"));
  const list = nameList(vzorov);
  assert.ok(list.length > 80);
  assert.equal(search(list, "lipova")[0].name, "Lipová");
  assert.equal(search(list, "masarykovo nam")[0].name, "Masarykovo náměstí");
  for (const entry of list) assert.ok(Number.isFinite(entry.lon) && Number.isFinite(entry.lat), entry.name);
});
