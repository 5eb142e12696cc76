import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { useWords } from "../../static/js/lib/words.js";
import { wayBack } from "../../static/js/office/decide.js";
import { heatParams, periodWords } from "../../static/js/office/filter.js";

describe("the way back from a decision", () => {
  test("hiding is undone by showing, or by waiting again where it waited", () => {
    assert.deepEqual(wayBack("visible", "hidden", ""), { what: "show" });
    assert.deepEqual(wayBack("pending", "hidden", ""), { what: "hold" });
  });

  test("showing is undone by hiding with the reason it had", () => {
    assert.deepEqual(wayBack("hidden", "visible", "rude"), { what: "hide", reason: "rude" });
    assert.equal(wayBack("hidden", "visible", ""), null);
  });

  test("an approval is undone by waiting; what changed nothing needs no way back", () => {
    assert.deepEqual(wayBack("pending", "visible", ""), { what: "hold" });
    assert.equal(wayBack("visible", "visible", ""), null);
  });
});

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

  test("heat is asked only for what it understands", () => {
    const params = new URLSearchParams("category=unsafe&words=lampa&silent=1&since=2026-09-01&about_age=65plus");
    assert.equal(heatParams(params).toString(), "category=unsafe&since=2026-09-01");
  });
});
