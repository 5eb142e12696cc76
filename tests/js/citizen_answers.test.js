import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blocksOf, inlineNodes, statusText } from "../../static/js/citizen/answer.js";
import { hasNews, initialState, isAnswered, listed, newestAnswer, update } from "../../static/js/citizen/state.js";

const CONFIG = { categories: [{ key: "safe" }], open: true };
const pin = (id, answeredAt = null, status = "received") => ({ id, answeredAt, status, answer: null });
const withPins = (...pins) => ({ ...initialState(CONFIG), pins });

describe("answers of the town on one's own pins", () => {
  test("answered ones come first, the newest answer on top, then the newest pins", () => {
    const state = withPins(pin("a"), pin("b", "2026-01-02"), pin("c"), pin("d", "2026-03-01"));
    assert.deepEqual(listed(state).map(({ id }) => id), ["d", "b", "c", "a"]);
  });

  test("an answer is news until the list has been looked at, and a newer one again", () => {
    let state = withPins(pin("a", "2026-01-02"));
    assert.equal(hasNews(state), true);
    state = update(state, { type: "answersSeen", at: newestAnswer(state) });
    assert.equal(hasNews(state), false);
    assert.equal(hasNews({ ...state, pins: [pin("a", "2026-05-01")] }), true);
    assert.equal(hasNews(withPins(pin("a"))), false);
  });

  test("a status alone is an answer, the received of a fresh pin is none", () => {
    assert.equal(isAnswered(pin("a")), false);
    assert.equal(isAnswered(pin("a", null, "planned")), true);
    assert.equal(isAnswered(pin("a", "2026-01-01")), true);
    assert.equal(statusText("declined"), "can’t be done");
  });

  test("who took everything back is as on the first visit", () => {
    const before = { ...withPins(pin("a")), receipt: "AAAA", about: { age: "x" }, supported: ["b"], aboutDone: true };
    const after = update(before, { type: "withdrawn" });
    assert.deepEqual({ ...after, loaded: false }, initialState(CONFIG));
    assert.equal(after.loaded, true);
  });
});

describe("the little Markdown of an answer", () => {
  test("paragraphs, lists and headings are told apart", () => {
    const text = "## Lampy\nvyměníme\n\n- u školy\n- u nádraží\r\n\r\n1. letos\n2. napřesrok";
    assert.deepEqual(blocksOf(text), [
      { kind: "p", lines: ["Lampy", "vyměníme"] },
      { kind: "ul", lines: ["u školy", "u nádraží"] },
      { kind: "ol", lines: ["letos", "napřesrok"] },
    ]);
  });

  test("text without signs stays one text, whatever stands in it", () => {
    assert.deepEqual(inlineNodes("<b>2 * 3 = 6</b> [x](javascript:alert(1))"), ["<b>2 * 3 = 6</b> [x](javascript:alert(1))"]);
  });
});
