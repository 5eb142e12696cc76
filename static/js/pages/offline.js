/** The page that stands where there is no connection: the maps that this device has kept. */

import { h } from "#js/lib/dom.js";
import { CACHES } from "#js/offline/register.js";

const MAP = /\/m\/[^/]+$/;

/** The kept maps: address and title, as their pages call them. */
async function keptMaps() {
  const pages = await caches.open(CACHES.pages);
  const keys = (await pages.keys()).filter(({ url }) => MAP.test(new URL(url).pathname) && !new URL(url).search);
  return Promise.all(
    keys.map(async (key) => {
      const html = await (await pages.match(key)).text();
      // Only these two: a whole page with its own styles would be read against the rules of this one.
      const [title = ""] = html.match(/<title>[^<]*<\/title>/) ?? [];
      const [, lang = ""] = html.match(/<html lang="([\w-]+)"/) ?? [];
      return { url: key.url, title: new DOMParser().parseFromString(title, "text/html").title, lang };
    }),
  );
}

async function connect() {
  document.getElementById("again").addEventListener("click", () => location.reload());
  addEventListener("online", () => location.reload());
  const maps = globalThis.caches ? await keptMaps() : [];
  if (!maps.length) return;
  const cards = maps.map(({ url, title, lang }) => h("li.card", { lang }, h("a", { href: url }, title)));
  document.getElementById("kept-maps").replaceChildren(...cards);
  document.getElementById("kept").hidden = false;
}

connect();
