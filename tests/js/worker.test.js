import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { mapPath } from "../../static/js/offline/addresses.js";

const HOST = "https://mapy.example";
const listeners = {};
let stores;
let answer;

/** What the browser keeps, by name and address. */
const aCache = (kept) => ({
  keys: async () => [...kept.keys()].map((url) => ({ url })),
  match: async (one) => kept.get(one.url ?? one)?.clone(),
  put: async (one, response) => void kept.set(one.url ?? one, response),
  delete: async (one) => kept.delete(one.url ?? one),
});

/** Opens a page through the worker, and waits for what the worker does afterwards. */
async function open(path) {
  const waited = [];
  let response;
  const request = { method: "GET", mode: "navigate", url: `${HOST}${path}` };
  listeners.fetch({ request, respondWith: (given) => (response = given), waitUntil: (work) => waited.push(work) });
  await response;
  await Promise.all(waited);
}

const keptPaths = (name) => [...(stores[name]?.keys() ?? [])].map((url) => url.replace(HOST, "")).sort();

describe("what the worker forgets of a map that is gone", () => {
  before(async () => {
    globalThis.self = {
      location: new URL(`${HOST}/service-worker.js`),
      addEventListener: (name, deed) => (listeners[name] = deed),
    };
    globalThis.fetch = async () => answer();
    globalThis.caches = { open: async (name) => aCache((stores[name] ??= new Map())), keys: async () => Object.keys(stores) };
    await import("../../static/js/offline/worker.js");
  });

  beforeEach(() => {
    const keep = (paths) => new Map(paths.map((path) => [`${HOST}${path}`, new Response("kept")]));
    stores = {
      "pocit-pages": keep(["/m/a", "/m/a?event=X", "/m/a?simple=", "/m/a/results", "/m/ab", "/m/b", "/offline"]),
      "pocit-pictures": keep(["/m/a/base/1/2/3", "/m/a/results/heat.png", "/m/ab/icon-192.png"]),
      "pocit-assets": keep(["/m/a/ground.json?v=1", "/static/build/x.js", "/m/b/boundary?v=1"]),
    };
  });

  for (const [status, path] of [
    [404, "/m/a"],
    [410, "/m/a?event=Y"],
    [404, "/m/a/results?lang=cs"],
  ]) {
    test(`${status} of ${path}: all its pages by any query, its pictures and its ground`, async () => {
      answer = () => new Response("gone", { status });
      await open(path);
      assert.deepEqual(keptPaths("pocit-pages"), ["/m/ab", "/m/b", "/offline"]);
      assert.deepEqual(keptPaths("pocit-pictures"), ["/m/ab/icon-192.png"]);
      assert.deepEqual(keptPaths("pocit-assets"), ["/m/b/boundary?v=1", "/static/build/x.js"]);
    });
  }

  test("a server that is only away takes nothing", async () => {
    answer = () => new Response("away", { status: 503 });
    await open("/m/a");
    assert.equal(keptPaths("pocit-pages").length, 7);
    assert.equal(keptPaths("pocit-pictures").length, 3);
  });

  test("the path of a map ends with its name", () => {
    assert.equal(mapPath(new URL(`${HOST}/m/a/results`)), "/m/a/");
    assert.equal(mapPath(new URL(`${HOST}/x/m/a?event=X`), "/x/"), "/x/m/a/");
    assert.equal(mapPath(new URL(`${HOST}/offline`)), null);
  });
});
