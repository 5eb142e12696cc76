import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fitted, isHeic } from "../../static/js/citizen/photo.js";
import { initialState, pinFrom, update } from "../../static/js/citizen/state.js";
import { boxOf, stepped, written } from "../../static/js/office/cover.js";

const CONFIG = { open: true, publishPins: true, categories: [{ key: "safe" }], questions: [] };
const FEATURE = { id: "a", geometry: { coordinates: [15.5, 49.6] }, properties: { category: "safe" } };

describe("a photo on the phone", () => {
  test("is shrunk to what is sent, and never enlarged", () => {
    assert.deepEqual(fitted(4000, 3000), { width: 1600, height: 1200 });
    assert.deepEqual(fitted(3000, 4000), { width: 1200, height: 1600 });
    assert.deepEqual(fitted(320, 240), { width: 320, height: 240 });
    assert.deepEqual(fitted(20000, 1), { width: 1600, height: 1 });
  });

  test("of an iPhone is known by its type or its name", () => {
    assert.ok(isHeic({ type: "image/heic" }));
    assert.ok(isHeic({ type: "", name: "IMG_1.HEIC" }));
    assert.ok(!isHeic({ type: "image/png", name: "a.png" }));
  });

  test("stays with the draft and is taken away", () => {
    let state = update(initialState(CONFIG), { type: "choose", category: "safe", id: "a" });
    state = update(state, { type: "photo", photo: { blob: "b", alt: "" } });
    assert.deepEqual(state.draft.photo, { blob: "b", alt: "" });
    assert.equal(update(state, { type: "photo", photo: null }).draft.photo, null);
  });

  test("of a stored pin is known with its state, and others' by its address", () => {
    const of = (properties) => pinFrom({ ...FEATURE, properties: { category: "safe", ...properties } }).picture;
    assert.equal(of({}), null);
    assert.equal(of({ photo: null, photo_state: null }), null);
    assert.deepEqual(of({ photo: null, photo_state: "refused", photo_reason: "Faces." }), {
      state: "refused",
      alt: "",
      reason: "Faces.",
      url: null,
    });
    assert.deepEqual(of({ photo: "/m/x/photos/a.jpg", photo_alt: "A lamp" }), {
      state: "shown",
      alt: "A lamp",
      reason: null,
      url: "/m/x/photos/a.jpg",
    });
  });
});

describe("a part of a photo to be covered", () => {
  test("lies between two corners, whichever came first, and within the photo", () => {
    assert.deepEqual(boxOf({ x: 300, y: 400 }, { x: 100, y: 200 }), { left: 100, top: 200, right: 300, bottom: 400 });
    assert.deepEqual(boxOf({ x: -50, y: 990 }, { x: 1200, y: 995 }), { left: 0, top: 990, right: 1000, bottom: 1000 });
  });

  test("moves and grows by keys and never leaves the photo", () => {
    const box = { left: 0, top: 900, right: 100, bottom: 1000 };
    assert.deepEqual(stepped(box, -1, 1), box);
    assert.deepEqual(stepped(box, 1, -1), { left: 10, top: 890, right: 110, bottom: 990 });
    assert.deepEqual(stepped(box, 1, 0, true), { left: 0, top: 900, right: 110, bottom: 1000 });
    assert.deepEqual(stepped({ left: 0, top: 0, right: 12, bottom: 12 }, -1, -1, true), { left: 0, top: 0, right: 12, bottom: 12 });
  });

  test("is sent in thousandths", () => {
    assert.equal(written([{ left: 1, top: 2, right: 30, bottom: 40 }, { left: 5, top: 6, right: 70, bottom: 80 }]), "1 2 30 40;5 6 70 80");
  });
});
