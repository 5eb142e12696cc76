import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialState, overlaid, pinFrom, screen, update, waitingCounts } from "../../static/js/citizen/state.js";

const CONFIG = { categories: [{ key: "safe" }, { key: "unsafe" }], questions: [], open: true };
const feature = (id, comment, category = "safe") => ({
  type: "Feature",
  id,
  geometry: { type: "Point", coordinates: [15, 49] },
  properties: { category, comment },
});
const pin = (id, comment) => pinFrom(feature(id, comment));
const entry = (id, deed, comment, more = {}) => ({ id, deed, feature: feature(id, comment), at: "2026-01-01", ...more });

describe("marks with what waits laid over them", () => {
  test("new ones are there, changed ones as they shall be, those to be deleted are not", () => {
    const pins = [pin("a", "stays"), pin("b", "before"), pin("c", "goes")];
    const laid = overlaid(pins, [entry("b", "change", "after"), entry("c", "remove"), entry("d", "add", "new")]);
    assert.deepEqual(
      laid.map(({ id, comment, waiting }) => [id, comment, waiting?.deed ?? null]),
      [
        ["a", "stays", null],
        ["b", "after", "change"],
        ["d", "new", "add"],
      ],
    );
  });

  test("where nothing waits they are the very same list", () => {
    const pins = [pin("a", "x")];
    assert.equal(overlaid(pins, []), pins);
  });

  test("a new mark given up in another tab goes from here too; a change given up leaves the mark", () => {
    const laid = overlaid([], [entry("a", "add", "x")]);
    assert.deepEqual(overlaid(laid, []), []);
    const changed = overlaid([pin("b", "x")], [entry("b", "change", "y")]);
    assert.equal(overlaid(changed, [])[0].waiting, null);
  });

  test("waiting and refused ones are counted apart", () => {
    const pins = overlaid([], [entry("a", "add", "x"), entry("b", "add", "y", { refused: { status: 422 } })]);
    assert.deepEqual(waitingCounts({ pins }), { waiting: 1, refused: 1 });
  });
});

describe("the page's state", () => {
  test("a delivered mark is as the server has it, and a deleted one takes its screen along", () => {
    let state = update(initialState(CONFIG), { type: "outbox", entries: [entry("a", "add", "x")] });
    assert.equal(state.pins[0].waiting.deed, "add");
    const stored = { ...pin("a", "x"), supports: 3 };
    state = update(state, { type: "outbox", entries: [], delivered: [stored] });
    assert.deepEqual([state.pins[0].waiting, state.pins[0].supports], [null, 3]);
    state = update(state, { type: "open", screen: { name: "own", id: "a" } });
    state = update(state, { type: "outbox", entries: [], gone: ["a"] });
    assert.deepEqual([state.pins, screen(state).name], [[], "start"]);
  });

  test("what the server tells does not undo a change that waits", () => {
    let state = update(initialState(CONFIG), { type: "loaded", pins: [pin("a", "before")], about: {} });
    state = update(state, { type: "outbox", entries: [entry("a", "change", "after")] });
    state = update(state, { type: "loaded", pins: [pin("a", "before")], about: {} });
    assert.equal(state.pins[0].comment, "after");
  });

  test("a mark that waits is thanked for as the first one", () => {
    let state = update(initialState(CONFIG), { type: "choose", category: "safe", id: "a" });
    state = update(state, { type: "outbox", entries: [entry("a", "add", "x")] });
    state = update(state, { type: "sent", pin: { ...pin("a", "x"), waiting: { deed: "add", refused: null } } });
    assert.deepEqual([screen(state).name, screen(state).first], ["thanks", true]);
  });
});
