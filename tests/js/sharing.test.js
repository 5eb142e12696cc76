/** Links out of a frame, the height that its website is told, passing a link on, and windows of other apps. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isInApp } from "../../static/js/citizen/kept_words.js";
import { isEmbedded, targetOf } from "../../static/js/lib/frame.js";
import { passOn } from "../../static/js/lib/share.js";

const HERE = "https://mapa.test/m/testov?embed=&lang=cs";

test("only pages made for frames open in one", () => {
  const to = {
    "/m/testov/results?embed=&lang=cs": "_self",
    "?embed=&lang=uk": "_self",
    "#content": "_self",
    "mailto:urad@testov.example": "_self",
    "blob:https://mapa.test/1": "_self",
    "/m/testov/results": "_blank",
    "/m/testov/privacy": "_blank",
    "/": "_blank",
    "https://elsewhere.test/?embed": "_blank",
    "//elsewhere.test/m/testov?embed": "_blank",
  };
  for (const [href, target] of Object.entries(to)) assert.equal(targetOf(href, HERE), target, href);
});

test("a page knows that it stands in a frame by its address", () => {
  assert.equal(isEmbedded(HERE), true);
  assert.equal(isEmbedded("https://mapa.test/m/testov?embed"), true);
  assert.equal(isEmbedded("https://mapa.test/m/embed"), false);
});

test("a link goes by the system's own sheet, and closing that is an answer", async () => {
  const told = [];
  const what = { title: "Mapa", url: "https://mapa.test/m/testov" };
  assert.equal(await passOn(what, { share: async (data) => told.push(data) }), "shared");
  assert.deepEqual(told, [what]);
  const closed = Object.assign(new Error("closed"), { name: "AbortError" });
  assert.equal(await passOn(what, { share: () => Promise.reject(closed) }), "left");
});

test("windows of other apps are known, browsers are not taken for them", () => {
  const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  const android = "Mozilla/5.0 (Linux; Android 15; Pixel 8";
  const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36";
  assert.equal(isInApp(`${safari} Mobile/15E148 [FBAN/FBIOS;FBAV/490.0.0]`), true);
  assert.equal(isInApp(`${safari} Mobile/15E148 Instagram 350.0.0`), true);
  assert.equal(isInApp(`${safari} Mobile/15E148`), true);
  assert.equal(isInApp(`${android}; wv) ${chrome}`), true);
  assert.equal(isInApp(`${safari} Version/18.1 Mobile/15E148 Safari/604.1`), false);
  assert.equal(isInApp(`${android}) ${chrome}`), false);
  assert.equal(isInApp("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), false);
});
