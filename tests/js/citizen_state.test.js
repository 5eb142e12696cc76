import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  asksAbout,
  charactersLeft,
  depth,
  featureOf,
  initialState,
  obstacle,
  pinFrom,
  questionsFor,
  screen,
  showsOthers,
  update,
} from "../../static/js/citizen/state.js";

const CONFIG = {
  open: true,
  publishPins: true,
  showOthers: "after_first",
  categories: [{ key: "safe" }, { key: "unsafe" }, { key: "improve" }],
  questions: [{ key: "when", type: "single", categories: ["unsafe"], options: [{ key: "night" }] }],
  about: [{ key: "age" }],
  event: { code: "FORUM1" },
};
const SQUARE = { lon: 15.5, lat: 49.6, zoom: 16, inside: true };

const after = (state, ...events) => events.reduce(update, state);
const begin = (config = {}) => initialState({ ...CONFIG, ...config });
const placed = (place = SQUARE) =>
  after(begin(), { type: "choose", category: "unsafe", id: "a" }, { type: "settle", ...place });
const aPin = (values = {}) => ({
  id: "a",
  lon: 15.5,
  lat: 49.6,
  category: "unsafe",
  comment: "",
  answers: {},
  ...values,
});
const names = (state) => state.screens.map(({ name }) => name);

describe("from a choice to a mark", () => {
  test("choosing a category raises the crosshair with a draft of its own id and the event", () => {
    const state = after(begin(), { type: "choose", category: "unsafe", id: "a" });
    assert.equal(screen(state).name, "place");
    assert.equal(state.draft.id, "a");
    assert.equal(state.draft.event, "FORUM1");
  });

  test("a category the map does not have, or a closed map, changes nothing", () => {
    const open = begin();
    assert.equal(update(open, { type: "choose", category: "loud", id: "a" }), open);
    const closed = begin({ open: false });
    assert.equal(update(closed, { type: "choose", category: "safe", id: "a" }), closed);
  });

  test("here leads to the words, but not before the crosshair has settled", () => {
    assert.deepEqual(names(after(placed(), { type: "here" })), ["start", "place", "comment"]);
    const unsettled = after(begin(), { type: "choose", category: "safe", id: "a" });
    assert.equal(obstacle(unsettled), "unsettled");
    assert.equal(update(unsettled, { type: "here" }), unsettled);
  });

  test("outside the boundary and too far away nothing can be placed", () => {
    assert.equal(obstacle(placed({ ...SQUARE, inside: false })), "outside");
    assert.equal(obstacle(placed({ ...SQUARE, zoom: 14 })), "far");
    assert.equal(obstacle(placed({ ...SQUARE, zoom: 15 })), null);
    const outside = placed({ ...SQUARE, inside: false });
    assert.equal(update(outside, { type: "here" }), outside);
  });

  test("after sending, thanks lie right on the start, and the draft is gone", () => {
    const state = after(placed(), { type: "here" }, { type: "send" }, { type: "sent", pin: aPin() });
    assert.deepEqual(names(state), ["start", "thanks"]);
    assert.equal(state.draft, null);
    assert.equal(screen(state).first, true);
    const second = after(state, { type: "choose", category: "safe", id: "b" });
    assert.deepEqual(names(second), ["start", "place"]);
  });

  test("a failed send keeps the words and the id, so that trying again stores one mark", () => {
    const written = after(placed(), { type: "here" }, { type: "write", comment: "Tma" }, { type: "send" });
    assert.equal(update(written, { type: "send" }), written);
    const failed = update(written, { type: "failed", problem: { text: "…" } });
    assert.equal(failed.draft.comment, "Tma");
    assert.equal(failed.draft.id, "a");
    assert.equal(failed.sending, false);
    assert.equal(screen(failed).name, "comment");
  });

  test("the place no longer moves once its words are written", () => {
    const state = after(placed(), { type: "here" });
    assert.equal(update(state, { type: "settle", lon: 0, lat: 0, zoom: 18, inside: true }), state);
  });
});

describe("the way back", () => {
  test("goes one screen at a time and forgets the draft when nothing works on it", () => {
    const words = after(placed(), { type: "here" });
    const place = update(words, { type: "back" });
    assert.equal(screen(place).name, "place");
    assert.equal(place.draft.id, "a");
    assert.equal(update(place, { type: "back" }).draft, null);
  });

  test("never goes beyond the start", () => {
    assert.equal(depth(after(begin(), { type: "back" }, { type: "backTo", depth: -3 })), 1);
  });

  test("opening the screen that is seen replaces it", () => {
    const state = after(
      begin(),
      { type: "open", screen: { name: "own", id: "a" } },
      { type: "open", screen: { name: "own", id: "b" } },
    );
    assert.equal(depth(state), 2);
    assert.equal(screen(state).id, "b");
  });
});

describe("one's own marks", () => {
  const owner = (...pins) => after(begin(), { type: "loaded", pins, about: {} });

  test("a mark sent while the stored ones are on their way stays", () => {
    const state = after(
      begin(),
      { type: "sent", pin: aPin({ id: "new" }) },
      { type: "loaded", pins: [aPin()], about: {} },
    );
    assert.deepEqual(
      state.pins.map(({ id }) => id),
      ["a", "new"],
    );
  });

  test("changing works on a copy; back leaves the mark as it was", () => {
    const state = after(
      owner(aPin({ comment: "A" })),
      { type: "change", id: "a" },
      { type: "write", comment: "B" },
    );
    assert.equal(state.pins[0].comment, "A");
    assert.equal(update(state, { type: "back" }).pins[0].comment, "A");
  });

  test("saving closes the screen that worked on the mark, and only that one", () => {
    const state = after(
      owner(aPin()),
      { type: "open", screen: { name: "own", id: "a" } },
      { type: "change", id: "a" },
    );
    const saved = update(state, { type: "saved", pin: aPin({ comment: "B" }) });
    assert.equal(screen(saved).name, "own");
    assert.equal(saved.pins[0].comment, "B");
  });

  test("an undo that arrives while another mark is placed does not disturb it", () => {
    const state = after(owner(aPin()), { type: "choose", category: "safe", id: "b" });
    const undone = update(state, { type: "saved", pin: aPin({ lon: 15.6 }) });
    assert.equal(screen(undone).name, "place");
    assert.equal(undone.draft.id, "b");
  });

  test("a deleted mark takes its screens along and can be put back", () => {
    const looking = after(
      owner(aPin()),
      { type: "open", screen: { name: "mine" } },
      { type: "open", screen: { name: "own", id: "a" } },
    );
    const removed = update(looking, { type: "removed", id: "a" });
    assert.deepEqual(names(removed), ["start", "mine"]);
    assert.equal(update(removed, { type: "restored", pin: aPin() }).pins.length, 1);
  });
});

describe("rules of the map", () => {
  test("other people's marks show after the first own one, always, never, or when the map is over", () => {
    const after_first = begin();
    assert.equal(showsOthers(after_first), false);
    assert.equal(showsOthers({ ...after_first, pins: [aPin()] }), true);
    assert.equal(showsOthers(begin({ showOthers: "always" })), true);
    assert.equal(showsOthers({ ...begin({ showOthers: "never" }), pins: [aPin()] }), false);
    assert.equal(showsOthers(begin({ open: false })), true);
    assert.equal(showsOthers(begin({ showOthers: "always", publishPins: false })), false);
  });

  test("the questions about oneself come after the first mark, once", () => {
    assert.equal(asksAbout(begin()), false);
    const one = { ...begin(), pins: [aPin()] };
    assert.equal(asksAbout(one), true);
    assert.equal(asksAbout(update(one, { type: "aboutDone" })), false);
    assert.equal(asksAbout({ ...begin({ about: [] }), pins: [aPin()] }), false);
  });

  test("questions go with their categories", () => {
    assert.equal(questionsFor(begin(), "unsafe").length, 1);
    assert.equal(questionsFor(begin(), "safe").length, 0);
  });
});

describe("what is sent", () => {
  test("a mark becomes a GeoJSON Feature with flat properties, without answers nobody asked for", () => {
    const state = after(
      placed({ ...SQUARE, lon: 15.123456789 }),
      { type: "write", comment: "  Tma  " },
      { type: "answer", key: "when", value: "night" },
    );
    assert.deepEqual(featureOf(state, state.draft), {
      type: "Feature",
      id: "a",
      geometry: { type: "Point", coordinates: [15.1234568, 49.6] },
      properties: { category: "unsafe", when: "night", comment: "Tma", zoom: 16, event: "FORUM1" },
    });
    const other = update(state, { type: "recategorise", category: "safe" });
    assert.equal("when" in featureOf(other, other.draft).properties, false);
  });

  test("a stored Feature comes back as the same mark", () => {
    const feature = {
      id: "a",
      geometry: { type: "Point", coordinates: [15.5, 49.6] },
      properties: {
        category: "unsafe",
        comment: null,
        when: "night",
        zoom: 16,
        state: "hidden",
        hidden_reason: "jména",
      },
    };
    const pin = pinFrom(feature, CONFIG.questions);
    assert.deepEqual(
      [pin.comment, pin.answers, pin.state, pin.hiddenReason],
      ["", { when: "night" }, "hidden", "jména"],
    );
  });

  test("characters are counted as people see them, and only near the limit", () => {
    assert.equal(charactersLeft("krátce", 1000), null);
    assert.equal(charactersLeft("😀".repeat(990), 1000), 10);
    assert.equal(charactersLeft("a".repeat(1003), 1000), -3);
  });

  test("an unsent mark is taken up again where it was left", () => {
    const draft = after(placed(), { type: "write", comment: "Tma" }).draft;
    const resumed = update(begin(), { type: "resume", draft });
    assert.deepEqual(names(resumed), ["start", "place", "comment"]);
    assert.equal(resumed.draft.comment, "Tma");
  });
});
