/** The boundary's page: drawing over the map, and the look at what would change. */

import * as L from "leaflet";
import { readData } from "#js/lib/dom.js";
import { toast } from "#js/lib/toast.js";
import { _ } from "#js/lib/words.js";
import { polygonsOf } from "#js/map/geometry.js";
import { createMap } from "#js/map/map.js";
import { drawArea } from "#js/office/draw.js";

const LEAST_ZOOM = 6;
const DOT_RADIUS = 5;

const scene = readData("scene");
const element = document.getElementById("map");

async function start() {
  const town = await createMap(element, {
    bounds: scene.bounds,
    boundary: scene.boundary,
    basemap: scene.basemap,
    label: scene.title,
    // Where the boundary is only being looked for, it can't hold the view.
    minZoom: LEAST_ZOOM,
  });
  town.map.setMaxBounds(null);
  element.addEventListener("map:tilesmissing", () => toast(_("The background can’t be loaded now. Drawing works all the same.")));
  if (element.dataset.page === "boundary") connectDrawing(town);
  else await showBefore(town);
}

/** The drawing tool, once somebody says what to begin with, and the form that takes what was drawn. */
function connectDrawing(town) {
  const form = document.querySelector("[data-draw-form]");
  const field = form.querySelector("[data-polygon]");
  const go = form.querySelector("[data-draw-go]");
  const begin = (initial) => {
    for (const part of form.querySelectorAll("[data-draw-start]")) part.hidden = true;
    go.hidden = false;
    const button = go.querySelector("button");
    const take = (polygon) => {
      field.value = polygon ? JSON.stringify(polygon) : "";
      button.disabled = !polygon;
    };
    const drawing = drawArea(town, { onChange: take, initial, panel: form.querySelector("[data-draw-panel]") });
    take(drawing.get());
    element.dataset.drawing = "true";
    element.focus({ preventScroll: true });
  };
  form.hidden = false;
  for (const button of form.querySelectorAll("[data-draw]")) {
    button.addEventListener("click", () => begin(button.dataset.draw === "present" ? scene.outline : null));
  }
  if (field.value) begin(parsed(field.value));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The present boundary under the new one, and the pins that would lie outside. */
async function showBefore(town) {
  connectChoice();
  if (!scene.before) return;
  const answer = await fetch(scene.before);
  const rings = polygonsOf(await answer.json())
    .flat()
    .map((ring) => ring.map(([lon, lat]) => [lat, lon]));
  L.polygon(rings, { fill: false, interactive: false, className: "ground-before" }).addTo(town.map);
  const canvas = L.canvas({ padding: 0.3 });
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--danger").trim();
  const paper = getComputedStyle(document.documentElement).getPropertyValue("--paper-raised").trim();
  for (const [lon, lat] of scene.outside) {
    const look = { renderer: canvas, radius: DOT_RADIUS, color: paper, weight: 1.5, fillColor: colour, fillOpacity: 1, interactive: false };
    L.circleMarker([lat, lon], look).addTo(town.map);
  }
}

/** Finding one's own among many. */
function connectChoice() {
  const form = document.querySelector("[data-choose]");
  if (!form) return;
  const rows = [...form.querySelectorAll("[data-name]")];
  const filter = form.querySelector("[data-filter]");
  const all = form.querySelector("[data-all]");
  filter.hidden = rows.length < 8;
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.dataset.name.includes(wanted) && !row.querySelector("input").checked;
  });
  all.hidden = false;
  all.addEventListener("click", () => {
    const shown = rows.filter((row) => !row.hidden).map((row) => row.querySelector("input"));
    const tick = shown.some((input) => !input.checked);
    for (const input of shown) input.checked = tick;
  });
}

start();
