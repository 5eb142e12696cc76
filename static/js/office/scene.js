/** The map of the office: base, heat and dots, with the small panel that says what it shows. */

import { h } from "#js/lib/dom.js";
import { heatLayer, heatUrl } from "#js/map/heat.js";
import { createMap } from "#js/map/map.js";
import { FLAG, pinLayer } from "#js/map/pins.js";
import { onThemeChange, pageTheme } from "#js/map/tones.js";
import { pinParams, queryOf } from "#js/office/filter.js";
import { connectLayers } from "#js/office/layers.js";
import { json, piece } from "#js/office/server.js";

/** From this zoom on dots have shapes and stand apart; farther out, over heat, they step back. */
const NEAR_ZOOM = 15;

/** How close one comes when a pin outside the view is shown. */
const LOOK_ZOOM = 16;

/**
 * Builds the map in `element`, with the panel of its layers.
 * @param {{element: HTMLElement, panel: HTMLElement, data: object, params: URLSearchParams, onPick: (id: string) => void,
 *   onLayers: () => void}} options `onLayers` follows every change of the panel: the address and the links to files say it too.
 */
export async function connectScene({ element, panel, data, params, onPick, onLayers }) {
  const town = await createMap(element, {
    bounds: data.bounds, boundary: data.boundary, basemap: data.basemap, label: data.title,
  });
  const dots = pinLayer({ categories: data.categories, onPick: (hit) => onPick(hit.id) }).addTo(town.map);
  const layers = connectLayers(panel, () => {
    onLayers();
    showHeat();
  });
  let wanted = params;
  let columns = { count: 0, ids: [], lon: [], lat: [], category: [], flags: [] };
  let shown = null;
  let heat = null;
  let fresh = 0;
  let asking = null;
  let asksHeat = null;

  const tilesUrl = () => `${data.page}/heat${pageTheme() === "dark" ? "-dark" : ""}/{z}/{x}/{y}.png`;
  const heatQuery = () => {
    const { weight, measure } = layers.counts();
    const query = { ...Object.fromEntries(pinParams(wanted)), weight, measure };
    // "75" and "75.0" ask for the same heat under two addresses: the way to see it anew after a decision.
    return { ...query, bandwidth: `${layers.bandwidth()}${fresh % 2 ? ".0" : ""}` };
  };

  /**
   * Shows the heat that sentence and panel ask for: its legend first, as that one knows whether there are people
   * enough for a picture. Until it has answered the old legend stays with the old picture, both paler.
   */
  async function showHeat() {
    asksHeat?.abort();
    asksHeat = new AbortController();
    const { signal } = asksHeat;
    const wantsHeat = layers.heatOn();
    layers.showHeatOnly(wantsHeat);
    if (!wantsHeat) return drawHeat(null, []);
    layers.setWaiting(true);
    const query = heatQuery();
    const asked = queryOf(new URLSearchParams(heatUrl("", query).slice(1)));
    let said;
    try {
      said = await piece(`${data.page}/legend?${asked}`, "legend", { signal });
    } catch (failure) {
      if (signal.aborted) return undefined;
      said = [h("p.office-legend-words", {}, failure.message)];
    }
    if (signal.aborted) return undefined;
    return drawHeat(said.some((element) => element.dataset.drawn === "yes") ? query : null, said);
  }

  /** Puts a picture (or none) and the words that belong to it there in one go. */
  function drawHeat(query, said) {
    layers.setLegend(said);
    layers.setWaiting(false);
    if (!query) {
      heat?.remove();
      heat = null;
    } else if (heat) {
      heat.setQuery(query);
    } else {
      heat = heatLayer({ url: tilesUrl(), query, opacity: 0.85 }).addTo(town.map);
    }
    stepBack();
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
    /** What the panel asks of heat, as it stands in the page's address and in links to files. */
    layers: { address: layers.address, fileParams: layers.fileParams },
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
