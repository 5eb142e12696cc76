/**
 * Finding a place while one types: what the page without scripts shows after "Find", shown after every rest in typing.
 * Without a connection the names of the map's own layer do, if this device has seen them.
 */

import { serverPage } from "#js/citizen/write/server_page.js";
import { h, replace } from "#js/lib/dom.js";
import { _, ngettext } from "#js/lib/words.js";

/** Milliseconds of rest in typing after which the server is asked. */
const REST_MS = 250;
const MOST = 8;

/** Metres around the point of a name that only this device has looked up. */
const UNMEASURED_M = { street: 400, district: 1000, green: 200, water: 300, place: 60 };

/** Connects the form #search of the page; `say` speaks. */
export function connectFinding({ config, say }) {
  const form = document.getElementById("search");
  if (!form) return;
  const finds = document.getElementById("finds");
  const input = form.elements.q;
  let resting = 0;
  let asked = 0;

  const show = (children, count) => {
    replace(finds, ...children);
    say(count === null ? "" : finds.querySelector("h2")?.textContent ?? "");
  };

  const look = async () => {
    const mine = (asked += 1);
    if (!input.value.trim()) return show([], null);
    const found = await fromServer(form).catch(() => fromDevice(config, input.value));
    if (mine === asked) show(found, found.length);
  };

  input.addEventListener("input", () => {
    clearTimeout(resting);
    resting = setTimeout(look, REST_MS);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(resting);
    await look();
    finds.querySelector("a")?.focus();
  });
}

/** What the server's own page has under "finds". */
async function fromServer(form) {
  const query = new URLSearchParams(new FormData(form));
  const found = (await serverPage(`${form.action}?${query}`)).getElementById("finds");
  // A kept copy of the page, from the device itself, knows nothing of what was typed.
  if (!found?.children.length) throw new Error("not an answer to this");
  return [...found.childNodes];
}

/** The same from the names of the map's own layer. */
async function fromDevice(config, text) {
  const places = await nearbyNames(config, text);
  const title = places.length
    ? ngettext("%(n)s find", "%(n)s finds", places.length)
    : _("Nothing of that name. Try only the beginning of it.");
  const line = ({ name, kind, lon, lat }) =>
    h("li", {}, h("a.write-place", { href: "#what", "data-label": name, "data-kind": "", "data-at": `${lon} ${lat}`, "data-precision": UNMEASURED_M[kind] ?? 100 }, name));
  return [h("h2.write-finds-title", {}, title), places.length > 0 && h("ul.write-places", {}, places.map(line))].filter(Boolean);
}

async function nearbyNames({ basemap }, text) {
  if (basemap.kind !== "vector") return [];
  const [{ nameList, search }, { groundOf }] = await Promise.all([import("#js/map/names.js"), import("#js/map/ground.js")]);
  try {
    const layer = await (await fetch(basemap.url)).json();
    return search(nameList(groundOf(layer)), text, MOST);
  } catch {
    return [];
  }
}
