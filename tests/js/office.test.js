import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { useWords } from "../../static/js/lib/words.js";
import { periodWords, pinParams, queryOf } from "../../static/js/office/filter.js";
import { addressOf, countsOf, stepOf } from "../../static/js/office/layers.js";
import { areaPolygon, areaText, boxPolygon } from "../../static/js/office/address.js";

describe("the sentence", () => {
  afterEach(() => useWords({}, "en"));

  test("a period reads as people say it", () => {
    useWords({}, "en");
    assert.equal(periodWords("", ""), "the whole time");
    assert.equal(periodWords("2026-09-14", ""), "since 14 Sept 2026");
    assert.equal(periodWords("2026-09-14", "2026-09-14"), "14 Sept 2026");
    useWords({ "until %(until)s": "do %(until)s" }, "cs");
    assert.equal(periodWords("", "2026-09-14"), "do 14. 9. 2026");
  });

  test("dots, heat and files are asked for the pins, not for how the list looks", () => {
    const params = new URLSearchParams("category=unsafe&words=lampa&silent=1&view=table&area=&about_age=65plus");
    assert.equal(pinParams(params).toString(), "category=unsafe&words=lampa&about_age=65plus");
  });

  test("an area stays short in the address, and comes back as it was", () => {
    const square = boxPolygon([15.5, 49.6, 15.6, 49.7]);
    const query = queryOf(new URLSearchParams({ area: areaText(square) }));
    assert.equal(query, "area=15.50000+49.60000,15.60000+49.60000,15.60000+49.70000,15.50000+49.70000");
    assert.deepEqual(areaPolygon(new URLSearchParams(query).get("area")), square);
  });

  test("no area, or a broken one, is none", () => {
    assert.equal(areaText(null), "");
    assert.equal(areaPolygon(""), null);
    assert.equal(areaPolygon("15 49,x y,16 50"), null);
  });
});

describe("what the map shows", () => {
  const metres = "20 30 40 50 60 75 100 125 150 200 250 300 400 500 750 1000".split(" ");

  test("people, pins and a share are asked of the server by its own names", () => {
    assert.deepEqual(countsOf("people"), { weight: "people", measure: "" });
    assert.deepEqual(countsOf("pins"), { weight: "pins", measure: "" });
    assert.deepEqual(countsOf("share"), { weight: "people", measure: "share" });
  });

  test("what is as usual does not stand in the address", () => {
    assert.equal(addressOf("people", "75").toString(), "");
    assert.equal(addressOf("share", "200").toString(), "heat=share&bandwidth=200");
  });

  test("metres in an address find the nearest step, and nonsense none", () => {
    assert.equal(metres[stepOf(metres, "75")], "75");
    assert.equal(metres[stepOf(metres, "85")], "75");
    assert.equal(metres[stepOf(metres, "5000")], "1000");
    for (const text of [null, "", "x", "-3", "0"]) assert.equal(stepOf(metres, text), -1);
  });
});
