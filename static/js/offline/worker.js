/**
 * The service worker of the citizens' pages: after one visit they open without a connection.
 *
 * A page is asked from the server first and kept as it came; where nobody answers, the kept one is shown. What a page is
 * made of has its fingerprint in its address and never changes: it is kept with the page and taken from there. Pictures
 * of the ground that were seen are kept, up to a number. The office, the API and other people's answers are never
 * touched. Nothing is swapped under an open page: a new page brings its own files along, and those that no kept page
 * names any more are swept out.
 */

import { prove } from "#js/citizen/challenge/prove.js";
import { openOutbox } from "#js/citizen/outbox.js";
import { proveWith } from "#js/lib/api.js";
import { addressesIn, isAsset, isPicture, mapPath, pageKey } from "#js/offline/addresses.js";

// What waits goes out from here as well: also where the server asks for a sum first.
proveWith(prove);

const CACHE = { pages: "pocit-pages", pictures: "pocit-pictures", assets: "pocit-assets" };

/** How long a person looks at nothing while there is a kept page. */
const PATIENCE_MS = 4000;

const MOST_PAGES = 40;
const MOST_PICTURES = 1200;
const KEPT_DAYS = 60;

/** A page and its files may be a moment apart: what has just come is not swept. */
const FRESH_MS = 24 * 3600 * 1000;

const ROOT = new URL("./", self.location).pathname;
const OFFLINE_PAGE = `${ROOT}offline`;
const AWAY = new Set([502, 503, 504]);

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const ours = new Set(Object.values(CACHE));
      const old = (await caches.keys()).filter((name) => name.startsWith("pocit-") && !ours.has(name));
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
      await sweep();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const path = url.pathname;
  if (request.mode === "navigate") {
    const key = pageKey(url, ROOT);
    if (key) event.respondWith(page(event, key));
    else if (!["office", "api", "data"].some((part) => isUnder(path, part))) event.respondWith(elsewhere(event));
  } else if (isAsset(url, ROOT)) event.respondWith(asset(request));
  else if (isPicture(url, ROOT)) event.respondWith(picture(event));
});

self.addEventListener("message", (event) => {
  const { type, page: address, used = [], also = [] } = event.data ?? {};
  if (type === "keep") event.waitUntil(keepVisited(address, used, also));
});

self.addEventListener("sync", (event) => {
  event.waitUntil(
    openOutbox()
      .flush()
      .then((isFree) => {
        // The browser then tries once more, later.
        if (!isFree) throw new Error("not through yet");
      }),
  );
});

const isUnder = (path, part) => path === `${ROOT}${part}` || path.startsWith(`${ROOT}${part}/`);

/** A page as the server has it now, or as it was when there was a connection. */
async function page(event, key) {
  const fresh = fetch(event.request);
  const kept = await keptPage(key);
  let response = null;
  try {
    response = await (kept ? Promise.race([fresh, timeOut(PATIENCE_MS)]) : fresh);
  } catch {
    return kept ?? offlinePage();
  }
  event.waitUntil(fresh.then((late) => keepAnswer(key, late.clone())).catch(() => {}));
  return AWAY.has(response.status) && kept ? kept : response;
}

/** Another page of ours: as it is, or the one that says that there is no connection. */
async function elsewhere(event) {
  try {
    return await fetch(event.request);
  } catch {
    return offlinePage();
  }
}

const timeOut = (ms) => new Promise((_resolve, reject) => setTimeout(() => reject(new Error("slow")), ms));

async function offlinePage() {
  return (await keptPage(new URL(OFFLINE_PAGE, self.location).href)) ?? Response.error();
}

/** The kept page; without its own address, as with another event's code, the map's plain one. */
async function keptPage(key) {
  const pages = await caches.open(CACHE.pages);
  const found = (await pages.match(key, { ignoreVary: true })) ?? (await pages.match(key.split("?")[0], { ignoreVary: true }));
  return found && isYoung(found, KEPT_DAYS) ? found : undefined;
}

const isYoung = (response, days) => {
  const made = Date.parse(response.headers.get("Date") ?? "");
  return !Number.isFinite(made) || Date.now() - made < days * 24 * 3600 * 1000;
};

async function keepAnswer(key, response) {
  const pages = await caches.open(CACHE.pages);
  if (response.status === 404 || response.status === 410) await forget(new URL(key));
  if (!isKeepable(response)) return;
  const html = await response.clone().text();
  await keepFiles(html, key);
  await pages.delete(key, { ignoreVary: true });
  await pages.put(key, response);
  await trim(pages, MOST_PAGES, (url) => url.pathname !== OFFLINE_PAGE);
}

/** A map that is gone, or a draft by now, is not to be shown any more: none of its pages, by whatever query, no picture. */
async function forget(gone) {
  const map = mapPath(gone, ROOT);
  const isGone = ({ pathname }) => pathname === gone.pathname || (map !== null && `${pathname}/`.startsWith(map));
  for (const name of Object.values(CACHE)) {
    const cache = await caches.open(name);
    for (const kept of await cache.keys()) {
      if (isGone(new URL(kept.url))) await cache.delete(kept, { ignoreVary: true });
    }
  }
}

/** Pages for everybody; a draft that an official sees says that it is private. */
const isKeepable = (response) =>
  response.status === 200 &&
  !response.redirected &&
  response.type === "basic" &&
  (response.headers.get("Content-Type") ?? "").startsWith("text/html") &&
  !/\bprivate\b/.test(response.headers.get("Cache-Control") ?? "");

async function keepPage(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  await keepAnswer(pageKey(new URL(address), ROOT) ?? address, response);
}

/** Everything the page is made of, so that it is whole without a connection. */
async function keepFiles(html, address) {
  const assets = await caches.open(CACHE.assets);
  const wanted = addressesIn(html, address).filter((url) => isAsset(new URL(url), ROOT));
  await Promise.all(
    wanted.map(async (url) => {
      if (await assets.match(url, { ignoreVary: true })) return;
      // From the browser's own store where it is there: the page has just fetched it.
      const response = await fetch(url, { credentials: "same-origin" });
      if (response.ok) await assets.put(url, response);
    }),
  );
}

/** The page that has just registered the worker, with the ground it shows; then pages that belong to it. */
async function keepVisited(address, used, also) {
  const key = pageKey(new URL(address), ROOT);
  if (key && !(await keptPage(key))) await keepPage(address);
  for (const url of used.map((text) => new URL(text)).filter((one) => isPicture(one, ROOT))) {
    await keepPicture(new Request(url.href)).catch(() => {});
  }
  for (const further of also) {
    const other = pageKey(new URL(further, address), ROOT);
    if (other && !(await keptPage(other))) await keepPage(new URL(further, address).href).catch(() => {});
  }
  await sweep();
}

async function asset(request) {
  const assets = await caches.open(CACHE.assets);
  const kept = await assets.match(request, { ignoreVary: true });
  // The palette has no fingerprint: what the server says now is right, if it says anything.
  if (kept && !request.url.endsWith("palette.css")) return kept;
  try {
    return await fetch(request);
  } catch (failure) {
    if (kept) return kept;
    throw failure;
  }
}

/** Ground that was seen stays; other pictures of a page are asked for anew and kept for when nobody answers. */
async function picture(event) {
  const { request } = event;
  const pictures = await caches.open(CACHE.pictures);
  const kept = await pictures.match(request, { ignoreVary: true });
  if (kept && request.url.includes("/base/")) return kept;
  try {
    const response = await fetch(request);
    event.waitUntil(putPicture(request, response.clone()));
    return response;
  } catch (failure) {
    if (kept) return kept;
    throw failure;
  }
}

async function keepPicture(request) {
  const pictures = await caches.open(CACHE.pictures);
  if (await pictures.match(request, { ignoreVary: true })) return;
  await putPicture(request, await fetch(request, { cache: "force-cache", credentials: "same-origin" }));
}

async function putPicture(request, response) {
  const isShown = (response.headers.get("Content-Type") ?? "").startsWith("image/");
  if (response.status !== 200 || !isShown || /private|no-store/.test(response.headers.get("Cache-Control") ?? "")) return;
  try {
    const pictures = await caches.open(CACHE.pictures);
    await pictures.put(request, response);
    await trim(pictures, MOST_PICTURES);
  } catch {
    // No room: the page itself is worth more than the ground beyond the town.
    await caches.delete(CACHE.pictures);
  }
}

/** Lets go of the oldest; a cache lists its entries in the order in which they came. */
async function trim(cache, most, mayGo = () => true) {
  const keys = (await cache.keys()).filter(({ url }) => mayGo(new URL(url)));
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((key) => cache.delete(key)));
}

/** Files that no kept page is made of any more are given up. */
async function sweep() {
  const pages = await caches.open(CACHE.pages);
  const needed = new Set();
  for (const key of await pages.keys()) {
    const kept = await pages.match(key);
    if (!kept) continue;
    for (const address of addressesIn(await kept.text(), key.url)) needed.add(address);
  }
  const assets = await caches.open(CACHE.assets);
  for (const key of await assets.keys()) {
    if (needed.has(key.url)) continue;
    const kept = await assets.match(key);
    const came = Date.parse(kept?.headers.get("Date") ?? "");
    if (!Number.isFinite(came) || Date.now() - came > FRESH_MS) await assets.delete(key);
  }
}
