import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { useWords } from "../../static/js/lib/words.js";
import { saidOf } from "../../static/js/office/decide.js";
import { added } from "../../static/js/office/queue/marks.js";
import { Deeds, fieldsOf, nextAfter } from "../../static/js/office/queue/state.js";

describe("the pin one stands on", () => {
  test("after a decision it is the next one, at the end the one before", () => {
    assert.equal(nextAfter(["a", "b", "c"], new Set(["b"]), "b"), "c");
    assert.equal(nextAfter(["a", "b", "c"], new Set(["c"]), "c"), "b");
    assert.equal(nextAfter(["a"], new Set(["a"]), "a"), null);
  });

  test("it stays where others leave, and is the first where there was none", () => {
    assert.equal(nextAfter(["a", "b", "c"], new Set(["a", "c"]), "b"), "b");
    assert.equal(nextAfter(["a", "b"], new Set(["a"]), null), "b");
  });
});

describe("what can be taken back", () => {
  test("decisions come back from the last to the first; those that changed nothing are not there", () => {
    const deeds = new Deeds();
    deeds.add("1");
    deeds.add("");
    deeds.add("2");
    assert.equal(deeds.last(), "2");
    assert.equal(deeds.last(), "1");
    assert.equal(deeds.any, false);
    assert.equal(deeds.last(), null);
  });
});

describe("what a button sends", () => {
  const form = [
    ["csrf_token", "t"], ["only", "phone"], ["as_of", "now"],
    ["seen.a", "1"], ["pin", "a"], ["own.a", "words"], ["mask.a", ""],
    ["seen.b", "2"], ["own.b", "others"], ["ready.ticked", "rude"], ["own.ticked", "so"],
  ];

  test("one pin goes with its own fields alone", () => {
    assert.deepEqual(Object.fromEntries(fieldsOf(form, "hide b person")), {
      csrf_token: "t", only: "phone", as_of: "now", "seen.b": "2", "own.b": "others", deed: "hide b person",
    });
  });

  test("ticked pins go with when each was read", () => {
    assert.deepEqual(Object.fromEntries(fieldsOf(form, "hide ticked")), {
      csrf_token: "t", only: "phone", as_of: "now", "seen.a": "1", pin: "a", "ready.ticked": "rude", "own.ticked": "so", deed: "hide ticked",
    });
  });
});

describe("words", () => {
  afterEach(() => useWords({}, "en"));

  test("a pin that stays hidden has got another reason", () => {
    assert.equal(saidOf("hide", "hidden", "hidden"), "The reason has been changed.");
    assert.equal(saidOf("hide", "visible", "hidden"), "The pin is hidden.");
  });

  test("selected words are added to those written, once", () => {
    assert.equal(added("", "Novák"), "Novák");
    assert.equal(added("Novák", "Lipová 12"), "Novák, Lipová 12");
    assert.equal(added("Novák", "Novák"), "Novák");
  });
});
