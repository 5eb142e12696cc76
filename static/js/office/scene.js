/** The map of the office: base, heat and dots, with the small panel that says what it shows. */

import { heatLayer } from "#js/map/heat.js";
import { createMap } from "#js/map/map.js";
import { FLAG, pinLayer } from "#js/map/pins.js";
import { onThemeChange, pageTheme } from "#js/map/tones.js";
import { language } from "#js/lib/words.js";
import { pinParams, queryOf } from "#js/office/filter.js";
import { json, piece } from "#js/office/server.js";

/** From this zoom on dots have shapes and stand apart; farther out, over heat, they step back. */
const NEAR_ZOOM = 15;

/** How close one comes when a pin outside the view is shown. */
const LOOK_ZOOM = 16;

/**
 * Builds the map in `element`, with the panel of its layers.
 * @param {{element: HTMLElement, panel: HTMLElement, data: object, params: URLSearchParams, onPick: (id: string) => void}} options
 */
export async function connectScene({ element, panel, data, params, onPick }) {
  const town = await createMap(element, {
    bounds: data.bounds, boundary: data.boundary, basemap: data.basemap, lang: language(), label: data.title,
  });
  const dots = pinLayer({ categories: data.categories, onPick: (hit) => onPick(hit.id) }).addTo(town.map);
  const layers = connectLayers(panel, () => follow(wanted));
  let wanted = params;
  let columns = { count: 0, ids: [], lon: [], lat: [], category: [], flags: [] };
  let shown = null;
  let heat = null;
  let fresh = 0;
  let asking = null;

  const heatUrl = () => `${data.page}/heat${pageTheme() === "dark" ? "-dark" : ""}/{z}/{x}/{y}.png`;
  const heatQuery = () => {
    const query = Object.fromEntries(pinParams(wanted));
    // "75" and "75.0" ask for the same heat under two addresses: the way to see it anew after a decision.
    return { ...query, weight: layers.weight(), bandwidth: `${layers.bandwidth()}${fresh % 2 ? ".0" : ""}` };
  };

  function showHeat() {
    const wantsHeat = layers.heatOn();
    layers.showHeatOnly(wantsHeat);
    if (!wantsHeat) {
      heat?.remove();
      heat = null;
    } else if (heat) {
      heat.setQuery(heatQuery());
    } else {
      heat = heatLayer({ url: heatUrl(), query: heatQuery(), opacity: 0.85 }).addTo(town.map);
    }
    stepBack();
    return wantsHeat ? showLegend() : layers.setLegend([]);
  }

  async function showLegend() {
    const asked = queryOf(new URLSearchParams({ ...heatQuery(), bandwidth: layers.bandwidth() }));
    const pieces = await piece(`${data.page}/legend?${asked}`, "legend", { signal: asking?.signal }).catch(() => []);
    layers.setLegend(pieces);
  }

  /** Over heat and from afar the dots are only a breath; close by they are what one looks at. */
  function stepBack() {
    element.classList.toggle("dots-off", !layers.pinsOn());
    element.classList.toggle("dots-step-back", Boolean(heat) && town.map.getZoom() < NEAR_ZOOM);
  }

  /** Shows what this filter asks for. */
  async function follow(next) {
    asking?.abort();
    asking = new AbortController();
    wanted = next;
    const heatDone = showHeat();
    const query = queryOf(pinParams(wanted));
    if (query !== shown) {
      columns = await json(`${data.page}/pins.json?${query}`, { signal: asking.signal });
      shown = query;
      dots.setData(columns);
    }
    await heatDone;
  }

  town.map.on("zoomend", stepBack);
  onThemeChange(() => {
    heat?.remove();
    heat = null;
    showHeat();
  });

  return {
    town,
    ready: town.ready,
    follow,
    /** Lifts a pin out of the crowd; with `move` the map goes there when it is out of sight. */
    point(id, place, { move = false } = {}) {
      const index = id ? dots.indexOf(id) : -1;
      dots.highlight(index < 0 ? null : index);
      if (!move || !place) return;
      const inside = town.map.getBounds().pad(-0.08).contains([place.lat, place.lon]);
      const zoom = Math.max(town.map.getZoom(), LOOK_ZOOM);
      if (!inside || town.map.getZoom() < NEAR_ZOOM - 1) town.view.centreOn([place.lon, place.lat], zoom);
    },
    /** Draws a pin as it is after a decision, and the heat without or with it. */
    redraw(id, state) {
      const index = columns.ids.indexOf(id);
      if (index >= 0) {
        columns.flags[index] = state === "hidden" ? columns.flags[index] | FLAG.QUIET : columns.flags[index] & ~FLAG.QUIET;
        dots.setData(columns);
        dots.highlight(index);
      }
      fresh += 1;
      showHeat();
    },
  };
}

/** The panel: whether and what heat counts, how far it reaches, and whether dots are shown. */
function connectLayers(panel, onChange) {
  const range = panel.querySelector("#bandwidth");
  const metres = range.dataset.metres.split(" ");
  const words = panel.querySelector("[data-bandwidth-words]");
  const bandwidth = () => metres[Number(range.value)];
  const weight = () => panel.querySelector('input[name="heat"]:checked').value;
  const sayReach = () => {
    words.textContent = `${bandwidth()} m`;
    range.setAttribute("aria-valuetext", `${bandwidth()} m`);
  };
  let timer = 0;
  range.addEventListener("input", () => {
    sayReach();
    clearTimeout(timer);
    timer = setTimeout(onChange, 200);
  });
  panel.addEventListener("change", (event) => {
    if (event.target !== range) onChange();
  });
  sayReach();
  panel.hidden = false;
  if (globalThis.matchMedia("(max-width: 60rem)").matches) panel.open = false;
  return {
    bandwidth,
    weight: () => (weight() === "pins" ? "pins" : "people"),
    heatOn: () => weight() !== "off",
    pinsOn: () => panel.querySelector("[data-pins-on]").checked,
    showHeatOnly(on) {
      panel.querySelector("[data-heat-only]").hidden = !on;
    },
    setLegend(pieces) {
      panel.querySelector("[data-legend]").replaceChildren(...pieces);
    },
  };
}
