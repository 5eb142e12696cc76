/** After something was sent, the server's main database answers this browser for some seconds: the mark that says so. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { request } from "#js/lib/api.js";

const before = {};
let asked;

beforeEach(() => {
  for (const name of ["fetch", "document", "location", "cookieStore"]) {
    before[name] = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true, writable: true });
  }
  globalThis.location = { protocol: "https:" };
  asked = [];
});

afterEach(() => {
  for (const [name, kept] of Object.entries(before)) {
    if (kept) Object.defineProperty(globalThis, name, kept);
    else delete globalThis[name];
  }
});

function server(headers = {}) {
  globalThis.fetch = async (url, options) => {
    asked.push(options.credentials);
    return new Response("{}", { status: 200, headers });
  };
}

const token = "a".repeat(32);
const options = { token, lang: "cs" };

test("a page keeps the mark that an answer to its writing names", async () => {
  globalThis.document = { cookie: "" };
  server({ "Pocit-Wrote": "15" });
  await request("POST", "/api/collections/testov/items", { ...options, body: {} });
  assert.equal(document.cookie, "pocit_wrote=1; Max-Age=15; Path=/; SameSite=Lax; Secure");
});

test("without a replica there is no mark", async () => {
  globalThis.document = { cookie: "" };
  server();
  await request("POST", "/api/collections/testov/items", { ...options, body: {} });
  assert.equal(document.cookie, "");
});

test("a worker, which has no document, keeps it too where the browser lets it", async () => {
  const kept = [];
  globalThis.cookieStore = { set: (cookie) => kept.push(cookie.name) };
  server({ "Pocit-Wrote": "15" });
  await request("POST", "/api/collections/testov/items", { ...options, body: {} });
  delete globalThis.cookieStore;
  await request("POST", "/api/collections/testov/items", { ...options, body: {} });
  assert.deepEqual(kept, ["pocit_wrote"]);
});

test("cookies go along with reading, so that the mark is seen, and never with a token", async () => {
  server();
  await request("GET", "/m/testov/pins.json", { lang: "cs" });
  await request("GET", "/api/collections/testov/respondent", options);
  assert.deepEqual(asked, ["same-origin", "omit"]);
});
