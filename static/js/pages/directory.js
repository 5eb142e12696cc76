/** The front page of a server with very many maps: on request those nearest. Where the reader is stays here. */

import { nearestFirst } from "#js/home/near.js";
import { request } from "#js/lib/api.js";
import { h, replace } from "#js/lib/dom.js";
import { _, distance } from "#js/lib/words.js";

const PATIENCE = { enableHighAccuracy: false, maximumAge: 600_000, timeout: 10_000 };
const SHOWN = 12;

const list = document.getElementById("near-maps");
const button = document.getElementById("near-me");
const status = document.getElementById("near-status");

function line({ thing: [slug, town, title], metres }) {
  const away = metres ? _("%(distance)s from you", { distance: distance(metres) }) : _("you are here");
  const address = new URL(`m/${encodeURIComponent(slug)}`, new URL("./", new URL(button.dataset.maps, location.href)));
  return h("li", {}, h("a", { href: address.href }, town), h("span.directory-title", {}, title), h("span", {}, away));
}

async function show({ coords }) {
  const place = { lon: coords.longitude, lat: coords.latitude };
  try {
    const { maps } = await request("GET", button.dataset.maps);
    const nearest = nearestFirst(maps, ([, , , box]) => box, place).slice(0, SHOWN);
    replace(list, ...nearest.map(line));
    list.hidden = false;
    button.setAttribute("aria-pressed", "true");
    status.textContent = _("Nearest first. Where you are stays in your browser.");
  } catch {
    status.textContent = _("The server did not answer. Please try again in a moment.");
  }
  button.disabled = false;
}

function giveUp() {
  button.disabled = false;
  status.textContent = _("Your browser does not say where you are. The maps stay in the order of their towns.");
}

if (button && navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    status.textContent = _("Looking where you are…");
    navigator.geolocation.getCurrentPosition(show, giveUp, PATIENCE);
  });
}
