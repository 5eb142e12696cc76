import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { placeAt, shareOf } from "../../static/js/office/setup/overview.js";
import { freshName, placeFor } from "../../static/js/office/setup/rows.js";

describe("rows of the map editor", () => {
  test("a new row gets a name that none has, whatever letters they begin with", () => {
    assert.equal(freshName(["c0", "c2", "n3"], "n"), "n4");
    assert.equal(freshName([], "o"), "o0");
  });

  test("a dragged row belongs before the first whose middle lies below the pointer", () => {
    const rows = [
      { row: "a", top: 0, height: 40 },
      { row: "b", top: 40, height: 40 },
    ];
    assert.equal(placeFor(rows, 10), "a");
    assert.equal(placeFor(rows, 30), "b");
    assert.equal(placeFor(rows, 70), null);
    assert.equal(placeFor([], 5), null);
  });
});

describe("the little map of Czechia", () => {
  test("writes a click as maps write a place, like the server does for browsers without scripts", () => {
    assert.equal(placeAt(232 / 654, 158 / 392), "50.092, 14.422");
  });

  test("shows a typed place, and nothing for what lies elsewhere or is no place", () => {
    const [across, down] = shareOf("50.092, 14.422");
    assert.ok(Math.abs(across * 654 - 232) < 0.1);
    assert.ok(Math.abs(down * 392 - 158) < 0.1);
    assert.equal(shareOf("48.14, 11.57"), null);
    assert.equal(shareOf("u lesa"), null);
  });
});
