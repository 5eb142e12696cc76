/** Answers for places: the areas on the map linked with their list, and the form in which one is drawn. */

import { h, readData } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { boxAround, boxOf, polygonsOf } from "#js/map/geometry.js";
import { createMap } from "#js/map/map.js";
import { pinLayer } from "#js/map/pins.js";
import { drawArea } from "#js/office/draw.js";
import { csrfToken, json } from "#js/office/server.js";
import { areaLayer } from "#js/results/areas.js";

/** After the last change of the form, before the server is asked what it would reach. */
const PATIENCE_MS = 350;

const scene = readData("scene");
const element = document.getElementById("map");

const boxOfArea = (area) => boxAround(polygonsOf(area).map(([outer]) => boxOf(outer.flat())));

async function start() {
  document.documentElement.classList.add("has-script");
  const town = await createMap(element, {
    bounds: scene.bounds, boundary: scene.boundary, basemap: scene.basemap, label: scene.title,
  });
  element.addEventListener("map:tilesmissing", () => toast(_("The base map could not be loaded; the pins are where they belong.")));
  const pins = pinLayer({ categories: scene.categories, onPick: () => {} }).addTo(town.map);
  json(`${scene.page}/pins.json`).then((columns) => pins.setData(columns), () => {});
  if ("draws" in element.dataset) connectForm(town);
  else connectList(town);
  connectReady();
  await town.ready;
  document.documentElement.dataset.office = "ready";
}

/** The list and the areas: what is pointed at here is lifted there. */
function connectList(town) {
  const layers = new Map();
  const itemOf = (id) => document.querySelector(`[data-place="${CSS.escape(id)}"]`);
  const show = (id) => {
    for (const [other, layer] of layers) {
      layer.getElement()?.classList.toggle("is-shown", other === id);
      itemOf(other)?.classList.toggle("is-shown", other === id);
    }
  };
  const add = ({ id, area, name }, status) => {
    const layer = areaLayer(area, { status, name, onPick: () => pick(id) }).addTo(town.map);
    layers.set(id, layer);
    const item = itemOf(id);
    item?.addEventListener("pointerenter", () => show(id));
    item?.addEventListener("focusin", () => show(id));
  };
  const pick = (id) => {
    show(id);
    itemOf(id)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  // The newest last, so that where places overlap the one that is heard lies on top.
  for (const place of scene.strong) add(place, "strong");
  for (const place of [...scene.places].reverse()) add(place, place.status);
}

/** The form: the area is drawn instead of typed, and what it reaches is told as it changes. */
function connectForm(town) {
  const form = document.querySelector("[data-place-form]");
  const field = form.querySelector("[data-area]");
  for (const { area, status, name } of scene.places) areaLayer(area, { status, name, quiet: true }).addTo(town.map);
  const take = (area) => {
    field.value = area ? JSON.stringify(area) : "";
    tellReach(form);
  };
  const drawing = drawArea(town, { onChange: take, initial: scene.area, panel: form.querySelector("[data-draw-panel]") });
  if (scene.area) town.view.fit(boxOfArea(scene.area), { maxZoom: 17 });
  field.addEventListener("change", () => {
    const typed = parsed(field.value);
    if (typed) drawing.set(typed);
    tellReach(form);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "categories") tellReach(form);
  });
  if (!scene.area) element.focus({ preventScroll: true });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

let timer = 0;
let asking = null;

/** Asks what the area would reach, and proposes the name of the place while nobody has written one. */
function tellReach(form) {
  clearTimeout(timer);
  asking?.abort();
  timer = setTimeout(() => ask(form), PATIENCE_MS);
}

async function ask(form) {
  const place = form.querySelector("[data-reach]");
  const name = form.querySelector("[data-name]");
  const sent = new FormData(form);
  if (!String(sent.get("area")).trim()) return;
  for (const unasked of ["file", "answer", "name", "ready", "do"]) sent.delete(unasked);
  if (scene.place) sent.set("place", scene.place);
  asking = new AbortController();
  try {
    const told = await reachOf(sent, asking.signal);
    const parsedWords = new DOMParser().parseFromString(told.words, "text/html");
    place.replaceChildren(...parsedWords.body.children);
    if (told.name && (!name.value.trim() || name.value === name.dataset.proposed)) {
      name.value = told.name;
      name.dataset.proposed = told.name;
    }
  } catch (failure) {
    if (failure.name !== "AbortError") place.replaceChildren(h("p", {}, failure.message));
  }
}

async function reachOf(form, signal) {
  const answer = await fetch(scene.reach, {
    method: "POST", body: form, signal, headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || told.title);
  return told;
}

/** Ready words go into the answer at once. */
function connectReady() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest('button[value="insert"]')?.closest("[data-ready]");
    if (!box) return;
    event.preventDefault();
    const chosen = box.querySelector("select").selectedOptions[0];
    if (!chosen?.value) return;
    const form = box.closest("form");
    const text = form.querySelector("[data-answer]");
    text.value = [text.value.trim(), chosen.dataset.text].filter(Boolean).join("\n\n");
    form.querySelector(`[name="status"][value="${CSS.escape(chosen.dataset.status)}"]`).checked = true;
    text.focus();
  });
}

start();
