/** The town's layers of facts under the pins of the office's map: switched on in the panel, drawn on one canvas. */

import * as L from "leaflet";
import { onThemeChange } from "#js/map/tones.js";
import { json } from "#js/office/server.js";

/** Above heat and boundary, below the pins. */
const PANE_Z = 400;

/** Beyond the view on every side, in its sizes: so that a little pulling asks for nothing. */
const AROUND = 0.4;

/** Names of the tones that tell layers apart, one after the other; the points' form does too. */
const TONES = ["--ink", "--warning", "--map-rail-line", "--accent"];

/** Half the size of a lone point, px, from afar and close by; one that stands for many grows with their number. */
const FAR_PX = 1.4;
const NEAR_PX = 3.5;
const NEAR_ZOOM = 16;
const MOST_PX = 11;

const radiusOf = (n, zoom) => Math.min(MOST_PX, (zoom < NEAR_ZOOM ? FAR_PX : NEAR_PX) + Math.log2(n || 1));

/** What a fact says of itself, as plain text. */
function wordsOf({ label, day, n }) {
  return [label, day, n > 1 ? `${n}×` : ""].filter(Boolean).join(" · ");
}

/**
 * Connects the switches in `panel` with the map.
 * @param {{town: object, panel: HTMLElement | null, onFailed: (failure: Error) => void}} options
 */
export function connectFacts({ town, panel, onFailed }) {
  if (!panel) return;
  const { map } = town;
  const pane = map.createPane("facts");
  pane.style.zIndex = PANE_Z;
  const renderer = L.canvas({ pane: "facts", padding: AROUND });
  const switches = [...panel.querySelectorAll("[data-fact-layer]")];
  const note = panel.querySelector("[data-facts-note]");
  const shown = new Map();

  const toneOf = (input) => getComputedStyle(panel).getPropertyValue(TONES[Number(input.dataset.look)]).trim();

  function lookOf(input) {
    const color = toneOf(input);
    const fill = input.dataset.shape === "areas" ? 0.22 : 0.9;
    return { renderer, pane: "facts", color, fillColor: color, fillOpacity: fill, weight: input.dataset.shape === "lines" ? 2.5 : 1, opacity: 0.9 };
  }

  function draw(input, collection) {
    const look = lookOf(input);
    return L.geoJSON(collection, {
      renderer,
      pane: "facts",
      style: look,
      pointToLayer: (feature, at) => L.circleMarker(at, { ...look, stroke: false, radius: radiusOf(feature.properties.n, map.getZoom()) }),
      onEachFeature(feature, layer) {
        const words = wordsOf(feature.properties);
        if (!words) return;
        const text = document.createElement("span");
        text.textContent = words;
        layer.bindTooltip(text, { direction: "top" });
      },
    });
  }

  /** The view and a little around it, as the address has it. */
  function box() {
    const around = map.getBounds().pad(AROUND);
    return [around.getWest(), around.getSouth(), around.getEast(), around.getNorth()].map((edge) => edge.toFixed(5)).join(",");
  }

  const holds = (state) => state.complete && state.bounds.contains(map.getBounds());

  function sayWhatIsMissing() {
    note.hidden = ![...shown.values()].some((state) => state.layer && !state.complete);
  }

  async function load(input) {
    const state = shown.get(input);
    state.asking?.abort();
    state.asking = new AbortController();
    const bounds = map.getBounds().pad(AROUND);
    try {
      const found = await json(`${input.dataset.factLayer}?bbox=${box()}`, { signal: state.asking.signal });
      if (shown.get(input) !== state) return;
      const layer = draw(input, found).addTo(map);
      state.layer?.remove();
      Object.assign(state, { layer, found, bounds, complete: found.complete });
      input.closest("label").dataset.drawn = String(found.features.length);
      sayWhatIsMissing();
    } catch (failure) {
      onFailed(failure);
    }
  }

  function follow(input) {
    if (input.checked && !shown.has(input)) {
      shown.set(input, { layer: null, complete: false });
      load(input);
    } else if (!input.checked && shown.has(input)) {
      const state = shown.get(input);
      shown.delete(input);
      state.asking?.abort();
      state.layer?.remove();
      delete input.closest("label").dataset.drawn;
      sayWhatIsMissing();
    }
  }

  for (const input of switches) {
    // The panel draws heat and pins anew at every change in it; facts are none of their business.
    input.addEventListener("change", (event) => {
      event.stopPropagation();
      follow(input);
    });
    follow(input); // a browser that goes back keeps what was switched on
  }
  map.on("moveend", () => {
    for (const [input, state] of shown) if (!state.layer || !holds(state)) load(input);
  });
  map.on("zoomend", () => {
    for (const { layer } of shown.values()) {
      layer?.eachLayer((point) => point.setRadius?.(radiusOf(point.feature.properties.n, map.getZoom())));
    }
  });
  onThemeChange(() => {
    for (const [input, state] of shown) {
      if (!state.layer) continue;
      state.layer.remove();
      state.layer = draw(input, state.found).addTo(map);
    }
  });
}
