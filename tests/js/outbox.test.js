import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openOutbox, pause_ms } from "../../static/js/citizen/outbox.js";
import { openBox } from "../../static/js/offline/box.js";
import { addressesIn, isAsset, isPicture, pageKey } from "../../static/js/offline/addresses.js";

const ID = "11111111-1111-4111-8111-111111111111";
const OTHER = "22222222-2222-4222-8222-222222222222";
const feature = (id, comment) => ({ type: "Feature", id, geometry: null, properties: { category: "safe", comment } });
const entry = (id, comment, more = {}) => ({ id, feature: feature(id, comment), token: "t", ...more });

/** A server that keeps pins by id; `mood` says how the way there and back is. */
function aServer() {
  const server = { pins: new Map(), asked: [], photos: [], mood: "well" };
  const answer = (status, body) =>
    new Response(body === null ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  const refusal = (status) => answer(status, { title: "This map is closed.", status, detail: "closed", errors: [] });
  const kept = (method, path, body) => {
    const id = path.split("/items/")[1]?.split("/")[0] ?? body?.id;
    if (path.endsWith("/photo")) {
      server.photos.push(id);
      return server.mood === "no photos" ? refusal(413) : answer(200, server.pins.get(id));
    }
    if (method === "POST") {
      const known = server.pins.get(id);
      if (!known) server.pins.set(id, body);
      return answer(known ? 200 : 201, server.pins.get(id));
    }
    if (!server.pins.has(id)) return answer(404, { title: "There is nothing here.", status: 404 });
    if (method === "PUT") server.pins.set(id, body);
    if (method === "DELETE") server.pins.delete(id);
    return method === "DELETE" ? answer(204, null) : answer(200, body);
  };
  server.fetch = async (url, { method, body, headers }) => {
    server.asked.push(`${method} ${url}`);
    server.tokens = [...(server.tokens ?? []), headers.Authorization];
    if (server.mood === "away") throw new TypeError("no way");
    if (server.mood === "hotel") return new Response("<h1>Sign in to the WiFi</h1>", { status: 200 });
    if (server.mood === "proxy") return new Response("<h1>Forbidden</h1>", { status: 403 });
    if (server.mood === "broken") return answer(500, null);
    if (server.mood === "closed") return refusal(422);
    const response = kept(method, url, typeof body === "string" ? JSON.parse(body) : null);
    if (server.mood === "lost answers") throw new TypeError("the answer got lost");
    return response;
  };
  return server;
}

describe("the outbox", () => {
  const realFetch = globalThis.fetch;
  let server;
  let outbox;

  beforeEach(() => {
    server = aServer();
    globalThis.fetch = server.fetch;
    outbox = openOutbox({ map: "testov", api: "/api/collections/testov", box: openBox(null) });
  });
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  test("a pin goes out and is no longer there", async () => {
    await outbox.put(entry(ID, "a"));
    const { stored } = await outbox.send(ID);
    assert.equal(stored.id, ID);
    assert.deepEqual(await outbox.entries(), []);
    assert.deepEqual(server.tokens, ["Bearer t"]);
  });

  test("without a way it waits, and goes out later", async () => {
    server.mood = "away";
    await outbox.put(entry(ID, "a"));
    assert.equal((await outbox.send(ID)).waiting.status, 0);
    assert.equal((await outbox.entries()).length, 1);
    server.mood = "well";
    assert.equal(await outbox.flush(), true);
    assert.equal(server.pins.size, 1);
    assert.deepEqual(await outbox.entries(), []);
  });

  for (const mood of ["hotel", "proxy", "broken"]) {
    test(`an answer that is not our server's (${mood}) is no answer: the pin waits`, async () => {
      server.mood = mood;
      await outbox.put(entry(ID, "a"));
      assert.ok((await outbox.send(ID)).waiting);
      assert.equal((await outbox.entries())[0].refused, undefined);
    });
  }

  test("a device that was too fast waits as long as it is told, keeps everything, and goes on", async () => {
    const fetchWell = globalThis.fetch;
    let left = 1;
    globalThis.fetch = async (url, options) => {
      if (left-- > 0) return fetchWell(url, options);
      const body = JSON.stringify({ title: "That is a lot at once.", status: 429 });
      return new Response(body, { status: 429, headers: { "Retry-After": "40" } });
    };
    for (const id of [ID, OTHER]) await outbox.put(entry(id, id));
    assert.equal(await outbox.flush(), false);
    const [waiting] = await outbox.entries();
    assert.equal(waiting.id, OTHER);
    assert.equal(waiting.refused, undefined);
    assert.ok(waiting.next - Date.now() > 39_000);
    left = 2;
    assert.equal(await outbox.flush(), true);
    assert.deepEqual([...server.pins.keys()].sort(), [ID, OTHER]);
  });

  test("a server whose database rests is asked once, not for every entry", async () => {
    const fetchWell = globalThis.fetch;
    let asked = 0;
    globalThis.fetch = async () => {
      asked += 1;
      const body = JSON.stringify({ title: "The database is resting.", status: 503 });
      return new Response(body, { status: 503, headers: { "Retry-After": "9" } });
    };
    for (const id of [ID, OTHER]) await outbox.put(entry(id, id));
    assert.equal(await outbox.flush(), false);
    assert.equal(asked, 1);
    globalThis.fetch = fetchWell;
    assert.equal(await outbox.flush(), true);
    assert.deepEqual([...server.pins.keys()].sort(), [ID, OTHER]);
  });

  test("a photo that has to wait holds up no pins behind it", async () => {
    const fetchWell = globalThis.fetch;
    globalThis.fetch = async (url, options) => {
      if (!url.endsWith("/photo")) return fetchWell(url, options);
      const body = JSON.stringify({ title: "Too many attempts.", status: 429 });
      return new Response(body, { status: 429, headers: { "Retry-After": "900" } });
    };
    await outbox.put(entry(ID, "a", { photo: { blob: new Blob(["x"]), alt: "" }, at: "2026-01-01T00:00:00Z" }));
    await outbox.put(entry(OTHER, "b", { at: "2026-01-02T00:00:00Z" }));
    await outbox.flush();
    assert.deepEqual([...server.pins.keys()].sort(), [ID, OTHER]);
    assert.deepEqual((await outbox.entries()).map(({ id, deed }) => [id, deed]), [[ID, "photo"]]);
  });

  test("an answer lost on the way makes no second pin", async () => {
    server.mood = "lost answers";
    await outbox.put(entry(ID, "a"));
    await outbox.send(ID);
    server.mood = "well";
    await outbox.flush();
    assert.equal(server.pins.size, 1);
    assert.deepEqual(server.asked.map((one) => one.split(" ")[0]), ["POST", "POST"]);
  });

  test("words changed after an answer got lost arrive as they were last", async () => {
    server.mood = "lost answers";
    await outbox.put(entry(ID, "first"));
    await outbox.send(ID);
    await outbox.put(entry(ID, "last", { deed: "change" }));
    server.mood = "well";
    const { stored } = await outbox.send(ID);
    assert.equal(stored.properties.comment, "last");
    assert.equal(server.pins.get(ID).properties.comment, "last");
  });

  test("a pin changed before it was ever tried goes out once, as a new one", async () => {
    await outbox.put(entry(ID, "first"));
    await outbox.put(entry(ID, "last", { deed: "change" }));
    await outbox.send(ID);
    assert.deepEqual(server.asked, ["POST /api/collections/testov/items"]);
    assert.equal(server.pins.get(ID).properties.comment, "last");
  });

  test("a pin taken back before it was ever tried asks nothing of the server", async () => {
    await outbox.put(entry(ID, "a"));
    await outbox.put(entry(ID, "a", { deed: "remove" }));
    assert.deepEqual(await outbox.entries(), []);
    await outbox.flush();
    assert.deepEqual(server.asked, []);
  });

  test("a pin taken back after an answer got lost is taken back from the server too", async () => {
    server.mood = "lost answers";
    await outbox.put(entry(ID, "a"));
    await outbox.send(ID);
    assert.equal(server.pins.size, 1);
    server.mood = "well";
    await outbox.drop(ID);
    assert.equal(server.pins.size, 0);
    assert.deepEqual(await outbox.entries(), []);
  });

  test("a deletion whose answer got lost is done when the pin is gone", async () => {
    server.pins.set(ID, feature(ID, "a"));
    server.mood = "lost answers";
    await outbox.put(entry(ID, "a", { deed: "remove" }));
    await outbox.send(ID);
    server.mood = "well";
    assert.equal((await outbox.send(ID)).stored, null);
    assert.deepEqual(await outbox.entries(), []);
  });

  test("a deletion taken back leaves the pin there, whether it had gone out or not", async () => {
    for (const mood of ["away", "lost answers"]) {
      server.pins.set(ID, feature(ID, "a"));
      server.mood = mood;
      await outbox.put(entry(ID, "a", { deed: "remove" }));
      await outbox.send(ID);
      await outbox.put(entry(ID, "a", { deed: "add" }));
      server.mood = "well";
      await outbox.flush();
      assert.equal(server.pins.get(ID).properties.comment, "a", mood);
    }
  });

  test("a refused pin stays with its words, and is not sent again by itself", async () => {
    server.mood = "closed";
    await outbox.put(entry(ID, "a"));
    assert.equal((await outbox.send(ID)).refused.status, 422);
    const [kept] = await outbox.entries();
    assert.equal(kept.feature.properties.comment, "a");
    assert.equal(kept.refused.detail, "closed");
    await outbox.flush();
    assert.equal(server.asked.length, 1);
    server.mood = "well";
    await outbox.put(entry(ID, "mended", { deed: "change" }));
    await outbox.send(ID);
    assert.equal(server.pins.get(ID).properties.comment, "mended");
  });

  test("what was changed while it was on its way goes out as well", async () => {
    await outbox.put(entry(ID, "first"));
    const slow = server.fetch;
    globalThis.fetch = async (...asked) => {
      const answer = await slow(...asked);
      if (server.asked.length === 1) await outbox.put(entry(ID, "last", { deed: "change" }));
      return answer;
    };
    await outbox.send(ID);
    assert.equal((await outbox.entries())[0].deed, "change");
    await outbox.flush();
    assert.equal(server.pins.get(ID).properties.comment, "last");
  });

  test("a photo follows its pin; refused, it leaves the pin where it is", async () => {
    const photo = { blob: new Blob(["x"]), alt: "a lamp" };
    await outbox.put(entry(ID, "a", { photo }));
    await outbox.put(entry(OTHER, "b", { photo }));
    assert.ok((await outbox.send(ID)).stored);
    server.mood = "no photos";
    assert.equal((await outbox.send(OTHER)).refused.status, 413);
    assert.equal(server.pins.size, 2);
    assert.equal((await outbox.entries())[0].deed, "photo");
    await outbox.drop(OTHER);
    assert.equal(server.pins.size, 2);
    assert.deepEqual(await outbox.entries(), []);
  });

  test("the oldest goes first, and where one gets no answer the next ones wait", async () => {
    await outbox.put(entry(ID, "a", { at: "2026-01-02" }));
    await outbox.put(entry(OTHER, "b", { at: "2026-01-01" }));
    server.mood = "away";
    assert.equal(await outbox.flush(), false);
    assert.equal(server.asked.length, 1);
    server.mood = "well";
    await outbox.flush();
    assert.deepEqual([...server.pins.keys()], [OTHER, ID]);
  });

  test("an outbox of one map leaves what waits for another", async () => {
    const box = openBox(null);
    const here = openOutbox({ map: "a", api: "/a", box });
    const there = openOutbox({ map: "b", api: "/b", box });
    await here.put(entry(ID, "a"));
    await there.put(entry(OTHER, "b"));
    await here.clear();
    assert.deepEqual((await there.entries()).map(({ id }) => id), [OTHER]);
    // The worker's own has all of them.
    await openOutbox({ box }).flush();
    assert.deepEqual(server.asked, ["POST /b/items"]);
  });

  test("where the browser keeps nothing it says so", async () => {
    await outbox.put(entry(ID, "a"));
    assert.equal(outbox.lasting, false);
  });

  test("pauses grow, and never come before the server wants to be asked again", () => {
    assert.deepEqual([1, 2, 3, 20].map((tries) => pause_ms(tries)), [5000, 15000, 45000, 300000]);
    assert.equal(pause_ms(1, 60), 60000);
  });
});

describe("what the worker keeps", () => {
  const at = (address) => new URL(address, "https://mapa.example");

  test("pages of a map, whatever language they were asked in", () => {
    assert.equal(pageKey(at("/m/a?lang=en&fbclid=1")), "https://mapa.example/m/a");
    assert.equal(pageKey(at("/m/a?event=F1")), "https://mapa.example/m/a?event=F1");
    for (const path of ["/m/a/results", "/m/a/privacy", "/m/a/write"]) assert.ok(pageKey(at(path)), path);
  });

  test("nothing of the office, no answers, no steps of a form", () => {
    const not = ["/office/maps/a", "/api/collections/a/items", "/m/a/pins.json", "/m/a/receipt", "/m/a/write?place=street-1", "/"];
    for (const path of not) {
      assert.equal(pageKey(at(path)), null, path);
      assert.equal(isAsset(at(path)), false, path);
      assert.equal(isPicture(at(path)), false, path);
    }
    assert.equal(isPicture(at("/m/a/photos/1.jpg")), false);
  });

  test("files whose address changes with their content, and ground that was seen", () => {
    assert.ok(isAsset(at("/static/js/pages/citizen.js?v=1")));
    assert.ok(isAsset(at("/m/a/basemap.geojson?v=1")));
    assert.equal(isAsset(at("/static/js/pages/citizen.js")), false);
    assert.ok(isPicture(at("/m/a/base/14/1/2?v=1")));
  });

  test("a page's files are its links and its list", () => {
    const html = `<link href="/palette.css"><script src="/static/a.js?v=1&amp;x=2"></script>
      <script type="application/json" id="offline-files">["/static/b.js?v=3"]</script>`;
    assert.deepEqual(addressesIn(html, "https://mapa.example/m/a"), [
      "https://mapa.example/palette.css",
      "https://mapa.example/static/a.js?v=1&x=2",
      "https://mapa.example/static/b.js?v=3",
    ]);
  });
});
