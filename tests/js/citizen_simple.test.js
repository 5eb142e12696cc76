import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialState, screen, update } from "../../static/js/citizen/state.js";

const CONFIG = {
  open: true,
  publishPins: true,
  showOthers: "after_first",
  categories: [{ key: "unsafe" }],
  questions: [{ key: "when", type: "single", categories: [], options: [{ key: "night" }] }],
  simple: true,
};
const after = (state, ...events) => events.reduce(update, state);
const writing = () =>
  after(
    initialState(CONFIG),
    { type: "choose", category: "unsafe", id: "a" },
    { type: "settle", lon: 15.5, lat: 49.6, zoom: 16, inside: true },
    { type: "here" },
  );

describe("the simple steps of a mark", () => {
  test("each question is a screen of its own, and back leads through all of them", () => {
    const asked = after(writing(), { type: "write", comment: "Tma" }, { type: "step" });
    assert.deepEqual(screen(asked), { name: "comment", step: 1 });
    const again = update(asked, { type: "back" });
    assert.deepEqual(screen(again), { name: "comment" });
    assert.equal(again.draft.comment, "Tma");
    assert.equal(screen(update(again, { type: "back" })).name, "place");
  });

  test("a step leads nowhere while nothing is being written", () => {
    const state = initialState(CONFIG);
    assert.equal(update(state, { type: "step" }), state);
  });

  test("once it is sent, back leads to the feelings and not into the steps", () => {
    const pin = { id: "a", lon: 15.5, lat: 49.6, category: "unsafe", answers: {} };
    const sent = after(writing(), { type: "step" }, { type: "sent", pin });
    assert.equal(screen(sent).name, "thanks");
    assert.equal(screen(update(sent, { type: "back" })).name, "start");
    assert.equal(sent.draft, null);
  });
});
