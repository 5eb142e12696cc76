/** The front page: on request the open maps nearest first. Where the reader is stays in this browser. */

import { nearestFirst } from "#js/home/near.js";
import { _, distance } from "#js/lib/words.js";

const PATIENCE = { enableHighAccuracy: false, maximumAge: 600_000, timeout: 10_000 };

const list = document.getElementById("open-maps");
const button = document.getElementById("near-me");
const status = document.getElementById("near-status");

function boxOf(item) {
  return item.dataset.box.split(" ").map(Number);
}

function sort({ coords }) {
  const place = { lon: coords.longitude, lat: coords.latitude };
  const sorted = nearestFirst([...list.children], boxOf, place);
  list.replaceChildren(...sorted.map(({ thing }) => thing));
  for (const { thing, metres } of sorted) {
    const words = thing.querySelector(".map-card-distance");
    words.textContent = metres ? _("%(distance)s from you", { distance: distance(metres) }) : _("you are here");
    words.hidden = false;
  }
  button.setAttribute("aria-pressed", "true");
  button.disabled = false;
  status.textContent = _("Nearest first. Where you are stays in your browser.");
}

function giveUp() {
  button.disabled = false;
  status.textContent = _("Your browser does not say where you are. The maps stay in the order of their towns.");
}

function locate() {
  button.disabled = true;
  status.textContent = _("Looking where you are…");
  navigator.geolocation.getCurrentPosition(sort, giveUp, PATIENCE);
}

async function connect() {
  if (!list || !button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", locate);
  // Who allowed it before need not ask again.
  const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  if (permission?.state === "granted") locate();
}

connect();
