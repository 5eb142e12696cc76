/** The basemap's page: what is chosen or typed shows on the map beside it, before anything is saved. */

import { readData } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";
import { vectorBasemap } from "#js/map/basemap.js";
import { createMap } from "#js/map/map.js";
import { ownBrush } from "#js/map/own_brush.js";
import { PaperGraticule, plainAttribution, xyzBasemap } from "#js/map/tiles.js";
import { templateOf } from "#js/office/template.js";

const REST_MS = 500;

const scene = readData("scene");
const element = document.getElementById("map");
const form = document.querySelector("[data-basemap-form]");
const field = (name) => form.elements[name];
const seen = document.querySelector("[data-seen]");
const say = (text) => {
  seen.textContent = text;
};

/** The layer of what the form says now; null while it says nothing that could be shown. */
async function layerOf(kind) {
  const attribution = field("attribution").value;
  if (kind === "none") return new PaperGraticule();
  if (kind === "vector") {
    const file = field("layer").files[0];
    if (!file) return undefined;
    const brush = await ownBrush(JSON.parse(await file.text()));
    return vectorBasemap(brush, { attribution: plainAttribution(attribution) });
  }
  if (kind !== "xyz") return undefined;
  const template = templateOf(field("url").value);
  if (!template) return null;
  const url = scene.tiles.replace("TEMPLATE", encodeURIComponent(template));
  return xyzBasemap({ url, attribution, maxZoom: Number(field("max_zoom").value) || 19 });
}

/** Puts another ground under the boundary, and says how it went. */
class Look {
  #town;
  #shown;
  #saved;
  #timer = 0;
  #turn = 0;

  constructor(town) {
    this.#town = town;
    this.#shown = this.#saved = town.basemap;
    if (scene.basemap.kind === "xyz") this.#watch(town.basemap);
  }

  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), REST_MS);
  }

  async now() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    const kind = field("kind").value;
    const layer = await layerOf(kind).catch(() => null);
    if (turn !== this.#turn) return;
    say("");
    if (layer === null) {
      say(kind === "xyz" ? _("The address needs {z}, {x} and {y} in it.") : _("This file can’t be shown; saving will say what is wrong with it."));
      return;
    }
    if (kind === "pmtiles" && field("pack").files[0]) say(_("The tiles of the file show here after saving."));
    this.#swap(layer ?? this.#saved);
    if (kind === "xyz") this.#watch(layer);
  }

  #swap(layer) {
    if (layer === this.#shown) return;
    this.#shown.remove();
    this.#shown = layer.addTo(this.#town.map);
    element.dataset.ground = field("kind").value;
  }

  #watch(layer) {
    layer.on("tilesmissing", async () => {
      const answer = await fetch(this.#middleTile());
      if (layer !== this.#shown) return;
      say(answer.status === 204 ? (scene.why[answer.headers.get("X-Why")] ?? scene.why.unreachable) : _("Some tiles are missing here."));
    });
    layer.on("tilesback", () => say(""));
  }

  /** The tile in the middle of the map, to ask why it does not come. */
  #middleTile() {
    const { map } = this.#town;
    const z = Math.min(Math.round(map.getZoom()), Number(field("max_zoom").value) || 19);
    const { x, y } = map.project(map.getCenter(), z).divideBy(256).floor();
    const template = templateOf(field("url").value) ?? "";
    return scene.tiles.replace("TEMPLATE", encodeURIComponent(template)).replace("{z}", z).replace("{x}", x).replace("{y}", y);
  }
}

function connectPresets(look) {
  const chips = [...form.querySelectorAll("[data-presets] .chip")];
  const hint = form.querySelector("[data-hint]:not(.chip)");
  const mark = () => {
    for (const chip of chips) {
      const on = chip.dataset.url === field("url").value.trim();
      chip.setAttribute("aria-pressed", String(on));
      if (on) hint.textContent = chip.dataset.hint;
    }
    if (!chips.some((chip) => chip.getAttribute("aria-pressed") === "true")) hint.textContent = "";
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      field("url").value = chip.dataset.url;
      field("max_zoom").value = chip.dataset.maxZoom;
      field("attribution").value = chip.dataset.attribution;
      mark();
      look.now();
    });
  }
  form.querySelector("[data-presets]").hidden = false;
  field("url").addEventListener("input", mark);
  mark();
}

async function start() {
  const town = await createMap(element, { ...scene, label: scene.title });
  const look = new Look(town);
  form.querySelector("[data-kinds]").classList.add("is-live");
  connectPresets(look);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "file") look.soon();
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" || event.target.name === "kind") look.now();
  });
  form.addEventListener("submit", () => {
    form.querySelector("[data-sending]").hidden = !field("pack").files.length;
  });
  // What came back with a problem is shown again as it was typed.
  if (form.querySelector("[aria-invalid]")) look.now();
}

start();
